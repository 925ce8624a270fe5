"""Our own template: ``### REQ-001: Title`` under a Requirements heading, one statement, labelled lines."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence

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
from orchestrator.specs.labels import label_of
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.naming import split_id, starts_with_id


def count(blocks: Sequence[Block]) -> int:
    """How many headings look like requirements of this format."""
    return len(_starts(blocks))


def read(blocks: Sequence[Block], report: Report) -> Found:
    """All requirements of the document, in order."""
    lines = split_lines(blocks)
    starts = _starts(lines, items=True)
    _refuse_headings_without_id(lines, starts, report)
    title = document_title(lines)
    known = frozenset(starts)
    return Found(title, [title], [_draft(lines, i, known, report) for i in starts])


def _starts(blocks: Sequence[Block], *, items: bool = False) -> list[int]:
    """Below a Requirements heading any id counts, elsewhere only ``REQ-``. ``items``: also in a list below one."""
    found: list[int] = []
    for i, (block, trail) in enumerate(with_trail(blocks)):
        if items and block.kind is BlockKind.ITEM and "REQ-" in block.raw and _is_item(block, trail):
            found.append(i)
            continue
        parts = split_id(block.text) if block.kind is BlockKind.HEADING else None
        wanted = parts is not None and (parts[0].startswith("REQ-") or _under_requirements(trail))
        if wanted and not names_group(blocks, i):
            found.append(i)
    return found


def _is_item(block: Block, trail: tuple[Block, ...]) -> bool:
    """``- REQ-003: ...`` that stands in no requirement with a heading of its own."""
    inside = any((parts := split_id(h.text)) is not None and parts[0].startswith("REQ-") for h in trail)
    return _under_requirements(trail) and not inside and block.text.startswith("REQ-") and starts_with_id(block.text)


def _under_requirements(trail: tuple[Block, ...]) -> bool:
    return any(heading.text.strip().casefold().endswith("requirements") for heading in trail)


def _draft(blocks: Sequence[Block], i: int, starts: frozenset[int], report: Report) -> Draft:
    head = blocks[i]
    key, title = split_id(head.text) or ("", head.text)
    if head.kind is BlockKind.ITEM:
        made = make_draft(key, "", blocks[i + 1 : extent(blocks, i, starts)], head, report)
        made.statement = "\n\n".join(part for part in (" ".join(title.split()), made.statement) if part)
        return made
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
