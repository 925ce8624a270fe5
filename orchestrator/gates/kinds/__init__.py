"""Checks of files that are not Python: secrets, dependencies, workflows, shell, images, C and C++, agents' settings."""
