"""Capability profile to container: create, check, probe, copy in, execute, copy out, reap."""
