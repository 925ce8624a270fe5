"""Which of a change's lines its acceptance commands run: each once more, in a fresh sandbox, with a tracer beside it.

It runs beside the one that is judged, which is never traced: what a tracer does to a program decides no verdict. What
is measured decides nothing either, because the code under test could write the notes itself; it is what a reviewer
asks first of a command that passes. A program of ours (:mod:`orchestrator.engine.line_tracer`) is handed in with the
command, so any image with a ``python3`` will do, and the tree is left as it is.

Not seen: a Python that ignores ``PYTHONPATH`` (``-I``, ``-E``), a process that is started without its environment, and
what runs after the program under test installed a tracer of its own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict

from orchestrator.engine.context import RunContext
from orchestrator.errors import HandrailError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import Change
from orchestrator.models.coverage import Coverage, FileCoverage
from orchestrator.models.ids import Digest, GitOid, canonical, sha256
from orchestrator.models.plan import Step
from orchestrator.policy.imports import import_roots
from orchestrator.ports import Sandbox, SandboxRequest
from orchestrator.review.diff import RowKind, parse

__all__ = ["changed_lines", "coverage_of", "may_start_python"]

_PROGRAM = Path(__file__).with_name("line_tracer.py")
_FILES = 500
_WORK = "/work"
_REPORT_SECONDS = 60
_STARTERS = (
    *("python", "pypy", "pytest", "py.test", "tox", "nox", "coverage", "make", "env", "timeout", "bash", "dash"),
    *("sh", "uv", "poetry", "pdm", "hatch", "pipenv", "django-admin", "trial", "nose2", "behave", "robot"),
)
_NO_PYTHON = frozenset({126, 127})

_SHOWN = 20

Ranges = Mapping[str, Sequence[tuple[int, int]]]
_Pairs = tuple[tuple[int, int], ...]


class _Row(BaseModel):
    """Of one file, as the tracer tells it."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: _Pairs
    run: _Pairs


class _Answer(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    began: bool
    files: tuple[_Row, ...]


class _Lines(NamedTuple):
    code: frozenset[int]
    run: frozenset[int]


class _NotMeasured(Exception):
    """In words for people."""


def coverage_of(ctx: RunContext, step: Step, change: Change, commands: Sequence[tuple[str, ...]]) -> Coverage:
    """By all of the commands together. Never raises for what a command does: then it says why nothing is known."""
    changed = changed_lines(ctx.blobs.get(change.diff))
    try:
        started = _worth(changed, commands)
        lines = [_read(_measured(ctx, step, change.identity.tree, argv, changed), changed) for argv in started]
    except (HandrailError, _NotMeasured) as error:
        return Coverage(not_measured=str(error))
    skipped = [argv for argv in commands if argv not in started]
    notes = [f"not measured: {' '.join(argv)[:200]} is no command that starts Python" for argv in skipped]
    files = [_file(path, changed[path], [each[path] for each in lines]) for path in changed]
    return Coverage(files=tuple(files), notes=tuple(notes))


def changed_lines(diff: bytes) -> dict[str, tuple[tuple[int, int], ...]]:
    """Path → ranges of lines that a unified diff adds, of files that are Python by their name."""
    found: dict[str, list[tuple[int, int]]] = {}
    for row in parse(diff):
        if row.kind is RowKind.ADDED and row.path.endswith((".py", ".pyw")):
            ranges = found.setdefault(row.path, [])
            first, last = ranges[-1] if ranges else (0, -1)
            ranges[-1:] = [(first, row.new)] if last + 1 == row.new else [*ranges[-1:], (row.new, row.new)]
    return {path: tuple(ranges) for path, ranges in found.items()}


def may_start_python(argv: Sequence[str]) -> bool:
    """By its first word: Python itself, what runs its tests, or what starts other programs."""
    return PurePosixPath(argv[0]).name.startswith(_STARTERS) or argv[0].endswith((".py", ".sh"))


def _worth(changed: Ranges, commands: Sequence[tuple[str, ...]]) -> list[tuple[str, ...]]:
    if not changed:
        raise _NotMeasured("the change adds no line of Python")
    if len(changed) > _FILES:
        raise _NotMeasured(f"the change adds lines to more than {_FILES} files of Python")
    if not commands:
        raise _NotMeasured("there is no acceptance command")
    started = [argv for argv in commands if may_start_python(argv)]
    if not started:
        raise _NotMeasured("no acceptance command starts Python")
    return started


def _measured(ctx: RunContext, step: Step, tree: GitOid, argv: tuple[str, ...], changed: Ranges) -> bytes:
    """What the tracer says of one command, once per store for the same inputs."""
    environment, limits = ctx.environment(tree), step.capabilities.limits
    inputs = [tree, argv, environment.digest if environment else "", ctx.sandboxes().image, ctx.profile.source_roots]
    program = _PROGRAM.read_text()
    key = "cover:" + sha256(canonical([*inputs, limits.model_dump(), changed, program]))
    known = ctx.index.effect(key)
    if known is not None:
        return ctx.blobs.get(Digest(known))
    entries = ctx.trees.entries(tree)
    roots = import_roots(ctx.profile.source_roots, [entry.path for entry in entries])
    request = SandboxRequest(f"{ctx.run.id}:{step.id}:cover", ctx.run.id, limits).furnished(environment)
    with ctx.sandboxes().open(replace(request, import_roots=roots, open_tree=True)) as sandbox:
        sandbox.copy_in(entries, ctx.trees.blobs, Capabilities(write=("**",)), ())
        answer = _traced(sandbox, argv, changed, program, limits.wall_seconds)
    ctx.index.record_effect(key, ctx.blobs.put(answer))
    return answer


def _traced(sandbox: Sandbox, argv: Sequence[str], changed: Ranges, program: str, seconds: int) -> bytes:
    files = [f"{_WORK}/{path}" for path in changed]
    python = ["python3", "-I", "-c", program]
    asked = json.dumps({"program": program, "files": files}).encode()
    sandbox.execute([*python, "run", *argv], stdin=asked, timeout_seconds=seconds)
    asked = json.dumps({"changed": list(changed.values()), "files": files}).encode()
    done = sandbox.execute([*python, "report"], stdin=asked, timeout_seconds=_REPORT_SECONDS)
    if done.exit_code in _NO_PYTHON:
        raise _NotMeasured("the sandbox has no python3")
    if done.exit_code != 0 or done.truncated:
        raise _NotMeasured(f"the tracer's own report ended with {done.exit_code}")
    return done.stdout


def _read(answer: bytes, changed: Ranges) -> dict[str, _Lines]:
    """Hostile: no line in it may be one that the change has not."""
    try:
        told = _Answer.model_validate_json(answer)
        if not told.began:
            raise _NotMeasured("no Python that could be followed was started")
        rows = zip(changed.items(), told.files, strict=True)
        return {path: _Lines(_within(row.code, ranges), _within(row.run, ranges)) for (path, ranges), row in rows}
    except (ValueError, RecursionError) as error:
        raise _NotMeasured("what the tracer left behind is not understood") from error


def _within(told: _Pairs, ranges: Sequence[tuple[int, int]]) -> frozenset[int]:
    if not all(any(a <= first <= last <= b for a, b in ranges) for first, last in told):
        raise ValueError("a line that the change does not add")
    return frozenset(line for first, last in told for line in range(first, last + 1))


def _file(path: str, ranges: Sequence[tuple[int, int]], told: Sequence[_Lines]) -> FileCoverage:
    code = sorted(frozenset[int]().union(*(one.code for one in told)))
    run = frozenset(code).intersection(frozenset[int]().union(*(one.run for one in told)))
    missed = _missed(code, run)
    return FileCoverage(
        path=path,
        changed=sum(last - first + 1 for first, last in ranges),
        executable=len(code),
        run=len(run),
        missed=tuple(missed[:_SHOWN]),
        more=max(len(missed) - _SHOWN, 0),
    )


def _missed(code: Sequence[int], run: frozenset[int]) -> list[tuple[int, int]]:
    """Stretches of code that was not run, with none between that was."""
    found: list[tuple[int, int]] = []
    for at, line in enumerate(code):
        if line not in run:
            follows = bool(found) and code[at - 1] == found[-1][1]
            found[-1:] = [(found[-1][0], line)] if follows else [*found[-1:], (line, line)]
    return found
