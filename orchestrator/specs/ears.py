"""EARS in ``requirements.md``, as Kiro and cc-sdd write it: ``Requirement N`` with numbered criteria N.M.

Requirement N is the requirement and its criteria are its acceptance: one
criterion is too small for a step of its own, and a reviewer reads them
together. Each criterion's number N.M stays as an alias. Notation: Mavin et
al., Easy Approach to Requirements Syntax, RE 2009; only *shall* is checked,
and only where the words are plain ASCII: EARS is written in other languages too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from orchestrator.specs.codes import Report, shown
from orchestrator.specs.draft import Draft, Found, document_title, extent, make_draft, split_lines
from orchestrator.specs.markdown import Block, BlockKind

_HEADING = re.compile(r"Requirement\s+([0-9]{1,5})\b\s*[:.\u2014\u2013-]?\s*", re.IGNORECASE)
_NUMBERED_LINE = re.compile(r"[0-9]{1,5}\.[0-9]{1,5}[.:)]?\s+(?:when|if|while|where|the)\b", re.IGNORECASE)
_NUMBER = re.compile(r"([0-9]{1,5})\.([0-9]{1,5})\b[.:)]?\s*")


def count(blocks: Sequence[Block]) -> int:
    """How many headings look like requirements of this format."""
    return len(_starts(blocks))


def read(blocks: Sequence[Block], report: Report) -> Found:
    """All requirements of the document, in order."""
    lines = [part for block in split_lines(blocks) for part in block.parts(_opens_criterion)]
    starts = _starts(lines)
    known = frozenset(starts)
    drafts = [_draft(lines, i, known, report) for i in starts]
    title = document_title(lines)
    return Found(title, [], drafts)


def _opens_criterion(line: str) -> bool:
    """A line such as ``2.1 WHEN ...``: people who number criteria by hand put no empty line between them."""
    return _NUMBERED_LINE.match(line) is not None


def _starts(blocks: Sequence[Block]) -> list[int]:
    return [i for i, b in enumerate(blocks) if b.kind is BlockKind.HEADING and _HEADING.match(b.text)]


def _draft(blocks: Sequence[Block], i: int, starts: frozenset[int], report: Report) -> Draft:
    head = blocks[i]
    found = _HEADING.match(head.text)
    number = str(int(found[1])) if found else ""
    title = " ".join(head.text[found.end() if found else 0 :].split())
    inside = blocks[i + 1 : extent(blocks, i, starts)]
    draft = make_draft(number, title, inside, head, report, items_are_criteria=True)
    _number_criteria(draft, number, report)
    return draft


def _number_criteria(draft: Draft, number: str, report: Report) -> None:
    """Give each criterion its N.M: the one that it is written with, else its place in the list."""
    for place, criterion in enumerate(draft.body.acceptance, 1):
        written = _NUMBER.match(criterion.text)
        text = criterion.text
        if written and written[1] == number:
            alias, text = f"{number}.{int(written[2])}", text[written.end() :]
        else:
            alias = f"{number}.{draft.body.ordinals[place - 1] or place}"
        if alias in draft.aliases:
            report.add("PRD011", criterion.span.line, criterion.span.column, f"The criterion {alias} exists twice.")
        draft.aliases.append(alias)
        draft.body.acceptance[place - 1] = criterion.model_copy(update={"text": text})
        if text.isascii() and "shall" not in text.casefold():
            report.add("PRD030", criterion.span.line, criterion.span.column, f"{shown(text)!r} has no SHALL.")
