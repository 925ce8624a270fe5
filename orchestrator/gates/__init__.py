"""Security gates: one file per check, one runner."""
