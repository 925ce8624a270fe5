"""Whether the limits hold here, found by trying them in a container (D8). Only success is remembered."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from orchestrator.errors import SandboxUnavailable, SandboxUnsafe
from orchestrator.models.base import Digest, RunId, canonical
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.ports import Sandbox, SandboxRequest
from orchestrator.sandbox.profile import PROGRAMS, PYTHON

LIMITS = Limits(cpus=0.25, memory_mib=64, pids=16, disk_mib=8, inodes=256, wall_seconds=30, output_kib=64)
REQUEST = SandboxRequest(key="probe", run=RunId("probe"), limits=LIMITS, open_tree=True)
CHECKS = frozenset(
    {
        "capabilities",
        "cpu",
        "disk",
        "inodes",
        "memory",
        "network",
        "no-new-privileges",
        "pids",
        "read-only-root",
        "seccomp",
        "supervisor",
    }
)
_SECONDS = 20.0


def known(state: Path, subject: Digest) -> bool:
    """Whether everything held for exactly this engine, runtime, kernel, profile and image."""
    try:
        return _place(state, subject).read_bytes() == _record(subject)
    except OSError:
        return False


def remember(state: Path, subject: Digest) -> None:
    """Raises ``SandboxUnavailable`` (``SBX012``) when the state directory cannot be written."""
    place = _place(state, subject)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(_record(subject))
        Path(fresh).replace(place)
    except OSError as error:
        raise SandboxUnavailable(
            "SBX012", f"the probe's result cannot be kept in {state}: {error}", "make that directory writable"
        ) from error


def run(sandbox: Sandbox) -> None:
    """Try everything. Raises ``SandboxUnsafe`` (``SBX011``) naming each protection that does not hold."""
    sandbox.copy_in((), lambda _: iter(()), Capabilities(limits=LIMITS), ())
    words = [LIMITS.memory_mib, LIMITS.pids, LIMITS.cpus, LIMITS.disk_mib, LIMITS.inodes]
    argv = [PYTHON, "-I", "-S", f"{PROGRAMS}/probe.py", *map(str, words)]
    done = sandbox.execute(argv, timeout_seconds=_SECONDS)
    lines = done.stdout.decode("utf-8", "replace").splitlines()
    held = {line.removeprefix("held ") for line in lines if line.startswith("held ")}
    if held >= CHECKS:
        return
    seen = [line.removeprefix("broken ") for line in lines if line.startswith("broken ")]
    silent = [f"{name} gave no answer" for name in sorted(CHECKS - held) if not any(s.startswith(name) for s in seen)]
    raise SandboxUnsafe(
        "SBX011",
        f"this container engine does not hold: {', '.join(sorted(CHECKS - held))}",
        "use an engine with cgroup limits and seccomp (a rootless one needs cgroup v2 with delegated controllers)",
        [*seen, *silent],
    )


def _place(state: Path, subject: Digest) -> Path:
    return state / "probes" / subject.removeprefix("sha256:")


def _record(subject: Digest) -> bytes:
    return canonical({"schema": "handrail/probe/v1", "subject": subject, "held": sorted(CHECKS)})
