"""Sentences that only say how things are, or where more stands: told with the task before them, and no step themselves."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.workflows import words
from orchestrator.workflows.hidden import LEADS_ON
from orchestrator.workflows.people import is_person, is_thing

ABOUT: Final = re.compile(r"about this(?: step)?: (?P<what>.+)", re.IGNORECASE | re.DOTALL)
"""What whoever does the step before is told beside it."""
_BINDS: Final = re.compile(
    r"\b(?:must|never|always|shall|approv\w*|unless|may not|required?|nobody|no one|agree\w*|consent\w*|permi\w+|allowed|"
    r"forbidden|prohibited|sign(?:s|ed)? off|only (?:the|by|after|before|when|if|once|with)|not? (?:later|earlier|sooner) than|"
    r"responsib\w*|ensures?|oblig\w*|needs?|have to|has to|expected|ideally|"
    r"should(?! (?:(?:now|then|soon|also) )*(?:see|notice|find|get|receive|be able|appear|take|look)\b)|ought|may be [a-z]+ed|otherwise)\b",
    re.IGNORECASE,
)
"""Words of a rule, a right or a duty: those are read, or are errors."""
_STATIVE: Final = (
    "called|named|located|based|documented|described|explained|used|known|shown|listed|supported|designed|intended|"
    "associated|triggered|stored|needed|made up|expected|configured|generated|included|automatically [a-z-]+"
)
_PREDICATE: Final = (
    rf"(?:(?:will|would|can|could|may|might|does|should)(?: not|n['\u2019]t)?(?: [a-z]+ly| then| also)* (?!(?:then|also|now|not|[a-z]+ly)\b)(?:be (?:{_STATIVE}|[a-z]+(?<!ed))|(?!be\b)[a-z]+)"
    rf"|(?:is|are|was|were)(?: not|n['\u2019]t)?(?: [a-z]+ly| also| then| now)* (?!(?:then|also|now|not|[a-z]+ly)\b)(?:{_STATIVE}|[a-z`'\"0-9]+(?<!ed)(?<!ne)(?<!nt))"
    r"|(?:has|have|had) (?:the|a|an|no|two|three|been \w+ed for)"
)
_DOES: Final = r"|(?:also )?(?!(?:is|was|has|does|needs|requires|this)\b)[a-z]+s"
_WORD: Final = (
    r"(?!(?:is|are|was|were|has|have|had|will|would|can|could|may|might|does|do|then|also|now|not)\b)[a-z`-]+"
)
_FIRST: Final = (
    r"(?:(?:[a-z]+ly|also|however|then|finally|in addition|by default|at this (?:stage|point)|"
    r"(?:for|in|on|with|during) [^,:;`]+),? )?"
)
_TELLS: Final = re.compile(
    rf"{_FIRST}(?:(?:(?:it|there|here|(?:this|that|these|those)(?: (?P<noun>{_WORD}(?: {_WORD}){{0,3}}?))?)|the (?P<thing>{_WORD}(?: {_WORD}){{0,4}}?)) {_PREDICATE}{_DOES})\b.*"
    rf"|(?:(?:an?|each|every|all|most|some|both|no|your|our) )?(?P<other>{_WORD}(?: {_WORD}){{0,4}}?) {_PREDICATE})\b.*)"
    r"|(?:you|we) (?:(?:will|should) (?:then |also |now )?(?:see|notice|find|get|receive|have)|(?:do not|don['\u2019]t) (?:have|need) to|need not)\b.*",
    re.IGNORECASE,
)
_HELD: Final = re.compile(
    r"(?:(?:and|but|however|then|also),? )?(?:if|when|unless|once|until|should|in (?:the |an? |any )?(?:[a-z]+ )?(?:case|event)|in case|where|whenever|for those|those who)\b",
    re.IGNORECASE,
)
"""A condition is read, or is an error."""
_BRACKETED: Final = re.compile(r"\((?:[^()`]|`[^`]*`|\([^()]*\))+\)", re.DOTALL)
_REFERS: Final = re.compile(
    r"(?:please )?(?:see|refer to)\b(?! (?:that|to|whether|if)\b).*|for (?:(?:more|further|additional) )?(?:information|details?|help|background)\b.*|"
    r"note that\b.*|e\.g\.,? .*|for (?:example|instance), .*",
    re.IGNORECASE | re.DOTALL,
)
_ASIDE: Final = re.compile(
    r"(?:[;\u2013\u2014]| - |, (?:and|so|but)) ?(?:if|when|please|then|unless|you|never|do not)\b|\b(?:always|never|must|do not|don['\u2019]t)\b|[^ ]+ [^ ]+ .*[ *][A-Z][A-Za-z]+: ",
    re.IGNORECASE,
)
_NOTED: Final = re.compile(r"(?:please )?note\b.*", re.IGNORECASE | re.DOTALL)
_DUTY: Final = re.compile(
    r"\b(?:must|should|shall|never|do not|don['\u2019]t|cannot|can not|have to|need to|required)\b", re.IGNORECASE
)


def tells(text: str) -> bool:
    """Whether a sentence only says how something is, that is no person: ``This takes an hour``. Duties in the passive do not."""
    if text[-1:] in {"", ":", "!", "?"} or _HELD.match(text) or LEADS_ON.search(text) or _BINDS.search(text):
        return False
    if _BRACKETED.fullmatch(text):
        return True
    found = _TELLS.fullmatch(text)
    return found is not None and _is_of_things(found)


def _is_of_things(found: re.Match[str]) -> bool:
    noun, thing = (words.singular(words.slug(found[name] or "")) for name in ("noun", "thing"))
    other = words.slug(found["other"] or "")
    if other and not (
        is_thing(words.singular(other)) or is_thing(other.removesuffix("es")) or found["other"][0] == "`"
    ):
        return False
    return (not noun or not is_person(noun)) and (not thing or is_thing(thing))


def turns(text: str) -> bool:
    """Whether a pointer asks for something else behind it: ``See the guide; if it is late, call the lead``."""
    is_note = _NOTED.match(text) is not None
    return not is_note and _REFERS.fullmatch(text) is not None and _ASIDE.search(text) is not None


def belongs(text: str) -> bool:
    """Whether a remark goes with the task before it: where more stands, an example of it, or a duty within a note."""
    if LEADS_ON.search(text) or turns(text):
        return False
    return _REFERS.fullmatch(text) is not None or (
        _NOTED.fullmatch(text) is not None and _DUTY.search(text) is not None
    )
