"""What to ask about a spec, with no model: ten kinds of gaps, each weighed by impact and uncertainty.

The gaps are what the rules of :mod:`orchestrator.specs.lint` found, and markers that wait for an
answer. At most five questions are asked, the weightiest first, each with an answer that is recommended. An
answer goes where its words belong, and into ``## Clarifications``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from orchestrator.models.spec import Problem, Span
from orchestrator.specs.check import Checked
from orchestrator.specs.placing import ANSWER, criterion_spot, faq_spot

MOST_QUESTIONS = 5
HEADING = "## Clarifications"
_MARKER = "[NEEDS CLARIFICATION"
_UNACCEPTED = "PRD140"


class Category(StrEnum):
    SCOPE = "functional scope"
    DATA = "data"
    FLOW = "user flow"
    QUALITY = "non-functional"
    INTEGRATION = "integrations"
    EDGE = "edge cases"
    CONSTRAINT = "constraints"
    TERMS = "terminology"
    COMPLETION = "completion"
    PLACEHOLDER = "placeholders"


@dataclass(frozen=True, slots=True)
class Question:
    """``section`` is where the answer goes; ``marker`` the place whose marker it replaces instead.

    Behind the line ``after`` the answer is written as ``form`` says, where it belongs to one requirement. ``weight`` is
    impact (1 to 5) times uncertainty (1 to 5).
    """

    id: str
    category: Category
    ask: str
    why: str
    recommended: str
    weight: int
    section: str
    line: int
    column: int = 1
    marker: str = ""
    after: int = 0
    form: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """``assumed``: nobody said it; the recommendation stands until somebody does."""

    question: Question
    text: str
    assumed: bool


@dataclass(frozen=True, slots=True)
class _Gap:
    """How a rule's code becomes a question."""

    codes: tuple[str, ...]
    category: Category
    ask: str
    recommended: str
    impact: int
    uncertainty: int
    section: str


_GAPS = (
    _Gap(
        ("PRD102",),
        Category.SCOPE,
        "What is deliberately left out?",
        "Nothing else than what is written here.",
        5,
        4,
        "Non-goals",
    ),
    _Gap(
        ("PRD160", "PRD161", "PRD162", "PRD163"),
        Category.DATA,
        "How is this protected, and how long is it kept? ({what})",
        "Only who needs it may read it; it is deleted after 30 days.",
        5,
        4,
        "Data",
    ),
    _Gap(
        ("PRD143",),
        Category.FLOW,
        "What does a person see? ({what})",
        "A message that says what happened and what to do next.",
        4,
        4,
        "User flow",
    ),
    _Gap(
        ("PRD120", "PRD121", "PRD133"),
        Category.QUALITY,
        "How much, in numbers? ({what})",
        "Within 1 second for 95 % of the cases.",
        4,
        5,
        "Quality",
    ),
    _Gap(
        ("PRD164",),
        Category.INTEGRATION,
        "What happens when the other system cannot be reached? ({what})",
        "It is tried three times, then a person is told.",
        4,
        4,
        "Integrations",
    ),
    _Gap(
        ("PRD144", "PRD142", "PRD165"),
        Category.EDGE,
        "Which cases at the edge matter? ({what})",
        "Nothing, one, and the largest that is allowed.",
        3,
        4,
        "Edge cases",
    ),
    _Gap(
        ("PRD125", "PRD130"),
        Category.CONSTRAINT,
        "Does this always hold? ({what})",
        "Yes, always.",
        3,
        4,
        "Constraints",
    ),
    _Gap(
        ("PRD150", "PRD151"),
        Category.TERMS,
        "Which one is meant? ({what})",
        "The one that is used first.",
        2,
        4,
        "Glossary",
    ),
    _Gap(
        ("PRD140", "PRD141", "PRD103"),
        Category.COMPLETION,
        "How would you see that it is done? ({what})",
        "A person tries it and sees what the statement says.",
        4,
        3,
        "Success measures",
    ),
    _Gap(
        ("PRD127", "PRD108"),
        Category.PLACEHOLDER,
        "What stands in place of this? ({what})",
        "Nothing; the words are taken out.",
        4,
        5,
        "Open points",
    ),
)


_SEEN = frozenset({Category.FLOW, Category.EDGE, Category.INTEGRATION})


def questions(checked: Checked) -> tuple[Question, ...]:
    """Weightiest first, at most :data:`MOST_QUESTIONS`: markers, one of each category, then requirements left open."""
    unaccepted = list(_unaccepted(checked))
    gaps = [q for q in _gaps(checked) if not (unaccepted and q.id == _UNACCEPTED)]
    ordered = sorted([*_markers(checked), *gaps, *unaccepted[:1]], key=lambda q: (-q.weight, q.line, q.id))
    return tuple([*ordered, *unaccepted[1:]][:MOST_QUESTIONS])


def _unaccepted(checked: Checked) -> Iterator[Question]:
    """Of each requirement without a criterion, where its document has a place for one."""
    gap = next(gap for gap in _GAPS if _UNACCEPTED in gap.codes)
    for problem in checked.problems:
        asked = _of_requirement(checked, gap, problem) if problem.code == _UNACCEPTED else None
        if asked is not None:
            yield replace(asked, id=f"{_UNACCEPTED}-{problem.line}")


def _of_requirement(checked: Checked, gap: _Gap, problem: Problem) -> Question | None:
    """A question whose answer is one more criterion of the requirement that a problem is about."""
    found = [r for r in (checked.seen.requirements if checked.seen else ()) if _holds(r.span, problem)]
    spot = criterion_spot(checked, found[-1]) if found else None
    return replace(_asked(gap, problem), section="", after=spot.after, form=spot.form) if spot is not None else None


def _holds(span: Span, problem: Problem) -> bool:
    return not span.path and span.line <= problem.line <= span.end_line


def _asked(gap: _Gap, problem: Problem) -> Question:
    ask = gap.ask.replace("{what}", problem.message.rstrip("."))
    weight = gap.impact * gap.uncertainty
    return Question(
        problem.code, gap.category, ask, problem.message, gap.recommended, weight, gap.section, problem.line
    )


def _markers(checked: Checked) -> Iterator[Question]:
    for problem in checked.problems:
        if problem.code != "PRD012" or not 0 < problem.line <= len(checked.lines):
            continue
        line = checked.lines[problem.line - 1]
        at = line.upper().find(_MARKER, max(problem.column - 1, 0))
        end = line.find("]", at)
        if at < 0 or end < 0:
            continue
        marker = line[at : end + 1]
        asked = marker[len(_MARKER) : -1].lstrip(" :").strip() or "What is meant here?"
        why = "The author marked it, and nothing is planned while it is open."
        recommended = "It is left out."
        name = f"Q{problem.line}-{at + 1}"
        yield Question(name, Category.PLACEHOLDER, asked, why, recommended, 25, "", problem.line, at + 1, marker)


def _gaps(checked: Checked) -> Iterator[Question]:
    """One of each kind. What somebody would see is a criterion of its requirement; the rest has a section."""
    for gap in _GAPS:
        first = next((p for p in checked.problems if p.code in gap.codes), None)
        if first is None:
            continue
        seen = _of_requirement(checked, gap, first) if gap.category in _SEEN and first.line > 1 else None
        asked = seen or _asked(gap, first)
        spot = faq_spot(checked, asked.ask)
        yield replace(asked, section="", after=spot.after, form=spot.form) if spot is not None else asked


def answered(source: str, answers: Sequence[Answer], day: date) -> str:
    """The document with each answer at its place and all of them under ``## Clarifications``.

    ``source`` has line feeds only. From the last line to the first, so that places stay true.
    """
    lines = source.split("\n")
    for answer in sorted(answers, key=lambda a: (a.question.after or a.question.line, a.question.column), reverse=True):
        q = answer.question
        line = lines[q.line - 1]
        if q.marker and line[q.column - 1 :].startswith(q.marker):
            lines[q.line - 1] = line[: q.column - 1] + answer.text + line[q.column - 1 + len(q.marker) :]
        if q.after:
            before, _, behind = q.form.rpartition(ANSWER)
            lines[q.after : q.after] = f"{before}{_told(answer)}{behind}".split("\n")
    for answer in answers:
        if answer.question.section:
            _put(lines, f"## {answer.question.section}", [f"- {_told(answer)}"])
    _put(lines, HEADING, [])
    _put(
        lines,
        f"### Session {day.isoformat()}",
        [f"- Q: {a.question.ask} \u2192 A: {_told(a)}" for a in answers],
        under=HEADING,
    )
    return "\n".join(lines).rstrip("\n") + "\n"


def _told(answer: Answer) -> str:
    return f"{answer.text}{' (assumption)' if answer.assumed else ''}"


def _put(lines: list[str], heading: str, more: Sequence[str], under: str = "") -> None:
    """Add lines at the end of a section; without one it is made at the end, before the clarifications."""
    level = heading.split(" ", maxsplit=1)[0]
    at = next((i for i, line in enumerate(lines) if line.strip().casefold() == heading.casefold()), None)
    if at is None:
        at = _before(lines, under)
        gap = [""] if at and lines[at - 1].strip() else []
        lines[at:at] = [*gap, heading, *([""] if at < len(lines) and more else [])]
        at += len(gap)
    end = at + 1
    while end < len(lines) and not (lines[end].startswith("#") and len(lines[end].split(" ")[0]) <= len(level)):
        end += 1
    while end > at + 1 and not lines[end - 1].strip():
        end -= 1
    gap = [""] if end == at + 1 and more else []
    lines[end:end] = [*gap, *more]


def _before(lines: Sequence[str], under: str) -> int:
    known = next((i for i, line in enumerate(lines) if line.strip() == HEADING), len(lines))
    if under:
        return len(lines)
    return known
