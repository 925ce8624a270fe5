"""Use cases, one file each, in folders by subject; :mod:`.wiring` is the only place that puts rooms together.

What lies beside it is ground for all of them: the project, its base and trees, files, preferences, the clock.
"""
