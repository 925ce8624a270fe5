"""Described processes in: the workflow file, checked, and bound to its prose."""
