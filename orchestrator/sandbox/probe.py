"""Whether the limits hold here, found by trying them in a container (D8).

Success is remembered, and that a runtime which was only preferred fell short.
"""

from __future__ import annotations

import json
import os
import socket
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

from orchestrator.errors import AgentFailed, SandboxUnavailable, SandboxUnsafe
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.ids import Digest, RunId, canonical
from orchestrator.ports import Sandbox, SandboxRequest
from orchestrator.sandbox.profile import BROKER, PROGRAMS, PYTHON, WORK

LIMITS = Limits(cpus=0.25, memory_mib=64, pids=16, disk_mib=8, inodes=256, wall_seconds=30, output_kib=64)
REQUEST = SandboxRequest(key="probe", run=RunId("probe"), limits=LIMITS, open_tree=True)
BOMBS = ("pids", "disk", "inodes", "memory")
"""Whose limit may end the whole sandbox: a runtime that is itself a process of the container dies of them."""
CHECKS = (
    "capabilities",
    "no-new-privileges",
    "read-only-root",
    "network",
    "seccomp",
    "supervisor",
    "cpu",
    *BOMBS,
)
_SECONDS = 20.0


def known(state: Path, subject: Digest) -> bool:
    """Whether everything held for exactly this engine, runtime, kernel, profile and image."""
    try:
        return _place(state, subject).read_bytes() == _record(subject)
    except OSError:
        return False


def refused(state: Path, subject: Digest) -> str | None:
    """What did not hold when exactly this was tried as a preference, or ``None``."""
    try:
        return _place(state, subject).with_suffix(".refused").read_text(encoding="utf-8")
    except OSError:
        return None


def refuse(state: Path, subject: Digest, words: str) -> None:
    """Keep that a preferred runtime is not to be tried again. Raises ``SandboxUnavailable`` (``SBX012``)."""
    _write(state, _place(state, subject).with_suffix(".refused"), words.encode())


def admitted(state: Path, subject: Digest) -> frozenset[str] | None:
    """What was missing when exactly this was tried and everything else held, or ``None``."""
    try:
        record = json.loads(_place(state, subject).with_suffix(".admitted").read_bytes())
        missing = frozenset(record["missing"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return missing if canonical(record) == _admission(subject, missing) else None


def admit(state: Path, subject: Digest, missing: frozenset[str]) -> None:
    """Keep what was missing and accepted. Raises ``SandboxUnavailable`` (``SBX012``)."""
    _write(state, _place(state, subject).with_suffix(".admitted"), _admission(subject, missing))


def remember(state: Path, subject: Digest) -> None:
    """Raises ``SandboxUnavailable`` (``SBX012``) when the state directory cannot be written."""
    _write(state, _place(state, subject), _record(subject))


def _write(state: Path, place: Path, data: bytes) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        descriptor, fresh = tempfile.mkstemp(dir=place.parent)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        Path(fresh).replace(place)
    except OSError as error:
        raise SandboxUnavailable(
            "SBX012", f"the probe's result cannot be kept in {state}: {error}", "make that directory writable"
        ) from error


def run(
    opened: Callable[[], AbstractContextManager[Sandbox]],
    *,
    inodes_on_the_way_out: bool = False,
    accepted: frozenset[str] = frozenset(),
) -> frozenset[str]:
    """Try everything; of ``accepted`` what does not hold. Raises ``SandboxUnsafe`` (``SBX011``) naming every other one.

    A limit that ends the whole sandbox holds too; what is left is tried in a fresh one.
    ``inodes_on_the_way_out``: they count as held when too many of them are refused there (gVisor's
    file systems in memory know no such limit; what they take is memory of the container).
    """
    seen: dict[str, str] = {}
    while left := [name for name in CHECKS if name not in seen]:
        seen |= _round(opened, left)
    if seen["inodes"] and inodes_on_the_way_out and _refused_on_the_way_out(opened):
        seen["inodes"] = ""
    missing = {name: words for name, words in seen.items() if words}
    broken = {name: words for name, words in missing.items() if name not in accepted}
    if broken:
        raise SandboxUnsafe(
            "SBX011",
            f"this container engine does not hold: {', '.join(sorted(broken))}",
            "use an engine with cgroup limits and seccomp (a rootless one needs cgroup v2 with delegated controllers; "
            "runsc needs --oci-seccomp)",
            [f"{name} {words}" for name, words in sorted(broken.items())],
        )
    return frozenset(missing)


_KNOCK = f"import socket; s = socket.socket(socket.AF_UNIX); s.settimeout(5); s.connect('{BROKER}/{{}}')"


def reaches_socket(opened: Callable[[str], AbstractContextManager[Sandbox]]) -> bool:
    """Whether a socket of this host answers in a sandbox whose way out is its folder."""
    name = "knock.sock"
    with tempfile.TemporaryDirectory(prefix="handrail-") as folder, socket.socket(socket.AF_UNIX) as listener:
        listener.bind(f"{folder}/{name}")
        listener.listen()
        for place, mode in ((folder, 0o755), (f"{folder}/{name}", 0o666)):
            Path(place).chmod(mode)
        try:
            with opened(folder) as sandbox:
                sandbox.copy_in((), lambda _: iter(()), Capabilities(limits=LIMITS), ())
                argv = [PYTHON, "-I", "-S", "-c", _KNOCK.format(name)]
                return sandbox.execute(argv, timeout_seconds=_SECONDS).exit_code == 0
        except SandboxUnavailable as refused:
            if refused.code != "SBX005":  # the engine refuses the mount itself
                raise
            return False


TOOLS = (("ls", "-laR", WORK), ("cp", "-a", f"{WORK}/a", f"{WORK}/b"), ("find", WORK, "-newer", f"{WORK}/a"))


def require_tools(opened: Callable[[], AbstractContextManager[Sandbox]]) -> None:
    """What a kernel must do for an agent to work in it, asked of one that is only preferred.

    gVisor's of 2022 refuses the ``statx`` of newer tools, so that ``ls -l`` fails. Raises ``SandboxUnsafe``
    (``SBX015``) naming the first command that does.
    """
    with opened() as sandbox:
        sandbox.copy_in((), lambda _: iter(()), Capabilities(limits=LIMITS), ())
        sandbox.execute(["touch", f"{WORK}/a"], timeout_seconds=_SECONDS)
        for argv in TOOLS:
            done = sandbox.execute(argv, timeout_seconds=_SECONDS)
            if done.exit_code != 0:
                words = done.stderr.decode("utf-8", "replace").strip()[:200]
                raise SandboxUnsafe("SBX015", f"`{' '.join(argv)}` fails: {words}", "use a newer runsc")


def _round(opened: Callable[[], AbstractContextManager[Sandbox]], names: list[str]) -> dict[str, str]:
    """By check, what was seen of one that does not hold, or '', up to the first that ends the sandbox."""
    said = bytearray()
    words = [LIMITS.memory_mib, LIMITS.pids, LIMITS.cpus, LIMITS.disk_mib, LIMITS.inodes]
    argv = [PYTHON, "-I", "-S", f"{PROGRAMS}/probe.py", *map(str, words), *names]
    died = False
    try:
        with opened() as sandbox:
            sandbox.copy_in((), lambda _: iter(()), Capabilities(limits=LIMITS), ())
            sandbox.execute(argv, timeout_seconds=_SECONDS, on_output=said.extend)
    except SandboxUnavailable as error:
        if error.code != "SBX006" or not said:
            raise
        died = True
    return _read(said.decode("utf-8", "replace").splitlines(), names, died=died)


def _read(lines: list[str], names: list[str], *, died: bool) -> dict[str, str]:
    seen: dict[str, str] = {}
    for line in lines:
        kind, _, rest = line.partition(" ")
        name, _, what = rest.partition(" ")
        if kind == "held":
            seen[name] = ""
        elif kind == "broken":
            seen[name] = what or "it does not hold"
        elif kind == "trying" and died:
            seen[name] = "" if name in BOMBS else "the sandbox ended while it was tried"
    silent = {} if died else {name: "it gave no answer" for name in names if name not in seen}
    return {name: what for name, what in (seen | silent).items() if name in names}


def _refused_on_the_way_out(opened: Callable[[], AbstractContextManager[Sandbox]]) -> bool:
    many = f"import os\nfor i in range({LIMITS.inodes + 8}): os.symlink('x', f'/work/{{i}}')"
    with opened() as sandbox:
        sandbox.copy_in((), lambda _: iter(()), Capabilities(limits=LIMITS), ())
        sandbox.execute([PYTHON, "-I", "-S", "-c", many], timeout_seconds=_SECONDS)
        try:
            sandbox.change_out()
        except AgentFailed as refused:
            return refused.code == "AGT041"
    return False


def _place(state: Path, subject: Digest) -> Path:
    return state / "probes" / subject.removeprefix("sha256:")


def _admission(subject: Digest, missing: frozenset[str]) -> bytes:
    return canonical({"schema": "handrail/probe/v1", "subject": subject, "missing": sorted(missing)})


def _record(subject: Digest) -> bytes:
    return canonical({"schema": "handrail/probe/v1", "subject": subject, "held": sorted(CHECKS)})
