"""What people put around an instruction: leads, purposes, duties, permissions, advice and labels, taken off one by one.

Words that change what is asked are kept, and stand behind the instruction in parentheses:
``You can run it`` is optional, ``Manual path: run it`` is for the manual path.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final, NamedTuple

from orchestrator.workflows import telling, words

MOST_LAYERS: Final = 6
OPTIONAL: Final = "optional"
_MOST_LABEL_WORDS: Final = 6

_LEAD: Final = re.compile(
    r"(?:(?:\d+[.)]|[A-H][.)]|and|then|next|finally|first|firstly|second|secondly|third|lastly|now|afterwards|also|please|again|so|"
    r"but|however|after (?:this|that)|at this point|to start|to begin|once again|in addition|of course|from there|at the end|"
    r"besides),? )+",
    re.IGNORECASE,
)
_OFTEN: Final = r"(?: (?:then|also|first|next|now|typically|normally|usually|generally|always|still|only))*"
_OBLIGED: Final = re.compile(
    rf"(?:(?:must|need to|have to) (?=[a-z]+ [^.])|(?:you|we)(?:(?:['\u2019]ll| will){_OFTEN} need to| (?:will|would|should|must)?{_OFTEN} ?be (?:required|expected|asked) to|"
    rf"{_OFTEN} (?:must|should|shall|will|need to|have to|are to|are (?:required|expected|asked) to)|['\u2019]ll){_OFTEN} |"
    r"let(?:['\u2019]s| us) (?!say\b|assume\b|imagine\b|suppose\b|look\b|start\b|see\b)|(?:always |please )*remember(?: to|,) |(?:please )?(?:do not|don['\u2019]t|never) forget to |"
    r"it(?: is|['\u2019]s) up to (?:you|us) to |(?:your|our) (?:job|task|role|duty|responsibility|goal)(?: here| as [A-Za-z ]+?)? is to )",
    re.IGNORECASE,
)
_USUALLY: Final = re.compile(r"we\b.*\b(?:typically|normally|usually|generally)\b", re.IGNORECASE)
"""What we will mostly do describes us."""
_ALLOWED: Final = re.compile(
    r"(?:can (?=[a-z]+ )|(?:you|we)(?: probably| also)*(?:(?: can| may| could| might| are able to|['\u2019]re able to)|['\u2019]ll(?= (?:probably |likely |also )*want)|(?= want))"
    r"(?: probably| likely| either| optionally| (?:then|also|first|next|now|typically|usually|generally|always|still))* "
    r"(?P<want>(?:want|wish|choose|like) to )?|(?:please )?(?:do not|don['\u2019]t|never) hesitate to |(?:please )?feel free to |"
    r"it(?: is|['\u2019]s) (?:acceptable|ok|okay|fine|possible|safe) to )(?P<verb>[a-z]+)\b",
    re.IGNORECASE,
)
_YOURS: Final = re.compile(r"\b(?:you|your|yours)\b", re.IGNORECASE)
"""Where the reader is another than *we*, what *we can* do is told to them."""
_PERCEIVED: Final = frozenset([
    "see", "notice", "find", "get", "have", "be", "expect", "read", "learn", "receive", "need", "observe", "rely",
    "experience", "encounter", "assume", "say", "continue", "ignore", "skip", "understand", "work", "proceed", "help",
])  # fmt: skip
"""After ``you can`` these say what happens or how things are, more often than what to do."""
_BEFALL: Final = frozenset(
    ["see", "notice", "find", "get", "receive", "be", "have", "experience", "encounter", "hear", "learn"]
)
"""After ``you will`` these foretell, and ask for nothing."""
_ADVISED: Final = re.compile(
    r"(?:it(?: is|['\u2019]s)(?: also| always| strongly| highly| often| very| generally| usually)* "
    r"(?:recommended|advised|advisable|important|necessary|required|mandatory|essential|suggested|encouraged|best|good practice|a good idea)"
    r" (?:(?:for you |for us )?to |that (?:you|we) )|"
    r"(?:we|i)(?: strongly| highly| also| always| generally| usually)* (?:recommend|suggest|advise)(?: to| that you| you)? )",
    re.IGNORECASE,
)
_WAY: Final = re.compile(
    r"(?P<way>(?:the|an?|one|another) (?:(?:[a-z]+est|recommended|preferred|best|usual|normal|standard|official|only|correct|right|proper|good|simple|quick|easy|"
    r"better|alternative) ){1,2}way to (?:[^,:;`]|`[^`]*`)+?|the (?:very )?(?:first|next|second|third|last|final) (?:step|thing to do|thing)|(?:all|what) (?:you|we)(?: should| will| only)* (?:need|have) to do(?: to (?:[^,:;`]|`[^`]*`)+?)?) is (?:to (?P<to>.+)|by (?P<by>[a-z]+ing) (?P<rest>.+))",
    re.IGNORECASE | re.DOTALL,
)
_PURPOSE: Final = re.compile(
    r"(?P<why>to (?:[^,:;`]|`[^`]*`)+?)(?:,|(?![^,]*,)) (?:you|we) (?P<then>(?!can\b|may\b|might\b|could\b)[a-z]+ .+)",
    re.IGNORECASE,
)
_BRACKET: Final = re.compile(r"(?:\((?:optional|optionally)\)|\[optional\]):? ?", re.IGNORECASE)
_OR: Final = re.compile(r"or(?: else| alternatively)?,? (?:just |simply )?(?=[a-z])", re.IGNORECASE)
_PLACE: Final = re.compile(
    r"(?P<place>(?:under|in|on|from|at|next to|below|inside) (?:the )?(?:\"[^\"]+\"|`[^`]+`)(?: (?:page|tab|menu|section|dialog|panel|view|screen|column))?)"
    r" (?P<then>[a-z]+ .+)",
    re.IGNORECASE | re.DOTALL,
)
_CONSEQUENCE: Final = re.compile(
    r"(?P<why>(?:[^:;`?,]|`[^`]*`)+?)(?:, so|; so|; therefore|;)(?: then)?,? (?:please |make sure to |be sure to )?(?P<then>[a-z-]+ .+)",
    re.IGNORECASE | re.DOTALL,
)
_NEEDED: Final = re.compile(
    rf"(?:you|we)(?:['\u2019]ll| will|{_OFTEN}){_OFTEN} need (?!to\b|not\b|only\b|help\b)", re.IGNORECASE
)
_WE: Final = re.compile(
    r"we(?: then| also| first| next| now| always)*(?: (?P<how>usually|normally|typically|generally|often|sometimes))?(?: then| also| first)* (?P<verb>[a-z-]+) (?P<rest>.+)",
    re.IGNORECASE | re.DOTALL,
)
_NO_ACTS: Final = frozenset([
    "use", "take", "have", "need", "want", "aim", "follow", "support", "consider", "keep", "hold", "work", "provide", "meet", "help",
    "encourage", "maintain", "see", "find", "get", "do", "be", "make", "let", "try", "go", "expect", "value", "welcome", "accept", "allow",
    "reserve", "trust", "require", "recommend", "suggest", "advise", "manage", "own", "call", "treat", "say", "assume", "agree", "offer",
    "focus", "like", "wish", "rate", "view", "give", "name", "state", "ignore", "release", "ship", "plan", "cover", "describe", "explain",
    "show", "read", "hope", "love", "handle", "deal", "rely", "depend", "prefer",
])  # fmt: skip
"""After ``we`` these say how things are more often than what is done."""
_ADVERB: Final = re.compile(r"(?P<how>[a-z]{2,}ly|instead|in particular|as always),? ", re.IGNORECASE)
_CONSENT: Final = re.compile(
    r"\b(?:approv\w*|consent\w*|permission|sign-?off|authori[sz]\w*|agreement|clearance)\b", re.IGNORECASE
)
"""A phrase with such a word is a condition that a process has to keep, and no circumstance."""
_BESIDE: Final = re.compile(
    r"(?P<who>(?:the |a |an |our )?[A-Za-z][A-Za-z -]{0,60}?), (?P<beside>(?:together|along|in (?:consultation|coordination|collaboration|cooperation)|with the (?:help|support|assistance)) "
    r"(?:with|of) [^,:;`]+), (?P<does>[a-z]+ .+)",
    re.IGNORECASE | re.DOTALL,
)
_PHRASE: Final = re.compile(
    r"(?P<phrase>(?:(?:to|in|on|at|for|from|before|during|using|with|while|via|under|as|by|instead of|based on|within|until|following|no (?:more|later|earlier|less|sooner) than|"
    r"upon(?! which\b)|regardless of|rather than|after|like|without|depending on|prior to|assuming|given|(?:each|every) time|"
    r"(?:when|after) [a-z]+ing)\b|"
    r"(?:if|where|when|whenever|wherever) (?:it is )?(?:needed|necessary|possible|applicable|desired|appropriate|required|in doubt|feasible|practicable)\b)(?:[^,:;`(]|`[^`]*`|\([^()]*\))*), ",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(r"(?P<label>[A-Za-z0-9][^:`.!?()]{0,60}?)(?::| [-\u2013\u2014]) (?P<then>.+)", re.DOTALL)
_SAYS: Final = re.compile(r" (?:is|are|was|were|will|can|may|might|must|should|shall) ", re.IGNORECASE)
"""What is a sentence before a dash, and no label."""
_DENIAL: Final = re.compile(
    r"(?:\b(?:not|never|avoid|cannot)|n['\u2019]t)\W*$|\b(?:not|never|avoid)\b.* (?:this|these|the following)\W*$|"
    r"\b(?:not|never|no longer) (?:considered|supported|covered|included|counted|in scope|part of)\b[^:]*\W*$|"
    r"\b(?:mistakes|pitfalls|anti-?patterns?|out of scope|examples?|such as|(?:something|anything|things|names|messages) like this|e\.g\.)(?: \([^)]*\))?\W*$",
    re.IGNORECASE,
)
_TOPICS: Final = frozenset([
    "purpose", "goal", "goals", "objective", "aim", "scope", "summary", "description", "overview", "background", "intent",
    "title", "outcome", "result", "results", "reason", "rationale", "output", "impact", "trigger", "symptom", "symptoms",
    "cause", "causes", "when", "where", "who", "why", "frequency", "author", "date", "version", "status", "audience",
    "sla", "slas", "deadline", "deadlines", "target", "targets", "timeline", "timing", "time limit", "turnaround", "response time",
    "todo", "fixme", "tbd", "used when", "applies when", "applies to", "use when", "when to use", "eligible", "eligibility", "criteria", "condition", "conditions",
    "definition", "question", "answer", "q", "a", "bad", "wrong", "before", "after", "old", "new",
])  # fmt: skip
"""Labels after which something is told about, and nothing asked."""


_CASE: Final = re.compile(
    r"(?:(?:sev(?:erity)?|p|priority|tier|level|class|category|option|case|scenario|situation)[ -]?(?:\d|[a-z])"
    r"|(?:critical|high|medium|moderate|low|minor|major|urgent|emergency|routine|red|yellow|green|amber|orange)"
    r"(?:[ -](?:priority|severity|risk|impact|changes?|incidents?|issues?|requests?|flags?|alerts?|level))*"
    r"|approved|denied|rejected|accepted|declined|pass(?:ed)?|fail(?:ed)?|success|failure|successful|unsuccessful)(?: \([^()]*\))?",
    re.IGNORECASE,
)
"""Labels that say in which of several cases something holds."""


class Peeled(NamedTuple):
    """``rest`` without one layer; ``kept`` is what the layer adds, '' for nothing."""

    rest: str
    kept: str


def is_denial(text: str) -> bool:
    """Whether what stands under these words is not meant to be done: ``We will not:``, ``Common mistakes``."""
    return _DENIAL.search(text) is not None


def labelled(text: str) -> tuple[str, str] | None:
    """The label before a colon and what follows it; ``None`` for a label that denies, illustrates or names a topic."""
    found = _LABEL.fullmatch(text)
    if found is None or len(found["label"].split()) > _MOST_LABEL_WORDS:
        return None
    label = found["label"].strip()
    if _SAYS.search(label):
        return None
    is_none = is_denial(label) or label.lower() in _TOPICS or _CASE.fullmatch(label)
    return None if is_none else (label, found["then"])


def is_case(label: str) -> bool:
    """Whether a label says in which of several cases something holds: ``SEV-1``, ``High priority``."""
    return _CASE.fullmatch(label) is not None


def label_of(text: str) -> str:
    """The label before a colon, whatever it says; '' for none."""
    found = _LABEL.fullmatch(text)
    return "" if found is None or len(found["label"].split()) > _MOST_LABEL_WORDS else found["label"].strip()


def peeled(text: str) -> Peeled | None:
    """The text without the first layer that stands around what is asked, or ``None``."""
    for take in _LAYERS:
        found = take(text)
        if found is not None:
            return found
    return None


def _dropped(pattern: re.Pattern[str]) -> Callable[[str], Peeled | None]:
    def take(text: str) -> Peeled | None:
        found = pattern.match(text)
        return Peeled(text[found.end() :], "") if found else None

    return take


def _obliged(text: str) -> Peeled | None:
    found = _OBLIGED.match(text)
    rest = text[found.end() :] if found else ""
    is_told = found is not None and re.search(r"ll |should", found[0].lower()) and rest.split(" ")[0].lower() in _BEFALL
    is_told = is_told or (found is not None and _USUALLY.match(found[0]) is not None)
    return None if found is None or is_told else Peeled(rest, "")


def _phrase(text: str) -> Peeled | None:
    found = _PHRASE.match(text)
    return Peeled(text[found.end() :], found["phrase"][0].lower() + found["phrase"][1:]) if found else None


def is_of_consent(text: str) -> bool:
    """Whether the words speak of somebody's approval, which is a step of its own."""
    return _CONSENT.search(text) is not None


def set_behind(text: str) -> str | None:
    """``Upon receipt, the clerk files it`` as ``The clerk files it (upon receipt)``; ``None`` for what has no such phrase."""
    beside, led = _BESIDE.fullmatch(text), _PHRASE.match(text)
    if beside is not None and not is_of_consent(beside["beside"]):
        return f"{beside['who']} {beside['does'].rstrip(':')} ({beside['beside']})"
    if led is None or is_of_consent(led["phrase"]):
        return None
    rest = text[led.end() :].rstrip(":")
    return f"{rest[:1].upper()}{rest[1:]} ({led['phrase'][0].lower()}{led['phrase'][1:]})"


def _adverb(text: str) -> Peeled | None:
    found = _ADVERB.match(text)
    known = found is None or found["how"].lower() in words.VERBS
    return None if found is None or known else Peeled(text[found.end() :], found["how"].lower())


def _allowed(text: str) -> Peeled | None:
    found = _ALLOWED.match(text)
    if found is None or found["verb"].lower() not in words.VERBS:
        return None
    is_ours = text.lower().startswith("we ") and _YOURS.search(text) is not None
    is_told = is_ours or (found["verb"].lower() in _PERCEIVED and not found["want"])
    return None if is_told else Peeled(text[found.start("verb") :], OPTIONAL)


def _advised(text: str) -> Peeled | None:
    found = _ADVISED.match(text)
    if found is None:
        return None
    first, _, rest = text[found.end() :].partition(" ")
    return Peeled(f"{words.of_gerund(first) or first} {rest}", "recommended" if "omm" in found[0] else "")


def _way(text: str) -> Peeled | None:
    found = _WAY.fullmatch(text)
    if found is None:
        return None
    base = words.of_gerund(found["by"]) if found["by"] else None
    rest = found["to"] or (f"{base} {found['rest']}" if base else "")
    return Peeled(rest, found["way"][0].lower() + found["way"][1:]) if rest else None


def _is_base(word: str) -> bool:
    return word.lower().rsplit("-", maxsplit=1)[-1] in words.VERBS


def _optional(text: str) -> Peeled | None:
    found = _BRACKET.match(text)
    return Peeled(text[found.end() :], OPTIONAL) if found else None


def _or(text: str) -> Peeled | None:
    found = _OR.match(text)
    return Peeled(text[found.end() :], "alternatively") if found else None


def _place(text: str) -> Peeled | None:
    """``Under "General" click "New"``: where, without a comma behind it."""
    found = _PLACE.fullmatch(text)
    if found is None or not _is_base(found["then"].split()[0]):
        return None
    return Peeled(found["then"], found["place"][0].lower() + found["place"][1:])


def _consequence(text: str) -> Peeled | None:
    """``It will change, so check it again``: what is asked, and behind it why, which must only say how things are."""
    found = _CONSEQUENCE.fullmatch(text)
    if found is None or not telling.tells(found["why"]) or not _is_base(found["then"].split()[0]):
        return None
    return Peeled(found["then"], found["why"][0].lower() + found["why"][1:])


def _purpose(text: str) -> Peeled | None:
    found = _PURPOSE.fullmatch(text)
    if found is None or not _is_base(found["then"].split()[0]):
        return None
    return Peeled(found["then"], found["why"][0].lower() + found["why"][1:])


def _we(text: str) -> Peeled | None:
    """``We usually post a message``: what is done here, of whoever does what names nobody."""
    found = _WE.fullmatch(text)
    if found is None or not _is_base(found["verb"]) or found["verb"].lower() in _NO_ACTS:
        return None
    return Peeled(f"{found['verb']} {found['rest']}", (found["how"] or "").lower())


def _needed(text: str) -> Peeled | None:
    found = _NEEDED.match(text)
    return Peeled(f"have {text[found.end() :]}", "") if found else None


_LAYERS: Final = (
    _optional, _dropped(_LEAD), _or, _place, _consequence, _purpose, _phrase, _needed, _obliged, _advised, _way, _allowed, _we, _adverb,
)  # fmt: skip
