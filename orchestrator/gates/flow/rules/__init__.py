"""Our own rules, a family in each file."""
