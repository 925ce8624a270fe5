"""Amazon's PR/FAQ: a press release from the future, and the questions of customers and colleagues.

The demands are what customers can do, and what the answers promise. An answer
that says *not at launch* is a non-goal; what people are quoted as saying is none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from orchestrator.specs import plain
from orchestrator.specs.codes import Report
from orchestrator.specs.draft import Found
from orchestrator.specs.lint.document import heading_name
from orchestrator.specs.markdown import Block, BlockKind

_MARKS = (
    re.compile(r"\bpress release\b"),
    re.compile(r"\b(?:customer|internal|external|stakeholder)?\s*faqs?\b|\bfrequently asked\b"),
    re.compile(r"\bpr[/-]?faq\b"),
)
_QUESTION = re.compile(r"(?:Q(?:uestion)?\s*[0-9]{0,3}\s*[:.)]\s*)(.+\?)\s*$", re.DOTALL)
_ANSWER = re.compile(r"A(?:nswer)?\s*[0-9]{0,3}\s*[:.)]\s*")
_TITLE = re.compile(r"(?:sub-?)?(?:heading|headline|title)\s*:", re.IGNORECASE)
_QUOTED = re.compile('["\u201c][^"\u201d]{10,}["\u201d]')


def count(blocks: Sequence[Block]) -> int:
    """How many headings, lines and questions look like this format; 0 with fewer than two marks."""
    lines = [heading_name(b.text[:200]) for b in blocks if b.kind is BlockKind.HEADING or len(b.raw) < 80]  # noqa: PLR2004  a line, no paragraph
    marks = sum(any(mark.search(line) for line in lines) for mark in _MARKS)
    questions = sum(_is_question(b) or _asks(b) for b in blocks) if marks else 0
    return marks + questions if marks >= 1 and marks + min(questions, 2) >= 2 else 0  # noqa: PLR2004  one word may be chance


def read(blocks: Sequence[Block], report: Report) -> Found:
    """As :func:`orchestrator.specs.plain.read` does, with questions as headings and without quotations."""
    found = plain.read([b for block in blocks for b in _shaped(block)], report, press=True)
    if found.title.endswith("?"):
        found.title, found.names = "", []
    return found


def _is_question(block: Block) -> bool:
    text = block.text.strip()
    return (block.kind is BlockKind.HEADING and text.endswith("?")) or _QUESTION.match(text) is not None


def _asks(block: Block) -> bool:
    """A paragraph whose first line is a question, with its answer below."""
    return _QUESTION.match(block.raw.partition("\n")[0]) is not None


def _shaped(block: Block) -> list[Block]:
    if block.kind in (BlockKind.CODE, BlockKind.HEADING):
        return [block]
    parts = list(block.parts(lambda line: _ANSWER.match(line) is not None))
    found: list[Block] = []
    for part in parts:
        if _is_question(part):
            found.append(replace(part, kind=BlockKind.HEADING, level=6))
            continue
        answer = _ANSWER.match(part.text)
        rest = part.after(answer.end()) if answer else part
        if rest is not None and not _QUOTED.search(rest.text) and not _TITLE.match(rest.text):
            found.append(rest)
    return found
