"""Conformance suites that a third-party sandbox, agent or gate must pass. No test framework at run time."""
