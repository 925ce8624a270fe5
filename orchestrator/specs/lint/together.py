"""Rules that compare the requirements of one spec with each other and with its stories and non-goals."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from orchestrator.models.spec import Requirement, Severity, SpecFormat
from orchestrator.specs.lint.document import Document, Part, Section, Sentence
from orchestrator.specs.lint.rule import Family, Remark, Rule, clip, remark, two_requirements
from orchestrator.specs.lint.texts import content_words, heads_of
from orchestrator.specs.markdown import BlockKind

_BOUND = re.compile(
    r"(?P<bound>at most|at least|within|no more than|up to|maximum(?: of)?|minimum(?: of)?|exactly|after|every|for|of|is|than|to)\s+$",
    re.IGNORECASE,
)
_LONGEST_BOUND = 24
_VALUE = re.compile(
    r"(?<!\d[.,])(?P<number>(?<!\d)\d+(?:[.,]\d+)?)\s*(?P<unit>ms|milliseconds?|s|secs?|seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?|%|percent|[KMG]i?B|bytes?|characters?|items?|attempts?|retries|times|euros?|dollars?)(?!\w)",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
_AMOUNTS = heads_of("0")
_GOALS = heads_of("latency response throughput availability uptime performance concurrent concurrency memory load")
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
_NOT = heads_of("not never")
_DENYING = heads_of("not never cannot no")
_NEGATED = re.compile(r"\b(?:not|never|cannot|no)\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Value:
    """``at most 5 minutes``: where it stands, what it is measured in, and how much in that measure's first unit."""

    start: int
    end: int
    bound: str
    number: str
    kind: str
    amount: float


def _values(sentence: Sentence) -> Iterator[_Value]:
    for found in _VALUE.finditer(sentence.text):
        bound = _BOUND.search(sentence.text, max(found.start() - _LONGEST_BOUND, 0), found.start())
        if bound is not None:
            unit = found["unit"].casefold()
            kind, factor = _SCALE.get(unit) or _SCALE.get(unit.rstrip("s")) or (unit.rstrip("s"), 1)
            amount = float(found["number"].replace(",", ".")) * factor
            yield _Value(bound.start(), found.end(), bound["bound"].casefold(), found["number"], kind, amount)


def _contradictions(document: Document) -> Iterator[Remark]:
    """Two sentences of different requirements that say all the same words before a bound, and another number behind it."""
    seen: dict[tuple[frozenset[str], str, str], tuple[float, Sentence, str]] = {}
    for sentence in document.saying(_AMOUNTS, Part.STATEMENT):
        for value in _values(sentence):
            subject = frozenset(content_words(sentence.text[: value.start]))
            if len(subject) < 2:  # noqa: PLR2004  one word in common is no subject
                continue
            said = sentence.text[value.start : value.end]
            amount, other, before = seen.setdefault((subject, value.bound, value.kind), (value.amount, sentence, said))
            if amount != value.amount and other.requirement is not sentence.requirement:
                text = f"{clip(said)!r} here, {clip(before)!r} in {other.requirement.aliases[0]}."
                yield remark(sentence, value.start, value.end, text)


def _duplicates(document: Document) -> Iterator[Remark]:
    seen: dict[frozenset[str], Requirement] = {}
    denying = {s.requirement.id for s in document.saying(_DENYING, Part.STATEMENT) if _NEGATED.search(s.text)}
    for requirement in document.requirements:
        words = frozenset(document.content(requirement.statement))
        key = words | {"\0not"} if requirement.id in denying else words
        first = seen.setdefault(key, requirement)
        if first is not requirement and len(words) > 3:  # noqa: PLR2004  fewer words may agree by chance
            yield Remark(
                requirement.span.line,
                requirement.span.column,
                f"{requirement.aliases[0]} says the same as {first.aliases[0]}.",
            )


def _opposites(document: Document) -> Iterator[Remark]:
    said: dict[tuple[str, ...], Sentence] = {}
    denied = [
        (_core(content_words(_OPPOSITE.sub(r"\1", sentence.text))), sentence)
        for sentence in document.saying(_NOT, Part.STATEMENT)
        if _OPPOSITE.search(sentence.text)
    ]
    for sentence in document.statements if denied else ():
        if not _NEGATED.search(sentence.text):
            said.setdefault(_core(document.content(sentence.text)), sentence)
    for key, sentence in denied:
        other = said.get(key)
        if other is not None and len(key) > 2:  # noqa: PLR2004  fewer words may agree by chance
            yield remark(sentence, 0, len(sentence.text), f"{other.requirement.aliases[0]} demands the opposite.")


def _core(words: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(set(words) - {"never", "always", "can", "may"}))


def _non_goals(document: Document) -> Iterator[Remark]:
    section = document.section("non-goal", "non goal", "out of scope", "not in this", "not in scope", "exclusions")
    named = [(b, set(content_words(b.text))) for b in (section.blocks if section else ())]
    holding = _holding(document, {word for _, words in named for word in words})
    for block, excluded in named:
        if block.kind is BlockKind.HEADING or not 2 <= len(excluded) <= 8:  # noqa: PLR2004  a name of a thing, not an argument about it
            continue
        first, *rest = (holding.get(word, set[int]()) for word in excluded)
        for i in sorted(first.intersection(*rest)):
            requirement = document.requirements[i]
            if not _NEGATED.search(requirement.statement):
                yield Remark(
                    requirement.span.line,
                    requirement.span.column,
                    f"{requirement.aliases[0]} demands what line {block.line} leaves out: {clip(block.text)!r}.",
                )


def _holding(document: Document, words: Iterable[str]) -> dict[str, set[int]]:
    """Each of the words with the places of the requirements that hold it."""
    found: dict[str, set[int]] = {word: set() for word in words}
    for i, requirement in enumerate(document.requirements) if found else ():
        held = {*document.content(requirement.title), *document.content(requirement.statement)}
        for word in found.keys() & held:
            found[word].add(i)
    return found


def _priorities(document: Document) -> dict[str, int]:
    found: dict[str, int] = {}
    joined = {name for r in document.requirements if r.depends_on for name in (r.id, *r.depends_on)}
    for requirement in document.requirements if joined else ():
        if requirement.id not in joined:
            continue
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


def _told(section: Section) -> tuple[set[str], set[str]]:
    """The words of a story's heading, and those with its first lines."""
    words = {w for w in content_words(section.heading.text) if w not in ("user", "story", "priority")}
    return words, words | {w for b in section.own[:2] for w in content_words(b.text)}


def _uncovered_story(document: Document) -> Iterator[Remark]:
    if document.spec.format is not SpecFormat.SPEC_KIT:
        return
    stories = [(s, *_told(s)) for s in document.sections if _STORY.match(s.heading.text)]
    holding = _holding(document, {word for _, _, told in stories for word in told})
    for section, words, told in stories:
        shared = Counter(i for word in told for i in holding.get(word, ()))
        if words and max(shared.values(), default=0) < 2:  # noqa: PLR2004  one word in common is chance
            yield Remark(
                section.heading.line,
                section.heading.column,
                f"No requirement speaks of {clip(section.heading.text)!r}.",
            )


def _unmeasured_quality(document: Document) -> Iterator[Remark]:
    criteria = (*(c for r in document.requirements for c in r.acceptance), *document.spec.criteria)
    measured = " ".join(c.text for c in criteria).casefold()
    numbers = set(_NUMBER.findall(measured))
    told: set[str] = set()
    for goal in document.saying(_GOALS, Part.STATEMENT):
        requirement = goal.requirement
        if requirement.id in told or not (_QUALITY.search(goal.text) and any(_values(goal))):
            continue
        told.add(requirement.id)
        if not (requirement.acceptance or document.spec.criteria):
            continue
        word = _QUALITY.search(goal.text)
        if word and word[0].casefold() not in measured and numbers.isdisjoint(value.number for value in _values(goal)):
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
