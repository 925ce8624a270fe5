"""Rules about the document: what a reader looks for first, and what a template left behind."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from orchestrator.models.spec import Severity
from orchestrator.specs.lint.document import Document, Section
from orchestrator.specs.lint.rule import Check, Edit, Family, Remark, Rule, clip
from orchestrator.specs.markdown import Block, BlockKind

_PROBLEM = (
    "why",
    "problem",
    "background",
    "motivation",
    "summary",
    "introduction",
    "overview",
    "context",
    "purpose",
    "goal",
    "objective",
    "user story",
    "vision",
)
_USERS = ("user", "customer", "persona", "audience", "stakeholder", "who ", "actor", "role")
_NON_GOALS = (
    "non-goal",
    "non goal",
    "out of scope",
    "not in ",
    "excluded",
    "exclusion",
    "scope",
    "what we will not",
    "limits of",
    "won't",
)
_MEASURES = (
    "success",
    "metric",
    "measure",
    "kpi",
    "outcome",
    "result",
    "objective",
    "goal",
    "done when",
    "acceptance criteria",
)
_A_USER = re.compile(
    r"\b(?:as an? \w+|users?|customers?|operators?|admin(?:istrator)?s?|cashiers?|developers?|maintainers?|reviewers?|visitors?|members?|clients?|reader|buyer|patient|employee|staff|agents?|engineers?)\b"
)
_NOT_IN = (
    "out of scope", "not in scope", "will not be built", "will not be part", "is not part of", "does not include",
    "non-goal", "deliberately left out",
)  # fmt: skip
_PLACEHOLDER = re.compile(
    r"\[(?:feature name|brief title|date|name|insert [^\]]{1,60}|your [^\]]{1,60}|describe [^\]]{1,80}|title|e\.g\.,[^\]]{1,80}|project name|add [^\]]{1,60}|###-[a-z-]{1,40}|key entity \d|specific [^\]]{1,60}|measurable [^\]]{1,60})\]"
    r"|\$ARGUMENTS|\{\{[^}]{1,80}\}\}|\blorem ipsum\b|<(?:your|insert|name of|todo)[^>]{0,60}>",
    re.IGNORECASE,
)
_SIGNS = ("[", "$arguments", "{{", "<", "lorem")
_REFERENCE = re.compile(r"(?<![\w/-])([A-Z]{2,8}(?:-[A-Z]{1,8}){0,2})-([0-9]{1,6}(?:\.[0-9]{1,4}){0,3})(?![\w-])")
_FAMILY = 3
"""A document with fewer ids of one family is one of several files, and names those of the others."""
_FEW_DANGLING = 3
_OTHER = re.compile(r"(?:\b\w+(?:-\w+)+|\bspec|\bprd|\.md[`'\"]?;?)\s+\(?(?:\w+-\d+(?:\.\d+)*[,/]\s*)*$", re.IGNORECASE)
_NAMED = re.compile(r"\b(?:id|name)=\"([^\"\s]{1,200})\"", re.IGNORECASE)
_LINK = re.compile(r"\]\(#([^)\s]{1,200})\)")


def _prose_before(document: Document) -> bool:
    first = min((r.span.line for r in document.requirements), default=1)
    return any(b.kind is BlockKind.PARAGRAPH and b.line < first and len(b.raw.split()) > 7 for b in document.blocks)  # noqa: PLR2004  a sentence


def _missing(
    words: tuple[str, ...], message: str, found_in_text: Callable[[str], object] | None = None, *, opening: bool = False
) -> Check:
    def check(document: Document) -> Iterator[Remark]:
        if document.section(*words) or (opening and _prose_before(document)):
            return
        if found_in_text is None or not found_in_text(document.lowered):
            yield Remark(1, 1, message)

    return check


def _left_out(lowered: str) -> bool:
    return any(words in lowered for words in _NOT_IN)


def _skipped_level(document: Document) -> Iterator[Remark]:
    for section in document.sections:
        above = section.trail[-1].level if section.trail else 0
        head = section.heading
        if above and head.level > above + 1:
            marks = "#" * head.level
            edit = _heading_edit(document, head, above + 1)
            yield Remark(
                head.line,
                head.column,
                f"A heading of level {head.level} stands under one of level {above}.",
                len(marks),
                edit,
            )


def _heading_edit(document: Document, head: Block, level: int) -> Edit | None:
    line = document.text.lines[head.line - 1]
    marks = "#" * head.level + " "
    start = line.find(marks)
    return Edit(head.line, start + 1, marks, "#" * level + " ") if start >= 0 and not line[:start].strip() else None


def _twin_headings(document: Document) -> Iterator[Remark]:
    seen: dict[tuple[int, str], Section] = {}
    for section in document.sections:
        key = (id(section.trail[-1]) if section.trail else 0, " ".join(section.heading.text.casefold().split()))
        first = seen.setdefault(key, section)
        if first is not section and section.name:
            yield Remark(
                section.heading.line,
                section.heading.column,
                f"The heading {clip(section.heading.text)!r} stands in line {first.heading.line} already.",
            )


def _empty_section(document: Document) -> Iterator[Remark]:
    starts = {r.span.line for r in document.requirements}
    for section in document.sections:
        told = ": " in section.heading.text and section.heading.text.rstrip()[-1:] != ":"
        if not section.blocks and section.heading.line not in starts and not told:
            yield Remark(
                section.heading.line, section.heading.column, f"Nothing stands under {clip(section.heading.text)!r}."
            )


def _titles(document: Document) -> Iterator[Remark]:
    tops = [s for s in document.sections if s.heading.level == 1]
    if not tops and document.sections:
        first = document.sections[0].heading
        yield Remark(first.line, first.column, "The document has no heading of level 1: no title.")
    for extra in tops[1:]:
        yield Remark(extra.heading.line, extra.heading.column, f"{clip(extra.heading.text)!r} is a second title.")


def _placeholders(document: Document) -> Iterator[Remark]:
    for block in document.blocks:
        if block.kind is BlockKind.CODE or not any(sign in block.raw.casefold() for sign in _SIGNS):
            continue
        for found in _PLACEHOLDER.finditer(block.plain):
            yield Remark(*block.place(found.start()), f"{clip(found[0])!r} was left by the template.", len(found[0]))


def _families(document: Document) -> dict[str, dict[str, set[str]]]:
    """Id prefix → number without zeros → spellings, of the ids that this document defines."""
    families: dict[str, dict[str, set[str]]] = {}
    for requirement in document.requirements:
        for name in requirement.aliases:
            found = _REFERENCE.fullmatch(name)
            if found:
                families.setdefault(found[1], {}).setdefault(found[2].lstrip("0"), set()).add(found[0])
    return families


def _dangling(document: Document) -> Iterator[Remark]:
    """Each id that nothing has; where there are many of one family they are another document's, which one remark says."""
    named: dict[str, list[tuple[str, Remark]]] = {}
    for name, one in _dangling_ids(document):
        named.setdefault(name.partition("-")[0], []).append((name, one))
    for found in named.values():
        names = list(dict.fromkeys(name for name, _ in found))
        if len(names) <= _FEW_DANGLING:
            yield from (one for _, one in found)
            continue
        first = found[0][1]
        text = f"{names[0]} and {len(names) - 1} more such ids are of nothing here; say which document has them."
        yield Remark(first.line, first.column, text, first.length)


def _dangling_ids(document: Document) -> Iterator[tuple[str, Remark]]:
    families = _families(document)
    for block in document.referring if families else ():
        if block.quoted:
            continue
        for found in _REFERENCE.finditer(block.plain):
            numbers = families.get(found[1])
            if numbers is None or len(numbers) < _FAMILY or _is_foreign(block.plain, found):
                continue
            if "." in found[2] or any("." in number for number in numbers):
                continue  # numbers in groups are quoted from one document in the next, which nothing shows
            if found[2].lstrip("0") not in numbers and not _retired(block.plain):
                place = block.place(found.start())
                yield found[0], Remark(*place, f"{found[0]} is the id of nothing here.", len(found[0]))


def _is_foreign(text: str, found: re.Match[str]) -> bool:
    """``checkout FR-012`` and ``PRD-till.md; FR-9`` name an id of another document; ``FR-3(b)`` has its own letter."""
    return text[found.end() : found.end() + 1] == "(" or _OTHER.search(text, 0, found.start()) is not None


def _retired(text: str) -> bool:
    return re.search(r"\b(?:retired|removed|dropped|superseded|deprecated|deleted)\b", text, re.IGNORECASE) is not None


def _padding(document: Document) -> Iterator[Remark]:
    families = _families(document)
    for block in document.referring if families else ():
        for found in _REFERENCE.finditer(block.plain):
            spelled = families.get(found[1], {}).get(found[2].lstrip("0"))
            if spelled is not None and found[0] not in spelled:
                right = min(spelled)
                edit = Edit(*block.place(found.start()), found[0], right)
                yield Remark(
                    *block.place(found.start()),
                    f"{found[0]} is written {right} where it is defined.",
                    len(found[0]),
                    edit,
                )


def anchor(heading: str) -> str:
    """A heading's link target as the large forges make it."""
    kept = re.sub(r"[^\w\s-]", "", heading.casefold())
    return re.sub(r"\s", "-", kept.strip())


def _broken_links(document: Document) -> Iterator[Remark]:
    targets = {anchor(s.heading.text) for s in document.sections} if "](#" in document.text.source else set[str]()
    named = set(map(str, _NAMED.findall(document.text.source))) if targets else set[str]()
    for index, line in enumerate(document.text.lines):
        if "](#" not in line:
            continue
        for found in _LINK.finditer(line):
            if found[1].casefold() not in targets and not re.search(r"-\d+$", found[1]) and found[1] not in named:
                yield Remark(
                    index + 1, found.start() + 1, f"#{clip(found[1])} leads nowhere in this file.", len(found[0])
                )


def _long_heading(document: Document) -> Iterator[Remark]:
    for section in document.sections:
        words = len(section.heading.text.split())
        if words > 16:  # noqa: PLR2004  a heading of seventeen words is a paragraph
            yield Remark(section.heading.line, section.heading.column, f"This heading has {words} words.")


_START = "# Till\n\n"
_REST = "\n## Requirements\n\n### REQ-001: Show\n\nThe till must show the balance.\n"

_THREE = (
    _REST
    + "\n### REQ-002: Print\n\nThe till must print it.\n\n### REQ-003: Lock\n\nThe till must lock after 5 minutes.\n"
)

RULES = (
    Rule(
        "PRD100", Family.STRUCTURE, "nothing says which problem is solved",
        "Whoever builds it decides a hundred small things by the purpose. Without one they guess.",
        "begin with one or two sentences: who has which problem today",
        bad=_START + _REST,
        good=_START + "## Why\n\nCashiers cannot see what is left on a card.\n" + _REST,
        check=_missing(_PROBLEM, "No part says which problem this solves.", opening=True),
    ),
    Rule(
        "PRD101", Family.STRUCTURE, "nothing says for whom",
        "A requirement is right or wrong for somebody.",
        "name the people or systems that use it",
        bad=_START + "## Requirements\n\n### REQ-001: Show\n\nThe till must show the balance.\n",
        good=_START + "## Users\n\nCashiers.\n" + _REST,
        check=_missing(_USERS, "No part says who uses this.", _A_USER.search),
        severity=Severity.INFO,
    ),
    Rule(
        "PRD102", Family.STRUCTURE, "nothing says what is left out",
        "What is not excluded is assumed by somebody, and agents like to build more than was asked.",
        "add a section Non-goals with what is deliberately left out",
        bad=_START + _REST,
        good=_START + _REST + "\n## Non-goals\n\nSelling cards.\n",
        check=_missing(_NON_GOALS, "No part says what is left out.", _left_out),
        severity=Severity.INFO,
    ),
    Rule(
        "PRD103", Family.STRUCTURE, "nothing says when it was a success",
        "Built and useful are two things; without a measure only the first is ever seen.",
        "add a section Success with a number that will change, and by when",
        bad=_START + _REST,
        good=_START + "## Success measure\n\nComplaints about cards fall by half within 3 months.\n" + _REST,
        check=_missing(_MEASURES, "No part says how success will be seen.", re.compile(r"sc-\d").search),
        severity=Severity.INFO,
    ),
    Rule(
        "PRD104", Family.STRUCTURE, "a heading level is skipped",
        "Screen readers and tables of contents read the level, not the size.",
        "use the next level",
        bad=_START + "### Why\n\nQueues.\n" + _REST,
        good=_START + "## Why\n\nQueues.\n" + _REST,
        check=_skipped_level, languages=(),
    ),
    Rule(
        "PRD105", Family.STRUCTURE, "two headings of one name in one part",
        "A link, a comment or a reader cannot tell them apart.",
        "join them, or give each its own name",
        bad=_START + "## Why\n\nQueues.\n\n## Why\n\nMoney.\n" + _REST,
        good=_START + "## Why\n\nQueues.\n\n## Money\n\nFees.\n" + _REST,
        check=_twin_headings, languages=(),
    ),
    Rule(
        "PRD106", Family.STRUCTURE, "an empty section",
        "It looks as if somebody had thought about it.",
        "fill it, or take it out",
        bad=_START + "## Risks\n" + _REST,
        good=_START + "## Risks\n\nNone are known.\n" + _REST,
        check=_empty_section, languages=(),
    ),
    Rule(
        "PRD107", Family.STRUCTURE, "no title, or two",
        "The title names the spec in every list, and offers its namespace.",
        "write one heading of level 1, at the top",
        bad="## Requirements\n\n### REQ-001: Show\n\nThe till must show the balance.\n",
        good=_START + _REST,
        check=_titles, languages=(), severity=Severity.INFO,
    ),
    Rule(
        "PRD108", Family.STRUCTURE, "a placeholder of the template",
        "It was never filled in, and a plan would carry it on.",
        "put the real words there",
        bad=_START + "Made for [FEATURE NAME].\n" + _REST,
        good=_START + "Made for the shop.\n" + _REST,
        check=_placeholders,
    ),
    Rule(
        "PRD109", Family.STRUCTURE, "an id that nothing has",
        "It was renamed or deleted, and whoever follows it finds nothing.",
        "name an id of this file, or say that it was retired",
        bad=_START + "See REQ-009.\n" + _THREE,
        good=_START + "See REQ-001.\n" + _THREE,
        check=_dangling, languages=(),
    ),
    Rule(
        "PRD110", Family.STRUCTURE, "one id in two spellings",
        "A search for one of them misses the other.",
        "spell it as it is defined",
        bad=_START + "See REQ-1.\n" + _REST,
        good=_START + "See REQ-001.\n" + _REST,
        check=_padding, languages=(),
    ),
    Rule(
        "PRD111", Family.STRUCTURE, "a link into this file that leads nowhere",
        "The heading that it pointed at has been renamed.",
        "link to a heading of this file",
        bad=_START + "See [the risks](#risks).\n" + _REST,
        good=_START + "See [the requirements](#requirements).\n" + _REST,
        check=_broken_links, languages=(),
    ),
    Rule(
        "PRD112", Family.STRUCTURE, "a heading as long as a paragraph",
        "Headings are shown in lists and in plans, where it is cut.",
        "make it a few words, and a sentence below",
        bad=_START + "## " + "why we must show the balance of every card " * 2 + "\n\nQueues.\n" + _REST,
        good=_START + "## Why\n\nQueues.\n" + _REST,
        check=_long_heading, languages=(), severity=Severity.INFO,
    ),
)  # fmt: skip
"""Entered in :data:`orchestrator.specs.lint.table.RULES`."""
