"""One file per coding agent driver."""
