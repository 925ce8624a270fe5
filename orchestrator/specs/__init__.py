"""Specs in: one file per format, every requirement and every problem with its place in the text."""
