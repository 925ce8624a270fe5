"""The files that belong to a spec, and the bytes that a spec of several files has.

This room reads no file: the caller looks for the names, and hands bytes in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.models.spec import Companion
from orchestrator.specs.codes import Report, SpecProblems
from orchestrator.specs.markdown import Block, parse_markdown
from orchestrator.specs.read import read_text

LOCK = "spec.lock.json"
TASKS = ("tasks.md", "plan.md")
"""Beside a spec-kit spec: named sources of paths and commands (D4)."""


@dataclass(frozen=True, slots=True)
class Beside:
    """``lock`` is beside the spec; the others map a path, relative to the spec's folder, to bytes.

    ``bases`` are OpenSpec's present specs and ``deltas`` the delta specs of a
    change, each by its capability.
    """

    lock: bytes | None = None
    tasks: Mapping[str, bytes] = field(default_factory=dict[str, bytes])
    bases: Mapping[str, tuple[str, bytes]] = field(default_factory=dict[str, tuple[str, bytes]])
    deltas: Mapping[str, tuple[str, bytes]] = field(default_factory=dict[str, tuple[str, bytes]])


NOTHING = Beside()


@dataclass(frozen=True, slots=True)
class Change:
    """Where an OpenSpec file stands: the change's folder and the specs' folder, relative to the file's own."""

    change: str
    specs: str
    capability: str = ""


def openspec_place(path: str) -> Change | None:
    """By the layout ``openspec/changes/NAME/{proposal.md,tasks.md,specs/CAPABILITY/spec.md}``; else ``None``."""
    parts = PurePosixPath(path.replace("\\", "/")).parts
    if len(parts) >= 5 and parts[-3] == "specs" and "changes" in parts[-7:-4]:  # noqa: PLR2004  changes/NAME/specs/CAPABILITY/spec.md
        up = len(parts) - 2 - _last(parts, "changes")
        return Change("../..", "/".join([".."] * (up + 1)) + "/specs", parts[-2])
    if len(parts) >= 3 and parts[-1] == "proposal.md" and "changes" in parts[-4:-2]:  # noqa: PLR2004  changes/NAME/proposal.md
        up = len(parts) - 1 - _last(parts, "changes")
        return Change(".", "/".join([".."] * up) + "/specs")
    return None


def _last(parts: Sequence[str], name: str) -> int:
    return len(parts) - 1 - list(reversed(parts)).index(name)


def whole(data: bytes, used: Mapping[str, bytes]) -> bytes:
    """The bytes that ``source_digest`` covers: the spec's own, or all files' as one canonical JSON object."""
    if not used:
        return data
    texts = {name: text.decode("utf-8", "replace") for name, text in used.items()}
    return canonical({"spec": data.decode("utf-8", "replace"), "beside": texts})


def source_digest(data: bytes, used: Mapping[str, bytes]) -> Digest:
    """SHA-256 over :func:`whole`."""
    return sha256(whole(data, used))


def companions(used: Mapping[str, bytes]) -> tuple[Companion, ...]:
    """What was read beside the spec, sorted."""
    return tuple(Companion(path=name, sha256=sha256(used[name])) for name in sorted(used))


def parse_beside(name: str, data: bytes, report: Report) -> tuple[tuple[Block, ...], Report]:
    """The blocks of a file beside the spec, and a report for it whose problems are in ``report`` too.

    A file that is no text has no blocks, and its problem is an error of the spec.
    """
    own = Report(name)
    blocks: tuple[Block, ...] = ()
    try:
        blocks = parse_markdown(read_text(data, own), own)
    except SpecProblems as refused:
        report.problems += refused.problems
    else:
        report.problems += own.problems
    return blocks, Report(name, report.problems)
