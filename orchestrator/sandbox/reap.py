"""Removes what dead owners left behind (D9). A container whose owner may be alive is never touched."""

from __future__ import annotations

from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.owner import Owner


def reap(engine: Engine) -> tuple[str, ...]:
    """The ids of removed containers. Volumes of dead owners go too, those that nobody uses."""
    gone: list[str] = []
    for container in engine.owned():
        owner = Owner.of(container.get("Labels") or {})
        if owner.is_dead(container_runs=container.get("State") in {"running", "paused", "restarting"}):
            engine.remove(container["Id"])
            gone.append(str(container["Id"]))
    for volume in engine.owned_volumes():
        if Owner.of(volume.get("Labels") or {}).is_dead(container_runs=False):
            engine.remove_volume(volume["Name"])
    return tuple(gone)
