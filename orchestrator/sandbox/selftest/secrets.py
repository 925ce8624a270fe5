"""Attacks on the host's secrets."""

from __future__ import annotations

from orchestrator.sandbox.selftest.inside import entry

ATTACKS = (
    entry(
        40,
        "secrets_hunt.hunt",
        "find the host's key",
        "no host environment, no host file",
        "not in the environment, /proc or any readable file",
        "the host's environment is passed on",
    ),
)
