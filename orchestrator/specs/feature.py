"""Our own template: ``### REQ-001: Title`` under a Requirements heading, one statement, labelled lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

from orchestrator.specs.body import label_of
from orchestrator.specs.codes import Report, shown
from orchestrator.specs.draft import (
    Draft,
    Found,
    document_title,
    extent,
    make_draft,
    names_group,
    split_lines,
    with_trail,
)
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.naming import split_id


def count(blocks: Sequence[Block]) -> int:
    """How many headings look like requirements of this format."""
    return len(_starts(blocks))


def read(blocks: Sequence[Block], report: Report) -> Found:
    """All requirements of the document, in order."""
    lines = split_lines(blocks)
    starts = _starts(lines)
    _refuse_headings_without_id(lines, starts, report)
    title = document_title(lines)
    known = frozenset(starts)
    return Found(title, [title], [_draft(lines, i, known, report) for i in starts])


def _starts(blocks: Sequence[Block]) -> list[int]:
    """Below a Requirements heading any id counts, elsewhere only ``REQ-``."""
    found: list[int] = []
    for i, (block, trail) in enumerate(with_trail(blocks)):
        parts = split_id(block.text) if block.kind is BlockKind.HEADING else None
        wanted = parts is not None and (parts[0].startswith("REQ-") or _under_requirements(trail))
        if wanted and not names_group(blocks, i):
            found.append(i)
    return found


def _under_requirements(trail: tuple[Block, ...]) -> bool:
    return any(heading.text.strip().casefold().endswith("requirements") for heading in trail)


def _draft(blocks: Sequence[Block], i: int, starts: frozenset[int], report: Report) -> Draft:
    head = blocks[i]
    key, title = split_id(head.text) or ("", head.text)
    return make_draft(key, " ".join(title.split()), blocks[i + 1 : extent(blocks, i, starts)], head, report)


def _refuse_headings_without_id(blocks: Sequence[Block], starts: Sequence[int], report: Report) -> None:
    """A heading beside requirements that has no id, and none below it, would be lost without a word."""
    known = frozenset(starts)
    headings = {id(blocks[k]) for k in known}
    for i, (block, trail) in enumerate(with_trail(blocks)):
        if block.kind is not BlockKind.HEADING or i in known or not _under_requirements(trail):
            continue
        inside = any(id(heading) in headings for heading in trail)
        following = bisect_right(starts, i)
        holds = following < len(starts) and starts[following] < extent(blocks, i, frozenset())
        if not inside and not holds and label_of(block.text + ":") is None:
            report.add("PRD015", block.line, block.column, f"The heading {shown(block.text)!r} has no id.")
