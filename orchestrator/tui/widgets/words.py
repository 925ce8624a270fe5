"""Which words of a changed line differ from the line that it replaces. Asked for visible lines only."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from functools import lru_cache

from orchestrator.review.diff import Row, RowKind

LONGEST_LINE = 500
"""Characters: longer pairs are not compared."""

Span = tuple[int, int]
_LONGEST_RUN = 64
_LEAST_ALIKE = 0.3
_WORD = re.compile(r"\w+|\s+|[^\w\s]")
_CHANGED = (RowKind.REMOVED, RowKind.ADDED)


def partner(rows: Sequence[Row], index: int) -> int | None:
    """The row that a removed line became, or that an added one was: the same place in the run on the other side."""
    kind = rows[index].kind
    if kind not in _CHANGED:
        return None
    first, last = _run(rows, index)
    if last - first > _LONGEST_RUN:
        return None
    other = _run_beside(rows, first, last, kind)
    place = index - first
    return other[0] + place if other is not None and other[0] + place <= other[1] else None


def _run(rows: Sequence[Row], index: int) -> tuple[int, int]:
    kind, first, last = rows[index].kind, index, index
    while first > 0 and rows[first - 1].kind is kind and index - first <= _LONGEST_RUN:
        first -= 1
    while last + 1 < len(rows) and rows[last + 1].kind is kind and last - index <= _LONGEST_RUN:
        last += 1
    return first, last


def _run_beside(rows: Sequence[Row], first: int, last: int, kind: RowKind) -> tuple[int, int] | None:
    beside = last + 1 if kind is RowKind.REMOVED else first - 1
    wanted = RowKind.ADDED if kind is RowKind.REMOVED else RowKind.REMOVED
    if not 0 <= beside < len(rows) or rows[beside].kind is not wanted:
        return None
    return _run(rows, beside)


@lru_cache(maxsize=512)
def changed(old: str, new: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Spans of characters of each side that the other lacks; none when the lines have little in common.

    Kept: each pair is asked for by both of its rows.
    """
    if max(len(old), len(new)) > LONGEST_LINE:
        return (), ()
    before, after = _WORD.findall(old), _WORD.findall(new)
    head = _alike(before, after)
    tail = _alike(before[head:][::-1], after[head:][::-1])
    match = SequenceMatcher(None, before[head : len(before) - tail], after[head : len(after) - tail], autojunk=False)
    same = head + tail + sum(block.size for block in match.get_matching_blocks())
    if 2 * same < _LEAST_ALIKE * (len(before) + len(after)):
        return (), ()
    codes = [code for code in match.get_opcodes() if code[0] != "equal"]
    return (
        tuple(_spans(before, [(a + head, b + head) for _, a, b, _, _ in codes])),
        tuple(_spans(after, [(c + head, d + head) for *_, c, d in codes])),
    )


def _alike(one: Sequence[str], other: Sequence[str]) -> int:
    """How many words are the same from the beginning on."""
    return next(
        (n for n, pair in enumerate(zip(one, other, strict=False)) if pair[0] != pair[1]), min(len(one), len(other))
    )


def _spans(words: Sequence[str], parts: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    ends = [0]
    for word in words:
        ends.append(ends[-1] + len(word))
    for first, last in parts:
        if last > first:
            yield ends[first], ends[last]


def of_row(rows: Sequence[Row], index: int) -> tuple[Span, ...]:
    """The changed spans of one row's raw text."""
    other = partner(rows, index)
    if other is None:
        return ()
    here, there = rows[index].text, rows[other].text
    if rows[index].kind is RowKind.REMOVED:
        return changed(here, there)[0]
    return changed(there, here)[1]
