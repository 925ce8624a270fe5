"""Headings that say when what stands below them is done: ``If the update fails``, ``Rollback``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from orchestrator.workflows import forms, words
from orchestrator.workflows.prose import Item, Section, Sentence

_NUMBER: Final = re.compile(
    r"^(?:(?:[Ss]tep|[Pp]hase|[Pp]art) )?(?:\d{1,2}(?:\.\d{1,2})*|[A-H])[.):]? (?:[-\u2013\u2014:] )?"
)
_CONDITION: Final = re.compile(
    r"(?:if|when|in case|in (?:the )?(?:case|event)(?: of| that)?|unless) (?P<when>[^,;:?]+):?", re.IGNORECASE
)
_HOW_TO: Final = re.compile(r"when (?:to|not to|you[' ]|do|does|is|are|should)\b|if you want\b", re.IGNORECASE)
_SAID_SO: Final = re.compile(
    r"\b(?:is|are|was|were|has|have|does|do|can|cannot|fails?|[a-z]+s|[a-z]+ed)\b", re.IGNORECASE
)
_AT_TIMES: Final = r"(?:optional\b[^()]*|recommended|emergency|if [^()]+|only (?:if|when|for) [^()]+|where [^()]+|when [^()]+|as (?:needed|required|applicable|appropriate|necessary|relevant)|[^()]* if (?:needed|necessary|required|applicable))"
_FALLBACK: Final = re.compile(
    r"(?:(?:emergency |disaster )?roll(?:ing)?[ -]?backs?|back(?:ing)?[ -]?out|fall[ -]?backs?|contingenc(?:y|ies)|escalations?|optional(?: steps?)?|alternatives?"
    r"|if (?:something|anything) goes wrong|recovering from failures?|(?:error|exception) handling)"
    r"(?: (?:plan|procedures?|steps|process|instructions|strategy|path|matrix|policy|guide|criteria))?"
    rf"|.+ \({_AT_TIMES}\)|(?:how|when|whom|who) to escalate(?: .+)?|(?:emergency|rollback|escalation|exception|contingency|fallback|troubleshooting) [a-z]+(?: [a-z]+)?|.+ (?:roll[ -]?back|escalation|exceptions|troubleshooting)"
    r"|(?:.+ )?(?:trouble[ -]?shooting|scenarios?|(?:edge|corner|special) cases?|error messages?|faqs?|frequently asked.*|exceptions?|(?:known|common) (?:errors|issues|problems|questions))(?: .+)?"
    r"|(?:scenario|case|option|alternative|method|variant|approach|situation|severity|sev|priority|tier|p|error)[ -]?(?:\d+|[A-Z]|[IVX]+)?(?:\b(?<=[\dA-Z])|:)(?:\W.*)?",
    re.IGNORECASE,
)
"""What holds at times, or is one of several cases."""
_SELDOM: Final = re.compile(
    r"\b(?:(?:emergency |disaster )?roll[ -]?backs?|fall[ -]?backs?|back[ -]?outs?|reversals?|escalations?|exceptions?|trouble[ -]?shooting|contingenc(?:y|ies)|appendix|appendices|optional|workarounds?|worst[ -]case)\b",
    re.IGNORECASE,
)
"""What is done after something else failed, wherever it stands in a title that is no act."""


_CASE: Final = re.compile(
    r"(?P<one>(?:.*\W)?(?:scenario|case|option|alternative|variant|situation|cat(?:egory)?|type|class|sev(?:erity)?|priority|tier|level)[ -]?(?:\d+|(?-i:[A-Z]))\b(?:\W.*)?)"
    rf"|(?P<named>.+?) \({_AT_TIMES}\)"
    r"|(?P<event>upon (?!(?:arrival|receipt|completion|approval|acceptance|delivery|return|departure|hir(?:e|ing)|request|check)\b)[^,;:?]+)",
    re.IGNORECASE,
)


_STATE: Final = re.compile(
    r"(?:out[ -]of[ -][a-z]+|lost|stolen|missing|expired|failed|rejected|damaged|late|overdue|unsuccessful|disputed|suspected|unauthori[sz]ed|"
    r"non-?conform[a-z]*|defective|broken|declined|denied|emergency)(?: [a-z][\w/'-]*){1,5}",
    re.IGNORECASE,
)
"""A thing in a state that it seldom has: ``Lost keys``."""


def unnumbered(title: str) -> str:
    """A title without the number before it."""
    return _NUMBER.sub("", title, count=1)


def is_fallback(title: str) -> bool:
    """Whether the steps below such a heading are not of the way that is gone each time."""
    said = _NUMBER.sub("", title, count=1).rstrip(":")
    first = re.split(r"[ /]", said.lower(), maxsplit=1)[0]
    is_act = words.base_verb(first) == first or words.of_gerund(first) is not None
    if _SELDOM.match(said) or (_SELDOM.search(said) and not is_act):
        return True
    return any(_FALLBACK.fullmatch(part) for part in (said, re.sub(r" \([^()]*\)$", "", said)))


def gathered(sections: Sequence[Section]) -> list[Section]:
    """The sections, where one whose heading is a condition became a sentence with all that stands below it.

    The headings below such a one are told of no more.
    """
    made, left = list[Section](), list(sections)
    while left:
        section = left.pop(0)
        said = (
            ""
            if is_named(section)
            else _condition(section.title) or (_state(section.title) if any(part.items for part in made) else "")
        )
        if not said or (not section.items and not (left and left[0].level > section.level)):
            made.append(section)
            continue
        deeper = next((n for n, other in enumerate(left) if other.level <= section.level), len(left))
        below = [
            item for part in gathered([Section("", section.span, section.items), *left[:deeper]]) for item in part.items
        ]
        left = left[deeper:]
        sentence = Sentence(said, section.span)
        held = Section("", section.span, [Item("", [sentence], below, listed=False)], section.level)
        made.append(held)
    return made


def is_condition(section: Section) -> bool:
    """Whether the heading says by itself when its steps are done."""
    return not is_named(section) and bool(_condition(section.title))


def is_case(title: str) -> bool:
    """Whether what stands below a heading may be done in a case alone, by its words."""
    return bool(_condition(title) or _state(title))


def is_named(section: Section) -> bool:
    """Whether its steps have names, as where a workflow is read back: their headings are phases."""
    firsts = [item.sentences[0].text for item in section.items if item.sentences]
    return bool(firsts) and forms.ID.fullmatch(firsts[0]) is not None


def _state(title: str) -> str:
    said = _NUMBER.sub("", title, count=1)
    return f"If {said} applies:" if _STATE.fullmatch(said) else ""


def _condition(title: str) -> str:
    """``If the update fails:`` for such a heading; '' for any other."""
    said = _NUMBER.sub("", title, count=1)
    case = None if _CONDITION.fullmatch(said) else _CASE.fullmatch(said)
    if case is not None:
        named = re.sub(r"\s+", " ", re.sub(r"[^\w\s/'-]", " ", case["one"] or case["named"] or case["event"])).strip()
        return f"If {named} applies:"
    found = None if _HOW_TO.match(said) else _CONDITION.fullmatch(said)
    if found is None or (said.lower().startswith(("if", "when", "unless")) and not _SAID_SO.search(found["when"])):
        return ""
    return f"{said.rstrip(':')}:"
