"""Sentences whose first word can be a verb, and that state something: ``Split orders are prohibited``, ``Count verified at noon``."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.workflows import words

_FINITE: Final = re.compile(
    r"\b(?:is|are|was|were|(?:may|can|will|must|should|shall|might|could|would) (?:not |also |only )?(?:be|have|[a-z]+)|has been|have been)\b"
)
_CLAUSE: Final = re.compile(
    r"[,;:(\u2013\u2014]| - |\b(?:that|which|who|whom|whose|if|when|whenever|whether|because|as|so|until|once|where|wherever|how|what|whatever|why|while|after|before|unless|since|than|and|or|but|for|sure|ensur(?:e|ing)|verify|check|confirm|see|show|indicate|know|say|note|assume|given|you|we|they|it|he|she|i|there|this|these)\b",
    re.IGNORECASE,
)
"""Where another clause may begin, which has a verb of its own."""
_OF_CLAUSES: Final = frozenset({
    "ensure", "make", "verify", "check", "double-check", "confirm", "see", "note", "assume", "say", "know", "tell", "ask", "inform", "remember", "notice", "find", "feel", "determine",
    "decide", "mean", "state", "show", "indicate", "guarantee", "validate", "assert", "expect", "explain", "mention", "prove", "assure", "remind", "advise", "suggest", "think", "believe", "agree", "learn",
    "record", "report", "document", "click", "select", "choose", "press", "recheck", "re-check", "demonstrate", "certify", "argue", "specify", "announce", "notify", "understand", "let", "help", "have", "test",
})  # fmt: skip
"""Verbs behind which a whole clause may stand: ``Check the lamp is lit``."""
_PREFIXES: Final = frozenset({
    "re", "un", "pre", "double", "triple", "cross", "co", "de", "over", "under", "hand", "fact", "spell", "back", "soft", "hard", "force", "cherry", "fine", "dry", "test", "deep", "bulk", "quality",
    "proof", "copy", "hot", "fast", "dis", "mis", "out", "fork", "squash", "rubber", "stress", "load", "smoke", "peer", "git", "pip", "lock", "stir", "spot", "vacuum", "heat", "air", "pressure", "hole", "color", "colour", "date", "time", "countersign",
})  # fmt: skip
_TITLED: Final = re.compile(
    r"(?:step|phase|stage|part|section|level|chapter|item|point) \d|[A-Za-z-]+ (?-i:The|An?|This|These|If|When) [a-z]|(?:remember|keep in mind|bear in mind) that\b|thank you\b",
    re.IGNORECASE,
)
"""A title, and then a sentence: ``Release The nurse signs it``, ``Step 1 - Intake``."""
_BEHIND: Final = re.compile(
    r"(?: (?:at|in|on|by|for|with|to|from|before|after|as|within|during|per|and|or|daily|weekly)\b|$|[,;.(])"
)


def states(said: str) -> bool:
    """Whether a later verb says something of what the first words name: ``Split orders are prohibited``."""
    if _TITLED.match(said):
        return True
    first = re.match(r"[A-Za-z-]+", said)
    if first is None or first[0].lower() in _OF_CLAUSES:
        return False
    rest = re.sub(r"`[^`]*`|\"[^\"]*\"|\u201c[^\u201d]*\u201d", "``", said[first.end() :])
    return _FINITE.search(_CLAUSE.split(rest, maxsplit=1)[0]) is not None


def is_done(said: str, *, is_noun: bool) -> bool:
    """Whether a thing is said to be done: ``Count verified at noon``."""
    found = re.match(r"[A-Za-z-]+ (?P<done>[a-z-]+)", said)
    return bool(is_noun and found and words.of_passive(found["done"]) and _BEHIND.match(said[found.end() :]))


_ANOTHER: Final = re.compile(
    r"[A-Za-z-]+ (?!(?:the|an?|all|any|each|every|your|our|their|its|it|them|this|that|these|those|to|for|with|in|on)\b)[a-z-]+(?: [a-z-]+)? (?P<verb>[a-z]+s) (?:whether|the|an?|if|that|it|them|all|each)\b"
)


def is_of_another(said: str) -> bool:
    """Whether a thing in two words does something: ``Group treasury decides whether to wait``."""
    found = _ANOTHER.match(said)
    base = words.base_verb(found["verb"]) if found else None
    return bool(found and base and base != found["verb"])


def is_hyphened(verb: str) -> bool:
    """Whether what stands before the hyphen makes a verb of the whole: ``re-run``, and not ``single-dose``."""
    parts = verb.split("-")
    return all(part in _PREFIXES for part in parts[:-1])
