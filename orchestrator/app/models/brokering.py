"""The broker and the budgets of a run, put together. Nothing of the user's configuration is read but where it runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.assets.find import data_folder
from orchestrator.errors import SandboxUnavailable, UsageError
from orchestrator.models.ids import Digest, RunId
from orchestrator.ports import Broker, Budgets
from orchestrator.store.layout import state_home

if TYPE_CHECKING:
    from orchestrator.broker.local import LocalProcesses
    from orchestrator.sandbox.docker_engine import DockerSandboxes
    from orchestrator.sandbox.sidecar import Program
    from orchestrator.store.index import StoredIndex

BROKER = "HANDRAIL_BROKER"
"""The variable with the preferred place of the broker."""
_HOUSE = Path(__file__).resolve().parents[2]
_ROOMS = ("broker", "models", "policy")
_FILES = ("__init__.py", "errors.py")


class Place(StrEnum):
    """Where a step's broker runs. ``auto``: on this machine if the engine can mount its socket, else in a container."""

    AUTO = "auto"
    HOST = "host"
    SIDECAR = "sidecar"


def make_broker(
    store: Callable[[bytes], Digest],
    sandboxes: Callable[[], DockerSandboxes] | None = None,
    say: Callable[[str], None] = lambda _: None,
    packages: str = "",
    local: LocalProcesses | None = None,
) -> Broker:
    """Leases for sandboxes of this engine; without one, for programs of this machine.

    ``store`` keeps a recording and gives its digest. ``packages`` is a folder that is asked instead of pip's
    index, ``local`` starts the processes of this machine, where more than one lease is wanted. Raises ``UsageError``
    (BRK005), ``SandboxUnavailable``.
    """
    from orchestrator.broker.lease import ProcessBroker
    from orchestrator.broker.local import local_process

    if sandboxes is None or place(sandboxes) is Place.HOST:
        return ProcessBroker(store, start=local or local_process)
    made = sandboxes()
    program = sidecar_program(made.connect().image, say, Path(packages) if packages else None)
    return ProcessBroker(store, start=lambda _: made.sidecar(program))


def place_words() -> str:
    """Where a step's broker runs here, and why. Raises ``SandboxUnavailable``, ``UsageError``."""
    from orchestrator.app.machine.sandboxing import engine

    sandboxes = engine()
    try:
        found = place(lambda: sandboxes)
    finally:
        sandboxes.close()
    why = f"as {BROKER} asks" if os.environ.get(BROKER) not in {None, "", Place.AUTO} else "tried"
    match found:
        case Place.SIDECAR:
            return f"in a container beside each step's sandbox ({why})"
        case _:
            return f"a process of this machine, whose socket is mounted ({why})"


def place(sandboxes: Callable[[], DockerSandboxes]) -> Place:
    """Where the broker runs, by :data:`BROKER` or by trying. Raises ``UsageError`` (BRK005) for a word that is none."""
    asked = os.environ.get(BROKER) or Place.AUTO
    if asked not in set(Place):
        words = f"{BROKER} is {asked[:32]!r}"
        raise UsageError("BRK005", words, f"one of: {', '.join(Place)}")
    if asked != Place.AUTO:
        return Place(asked)
    return Place.HOST if sandboxes().mounts_sockets() else Place.SIDECAR


def sidecar_program(image: str, say: Callable[[str], None], packages: Path | None = None) -> Program:
    """The broker's rooms and its pinned packages as folders, made when they are not there.

    Raises ``SandboxUnavailable``: the packages come from pip's own index the first time.
    """
    from orchestrator.broker.local import BOOT
    from orchestrator.sandbox import programs
    from orchestrator.sandbox.environment import ProjectEnvironments
    from orchestrator.sandbox.sidecar import Program

    pinned = (data_folder("sandboxes") / "broker" / "requirements.txt").read_bytes()
    made = ProjectEnvironments(image, state_home(), say, packages=packages).prepare({"requirements.txt": pinned})
    if made is None:
        raise SandboxUnavailable("BRK001", "the broker's packages cannot be named", "reinstall handrail")
    return Program(BOOT, programs.keep(_code(), state_home(), "broker")[0], Path(made[1]))


def _code() -> dict[str, bytes]:
    """What the broker's process imports of this house, by path."""
    found = [_HOUSE / name for name in _FILES]
    found += [path for room in _ROOMS for path in sorted((_HOUSE / room).rglob("*.py"))]
    return {f"orchestrator/{path.relative_to(_HOUSE).as_posix()}": path.read_bytes() for path in found}


def make_budgets(index: StoredIndex, run: RunId, tokens: int, cost_usd: float | None = None) -> Budgets:
    """What a run may spend in all; ``cost_usd`` ``None`` limits no money."""
    from orchestrator.store.budgets import StoredBudgets

    return StoredBudgets(index, run, tokens, cost_usd)
