"""What the two scanners share: the Python of each changed file, on both sides, or why there is none to scan."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any

from orchestrator.errors import GateBroken
from orchestrator.gates.changes.differential import Hit, enclosing, introduced, line_text
from orchestrator.gates.changes.digests import source_digest
from orchestrator.gates.changes.renamed import renamed
from orchestrator.gates.changes.sides import (
    SIZE_LIMIT_BYTES,
    PythonKind,
    Side,
    begin,
    is_test,
    python_kind,
    sides,
    source_of,
)
from orchestrator.gates.reports.dispositions import Ruling
from orchestrator.gates.reports.reporting import Outcome
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.changed import ChangedFile
from orchestrator.models.found import Disposition, Finding
from orchestrator.ports import Candidate

__all__ = ["DEPTH_LIMIT", "Source", "Target", "ruled", "targets", "unscannable"]


class Unscannable(Exception):
    """Why one side cannot be given to a scanner, and the rule that says so."""

    def __init__(self, rule: str, why: str) -> None:
        super().__init__(why)
        self.rule = rule


_CODE = re.compile(r"[A-Za-z]+[0-9]+")


def _without_suppression(line: str) -> str:
    """The comment has a finding of its own and makes no new line of an old one. Codes alone: no text can hide in it."""
    code, _, comment = line.rpartition("#")
    words = comment.replace(":", " ").replace(",", " ").split() if code else []
    silent = words[:1] and words[0].casefold() in {"noqa", "nosec"} and all(map(_CODE.fullmatch, words[1:]))
    return code if silent else line


class Source:
    """The Python of one side, with what is needed to place a finding in it."""

    def __init__(self, data: bytes, outline: Mapping[str, Any]) -> None:
        self.data = data
        self.digest = source_digest(data)
        self._outline = outline

    def text(self, first: int, last: int) -> str:
        shown = [_without_suppression(line) for line in self._lines[max(first - 1, 0) : max(last, first)]]
        return line_text(shown, 1, len(shown))

    @cached_property
    def _lines(self) -> list[str]:
        """Lines as Python counts them, and no others: not at form feeds or Unicode separators."""
        return self.data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n")

    def raw(self, first: int, last: int) -> str:
        """Lines as they stand, from 1."""
        return "\n".join(self._lines[first - 1 : last])

    def definitions(self) -> Mapping[str, tuple[int, int, int]]:
        """Qualified name of each that is defined once: first and last line, and the first of a class's body or 0."""
        listed: Sequence[tuple[int, int, str]] = self._outline.get("definitions", ())
        bodies: Mapping[str, int] = self._outline.get("bodies", {})
        often = Counter(name for _, _, name in listed)
        return {name: (first, last, bodies.get(str(first), 0)) for first, last, name in listed if often[name] == 1}

    def context(self, line: int) -> str:
        return enclosing(self._outline, line)


def ruled(source: Source, rule: str, message: str, ruling: Ruling, lines: tuple[int, int]) -> Hit | None:
    """What a scanner said of these lines, as the table of dispositions has it; ``None`` where that is no finding."""
    if ruling.disposition is None:
        return None
    first, last = lines
    return Hit(
        rule=rule,
        message=message,
        disposition=ruling.disposition,
        line=first,
        end_line=last,
        context=source.context(first),
        text=source.text(first, last),
        severity=ruling.severity,
        cwe=ruling.cwe,
    )


DEPTH_LIMIT = 800
"""Of a syntax tree. bandit gives up at about a thousand, ruff overflows its stack at some thousands."""

_EXHAUSTED = ("RecursionError", "MemoryError")
_FOREIGN = (".pyx", ".pxd", ".pxi")


class Target:
    """One changed file to scan. A side that is not Python, or cannot be, is ``None``: nothing on it counts as old."""

    def __init__(
        self, file: ChangedFile, head: Source, before: Callable[[], Source | Unscannable | None], *, in_test: bool
    ) -> None:
        self.file, self.head, self.in_test = file, head, in_test
        self._before = before

    @cached_property
    def base(self) -> Source | None:
        """Read when it is first asked for: with nothing found on the head there is nothing to take away."""
        before = self._before()
        return before if isinstance(before, Source) else None

    def introduced(self, new: Sequence[Hit], old: Sequence[Hit]) -> tuple[Finding, ...]:
        """What the change brings, followed through definitions that only have another name."""

        def names() -> Mapping[str, str]:
            return renamed(self.head, self.base, in_test=self.in_test) if self.base else {}

        return introduced(self.file.path, new, old, names)

    @property
    def foreign(self) -> bool:
        """Whether its language only looks like Python (Cython), so that only a person can read all of it."""
        return self.file.path.casefold().endswith(_FOREIGN)


def targets(candidate: Candidate, worker: Worker, outcome: Outcome) -> tuple[Target, ...]:
    """The files to scan; every other one is accounted for in ``outcome`` here and now."""
    found: list[Target] = []
    begin(candidate, worker)
    for file in candidate.files:
        head, base = sides(candidate, file)
        if head is None:
            outcome.passed_over(file, "deleted" if file.new_blob is None else "not an even file")
            continue
        kind = _kind(head, worker, file, outcome)
        if kind is PythonKind.NO:
            outcome.passed_over(file, "not Python")
            continue
        if kind is None:
            continue
        leaves_tests = is_test(file.old_path or file.path, candidate.test_roots) and not is_test(
            file.path, candidate.test_roots
        )
        # What only tests used becomes part of the program: all of it is new.
        before = partial(_base_source, None if leaves_tests else base, head, worker)
        source = _head_source(file, head, kind, before, worker=worker, outcome=outcome)
        if source is not None:
            found.append(Target(file, source, before, in_test=is_test(file.path, candidate.test_roots)))
    return tuple(found)


def _kind(head: Side, worker: Worker, file: ChangedFile, outcome: Outcome) -> PythonKind | None:
    try:
        return python_kind(head, worker)
    except GateBroken as error:
        outcome.broken.append(f"{file.path}: {error}")
        outcome.refused(file, str(error), unscannable(file, "SCAN-LIMIT", str(error), known=False))
        return None


def _head_source(
    file: ChangedFile,
    head: Side,
    kind: PythonKind,
    before: Callable[[], Source | Unscannable | None],
    *,
    worker: Worker,
    outcome: Outcome,
) -> Source | None:
    try:
        return _source(head, kind, worker)
    except Unscannable as error:
        base = before()
        known = isinstance(base, Unscannable) and base.rule == error.rule
        outcome.refused(file, str(error), unscannable(file, error.rule, str(error), known=known))
    except GateBroken as error:
        outcome.broken.append(f"{file.path}: {error}")
        outcome.refused(file, str(error), unscannable(file, "SCAN-LIMIT", str(error), known=False))
    return None


def _source(side: Side, kind: PythonKind, worker: Worker) -> Source:
    try:
        data = source_of(side, kind)
    except ValueError as error:
        raise Unscannable("SCAN-NOTEBOOK", str(error)) from error
    if len(data) > SIZE_LIMIT_BYTES:
        raise Unscannable("SCAN-SIZE", f"more than {SIZE_LIMIT_BYTES} bytes of Python in one file")
    outline = worker.outline(data)
    if outline.get("depth", 0) > DEPTH_LIMIT or outline.get("error", "").startswith(_EXHAUSTED):
        raise Unscannable("SCAN-DEPTH", "its syntax is nested more deeply than the scanners can follow")
    return Source(data, outline)


def _base_source(base: Side | None, head: Side | None, worker: Worker) -> Source | Unscannable | None:
    if base is None:
        return None
    try:
        kind = python_kind(base, worker)
        if kind is PythonKind.PARSED and head is not None and python_kind(head, worker) is not PythonKind.PARSED:
            # A text that nothing ran becomes a program: all of it is new.
            return None
        return None if kind is PythonKind.NO else _source(base, kind, worker)
    except Unscannable as error:
        return error
    except GateBroken:
        return None


def unscannable(file: ChangedFile, rule: str, why: str, *, known: bool, line: int = 0) -> tuple[Finding, ...]:
    """The finding that stands for a file that no scanner read. A person decides when it was so before the change."""
    hit = Hit(
        rule=rule,
        message=f"the file cannot be scanned: {why}",
        disposition=Disposition.PERSON if known else Disposition.AGENT,
        severity="high",
        line=line,
        hint="write it so that the scanners can read it; nothing unread is merged",
    )
    return introduced(file.path, [hit], [])
