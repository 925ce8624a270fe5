"""Starting, stopping and asking after the worker, for the person who wants one."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess  # nosec B404 # the worker is our own program
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.cli.resident import client, place
from orchestrator.cli.resident.server import IDLE_SECONDS
from orchestrator.errors import GateBroken, UsageError

__all__ = ["Standing", "standing", "start", "stop"]

_ROOT = Path(__file__).resolve().parents[3]
_BOOT = """import sys
root, *sys.argv = sys.argv[1:]
sys.path.insert(0, root)
import orchestrator
sys.path.remove(root)
from orchestrator.cli.resident.server import main
main(sys.argv[0], float(sys.argv[1]))
"""
_START_SECONDS, _STOP_SECONDS = 60.0, 10.0


@dataclass(frozen=True, slots=True)
class Standing:
    """Of a worker that answers. ``since`` is in seconds since 1970, ``memory_mib`` what it holds itself.

    ``current``: what it has loaded is what is installed; otherwise it ends with the next call.
    """

    pid: int
    since: float
    answered: int
    current: bool
    memory_mib: float


def standing() -> Standing | None:
    """Of the worker that would answer a call made like this one; ``None`` when there is none."""
    with suppress(OSError, RuntimeError, ValueError):
        pid, said = client.told(b"status")
        about: dict[str, Any] = json.loads(said)
        return Standing(pid, float(about["since"]), int(about["answered"]), bool(about["current"]), _memory_mib(pid))
    return None


def start(idle_seconds: float = IDLE_SECONDS) -> tuple[Standing, bool]:
    """The worker, and whether it is a new one.

    Raises ``UsageError`` GATE061 where there can be none, ``GateBroken`` GATE062 when it does not begin.
    """
    if sys.platform != "linux":
        raise UsageError("GATE061", "The gate's worker needs Linux.", "run handrail gate without one")
    found = standing()
    if found is not None and found.current:
        return found, False
    if found is not None:
        stop()
    _make_folder()
    said = _started(idle_seconds)
    if said == "other":
        text = "This Python was started with options that a worker would not have."
        raise UsageError("GATE061", text, "call handrail by its own name")
    found = standing()
    if found is None:
        raise GateBroken("GATE062", "The gate's worker did not start.", "run handrail gate without one")
    return found, said == "ready"


def stop() -> int | None:
    """The process that is gone now, ``None`` when there was none. Calls under way are answered to their end."""
    try:
        pid, _ = client.told(b"stop")
        process = os.pidfd_open(pid)
    except (OSError, RuntimeError):
        return None
    try:
        if not select.select([process], [], [], _STOP_SECONDS)[0]:
            signal.pidfd_send_signal(process, signal.SIGKILL)
    finally:
        os.close(process)
    return pid


def _make_folder() -> None:
    try:
        folder = Path(place.folder())
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700, exist_ok=True)
        os.close(place.own_folder())
    except (OSError, RuntimeError) as error:
        text = f"There is no folder of yours alone for the gate's worker: {error}."
        raise UsageError("GATE061", text, f"make {place_hint()} yours, with mode 0700") from error


def place_hint() -> str:
    """The folder's name, or where it would be by default."""
    try:
        return place.folder()
    except RuntimeError:
        return "$XDG_STATE_HOME/handrail/gate-worker"


def _started(idle_seconds: float) -> str:
    argv = [sys.executable, "-P", "-c", _BOOT, str(_ROOT), place.name(), str(idle_seconds)]
    process = subprocess.Popen(  # noqa: S603 # nosec B603 # our own program
        argv,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd="/",
        env=_environment(),
        start_new_session=True,
    )
    if process.stdout is None or not select.select([process.stdout], [], [], _START_SECONDS)[0]:
        process.kill()
        raise GateBroken("GATE062", "The gate's worker did not start in time.", "run handrail gate without one")
    with process.stdout:
        return process.stdout.readline().decode().strip()


def _environment() -> dict[str, str]:
    """What decides how Python begins and where the state lies; the rest comes with each call."""
    kept = {k: v for k, v in os.environ.items() if k.startswith(("PYTHON", "LC_")) or k in {"LANG", "HOME", "PATH"}}
    return kept | {k: v for k, v in os.environ.items() if k == "XDG_STATE_HOME"}


def _memory_mib(pid: int) -> float:
    """Of the process itself; what its forks share with it counts once."""
    lines = Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmRSS:"))) / 1024
