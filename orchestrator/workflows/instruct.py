"""Sentences that ask for something to be done and name nobody, as clauses about the one who does it.

``To release, update the log`` becomes ``updates the log (to release)``: what stood
before the verb is kept at the end, so that nothing that a person has to read is lost.
"""

from __future__ import annotations

import re
from typing import Final

from orchestrator.workflows import obliged, phrasing, statements, words
from orchestrator.workflows.people import is_person

_VERB: Final = re.compile(r"(?P<verb>[A-Za-z]+(?:-[a-z]+)?)(?P<rest>\b(?!-).*)", re.DOTALL)
_DENIED: Final = re.compile(r" ?(?:not\b|n['\u2019]t\b)", re.IGNORECASE)
"""Behind the verb: ``do not ...`` asks for nothing."""
_STATES: Final = frozenset({"be", "have"})
_STATE: Final = re.compile(
    r" (?:is|are|was|were|has|will|can|may|might)\b| (?:only|also|always|never|automatically) [a-z]+s\b", re.IGNORECASE
)
_COMPOUND: Final = re.compile(
    r"(?: (?!(?:that|which|who|what|whether|if|how|when|where|why|as|but|so|than|the|a|an|all|any|each|every|your|our|their|its|his|her|this|these|those|it|them|"
    r"for|with|from|to|in|on|at|by|into|until|unless|because|since|while|after|before)\b)[A-Za-z-]+){1,4} "
    r"(?:is|are|was|were|will|has|have|can|may|must|should|shall)\b",
    re.IGNORECASE,
)
"""A thing in several words, and its verb: ``Source code repositories are kept``."""
_DONE: Final = re.compile(
    r"[A-Za-z-]+(?: (?!(?:the|an?|all|any|each|every|your|our|their|its|it|them|this|that|these|those|whether|if|what|which|who|as|when|once|until|to|in|on|by|with|for|from)\b)[A-Za-z-]+){2,8}"
)
_OF_THAT: Final = frozenset(
    ["check", "note", "report", "state", "record", "document", "show", "figure", "test", "claim"]
)
"""What follows these may be what is to be so: ``Check backups are kept``."""
_READY: Final = re.compile(
    r"be (?:prepared|ready|available|careful|aware|sure|on|willing|mindful|honest|clear|brief|polite|specific|as|"
    r"respectful|concise|patient|active|consistent|explicit|alert|present|calm|detailed)\b",
    re.IGNORECASE,
)
_BOTH: Final = frozenset([
    "access", "archive", "audit", "branch", "build", "cause", "change", "commit", "contact", "contract", "count",
    "design", "display", "document", "draft", "email", "file", "focus", "format", "guide", "host", "issue", "label",
    "lead", "link", "list", "log", "measure", "name", "need", "note", "order", "patch", "place", "plan", "process",
    "query", "rate", "record", "release", "report", "request", "resolve", "return", "review", "schedule", "search",
    "share", "state", "support", "tag", "target", "test", "track", "transfer", "trigger", "work",
    "leave", "login", "logon", "logout", "setup", "backup", "checkout", "signup", "rollout", "shutdown", "dose", "duplicate", "split",
])  # fmt: skip
"""Verbs that are as often the first word of a thing: ``Release notes``."""
_NOUNS_TOO: Final = _BOTH | frozenset([
    "alert", "answer", "attempt", "average", "award", "backup", "balance", "batch", "benchmark", "blame", "block", "board",
    "book", "bridge", "brief", "broadcast", "budget", "cache", "call", "charge", "chart", "claim", "code", "comment",
    "conduct", "control", "copy", "cover", "credit", "cut", "deal", "decrease", "delay", "demand", "deploy", "deposit",
    "detail", "dispute", "dose", "drive", "drop", "effect", "end", "estimate", "exchange", "exercise", "exit", "experience",
    "export", "figure", "filter", "force", "fork", "freeze", "function", "fund", "gate", "group", "guard", "help", "hold",
    "hook", "import", "increase", "index", "influence", "interest", "interface", "invoice", "key", "launch", "level",
    "light", "limit", "load", "lock", "machine", "map", "mark", "match", "merge", "milestone", "mirror", "model",
    "monitor", "mount", "notice", "number", "offer", "outline", "package", "page", "pair", "park", "part", "pass",
    "pattern", "permit", "phone", "pilot", "pin", "point", "poll", "position", "post", "practice", "press", "print",
    "prep", "probe", "produce", "profile", "progress", "project", "proof", "protest", "pull", "purchase", "push", "queue", "quote",
    "reason", "rebase", "rebel", "recall", "resume", "reference", "refund", "region", "register", "reject", "repair", "repeat",
    "reply", "reserve", "respect", "rest", "result", "risk", "rollback", "route", "rule", "sample", "scan", "schema", "score", "scope",
    "screen", "script", "seal", "season", "sense", "sequence", "service", "shape", "shift", "sign", "signal", "site",
    "size", "sketch", "slot", "snapshot", "source", "space", "spread", "staff", "stage", "stand", "start", "step",
    "stop", "store", "stress", "structure", "study", "subject", "summary", "surface", "survey", "sweep", "table", "tap",
    "team", "template", "term", "ticket", "time", "title", "tool", "top", "touch", "trace", "trade", "train",
    "transport", "trial", "trip", "type", "update", "upgrade", "use", "value", "view", "visit", "volume", "vote",
    "walk", "waste", "watch", "weight",
])  # fmt: skip
"""Verbs that are nouns as well, so that behind a label they may be its value: ``Environment: release``."""
_ALIKE: Final = frozenset([
    "brief", "clean", "clear", "complete", "correct", "direct", "empty", "express", "free", "key", "live", "lower", "open", "present",
    "prompt", "secure", "separate",
])  # fmt: skip
"""Verbs that are as often the quality of a thing: ``Secure coding practices``."""
_POINTED: Final = frozenset({"click", "press", "select", "choose", "hit", "tap"})
"""What follows these is the name of a thing, whatever it says: ``Click Run workflow``."""
_SHORT: Final = 3
_THING: Final = re.compile(
    r"(?:read|write)[ -](?:only|protected)\b|(?:release|test|build|review|deploy) (?:workflow|pipeline|job|process|plan|action)s?\b|(?:push|pull|read|write|merge|commit|access|review|release) (?:rights?|access|permissions?|privileges?|requests?)\b",
    re.IGNORECASE,
)
_BY_SOMEBODY: Final = re.compile(r"[A-Za-z]+ by (?!(?:[a-z]+ing|now|then|hand|default|e-?mail|phone|post)\b)[A-Za-z]")
"""``Welcome by HR``: what comes about, and through whom."""
_WELCOMES: Final = frozenset({"welcome", "introduction", "approve", "contact", "inspect"})
_OF: Final = re.compile(r"(?!(?:dispose|think|get|make|take|beware|rid)\b)[a-z-]+ of\b", re.IGNORECASE)
"""A thing and whose: ``Use of the key``, ``List of hosts``."""
_SMALL: Final = re.compile(
    r"\b(?:the|a|an|this|that|these|those|it|them|all|any|each|every|your|our|their|its|to|in|on|at|for|from|with|into|"
    r"up|out|off|back|via|by|about|whether|if|what|who|how|as|over|against)\b|`|\d",
    re.IGNORECASE,
)
_SETTLED: Final = re.compile(
    r"(?:the|a|an|this|that|these|those|it|them|all|any|each|every|your|our|their|its|his|her|whether|up|out|down|off|over|back|away|to (?:the|an?|your|each|it))\b|to [\"`]|`|\d",
    re.IGNORECASE,
)
"""What follows a verb and no noun."""
_AGREES: Final = re.compile(
    r"[a-z-]+ (?:for|of|in|on|from|by|about) (?:(?!\b(?:what|who|which|that|whether|how|when|if|where|as|and|so|why|anything|everything)\b)[^,:;`])*? "
    r"(?:goes|is|are|was|were|has|have|will|can|must|should|may|needs|depends)\b",
    re.IGNORECASE,
)
"""``Credit for the find goes to``: a thing and its verb."""


def is_habitual(text: str) -> bool:
    """``If needed, …``: no condition that anybody could be asked about, but a word to the one who does it."""
    return (
        re.match(
            r"(?:if|where|when|whenever|wherever|as) (?:it is )?(?:needed|necessary|possible|applicable|desired|appropriate|required|in doubt|feasible|practicable),",
            text,
            re.IGNORECASE,
        )
        is not None
    )


def clause(text: str, *, labelled: bool = True) -> str | None:
    """The sentence as what somebody does (``updates …``), or ``None`` when it asks for nothing.

    ``labelled``: a label may stand before it. Only one is taken off.
    """
    said, kept = text, list[str]()
    for _ in range(phrasing.MOST_LAYERS):
        layer = phrasing.peeled(said)
        if layer is None:
            break
        said = layer.rest
        kept += [layer.kept] if layer.kept else []
    found = _VERB.fullmatch(said)
    if found is not None and _DENIED.match(found["rest"]):
        return None
    if found is None or not _is_verb(found["verb"].lower(), said) or _is_subject(said):
        return _behind_label(said, kept) if labelled else None
    rest = found["rest"].rstrip(":") if kept else found["rest"]
    return _third(found["verb"].lower(), rest) + _behind(kept)


def _is_subject(said: str) -> bool:
    """Whether the words begin with a thing that has to do something: ``Pull request titles should say why``."""
    return begins_with_a_thing(said) and " " in said and obliged.is_asked(said)


def _behind_label(said: str, kept: list[str]) -> str | None:
    """``Manual path: run it``: what is asked, and behind it what for."""
    found = phrasing.labelled(said)
    if found and (_THING.match(found[1]) or ("," in found[1] and not _SMALL.search(found[1]))):
        return None
    asked = clause(found[1], labelled=False) if found and not begins_with_a_thing(found[1]) else None
    return None if found is None or asked is None else asked + _behind([*kept, found[0]])


def begins_with_a_thing(text: str) -> bool:
    """Whether the first word can be a thing, and nothing after it says otherwise: ``release``, ``Credit in the notes``."""
    first, _, rest = text.partition(" ")
    second = re.match(r"(?:and|or) (?P<verb>[a-z-]+) (?P<rest>.+)", rest)
    if second and second["verb"] in words.VERBS and _SETTLED.match(second["rest"]):  # ``test and ship the change``
        return False
    return not rest or (first.lower() in _NOUNS_TOO | _ALIKE and _SETTLED.match(rest) is None)


def is_noun_too(verb: str) -> bool:
    """Whether the verb is the name of a thing as well: ``report``."""
    return verb in _NOUNS_TOO or verb in _ALIKE


def _behind(kept: list[str]) -> str:
    return "".join(f" ({part})" for part in kept)


def _is_verb(verb: str, said: str) -> bool:
    if verb == "be":
        return _READY.match(said) is not None
    second = re.match(r"[A-Za-z-]+ (?P<word>[A-Z][a-z]+)\b", said)
    if second and verb not in _POINTED and second["word"].lower() in words.VERBS:  # a label, and then the sentence
        return False
    if _is_of_a_thing(verb, said) or statements.states(said) or _begins_with_somebody(said):
        return False
    is_noun = is_noun_too(verb)
    if statements.is_done(said, is_noun=is_noun) or (is_noun and statements.is_of_another(said)):
        return False
    parts = verb.split("-")
    if len(parts) == 1 or verb in words.VERBS:
        return verb in words.VERBS
    is_when = parts[0] == "pre" and _SETTLED.match(said[len(verb) + 1 :]) is None
    return parts[-1] in words.VERBS and statements.is_hyphened(verb) and not is_when


def _begins_with_somebody(said: str) -> bool:
    """``Release Manager drafts the notes``: the first word is part of a name."""
    named = _NAMED.match(said)
    return named is not None and is_person(words.slug(named["who"]))


def _is_of_a_thing(verb: str, said: str) -> bool:
    """Whether the first word is a thing, of which something is said, or tells what had to be so before."""
    rest = said[len(verb) :]
    if rest.startswith((":", " - ", " \u2013 ", " \u2014 ")) or (
        ": " in said and begins_with_a_thing(said)
    ):  # a label that is a verb as well
        return True
    if verb in _NOUNS_TOO and _is_named_too(verb, said, rest):
        return True
    had_to_be = verb == "have" and said.lower().startswith("have been ")
    return had_to_be or _STATE.match(rest) is not None  # ``Issue is reported``


def _is_named_too(verb: str, said: str, rest: str) -> bool:
    """Whether a word that is a verb and a thing is the thing here."""
    listed = re.match(r", (?:(?:and|or|then) )?(?P<next>[A-Za-z-]+)", rest)
    if listed:  # ``Name, phone number``
        following = listed["next"].lower()
        is_apart = re.search(r"\b(?:the|an?|all|each|every)\b", said) is None
        return following not in words.VERBS or (following in _NOUNS_TOO and is_apart)
    if _DONE.fullmatch(said) and words.of_passive(said.rsplit(" ", maxsplit=1)[-1]):  # ``Contact paths confirmed``
        return True
    return _AGREES.match(said) is not None or (verb not in _OF_THAT and _COMPOUND.match(rest) is not None)


def is_duty(said: str) -> bool:
    """Whether ``be …`` or ``have …`` is asked of somebody: ``be ready to …``."""
    return said.lower().startswith("have ") or _READY.match(said) is not None


def may_be_a_thing(text: str) -> bool:
    """Whether the words can be read as a thing as well as a step: ``Release notes``, ``Secure coding practices``."""
    first = text.split(" ", maxsplit=1)[0].lower()
    if (
        _THING.match(text)
        or _OF.match(text)
        or (_BY_SOMEBODY.match(text) and (first in _NOUNS_TOO or first in _WELCOMES))
    ):
        return True
    parts = re.sub(r" ?\([^)]*\)", "", text).rstrip(":").split()
    if len(parts) > _SHORT and parts[1] == "and" and words.base_verb(parts[2]) == parts[2].lower():
        return False  # ``Open and run``
    if len(parts) < 2:  # noqa: PLR2004  a verb alone says too little, and is no thing either
        return False
    first, second = parts[0].lower(), parts[1]
    if first in _ALIKE and second.islower() and _SMALL.match(second) is None:
        return True
    return len(parts) <= _SHORT and first in _BOTH and _SMALL.search(" ".join(parts)) is None


_NAMED: Final = re.compile(r"(?P<who>[A-Z][a-z]+(?: [A-Z][A-Za-z-]+){1,3}) [a-z]+s\b")
_WOULD: Final = re.compile(
    r"(?P<who>(?:the|an?|our|this|that|each) [^,:;`]{2,60}?|[A-Z][^,:;`]{2,60}?) would (?:then |also )?(?!like\b|prefer\b|rather\b|want\b|need\b|not\b|have\b|normally\b|usually\b|only\b)(?=[a-z])",
    re.IGNORECASE,
)


def firm(text: str) -> str:
    """``The clerk would file it`` as ``The clerk must file it``: what a numbered step says."""
    found = _WOULD.match(text)
    return text if found is None else f"{found['who']} must {text[found.end() :]}"


_SOMEBODY: Final = frozenset({"them", "him", "her", "somebody", "someone"})
_FURTHEST: Final = 10
_OF_WHOM: Final = re.compile(r" (?:[a-z]+ing|who|that)\b.*")


def _had_done(rest: str) -> str | None:
    """``have the guest sign the book`` as ``gets the guest to sign the book``; ``None`` for a thing to have."""
    parts = rest.split()[:_FURTHEST]
    for at, verb in enumerate(parts[1:], 1):
        before, after = " ".join(parts[:at]), rest.split(maxsplit=at + 1)[-1]
        head = _OF_WHOM.sub("", before).rsplit(" ", maxsplit=1)[-1]
        if verb in words.VERBS and _SETTLED.match(after) and (is_person(head) or before in _SOMEBODY):
            return f"gets {before} to {rest.split(maxsplit=at)[-1]}"
    return None


def _third(verb: str, rest: str) -> str:
    """``restart``, `` the server`` to ``restarts the server``; what is a state takes ``must``."""
    caused = _had_done(rest) if verb == "have" else None
    if caused:
        return caused
    if verb in _STATES:
        return f"must {verb}{rest}"
    return words.third_person(verb) + rest
