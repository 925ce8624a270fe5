"""The gates on any difference and any history, with no run."""
