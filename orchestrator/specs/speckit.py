"""spec-kit's ``spec.md``: ``**FR-001**: ...`` under Requirements, success criteria, user stories with scenarios.

spec-kit links stories to requirements by their names only. A scenario or a
success criterion becomes a criterion of each requirement that it names, or
that names its story; the others are criteria of the whole spec.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.models.spec import Criterion
from orchestrator.specs.body import Body, read_body
from orchestrator.specs.codes import Report
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
from orchestrator.specs.kinds import PRIORITY_NOTE, priority_of
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.naming import ID, split_id
from orchestrator.specs.rows import read_row, read_table

_STORY = re.compile(r"User Story ([0-9]{1,4})\b\s*[:\u2014\u2013-]?\s*", re.IGNORECASE)
_NAMES_STORY = re.compile(r"\b(?:User Story |US-?)([0-9]{1,4})\b", re.IGNORECASE)
_NAMES_ID = re.compile(rf"\b{ID}\b")
_TITLE = "feature specification:"
_BRANCH = "feature branch"
_OPENING = 12
"""Blocks at the top of a spec in which its title and branch stand."""
_SET_OFF = re.compile(r"(?:\[[ xX]\]\s{1,3})?(?:\*\*|__|\*|_|`|\[)")


@dataclass(slots=True)
class _Extra:
    """A scenario or success criterion, with the names that link it."""

    criterion: Criterion
    ids: frozenset[str]
    story: str = ""
    owned: bool = False


def count(blocks: Sequence[Block]) -> int:
    """How many items look like requirements of this format; where none does, how many user stories."""
    return len(_starts(blocks)) or (len(_stories(blocks)) if _has_marks(blocks) else 0)


def read(blocks: Sequence[Block], report: Report) -> Found:
    """Functional requirements in order; scenarios and success criteria where their names lead."""
    lines = split_lines(blocks)
    starts = _starts(lines)
    known = frozenset(starts)
    drafts = [_draft(lines, i, known, report) for i in starts]
    scenarios = [*_scenarios(lines)] if drafts else []
    drafts = drafts or [_from_story(lines, i, report) for i in _stories(lines)]
    own = {line for d in drafts for line in range(d.span.line, d.span.end_line + 1)}
    extras = [*scenarios, *(e for e in _success_criteria(lines) if e.criterion.span.line not in own)]
    _link(drafts, extras)
    title = document_title(lines)
    if title.casefold().startswith(_TITLE):
        title = title[len(_TITLE) :].strip()
    unowned = [extra.criterion for extra in extras if not extra.owned]
    return Found(title, [*_branch(lines), title], drafts, unowned)


def _starts(blocks: Sequence[Block]) -> list[int]:
    """A row of a table that only lists what has a heading of its own below is no second requirement."""
    found = _candidates(blocks)
    headed = {(split_id(blocks[i].text) or ("",))[0] for i in found if blocks[i].kind is BlockKind.HEADING}
    return [
        i for i in found if blocks[i].kind is not BlockKind.ROW or (split_id(blocks[i].text) or ("",))[0] not in headed
    ]


def _candidates(blocks: Sequence[Block]) -> list[int]:
    return [
        i
        for i, (block, trail) in enumerate(with_trail(blocks))
        if block.kind is not BlockKind.CODE
        and not block.quoted
        and any(_holds_requirements(heading) for heading in trail)
        and _is_requirement(block)
        and not names_group(blocks, i)
    ]


def _stories(blocks: Sequence[Block]) -> list[int]:
    return [i for i, b in enumerate(blocks) if b.kind is BlockKind.HEADING and _STORY.match(b.text)]


def _has_marks(blocks: Sequence[Block]) -> bool:
    """Whether a document says that it was made from spec-kit's template: others tell numbered stories too."""
    return any(_TITLE in b.raw.casefold() or _BRANCH in b.raw.casefold() for b in blocks[:_OPENING])


def _from_story(blocks: Sequence[Block], i: int, report: Report) -> Draft:
    """A story with its scenarios, in a spec that has no requirements of its own."""
    head = blocks[i]
    found = _STORY.match(head.text)
    key = f"US{int(found[1])}" if found else ""
    title = PRIORITY_NOTE.sub("", head.text[found.end() if found else 0 :])
    made = make_draft(key, " ".join(title.split()), blocks[i + 1 : extent(blocks, i, frozenset())], head, report)
    made.priority = priority_of(head.text)
    made.statement = made.statement or made.title
    return made


def _holds_requirements(heading: Block) -> bool:
    """``Product Requirements Document`` names the whole, no section."""
    name = heading.text.casefold()
    return "requirement" in name and not (heading.level == 1 and "document" in name)


def _is_requirement(block: Block) -> bool:
    if "-" not in block.raw:
        return False
    parts = split_id(block.text)
    if parts is None or parts[0].startswith(("SC-", "REQ-", "US-")):
        return False
    return block.kind in (BlockKind.HEADING, BlockKind.ROW) or _is_set_off(block, parts)


def _is_set_off(block: Block, parts: tuple[str, str]) -> bool:
    """``FR-001: ...`` or ``**FR-001** ...``: ``AES-256 for keys`` only speaks of a standard."""
    before = block.text[: len(block.text) - len(parts[1])].rstrip()
    return not before[-1].isalnum() or _SET_OFF.match(block.raw) is not None


def _draft(blocks: Sequence[Block], i: int, starts: frozenset[int], report: Report) -> Draft:
    head = blocks[i]
    if head.kind is BlockKind.ROW:
        return _from_row(blocks, i)
    key, rest = split_id(head.text) or ("", head.text)
    inside = list(blocks[i + 1 : extent(blocks, i, starts)])
    if head.kind is BlockKind.HEADING:
        return make_draft(key, " ".join(rest.split()), inside, head, report)
    first = head.after(len(head.text) - len(rest))
    body = make_draft(key, "", inside, head, report)
    opening = " ".join(first.text.split()) if first else ""
    body.statement = "\n\n".join(part for part in (opening, body.body.text) if part)
    return body


def _from_row(blocks: Sequence[Block], i: int) -> Draft:
    """By the columns' names where the table says them, else all that stands behind the id."""
    first = i
    while first and blocks[first - 1].kind is BlockKind.ROW:
        first -= 1
    columns = read_table(blocks[first]) if first < i else None
    row = read_row(blocks[i], columns) if columns else None
    key, rest = split_id(blocks[i].text) or ("", blocks[i].text)
    if row is None:
        return Draft(key, "", " ".join(rest.split()), Body(), blocks[i].span)
    row.key = key
    return row


def _scenarios(blocks: Sequence[Block]) -> Iterator[_Extra]:
    for i, block in enumerate(blocks):
        story = _STORY.match(block.text) if block.kind is BlockKind.HEADING else None
        if story is None:
            continue
        inside = blocks[i + 1 : extent(blocks, i, frozenset())]
        named = frozenset(_NAMES_ID.findall(block.text))
        for criterion in read_body(inside, Report("")).acceptance:
            ids = frozenset(_NAMES_ID.findall(criterion.text)) | named
            yield _Extra(criterion, ids, story[1])


def _success_criteria(blocks: Sequence[Block]) -> Iterator[_Extra]:
    for i, block in enumerate(blocks):
        if block.kind is not BlockKind.ITEM or "SC-" not in block.raw or block.quoted:
            continue
        parts = split_id(block.text)
        if parts is None or not parts[0].startswith("SC-"):
            continue
        below = [" ".join(b.text.split()) for b in blocks[i + 1 : extent(blocks, i, frozenset())]]
        text = " ".join([" ".join(block.text.split()), *below])
        yield _Extra(Criterion(text=text, span=block.span), frozenset(_NAMES_ID.findall(parts[1])))


def _link(drafts: Sequence[Draft], extras: Sequence[_Extra]) -> None:
    """In the order of the requirements, each criterion once in each of its owners."""
    named: dict[str, list[int]] = {}
    for i, draft in enumerate(drafts):
        for name in (draft.key, *(f"story {n}" for n in _NAMES_STORY.findall(draft.statement))):
            named.setdefault(name, []).append(i)
    for extra in extras:
        names = (*extra.ids, f"story {extra.story}")
        owners = {i for name in names for i in named.get(name, ())}
        extra.owned = bool(owners)
        for i in sorted(owners):
            drafts[i].body.acceptance.append(extra.criterion)


def _branch(blocks: Sequence[Block]) -> Iterator[str]:
    """The value of the line ``**Feature Branch**: `004-name```."""
    for block in blocks:
        if _BRANCH not in block.raw.casefold():
            continue
        for line in block.text.split("\n"):
            name, colon, value = line.partition(":")
            if colon and name.strip().casefold() == _BRANCH:
                yield value.strip().strip("`[]")
