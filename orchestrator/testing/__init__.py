"""Conformance suites that a third-party sandbox, agent or gate must pass; no pytest at run time."""
