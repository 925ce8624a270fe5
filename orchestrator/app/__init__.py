"""Use cases, one file each; :mod:`.wiring` is the only place that puts rooms together."""
