"""Handrail: from a sentence in a PRD to the signed line of code, one enforced chain."""

__version__ = "0.1.0"
