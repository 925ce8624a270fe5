"""Requirements as a format found them, before ids are resolved against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orchestrator.models.base import RequirementId, canonical, sha256
from orchestrator.models.spec import Criterion, Requirement, Span
from orchestrator.specs.body import Body, opens_line, read_body
from orchestrator.specs.codes import Report
from orchestrator.specs.markdown import Block, BlockKind


@dataclass(slots=True)
class Draft:
    """``key`` is the source's own id; ``aliases`` are further names of the same requirement."""

    key: str
    title: str
    statement: str
    body: Body
    span: Span
    aliases: list[str] = field(default_factory=list[str])


@dataclass(slots=True)
class Found:
    """What one format made of a document. ``names`` are offers for the namespace."""

    title: str
    names: list[str]
    drafts: list[Draft]
    criteria: list[Criterion] = field(default_factory=list[Criterion])


def document_title(blocks: Sequence[Block]) -> str:
    """The first heading of level 1, else the first heading, else nothing."""
    headings = [b for b in blocks if b.kind is BlockKind.HEADING]
    first = next((b for b in headings if b.level == 1), headings[0] if headings else None)
    return " ".join(first.text.split()) if first else ""


def split_lines(blocks: Sequence[Block]) -> list[Block]:
    """Blocks in which a soft-wrapped line that opens a label or an item stands on its own."""
    return [part for block in blocks for part in block.parts(opens_line)]


def with_trail(blocks: Sequence[Block]) -> Iterator[tuple[Block, tuple[Block, ...]]]:
    """Each block with the headings that it stands under, outermost first."""
    trail: list[Block] = []
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            while trail and trail[-1].level >= block.level:
                trail.pop()
            yield block, tuple(trail)
            trail.append(block)
        else:
            yield block, tuple(trail)


def extent(blocks: Sequence[Block], start: int, starts: frozenset[int]) -> int:
    """Index after the last block that belongs to the item that begins at ``start``."""
    head = blocks[start]
    for i in range(start + 1, len(blocks)):
        if i in starts or _ends(head, blocks[i]):
            return i
    return len(blocks)


def _ends(head: Block, block: Block) -> bool:
    if block.kind is BlockKind.HEADING:
        return head.kind is not BlockKind.HEADING or block.level <= head.level
    if head.kind is BlockKind.ITEM:
        return block.level < head.level or (block.kind is BlockKind.ITEM and block.level == head.level)
    return False


def make_draft(
    key: str, title: str, blocks: Sequence[Block], head: Block, report: Report, *, items_are_criteria: bool = False
) -> Draft:
    """A draft from the blocks of its body; its span runs from ``head`` to the last of them."""
    body = read_body(blocks, report, items_are_criteria=items_are_criteria)
    last = max([head, *blocks], key=lambda b: (b.end_line, b.end_column)).span
    span = Span(line=head.line, column=head.column, end_line=last.end_line, end_column=last.end_column)
    return Draft(key, title, body.text, body, span)


def to_requirement(draft: Draft, namespace: str, depends_on: tuple[RequirementId, ...]) -> Requirement:
    """The noun. Its text digest covers title, statement and criteria, and no place."""
    text = [draft.title, draft.statement, [criterion.text for criterion in draft.body.acceptance]]
    return Requirement(
        id=RequirementId(f"{namespace}/{draft.key}"),
        aliases=tuple(dict.fromkeys([draft.key, *draft.aliases])),
        title=draft.title,
        statement=draft.statement,
        acceptance=tuple(draft.body.acceptance),
        where=tuple(draft.body.where),
        verify_by=tuple(draft.body.verify_by),
        depends_on=depends_on,
        reaches=tuple(draft.body.reaches),
        data=draft.body.data,
        span=draft.span,
        text_digest=sha256(canonical(text)),
    )
