"""Which lines a unified diff added, and whether a statement of lines fits the file."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from orchestrator.models.change import ChangedFile, Hunk
from orchestrator.models.ids import GitOid, sha256
from orchestrator.provenance import strict
from orchestrator.provenance.predicates.claims import Contributor, LineRange, LinesOfFile

_HEADER: Final = re.compile(rb"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_LINK_OR_MODULE: Final = ("120000", "160000")


def split_lines(data: bytes) -> list[bytes]:
    """Lines as git counts them: each ends in a line feed, the last one perhaps not."""
    return io.BytesIO(data).readlines()


def content_of(lines: Sequence[bytes], start: int, end: int) -> bytes:
    """The exact bytes of lines ``start`` to ``end``, from 1."""
    return b"".join(lines[start - 1 : end])


def fits(file: LinesOfFile, data: bytes) -> bool:
    """Whether every stated range lies in the file, in order, with the content that it names."""
    lines, after = split_lines(data), 0
    for r in file.ranges:
        if not after < r.start <= r.end <= len(lines) or sha256(content_of(lines, r.start, r.end)) != r.content:
            return False
        after = r.end
    return True


def added(diff: bytes) -> list[tuple[tuple[int, int, int, int], list[int]]]:
    """Of each ``@@`` section of a unified diff, its extent and the numbers of the lines that it adds.

    Read by the counts in each header, never by what a line looks like.
    """
    found: list[tuple[tuple[int, int, int, int], list[int]]] = []
    lines = iter(diff.split(b"\n"))
    for line in lines:
        header = _HEADER.match(line)
        if header is not None:
            first, olds, start, news = (1 if n is None else int(n) for n in header.groups())
            found.append(((first, olds, start, news), _section(lines, olds, start, news)))
    return found


def _section(lines: Iterator[bytes], olds: int, start: int, news: int) -> list[int]:
    numbers: list[int] = []
    at = start
    while olds or news:
        sign = next(lines, b"")[:1]
        if sign not in {b" ", b"+", b"-", b"\\"}:
            raise strict.invalid("EVID013", "a stored diff is not one", "handrail resume")
        if sign == b"+":
            numbers.append(at)
        at += sign in {b" ", b"+"}
        news -= sign in {b" ", b"+"}
        olds -= sign in {b" ", b"-"}
    return numbers


def of_change(
    files: Sequence[ChangedFile],
    hunks: Sequence[Hunk],
    diff: bytes,
    blob: Callable[[GitOid], bytes],
    by_people: Mapping[str, Collection[int] | None] = MappingProxyType({}),
) -> tuple[LinesOfFile, ...]:
    """Every line that a change adds, file by file. Links, submodules and deleted files have none.

    ``by_people`` are the numbers of lines that a person wrote, per path; ``None`` where only the file is known.
    Raises ``EvidenceInvalid`` EVID013 when the diff is not the one whose hunks are given.
    """
    found = numbers(hunks, diff)
    return tuple(
        LinesOfFile(
            path=f.path,
            blob=f.new_blob,
            ranges=_ranges(found.get(f.path, []), blob(f.new_blob), by_people.get(f.path, ())),
        )
        for f in files
        if f.new_blob is not None and f.new_mode not in _LINK_OR_MODULE
    )


def numbers(hunks: Sequence[Hunk], diff: bytes) -> dict[str, list[int]]:
    """Path → numbers of the added lines. Raises ``EvidenceInvalid`` EVID013 for a diff of other hunks."""
    sections = added(diff)
    found: dict[str, list[int]] = {}
    for hunk in hunks:
        extent = (hunk.old_start, hunk.old_lines, hunk.new_start, hunk.new_lines)
        if sections and sections[0][0] == extent:
            found.setdefault(hunk.path, []).extend(sections.pop(0)[1])
    if sections:
        raise strict.invalid("EVID013", "a stored diff does not fit its hunks", "handrail resume")
    return found


def _ranges(numbers: Sequence[int], data: bytes, people: Collection[int] | None) -> tuple[LineRange, ...]:
    lines = split_lines(data)
    if people is None:
        parts = [(Contributor.MIXED, numbers)]
    else:
        parts = [
            (Contributor.AI, [n for n in numbers if n not in people]),
            (Contributor.HUMAN, [n for n in numbers if n in people]),
        ]
    found = [(low, high, who) for who, some in parts for low, high in runs(some)]
    return tuple(
        LineRange(start=low, end=high, content=sha256(content_of(lines, low, high)), contributor=who)
        for low, high, who in sorted(found)
    )


def runs(numbers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Numbers as ranges without gaps."""
    low = high = 0
    for n in numbers:
        if n == high + 1 and high:
            high = n
            continue
        if high:
            yield low, high
        low = high = n
    if high:
        yield low, high
