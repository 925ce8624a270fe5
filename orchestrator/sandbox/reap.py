"""Removes what dead owners left behind (D9). A container whose owner may be alive is never touched."""

from __future__ import annotations

from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.owner import Owner


def reap(engine: Engine) -> tuple[str, ...]:
    """The ids of removed containers."""
    gone: list[str] = []
    for container in engine.owned():
        owner = Owner.of(container.get("Labels") or {})
        if owner.is_dead(container_runs=container.get("State") in {"running", "paused", "restarting"}):
            engine.remove(container["Id"])
            gone.append(str(container["Id"]))
    return tuple(gone)
