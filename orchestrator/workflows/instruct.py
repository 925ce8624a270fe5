"""Sentences that ask for something to be done and name nobody, as clauses about the one who does it.

``To release, update the log`` becomes ``updates the log (to release)``: what stood
before the verb is kept at the end, so that nothing that a person has to read is lost.
"""

from __future__ import annotations

import re
from typing import Final

from orchestrator.workflows import words

_LEAD: Final = re.compile(
    r"(?:(?:\d+[.)]|and|then|next|finally|first|firstly|second|secondly|third|lastly|now|afterwards|also|please|"
    r"after (?:this|that)|at this point|to start|to begin),? )+",
    re.IGNORECASE,
)
_OFTEN: Final = r"(?: (?:then|also|first|next|now|typically|normally|usually|generally|always))*"
_OBLIGED: Final = re.compile(
    rf"(?:you|we)(?:(?:['\u2019]ll| will){_OFTEN} need to| (?:will|would|should|must)?{_OFTEN} ?be (?:required|expected|asked) to|"
    rf"{_OFTEN} (?:must|should|shall|will|need to|have to|are to|are (?:required|expected|asked) to)|['\u2019]ll){_OFTEN} ",
    re.IGNORECASE,
)
_ADVERB: Final = re.compile(r"(?P<how>[a-z]{2,}ly),? ", re.IGNORECASE)
_PHRASE: Final = re.compile(
    r"(?P<phrase>(?:(?:to|in|on|at|for|from|before|during|using|with|while|via|under|as|by|instead of|based on|"
    r"like|without|depending on|prior to|(?:when|after) [a-z]+ing)\b|"
    r"if (?:needed|necessary|possible|applicable|desired|appropriate|required)\b)(?:[^,:;`]|`[^`]*`)*), ",
    re.IGNORECASE,
)
_VERB: Final = re.compile(r"(?P<verb>[A-Za-z]+(?:-[a-z]+)?)(?P<rest>\b.*)", re.DOTALL)
_STATES: Final = frozenset({"be", "have"})
_READY: Final = re.compile(r"be (?:prepared|ready|available|careful|aware|sure|on|willing|mindful)\b", re.IGNORECASE)
_BOTH: Final = frozenset(
    [
        "release",
        "test",
        "build",
        "support",
        "report",
        "review",
        "plan",
        "issue",
        "change",
        "commit",
        "log",
        "list",
        "file",
        "label",
        "email",
        "contact",
        "process",
        "schedule",
        "request",
        "order",
        "note",
        "place",
        "name",
        "state",
        "work",
        "lead",
        "tag",
        "patch",
        "target",
        "host",
        "branch",
        "rate",
        "count",
        "format",
        "display",
        "return",
        "search",
        "record",
        "audit",
        "archive",
        "measure",
        "draft",
        "design",
        "link",
        "query",
        "access",
        "resolve",
        "share",
        "need",
        "cause",
        "contract",
        "document",
        "track",
        "transfer",
        "trigger",
        "guide",
        "focus",
    ]
)
"""Verbs that are as often the first word of a thing: ``Release notes``."""
_ALIKE: Final = frozenset(
    [
        "secure",
        "prompt",
        "complete",
        "clean",
        "open",
        "direct",
        "clear",
        "present",
        "correct",
        "separate",
        "lower",
        "live",
        "express",
        "free",
        "key",
    ]
)
"""Verbs that are as often the quality of a thing: ``Secure coding practices``."""
_SHORT: Final = 3
_THING: Final = re.compile(
    r"(?:push|pull|read|write|merge|commit|access|review|release) (?:rights?|access|permissions?|privileges?|requests?)\b",
    re.IGNORECASE,
)
_SMALL: Final = re.compile(
    r"\b(?:the|a|an|this|that|these|those|it|them|all|any|each|every|your|our|their|its|to|in|on|at|for|from|with|into|"
    r"up|out|off|back|via|by|about|whether|if|what|who|how|as|over|against)\b|`|\d",
    re.IGNORECASE,
)
_OBLIGATION: Final = re.compile(
    r"(?P<who>(?:[^,:;`]|`[^`]*`)+?) (?:must|shall|should|has to|have to|needs to|need to|can only|may only) "
    r"(?P<rest>(?!be able\b|(?:be |now |then |not )*automatically\b).+)",
    re.IGNORECASE,
)
_MAY: Final = re.compile(r"\b(?:you|we|they|it|may|might|can)\b", re.IGNORECASE)
_VAGUE: Final = re.compile(
    r"(?:it|this|that|they|there|these|those|you|we|i|he|she|who|which|what|nobody|no one|if|when|how|where|why)\b",
    re.IGNORECASE,
)


def is_habitual(text: str) -> bool:
    """``If needed, …``: no condition that anybody could be asked about, but a word to the one who does it."""
    return (
        re.match(r"if (?:needed|necessary|possible|applicable|desired|appropriate|required),", text, re.IGNORECASE)
        is not None
    )


def clause(text: str) -> str | None:
    """The sentence as what somebody does (``updates …``), or ``None`` when it asks for nothing."""
    said, kept = _LEAD.sub("", text, count=1) if _LEAD.match(text) else text, list[str]()
    phrase = _PHRASE.match(said)
    if phrase:
        kept.append(phrase["phrase"][0].lower() + phrase["phrase"][1:])
        said = said[phrase.end() :]
        said = _LEAD.sub("", said, count=1) if _LEAD.match(said) else said
    obliged = _OBLIGED.match(said)
    said = said[obliged.end() :] if obliged else said
    adverb = _ADVERB.match(said)
    if adverb and adverb["how"].lower() not in words.VERBS:
        kept.append(adverb["how"].lower())
        said = said[adverb.end() :]
    found = _VERB.fullmatch(said)
    if found is None or not _is_verb(found["verb"].lower(), said):
        return None
    return _third(found["verb"].lower(), found["rest"]) + "".join(f" ({part})" for part in kept)


def _is_verb(verb: str, said: str) -> bool:
    if verb == "be":
        return _READY.match(said) is not None
    second = re.match(r"[A-Za-z-]+ (?P<word>[A-Z][a-z]+)\b", said)
    if second and second["word"].lower() in words.VERBS:  # a label, and then the sentence
        return False
    parts = verb.split("-")
    return verb in words.VERBS or (len(parts) > 1 and parts[-1] in words.VERBS)


def is_duty(said: str) -> bool:
    """Whether ``be …`` or ``have …`` is asked of somebody: ``be ready to …``."""
    return said.lower().startswith("have ") or _READY.match(said) is not None


def may_be_a_thing(text: str) -> bool:
    """Whether the words can be read as a thing as well as a step: ``Release notes``, ``Secure coding practices``."""
    if _THING.match(text):
        return True
    parts = re.sub(r" ?\([^)]*\)", "", text).rstrip(":").split()
    if len(parts) < 2:  # noqa: PLR2004  a verb alone says too little, and is no thing either
        return False
    first, second = parts[0].lower(), parts[1]
    if first in _ALIKE and second.islower() and _SMALL.match(second) is None:
        return True
    return len(parts) <= _SHORT and first in _BOTH and _SMALL.search(" ".join(parts)) is None


def _third(verb: str, rest: str) -> str:
    """``restart``, `` the server`` to ``restarts the server``; what is a state takes ``must``."""
    if verb in _STATES:
        return f"must {verb}{rest}"
    if re.search(r"[^aeiou]y$", verb):
        verb = verb[:-1] + "ie"
    ending = "es" if verb.endswith(("s", "sh", "ch", "x", "o", "z")) else "s"
    return f"{verb}{ending}{rest}"


def obligation(text: str) -> bool:
    """``The version must be bumped``: asked of nobody, about something that has a name."""
    lead = _PHRASE.match(text) or re.match(
        r"(?:additionally|also|in addition|moreover|then|finally), ", text, re.IGNORECASE
    )
    found = _OBLIGATION.fullmatch(text[lead.end() :] if lead else text)
    return found is not None and _VAGUE.match(found["who"]) is None and _MAY.search(found["who"]) is None
