"""Two clauses of one sentence that have a doer each: ``The clerk hands it over and the guest signs for it`` are two steps."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from orchestrator.workflows import grammar, words
from orchestrator.workflows.naming import Unclear, role_name
from orchestrator.workflows.people import is_person

_JOINT: Final = re.compile(r",? and then |,? and |, then |; (?:and |then |and then )?")
_FIRST: Final = re.compile(
    r"(?P<the>the |an? |our )?(?P<who>[A-Za-z][A-Za-z-]*(?: [a-z][a-z-]*){0,3}?)(?P<modal> must| shall| has to| have to| will| should)? (?P<verb>[a-z]+) ",
    re.IGNORECASE,
)
_BOUND: Final = re.compile(
    r"\b(?:that|which|who|whose|whether|if|when|whenever|while|until|unless|because|once|so|before|after|within|where|how|what|why|as|both|each|either|or)\b",
    re.IGNORECASE,
)
"""Words after which the second clause may belong to the first, or both to what they say."""
_TOLD: Final = frozenset([
    "ensure", "confirm", "check", "verify", "see", "ask", "tell", "inform", "note", "state", "say", "show", "report", "record", "document", "decide", "assume", "make", "let", "have", "watch", "hear", "notify", "explain",
])  # fmt: skip
"""Verbs behind which the second clause may be what is told or seen."""
_LONGEST: Final = 400
_KINDS: Final = frozenset({"task", "review"})


def apart(text: str, known: Collection[str]) -> tuple[str, ...]:
    """Each clause as a sentence of its own, in order; the text alone where it is not surely two steps of people who are known.

    Raises :class:`Unclear` where a second one has to do something, and it is not clear what of it is whose.
    """
    for joint in _JOINT.finditer(text) if len(text) <= _LONGEST else ():
        one, two = text[: joint.start()], text[joint.end() :]
        if _is_step(one, known) and _begins(two, known) and not _BOUND.search(two):
            rest = apart(two[:1].upper() + two[1:], known)
            if all(_is_told(part, known) for part in rest):
                return (one, *rest)
        if _is_told(one, known) and _begins(two, known) and _is_obliged(two):
            raise Unclear("Two people do this.", "a sentence for each")
    return (text,)


def _is_obliged(text: str) -> bool:
    found = _FIRST.match(text)
    return bool(found and found["modal"] and words.base_verb(found["verb"]))


def _is_step(text: str, known: Collection[str]) -> bool:
    begun = _FIRST.match(text)
    base = words.base_verb(begun["verb"]) if begun else None
    return base is not None and base not in _TOLD and not _BOUND.search(text) and _is_told(text, known)


def _is_told(text: str, known: Collection[str]) -> bool:
    try:
        made = grammar.activity(text, None, known)
    except Unclear:
        return False
    return made is not None and made.kind in _KINDS and " sees to this: " not in made.title


def _begins(text: str, known: Collection[str]) -> bool:
    """Whether the words begin with somebody who does something."""
    found = _FIRST.match(text)
    role = role_name(found["who"]) if found else None
    return bool(role and (role in known or is_person(role)) and found and (found["the"] or role in known))
