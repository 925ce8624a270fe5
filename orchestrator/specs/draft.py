"""Requirements as a format found them, before ids are resolved against each other."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from orchestrator.models.ids import Digest, RequirementId, canonical, sha256
from orchestrator.models.spec import Criterion, Delta, Kind, Requirement, Span
from orchestrator.specs.body import Body, pieces, read_body
from orchestrator.specs.codes import Report
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.naming import split_id

_WRITTEN_ID = re.compile(r"(?:([a-z0-9][a-z0-9._-]{0,63})/)?([A-Za-z0-9][A-Za-z0-9._-]{0,127})")


@dataclass(slots=True)
class Draft:
    """``key`` is the source's own id; ``aliases`` are further names of the same requirement."""

    key: str
    title: str
    statement: str
    body: Body
    span: Span
    aliases: list[str] = field(default_factory=list[str])
    namespace: str = ""
    delta: Delta | None = None
    base_digest: Digest | None = None
    provisional: bool = False
    kind: Kind | None = None
    priority: str = ""


@dataclass(slots=True)
class Found:
    """What one format made of a document. ``names`` are offers for the namespace.

    A draft with an empty ``key`` has no id in its source; one is made for it.
    """

    title: str
    names: list[str]
    drafts: list[Draft]
    criteria: list[Criterion] = field(default_factory=list[Criterion])
    left_out: list[Draft] = field(default_factory=list[Draft])
    unread: list[tuple[int, str]] = field(default_factory=list["tuple[int, str]"])
    """Line and name of each section whose lists or tables ask for nothing, as they are read."""


def document_title(blocks: Sequence[Block]) -> str:
    """The first heading of level 1, else the first heading, else nothing."""
    headings = [b for b in blocks if b.kind is BlockKind.HEADING]
    first = next((b for b in headings if b.level == 1), headings[0] if headings else None)
    return " ".join(first.text.split()) if first else ""


def split_lines(blocks: Sequence[Block]) -> list[Block]:
    """Blocks in which whatever opens a label or an item stands on its own."""
    return [part for block in blocks for part in pieces(block)]


def names_group(blocks: Sequence[Block], i: int) -> bool:
    """Whether a heading with an id only names a group: FR-1 right above FR-1.1, with no word of its own."""
    if blocks[i].kind is not BlockKind.HEADING or i + 1 == len(blocks):
        return False
    above, below = split_id(blocks[i].text), split_id(blocks[i + 1].text)
    return above is not None and below is not None and below[0].startswith(f"{above[0]}.")


def with_trail(blocks: Sequence[Block]) -> Iterator[tuple[Block, tuple[Block, ...]]]:
    """Each block with the headings that it stands under, outermost first."""
    opened: list[Block] = []
    trail = tuple(opened)
    for block in blocks:
        if block.kind is BlockKind.HEADING:
            while opened and opened[-1].level >= block.level:
                opened.pop()
            yield block, tuple(opened)
            opened.append(block)
            trail = tuple(opened)
        else:
            yield block, trail


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
    """A draft from the blocks of its body; its span runs from ``head`` to the last of them.

    A title with criteria and no sentence says by itself what is wanted.
    """
    depth = head.level if head.kind is BlockKind.ITEM else 0
    body = read_body(blocks, report, items_are_criteria=items_are_criteria, depth=depth)
    last = max([head, *blocks], key=lambda b: (b.end_line, b.end_column)).span
    span = Span(line=head.line, column=head.column, end_line=last.end_line, end_column=last.end_column)
    written = split_written(body.id)
    name = body.title or title
    statement = body.text if body.statement or not body.acceptance else "\n\n".join([name, *body.notes]).strip()
    named = Draft(written[1] if written else key, name, statement, body, span)
    named.namespace = written[0] if written else ""
    return named


def split_written(text: str) -> tuple[str, str] | None:
    """An id that stands under *Id*, as namespace and key; ``None`` for what is none."""
    found = _WRITTEN_ID.fullmatch(text)
    return (found[1] or "", found[2]) if found else None


def text_digest(title: str, statement: str, criteria: Sequence[str]) -> Digest:
    """What a requirement says, as one digest: no place, no id."""
    return sha256(canonical([title, statement, list(criteria)]))


def requirement_id(draft: Draft, namespace: str) -> RequirementId:
    """``namespace/key``; a draft of another spec keeps that one's namespace."""
    return RequirementId(f"{draft.namespace or namespace}/{draft.key}")


def to_requirement(
    draft: Draft, namespace: str, depends_on: tuple[RequirementId, ...] = (), kind: Kind = Kind.FUNCTIONAL
) -> Requirement:
    """The noun. Its text digest covers title, statement and criteria, and no place."""
    criteria = [criterion.text for criterion in draft.body.acceptance]
    return Requirement(
        id=requirement_id(draft, namespace),
        aliases=tuple(dict.fromkeys([draft.key, *draft.aliases, *draft.body.aliases])),
        title=draft.title,
        kind=kind,
        priority=draft.body.priority or draft.priority,
        provisional=draft.provisional,
        delta=draft.delta,
        base_digest=draft.base_digest,
        statement=draft.statement,
        acceptance=tuple(draft.body.acceptance),
        where=tuple(draft.body.where),
        verify_by=tuple(draft.body.verify_by),
        depends_on=depends_on,
        reaches=tuple(draft.body.reaches),
        data=draft.body.data,
        span=draft.span,
        text_digest=text_digest(draft.title, draft.statement, criteria),
    )
