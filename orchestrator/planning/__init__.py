"""A spec and a confirmed repository profile become a plan in which every grant names its source (D4)."""
