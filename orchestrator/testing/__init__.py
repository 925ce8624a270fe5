"""Conformance suites that any provider of a port must pass. Needs no test runner."""
