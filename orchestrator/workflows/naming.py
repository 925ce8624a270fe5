"""Who is named, and what one clause becomes: the words that every pattern of a clause shares."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final

from pydantic import ValidationError

from orchestrator.workflows import words
from orchestrator.workflows.people import is_person

_MEMBER: Final = re.compile(
    r"(?:a |an |the |any )?(?:members?|person|people|someone|somebody) (?:of|in|from|on) (?:the |our )?(?!(?:this|that|these|those) )(?=[a-z])",
    re.IGNORECASE,
)
"""Whoever belongs to a group holds its role: ``a member of the board``."""
_TWO: Final = re.compile(r"[A-Za-z] (?:The|An?|Our) ")
"""A title, and a sentence behind it: ``Release The nurse``."""
_WITHIN: Final = re.compile(
    r"[a-z](?<! of)(?<! for)(?<! in)(?<! on)(?<! at)(?<! to)(?<! from)(?<! with) (?:the|an?)(?: |$)", re.IGNORECASE
)
"""An article in the midst begins another name: ``The user rights the admin``, and not ``head of the board``."""
NUMBER: Final = "one|two|three|four|five|six|seven|eight|nine|ten|\\d+"
ROLE: Final = r"[A-Za-z][A-Za-z-]*(?: [A-Za-z][A-Za-z-]*){0,3}?"
MODAL: Final = r"(?: must| shall| has to| have to| will| should)?"
_FIELDS: Final = frozenset([
    "sales", "operations", "communications", "logistics", "analytics", "facilities", "relations", "affairs", "economics", "news",
    "ops", "devops", "secops", "finops", "sysops",
])  # fmt: skip
"""Fields of work whose names end on an s, and which are no more than one."""
_NOBODY = frozenset({"agent", "gates", "gate", "process", "run", "change", "tests", "branch", "handrail", "plan"})
_NOT_PEOPLE = frozenset({"it", "this", "that", "there", "they", "we", "you", "he", "she", "these", "those", "which"})
_NOT_IN_NAMES = frozenset([
    "not", "no", "never", "nobody", "none", "neither", "nor", "nothing", "without", "cannot", "hardly", "rarely", "seldom",
    "longer", "must", "shall", "should", "will", "would", "may", "might", "can", "could", "has", "have", "is", "are", "be",
    "was", "were", "does", "do", "did", "don", "doesn", "isn", "won", "shouldn", "mustn", "needn", "and", "or", "but", "than",
    "only", "always", "automatically", "please", "then", "also", "just", "if", "when", "unless", "once", "until", "while",
    "sometimes", "usually", "often", "occasionally", "typically", "normally", "generally", "currently", "when", "after", "before", "during", "upon",
    "who", "whoever", "which", "that", "each", "every", "all", "both", "either", "any", "most", "majority", "half", "some",
    "several", "few", "many", "more", "up", "least", "zero", "somehow", "now", "first", "finally", "next", "optionally",
])  # fmt: skip
"""Words that say how many, how often or whether, and are part of nobody's name: ``the clerk never``, ``all leads``."""


@dataclass(slots=True)
class Activity:
    """Fields of a node, the facts that it asks for, and references to steps that are resolved later.

    ``after`` names steps whose doers may not approve; ``about`` the step whose effect is reviewed.
    """

    kind: str
    title: str
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    facts: dict[str, dict[str, Any]] = field(default_factory=dict[str, dict[str, Any]])
    after: tuple[str, ...] = ()
    about: str | None = None


class Unclear(Exception):
    """A clause that is nearly an activity: what is missing, and how to say it."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class Unread(Unclear):
    """A clause that has the form of no activity: it may ask for nothing. ``who`` may be somebody, and that is not said."""

    def __init__(self, message: str, hint: str, who: str = "") -> None:
        super().__init__(message, hint)
        self.who = who


def out_of_range(problem: ValidationError) -> Unclear:
    """What to say of a value that its field does not take."""
    first = problem.errors()[0]
    limits, is_time = first.get("ctx", {}), str(first["loc"][-1]).endswith("_seconds")
    told = (
        f"{said} {words.duration(limits[key]) if is_time else limits[key]}"
        for key, said in _LIMITS.items()
        if key in limits
    )
    return Unclear("A number is out of range.", next(told, "another number"))


_LIMITS: Final = {"le": "at most", "ge": "at least"}


def role_name(text: str) -> str | None:
    """``the security leads`` and ``members of the board`` to ``security-lead`` and ``board``, ``heads of sales`` to ``head-of-sales``; ``None`` for what is nobody's name."""
    if _TWO.search(text) or _WITHIN.search(text):
        return None
    name = words.slug(_MEMBER.sub("", text))
    parts = name.split("-")
    if not _NOT_IN_NAMES.isdisjoint(parts) or parts[0] in _NOT_PEOPLE - {"it"}:
        return None
    named = parts.index("of") - 1 if "of" in parts[1:] else -1
    if parts[named] not in _FIELDS:
        parts[named] = words.singular(parts[named])
    name = "-".join(parts)
    if not name or name in _NOBODY or name in _NOT_PEOPLE:
        return None
    is_department = parts[0] == "it" and len(parts) > 1 and is_person(name)
    return name if is_department or parts[0] not in _NOT_PEOPLE else None


def doubted(role: str) -> Unread:
    """What is said of a name that may be nobody's."""
    said = role.replace("-", " ")
    return Unread(f"Whether {said!r} is somebody is not said.", f"if so: Roles: {said}; if not: Note: ...", role)
