"""Capability profile to container: limits, copy in, change out, the images and environments they run on."""
