"""Described processes."""
