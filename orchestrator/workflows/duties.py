"""Who is there for what, beside the steps of the same text: duties that hold in every run, and are no part of its course."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from orchestrator.workflows import headings, standing, words
from orchestrator.workflows.naming import role_name
from orchestrator.workflows.people import is_person
from orchestrator.workflows.prose import Item, Prose, Section, every
from orchestrator.workflows.standing import Under

_HEADS: Final = (
    r"(?:responsibilit(?:y|ies)|duties|accountabilit(?:y|ies)|obligations|raci|roles?|"
    r"(?:raci|responsibility|role|accountability) (?:matrix|chart|assignments?|table|overview|descriptions?)|job descriptions?|remits?)"
)
_TITLE: Final = re.compile(
    rf"(?!the following\b)(?:[a-z'\u2019/&, -]+ )?{_HEADS}(?:(?:,| and| &|/| of| for| in| during| at| by| within| \(|:| [-\u2013\u2014]).*)?"
    r"|(?:who|what) (?:does|do|is|are|has|handles|owns|looks after|takes care of)\b.*\b(?:does?|what|whom|responsible|accountable|in charge|for)\b.*"
    r"|what (?:the |an? |each |every )?[a-z -]+ (?:does|is (?:there|responsible|accountable) for)",
    re.IGNORECASE,
)
_HANDED: Final = re.compile(
    r"(?:assignment|handover|hand-over|transfer|separation|segregation|change|delegation|acceptance|review|rotation|discussion)\b",
    re.IGNORECASE,
)
"""What is done with duties, and no list of them."""


def are_duties(title: str) -> bool:
    """Whether a heading says that below it stands who is there for what: ``Responsibilities of the cook``, ``Who does what``."""
    said = re.sub(r"[?*_`]", "", headings.unnumbered(title)).strip(" :")
    first = said.split(" ", maxsplit=1)[0].lower()
    whose = role_name(re.split(rf" {_HEADS}", said, maxsplit=1, flags=re.IGNORECASE)[0])
    if whose is not None and " " in said and is_person(whose):
        return _TITLE.fullmatch(said) is not None
    is_act = " " in said and (words.base_verb(first) == first or words.of_gerund(first) is not None)
    return not (is_act or _HANDED.match(said)) and _TITLE.fullmatch(said) is not None


def sections(tree: Prose) -> frozenset[int]:
    """The lines of headings below which duties stand, with those below them; none where the text has no other steps.

    A text that holds nothing but ``Duties of the clerk`` and ``Duties of the lead`` may tell what is done in these words.
    """
    found = [at for begin in range(len(tree.sections)) for at in _whole(tree.sections, begin)]
    lines = frozenset(tree.sections[at].span.line for at in found)
    others = [section for section in tree.sections if section.span.line not in lines]
    return lines if any(_is_course(section) for section in others) else frozenset()


def _whole(found: Sequence[Section], begin: int) -> Iterator[int]:
    if found[begin].title and are_duties(found[begin].title):
        yield begin
        deeper = range(begin + 1, len(found))
        level = found[begin].level
        yield from range(begin + 1, next((at for at in deeper if found[at].level <= level), len(found)))


def _is_course(section: Section) -> bool:
    """Whether a section may hold steps: a list below no heading that says something else."""
    is_told = standing.under(section.title) is not Under.STEPS or bool(standing.ruled(section.title))
    return not is_told and any(item.listed or item.ordered or item.children for item in section.items)


def held(tree: Prose) -> frozenset[int]:
    """The sentences of such sections, and of lists below such words within others, by identity."""
    lines = sections(tree)
    within = (id(s) for section in tree.sections if section.span.line in lines for s in every(section.items))
    below = (key for section in tree.sections for item in standing.led(section.items) for key in _below(item))
    return frozenset((*within, *below))


def _below(item: Item) -> Iterator[int]:
    if item.children and len(item.sentences) == 1 and are_duties(item.sentences[0].text):
        yield from (id(sentence) for sentence in every(item.children))
    for child in item.children:
        yield from _below(child)
