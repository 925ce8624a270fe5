"""Containers: images, environments, and one hardened container per step."""
