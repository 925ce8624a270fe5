"""Commits and lines judged by their evidence, offline."""
