"""What kind of requirement a sentence is, and how urgent: by its id, its section, and a number with a unit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from orchestrator.models.spec import Kind

_PREFIXES = {
    "NFR": Kind.QUALITY,
    "RNF": Kind.QUALITY,
    "QR": Kind.QUALITY,
    "QA": Kind.QUALITY,
    "PERF": Kind.QUALITY,
    "CON": Kind.CONSTRAINT,
    "TC": Kind.CONSTRAINT,
    "C": Kind.CONSTRAINT,
}
_QUALITY_SECTION = re.compile(
    r"\b(?:non-?\s?functional|qualit(?:y|ies)|performance|scalability|reliability|availability|service levels?|slos?)\b"
)
_CONSTRAINT_SECTION = re.compile(
    r"\bconstraints?\b|\bguard-?rails\b"
    r"|^(?:(?:technical|technology|design|architectur\w+|implementation|platform|ui|ux|ui/ux) ){1,2}"
    r"(?:considerations?|guidelines?|principles?)\b"
    r"|^(?:(?:frontend|backend|technology|technical|tech) )?stack\b|^technologies\b|^technical assumptions\b"
    r"|(?:기술 스택|技术栈|技術棧|技術スタック|技術限制|デザインガイドライン)$|^stack (?:tecnol[oó]gic[oa]|technique)\b"
)
_MEANS_SECTION = re.compile(
    r"^(?:(?:technical|technology|design|platform|ui|ux|ui/ux|deployment) ){1,2}requirements?\b"
)
_NON_GOAL_SECTION = re.compile(
    r"^(?:non-?\s?goals?|out[- ]of[- ]scope|not (?:in|part of|included|planned)\b.*|exclusions?|excluded|won'?t have)\b"
    r"|^out$"
    r"|^(?:optional |possible )?future(?:$|\W+(?:and|/|&)| (?:(?:work|considerations?|enhancements?|scope|plans?|ideas?"
    r"|features?|improvements?|expansions?|releases?|versions?|roadmap|possibilit\w+|extensions?|directions?|phases?"
    r"|development|additions?|items?|steps?|requirements?)\b))"
    r"|^post-?\s?(?:mvp|launch|v1)\b"
    r"|^(?:deferred|later|v(?:ersion )?[2-9])(?:$| (?:items?|features?|work|scope|ideas?)$)"
    r"|\bstretch goals?\b|^(?:explicitly )?not (?:yet )?implemented\b"
    r"|\bwill (?:the|your|our) \w+ not\b|\bwill \W?not\W? do\b"
    r"|\b(?:non-?\s?goals|anti-?goals|out[- ]of[- ](?:\w+ )?scope|not in scope)\b"
    r"|\b(?:will )?won'?t (?:do|have|build)\b"
    r"|^(?:nicht-?\s?ziele?|abgrenzung|nicht im umfang)\b"
    r"|^what (?:we are|we're|this is) not\b|^deliberately left out\b"
)
_SAYS = re.compile(
    r"\b(?:must|shall|should|will|can(?:not)?|may|needs?|has to|have to|is|are|supports?|allows?|never|always)\b"
    r"|^(?:add|allow|build|create|do not|encrypt|enable|ensure|expose|fix|handle|implement|integrate|keep|limit|load"
    r"|log|make|migrate|provide|reject|remove|replace|return|save|send|show|store|use|validate|write)\b",
    re.IGNORECASE,
)
"""Words with which a line says what something does, and is no mere name."""
_BOTH = re.compile(r"^(?:\w+ )?goals?\W{1,5}(?:and )?non-?\s?goals?\b|\bin\W{1,5}(?:scope\W{1,5})?(?:and )?out\b")
"""A section that holds what is wanted and what is left out: the lines below it say which is which."""
_MEASURED = re.compile(
    r"\b(?:latency|response times?|throughput|availab\w+|uptime|respond\w*|answer\w*|load\w*|start\w*|complet\w+|"
    r"concurren\w+|memory|p9[059]|error rate|"
    r"within|under|below|at least|at most|no more than|faster than|up to)\b.{0,80}?"
    r"\b\d[\d.,]*\s*(?:ms|milliseconds?|s|secs?|seconds?|%|percent|rps|qps|requests?|[KMG]i?B|concurrent|users?)(?!\w)",
    re.IGNORECASE | re.DOTALL,
)
_PRIORITY = re.compile(
    r"\bpriority\s*[:=]?\s*\(?(P[0-5]|must|should|could|won'?t|critical|high|medium|low)\b|\b(P[0-5])\b"
    r"|\((must|should|could|won'?t)(?:[- ]have)?\)|^\W*(must|should|could|won'?t)[- ]have\b",
    re.IGNORECASE,
)
PRIORITY_NOTE = re.compile(r"\(\s*priority\b[^)]{0,20}\)", re.IGNORECASE)
"""``(Priority: P1)`` in a title."""
_P_NUMBER = re.compile(r"p[0-5]")
_WORDS = frozenset({"must", "should", "could", "wont", "critical", "high", "medium", "low"})


def priority_of(text: str) -> str:
    """``P1``, ``must``, ``high`` ... when the text says one; else nothing."""
    bare = text.strip().strip("()`*.").casefold().replace("'", "")
    if bare.removesuffix("-have").removesuffix(" have") in _WORDS:
        return bare.removesuffix("-have").removesuffix(" have")
    if "priority" not in bare and "(" not in text and "have" not in bare and not _P_NUMBER.search(bare):
        return ""
    found = _PRIORITY.search(text)
    word = next((g for g in found.groups() if g), "") if found else ""
    return word.upper() if word[:1] in "Pp" and word[1:].isdigit() else word.casefold().replace("'", "")


def is_non_goal(heading: str) -> bool:
    """Whether a section, named in small letters, holds what is left out."""
    return _NON_GOAL_SECTION.search(heading) is not None and _BOTH.search(heading) is None


def names_means(heading: str, statement: str) -> bool:
    """Whether a section such as *Technical requirements* holds a thing to build with, and none to be built."""
    return _MEANS_SECTION.search(heading) is not None and _SAYS.search(statement) is None


def is_of_constraints(heading: str) -> bool:
    """Whether a section, named in small letters, holds what all is built with and within."""
    return _CONSTRAINT_SECTION.search(heading) is not None


@lru_cache(maxsize=1024)
def _kind_of_sections(headings: tuple[str, ...]) -> Kind | None:
    for heading in reversed(headings):
        if _CONSTRAINT_SECTION.search(heading):
            return Kind.CONSTRAINT
        if _QUALITY_SECTION.search(heading):
            return Kind.QUALITY
    return None


def kind_of(key: str, headings: Sequence[str], statement: str) -> Kind:
    """The kind, from the id's prefix, then the headings in small letters (innermost last), then a measure."""
    prefix = (key.rpartition("-")[0] or key.rstrip("0123456789.")).split("-")[0]
    if prefix in _PREFIXES:
        return _PREFIXES[prefix]
    named = _kind_of_sections(tuple(headings))
    if named is not None:
        return named
    return Kind.QUALITY if _MEASURED.search(statement[:4000]) else Kind.FUNCTIONAL
