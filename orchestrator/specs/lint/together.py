"""Rules that compare the requirements of one spec with each other and with its stories and non-goals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from orchestrator.models.spec import Requirement, Severity, SpecFormat
from orchestrator.specs.lint.document import Document, Part, Sentence, content_words
from orchestrator.specs.lint.rule import Family, Remark, Rule, clip, remark, two_requirements
from orchestrator.specs.markdown import BlockKind

_VALUE = re.compile(
    r"(?P<bound>at most|at least|within|no more than|up to|maximum(?: of)?|minimum(?: of)?|exactly|after|every|for|of|is|than|to)\s+"
    r"(?P<number>\d+(?:[.,]\d+)?)\s*(?P<unit>ms|milliseconds?|s|secs?|seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?|%|percent|[KMG]i?B|bytes?|characters?|items?|attempts?|retries|times|euros?|dollars?)(?!\w)",
    re.IGNORECASE,
)
_SCALE = {
    "ms": ("time", 0.001), "millisecond": ("time", 0.001), "s": ("time", 1), "sec": ("time", 1), "second": ("time", 1),
    "minute": ("time", 60), "min": ("time", 60), "hour": ("time", 3600), "day": ("time", 86400), "week": ("time", 604800),
    "month": ("time", 2592000), "year": ("time", 31536000), "%": ("share", 1), "percent": ("share", 1),
}  # fmt: skip
_PRIORITY = re.compile(
    r"\b(?:priority\s*[:=]?\s*)?P([0-5])\b|\bpriority\s*[:=]?\s*(must|should|could|high|medium|low|critical)\b",
    re.IGNORECASE,
)
_RANK = {"critical": 0, "must": 1, "high": 1, "should": 2, "medium": 2, "could": 3, "low": 3}
_STORY = re.compile(r"User Story ([0-9]{1,4})\b", re.IGNORECASE)
_QUALITY = re.compile(
    r"\b(?:latency|response time|throughput|availability|uptime|performance|concurren\w+|memory|load time)\b",
    re.IGNORECASE,
)
_OPPOSITE = re.compile(r"\b(must|shall|will|can|may)\s+(not|never)\b", re.IGNORECASE)
_NEGATED = re.compile(r"\b(?:not|never|cannot|no)\b", re.IGNORECASE)


def _values(sentence: Sentence) -> Iterator[tuple[re.Match[str], str, float]]:
    for found in _VALUE.finditer(sentence.text):
        unit = found["unit"].casefold()
        kind, factor = _SCALE.get(unit) or _SCALE.get(unit.rstrip("s")) or (unit.rstrip("s"), 1)
        yield found, kind, float(found["number"].replace(",", ".")) * factor


def _subject(sentence: Sentence, found: re.Match[str]) -> tuple[str, ...]:
    words = content_words(sentence.text[: found.start()])
    return tuple(sorted(set(words)))


def _contradictions(document: Document) -> Iterator[Remark]:
    """Two sentences of different requirements that say all the same words before a bound, and another number behind it."""
    seen: dict[tuple[tuple[str, ...], str, str], tuple[float, Sentence, str]] = {}
    for sentence in document.statements:
        for found, kind, value in _values(sentence):
            subject = _subject(sentence, found)
            if len(subject) < 2:  # noqa: PLR2004  one word in common is no subject
                continue
            key = (subject, found["bound"].casefold(), kind)
            before = seen.setdefault(key, (value, sentence, found[0]))
            if (
                before[0] != value
                and before[1].requirement is not sentence.requirement
                and before[1].requirement is not None
            ):
                other = before[1].requirement.aliases[0]
                yield remark(
                    sentence, found.start(), found.end(), f"{clip(found[0])!r} here, {clip(before[2])!r} in {other}."
                )


def _duplicates(document: Document) -> Iterator[Remark]:
    seen: dict[frozenset[str], Requirement] = {}
    for requirement in document.requirements:
        words = frozenset(content_words(requirement.statement))
        negated = bool(_NEGATED.search(requirement.statement))
        key = words | {"\0not"} if negated else words
        first = seen.setdefault(key, requirement)
        if first is not requirement and len(words) > 3:  # noqa: PLR2004  fewer words may agree by chance
            yield Remark(
                requirement.span.line,
                requirement.span.column,
                f"{requirement.aliases[0]} says the same as {first.aliases[0]}.",
            )


def _opposites(document: Document) -> Iterator[Remark]:
    said: dict[tuple[str, ...], Sentence] = {}
    denied: list[tuple[tuple[str, ...], Sentence]] = []
    for sentence in document.statements:
        words = [
            w for w in content_words(_OPPOSITE.sub(r"\1", sentence.text)) if w not in ("never", "always", "can", "may")
        ]
        key = tuple(sorted(set(words)))
        if _OPPOSITE.search(sentence.text):
            denied.append((key, sentence))
        elif not _NEGATED.search(sentence.text):
            said.setdefault(key, sentence)
    for key, sentence in denied:
        other = said.get(key)
        if other is not None and other.requirement is not None and len(key) > 2:  # noqa: PLR2004  fewer words may agree by chance
            yield remark(sentence, 0, len(sentence.text), f"{other.requirement.aliases[0]} demands the opposite.")


def _non_goals(document: Document) -> Iterator[Remark]:
    section = document.section("non-goal", "non goal", "out of scope", "not in this", "not in scope", "exclusions")
    for block in section.blocks if section else ():
        excluded = set(content_words(block.text))
        if block.kind is BlockKind.HEADING or not 2 <= len(excluded) <= 8:  # noqa: PLR2004  a name of a thing, not an argument about it
            continue
        for requirement in document.requirements:
            if excluded <= set(content_words(f"{requirement.title} {requirement.statement}")) and not _NEGATED.search(
                requirement.statement
            ):
                yield Remark(
                    requirement.span.line,
                    requirement.span.column,
                    f"{requirement.aliases[0]} demands what line {block.line} leaves out: {clip(block.text)!r}.",
                )


def _priorities(document: Document) -> dict[str, int]:
    found: dict[str, int] = {}
    for requirement in document.requirements:
        said = _PRIORITY.search(f"{requirement.title}\n{requirement.statement}")
        if said:
            found[requirement.id] = int(said[1]) if said[1] else _RANK[said[2].casefold()]
    return found


def _inversion(document: Document) -> Iterator[Remark]:
    ranks = _priorities(document)
    names = {r.id: r.aliases[0] for r in document.requirements}
    for requirement in document.requirements:
        for needed in requirement.depends_on:
            mine, theirs = ranks.get(requirement.id), ranks.get(needed)
            if mine is not None and theirs is not None and mine < theirs:
                yield Remark(
                    requirement.span.line,
                    requirement.span.column,
                    f"{requirement.aliases[0]} is more urgent than {names[needed]}, which it depends on.",
                )


def _uncovered_story(document: Document) -> Iterator[Remark]:
    if document.spec.format is not SpecFormat.SPEC_KIT:
        return
    wanted = [set(content_words(f"{r.title} {r.statement}")) for r in document.requirements]
    for section in document.sections:
        if not _STORY.match(section.heading.text):
            continue
        words = {w for w in content_words(section.heading.text) if w not in ("user", "story", "priority")}
        told = words | {w for b in section.own[:2] for w in content_words(b.text)}
        if words and all(len(told & w) < 2 for w in wanted):  # noqa: PLR2004  one word in common is chance
            yield Remark(
                section.heading.line,
                section.heading.column,
                f"No requirement speaks of {clip(section.heading.text)!r}.",
            )


def _unmeasured_quality(document: Document) -> Iterator[Remark]:
    measured = " ".join(c.text for r in document.requirements for c in r.acceptance) + " ".join(
        c.text for c in document.spec.criteria
    )
    for requirement in document.requirements:
        goal = next(
            (s for s in document.of(requirement, Part.STATEMENT) if _QUALITY.search(s.text) and any(_values(s))), None
        )
        if goal is None or not (requirement.acceptance or document.spec.criteria):
            continue
        word = _QUALITY.search(goal.text)
        numbers = [f["number"] for f, _, _ in _values(goal)]
        if (
            word
            and word[0].casefold() not in measured.casefold()
            and not any(re.search(rf"\b{n}\b", measured) for n in numbers)
        ):
            yield remark(goal, word.start(), word.end(), f"No criterion measures {word[0]!r}.")


_HEAD = "# Till\n\nCashiers wait.\n\n## Requirements\n\n"


_STORIES = "# Feature Specification: Till\n\n## User Scenarios\n\n### User Story 1 - {} (Priority: P1)\n\nCashiers wait.\n\n## Requirements\n\n- **FR-001**: The till MUST show the balance of a gift card.\n"

RULES = (
    Rule(
        "PRD150", Family.SET, "two numbers for one thing",
        "One of them will be built, and the other tested.",
        "decide, and say it once",
        bad=two_requirements("A cashier's session must end after 30 minutes.", "A cashier's session must end after 15 minutes."),
        good=two_requirements("A cashier's session must end after 30 minutes.", "A manager's session must end after 15 minutes."),
        check=_contradictions,
    ),
    Rule(
        "PRD152", Family.SET, "a user story that no requirement serves",
        "It will not be built, and its reader thinks that it will.",
        "add a requirement for it, or take the story out",
        bad=_STORIES.format("Print weekly statistics"),
        good=_STORIES.format("Show the balance of a card"),
        check=_uncovered_story, severity=Severity.INFO,
    ),
    Rule(
        "PRD153", Family.SET, "a quality goal that no criterion measures",
        "A figure in a sentence is kept only where something measures it.",
        "repeat the figure in a criterion that says how it is measured",
        bad=_HEAD + "### REQ-001: Search\n\nThe latency of a search must be at most 200 ms.\n\n- *Accept:*\n  - A search shows the card.\n",
        good=_HEAD + "### REQ-001: Search\n\nThe latency of a search must be at most 200 ms.\n\n- *Accept:*\n  - Over 1,000 searches the latency is under 200 ms for 99 %.\n",
        check=_unmeasured_quality,
    ),
    Rule(
        "PRD154", Family.SET, "something urgent depends on something that is not",
        "The urgent one cannot be finished first.",
        "raise the priority of what it depends on",
        bad=_HEAD + "### REQ-001: Show (P3)\n\nThe till must show it.\n\n### REQ-002: Pay (P1)\n\nThe till must take it.\n\n- *Depends on:* REQ-001\n",
        good=_HEAD + "### REQ-001: Show (P1)\n\nThe till must show it.\n\n### REQ-002: Pay (P3)\n\nThe till must take it.\n\n- *Depends on:* REQ-001\n",
        check=_inversion, languages=(),
    ),
    Rule(
        "PRD155", Family.SET, "two requirements that say the same",
        "They are changed one at a time, and built twice.",
        "keep one, and retire the other's id",
        bad=two_requirements("The till must show the balance of a gift card.", "The till must show the balance of the gift card."),
        good=two_requirements("The till must show the balance of a gift card.", "The till must print the balance of a gift card."),
        check=_duplicates,
    ),
    Rule(
        "PRD156", Family.SET, "a demand and its opposite",
        "Both cannot be met, and chance decides which of them is built.",
        "decide, or say when each of them holds",
        bad=two_requirements("The till must show expired gift cards.", "The till must not show expired gift cards."),
        good=two_requirements("The till must show expired gift cards.", "The till must not accept expired gift cards."),
        check=_opposites,
    ),
    Rule(
        "PRD157", Family.SET, "a requirement for something that is left out",
        "The section says that it will not be built, and the requirement that it must.",
        "take it out of one of them",
        bad=two_requirements("The till must sell new gift cards.", "The till must show the balance.", more="\n## Non-goals\n\n- Sell new gift cards.\n"),
        good=two_requirements("The till must take gift cards.", "The till must show the balance.", more="\n## Non-goals\n\n- Sell new gift cards.\n"),
        check=_non_goals,
    ),
)  # fmt: skip
"""Entered in :data:`orchestrator.specs.lint.table.RULES`."""
