"""Where the answer about one requirement is written, in the form that the document has.

Our own form, spec-kit and prose: a line *Accept*. Kiro: the next numbered criterion. OpenSpec: a scenario. PR/FAQ: a
question and its answer. ``None`` where a document has no such place: a table's row, a sentence in the midst of others.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from orchestrator.models.spec import Requirement, Span, SpecFormat
from orchestrator.specs.check import Checked
from orchestrator.specs.lint.document import heading_name

_ITEM = re.compile(r"(\s*)(?:[-*+]|[0-9]{1,9}[.)])\s")
_HEADING = re.compile(r"\s{0,3}(#{1,6})\s")
_NUMBERED = re.compile(r"\s*[0-9]{1,5}\.[0-9]{1,5}\b")
_ASKED = re.compile(r"\s*\**Q(?:uestion)?\s*[0-9]{0,3}\s*[:.)]", re.IGNORECASE)
ANSWER = "{}"
"""Stands in :attr:`Spot.form` for the answer."""


@dataclass(frozen=True, slots=True)
class Spot:
    """``form`` is written behind the line ``after``; a line feed at its start leaves a line empty."""

    after: int
    form: str


def criterion_spot(checked: Checked, requirement: Requirement) -> Spot | None:
    """Where one more acceptance criterion of a requirement goes."""
    if checked.seen is None or requirement.span.path:
        return None
    match checked.seen.format:
        case SpecFormat.EARS:
            return _next_criterion(checked.lines, requirement)
        case SpecFormat.OPENSPEC:
            last = _last(checked.lines, requirement.span)
            return Spot(last, f"\n#### Scenario: As answered for line {requirement.span.line}\n\n- {ANSWER}")
        case SpecFormat.FEATURE | SpecFormat.SPEC_KIT | SpecFormat.PLAIN:
            return _accept(checked.lines, requirement.span)
        case SpecFormat.PR_FAQ | SpecFormat.PROCESS:
            return None
        case _:
            assert_never(checked.seen.format)


def faq_spot(checked: Checked, ask: str) -> Spot | None:
    """Where one more question of a PR/FAQ goes: behind the last section of questions, written as the others are."""
    if checked.seen is None or checked.seen.format is not SpecFormat.PR_FAQ:
        return None
    heads = [
        (i, m[1], heading_name(line[m.end() :]))
        for i, line in enumerate(checked.lines, 1)
        if (m := _HEADING.match(line))
    ]
    faq = next(((i, marks) for i, marks, name in reversed(heads) if "faq" in name or "frequently asked" in name), None)
    if faq is None:
        return None
    ends = (i - 1 for i, marks, _ in heads if i > faq[0] and len(marks) <= len(faq[1]))
    last = _worded(checked.lines, faq[0], next(ends, len(checked.lines)))
    asked = any(_ASKED.match(line) for line in checked.lines[faq[0] : last])
    question = " ".join(ask.split())
    question = question if question.endswith("?") else f"{question}?"
    marks = "#" * min(len(faq[1]) + 1, 6)
    return Spot(last, f"\nQ: {question}\nA: {ANSWER}" if asked else f"\n{marks} {question}\n\n{ANSWER}")


def _next_criterion(lines: Sequence[str], requirement: Requirement) -> Spot:
    """``4. ...`` behind the third; with its whole number where the others have theirs."""
    if not requirement.acceptance:
        last = _last(lines, requirement.span)
        headed = lines[last - 1].lstrip("# ").rstrip(" :").casefold() == "acceptance criteria"
        return Spot(last, f"\n1. {ANSWER}" if headed else f"\n#### Acceptance Criteria\n\n1. {ANSWER}")
    span = requirement.acceptance[-1].span
    after = _worded(lines, span.line, span.end_line)
    key = requirement.aliases[0]
    number = 1 + max(int(a.rpartition(".")[2]) for a in requirement.aliases if a.startswith(f"{key}."))
    if _NUMBERED.match(lines[span.line - 1]):
        return Spot(after, f"\n{key}.{number} {ANSWER}")
    found = _ITEM.match(lines[span.line - 1])
    gap = "\n" if span.line > 1 and not lines[span.line - 2].strip() and len(requirement.acceptance) > 1 else ""
    return Spot(after, f"{gap}{found[1] if found else ''}{number}. {ANSWER}")


def _accept(lines: Sequence[str], span: Span) -> Spot | None:
    first, last = lines[span.line - 1], _last(lines, span)
    if first.lstrip().startswith("|"):
        return None
    item = _ITEM.match(first)
    if item is not None and not _HEADING.match(first):
        return Spot(last, f"{item[1]}  - *Accept:* {ANSWER}")
    if _HEADING.match(first):
        gap = "" if lines[last - 1].lstrip().startswith("- ") else "\n"
        return Spot(last, f"{gap}- *Accept:* {ANSWER}")
    ends = span.end_column >= len(lines[last - 1].rstrip()) and (last == len(lines) or not lines[last].strip())
    return Spot(last, f"\n*Accept:* {ANSWER}") if ends else None


def _last(lines: Sequence[str], span: Span) -> int:
    """The last line of a requirement that has words."""
    return _worded(lines, span.line, span.end_line)


def _worded(lines: Sequence[str], first: int, last: int) -> int:
    return next((n for n in range(last, first - 1, -1) if lines[n - 1].strip()), first)
