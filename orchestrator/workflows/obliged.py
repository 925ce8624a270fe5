"""Sentences about a thing that has to be so, comes about or is done by somebody: ``The version must be bumped``."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.workflows import phrasing, words

_SUBJECT: Final = (
    r"(?:(?:[^,:;`(]|`[^`]*`|\([^()]*\))+?"
    r"|(?:(?:the|all|any|each|every|an?) )?[A-Za-z][\w/' -]{1,40}(?:, (?:the )?[A-Za-z][\w/' -]{1,40}){1,6},? (?:and|or|and/or) [A-Za-z][\w/' -]{1,40}?)"
)
"""A thing with what stands in brackets behind it, or several of them."""
_OBLIGATION: Final = re.compile(
    rf"(?P<who>{_SUBJECT})(?<! that)(?<! which)(?<! who) (?:must|shall|should|has to|have to|needs to|need to|can only|may only) "
    r"(?P<rest>(?!(?:always |also |generally |then |therefore |not |never )*be (?:classified|categori[sz]ed|defined|counted as|assumed|considered|deemed|regarded|treated|construed|interpreted|understood|subject|liable|able|fine|ok|okay|possible|enough|easy|clear|obvious|grateful|safe)\b|(?:be |now |then |not )*automatically\b).+)",
    re.IGNORECASE,
)
_BY_ITSELF: Final = re.compile(
    r"\bautomatic(?:ally)?\b|\b(?:with(?:out)?|zero|no)(?: any| zero| no)? (?:manual|human) (?:intervention|action|work|steps?)\b|\bshould(?: then| now| soon| also)* (?:arrive|appear|happen|occur|show up|take place|result|yield|succeed|become)\b|"
    r"\b(?:can|may) only [^,:;]*\b(?:once|when|if|after|until|unless)\b|\b(?:must|should|shall) have been\b",
    re.IGNORECASE,
)
"""What a program does, what is foretold or had to be so before, and a rule of when: none is a step."""
_MAY: Final = re.compile(
    r"\b(?:you|we|they|it|may|might|can|is|are|was|were|has|have|had|do|does|did|if|because|means?|so|but|already)\b",
    re.IGNORECASE,
)
_COMES_ABOUT: Final = re.compile(
    rf"(?P<who>{_SUBJECT})(?<! that)(?<! which)(?<! who) (?:is|are|will be|has to be|have to be)(?: then| now| also)?(?: [a-z]+ly)? (?P<done>[a-z-]+)(?P<rest> .+)?",
    re.IGNORECASE,
)
_UPON: Final = re.compile(
    r"^(?:upon|after|following|on receipt of|at the end of) (?!which\b)(?:[^,:;`(]|`[^`]*`|\([^()]*\))+, ",
    re.IGNORECASE,
)
"""An event, after which something has to come about."""
_IS_SO: Final = re.compile(
    rf"(?P<who>{_SUBJECT})(?<! that)(?<! which)(?<! who) (?:(?:is|are|has|have) (?!no\b|not\b|to\b)[^:?]+|exists?)",
    re.IGNORECASE,
)
_OF_WHAT: Final = re.compile(r" (?:that|which|of|in|to|for|with|on|from|by|who)\b| \(")
_LONGEST_SUBJECT: Final = 14
_VAGUE: Final = re.compile(
    r"(?:(?:remember|keep in mind|bear in mind|be aware|it|they|you|we|i|he|she|who|which|what|nobody|no one|either|neither|none|nothing|no|if|or|and|but|when|how|where|why)\b|(?:this|that|these|those)$|(?:this|that|these|those) (?:[a-z]+s|is|was|are|were)\b|(?:not (?:all|every|each)|some|most|few|many)\b)",
    re.IGNORECASE,
)


def says_one_thing(rest: str) -> bool:
    """Whether what stands behind a verb has no other verb: ``user submits the form`` and not ``user creates are lost``."""
    return _MAY.search(re.split(r" (?:that|which|who) ", rest)[0]) is None


def is_asked(text: str) -> bool:
    """Whether the words as they stand say what a thing has to do or to be."""
    return _OBLIGATION.fullmatch(text) is not None


def subject(text: str) -> str:
    """The word for what has to be so: ``files`` in ``All files of the release must be signed``; '' when nothing has to."""
    found = _obliged(text)
    named = _OF_WHAT.split(found["who"])[0].split() if found else []
    return named[-1].lower() if named else ""


def _obliged(text: str) -> re.Match[str] | None:
    layer = phrasing.peeled(text)
    return _OBLIGATION.fullmatch(text) or (_OBLIGATION.fullmatch(layer.rest) if layer else None)


def happens(text: str) -> bool:
    """``The issue is closed``: what a numbered step says that comes about, and not who does it."""
    said = _UPON.sub("", text, count=1)
    found = None if _BY_ITSELF.search(text) else _COMES_ABOUT.fullmatch(said)
    if found is None or words.of_passive(found["done"]) is None or len(found["who"].split()) > _LONGEST_SUBJECT:
        return False
    return _is_named(found["who"])


def follows_event(text: str) -> bool:
    """``Upon receipt, the form is stamped``: what comes about after an event, wherever it stands."""
    return _UPON.match(text) is not None and happens(text)


def is_state(text: str) -> bool:
    """``The form is signed``, ``A backup exists``: what can be so or not, of a thing or of somebody with a name."""
    found = _IS_SO.fullmatch(text)
    return found is not None and len(found["who"].split()) <= _LONGEST_SUBJECT and _is_named(found["who"])


def _is_named(who: str) -> bool:
    """Whether these words name a thing, and say nothing of it but in a clause of their own: ``files that are old``."""
    return not (_VAGUE.match(who) or _MAY.search(re.split(r" (?:that|which|who) ", who)[0]))


_BY_WHOM: Final = re.compile(
    r" by (?:the |an? |our |your |another |one of the )(?P<who>(?:members? of (?:the |our )?)?(?:(?!(?:and|or|together|using|via|within|before|after|in|on|at|as|for|to|with|who|that|which|when|if|once|during|every|each)\b)[A-Za-z-]+ ?){1,4})"
    r"(?<! )(?= (?:together|using|via|within|before|after|in|on|at|as|for|to|with|who|that|which|when|if|once|during|every|each)\b|[,;(]| \(|$)"
)
_HEADLINE: Final = re.compile(
    r"[A-Za-z`][^:;?.]{2,80}? (?P<done>[a-z-]+)(?: (?:as|for|in|by|to|with|at|on|from|of|before|after)\b[^:;?.]*)?"
)


def doer(text: str) -> str:
    """Whoever a sentence in the passive ends with: ``The backup must be tested by the clerk``; '' for nobody."""
    layer = phrasing.peeled(text)  # ``Before it is seen by the clerk, the form must be signed`` is not the clerk's
    found = _BY_WHOM.search(layer.rest if layer else text)
    return found["who"] if found else ""


_BY_NAME: Final = re.compile(
    r" by (?!(?:(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day|(?:Jan|Febr)uary|March|April|May|June|July|August|(?:Septem|Octo|Novem|Decem)ber|"
    r"EOD|EOB|COB|Q[1-4]|UTC|GMT)\b)(?P<who>[A-Z][\w-]+(?: [A-Z][\w-]+){0,3})"
)


def named_doer(text: str) -> str:
    """A name that a sentence in the passive says it is done by: ``The access is revoked by Acme``; '' for none."""
    found = _BY_NAME.search(text)
    return found["who"] if found else ""


def has_two_doers(text: str) -> bool:
    """``Filed by the clerk and checked by the lead``."""
    return len(re.findall(r"\bby (?:the|an?|our|your|another|one|two|both|different|each)\b", text)) > 1


def is_done(text: str) -> bool:
    """``Links verified``: what a box that is ticked says, in the passive without its verb."""
    found = _HEADLINE.fullmatch(text)
    return found is not None and words.of_passive(found["done"]) is not None and _MAY.search(text) is None


def is_past(text: str) -> bool:
    """``Reviewed and signed by two``: what is to have been done, and no thing to have."""
    first, _, rest = text.partition(" ")
    return (
        words.of_passive(first.lower()) is not None and re.match(r"(?:and|or|by|off|in|on|at|with)\b", rest) is not None
    )


def is_by_somebody(text: str) -> str:
    """The last word of whoever stands behind ``by`` at the end, in any words; ''."""
    layer = phrasing.peeled(text)
    text = layer.rest if layer else text
    found = re.search(r" by (?:[A-Za-z/{}'\u2019-]+ ){0,6}?(?P<last>[A-Za-z-]+)(?:$|,| (?=and\b|or\b))", text)
    return found["last"].lower() if found else ""


_NEVER: Final = re.compile(r"\b(?:under no|at no|in no|on no)\b", re.IGNORECASE)


def forbids(text: str) -> bool:
    """``Keys must not be shared``: a duty to leave something, of which no step can be made."""
    found = _obliged(text)
    if found is None:
        return False
    return (
        re.match(r"(?:not|never|no longer)\b", found["rest"], re.IGNORECASE) or _NEVER.search(found["who"])
    ) is not None


def acts(text: str) -> str:
    """Whoever a duty is asked of, where that is in the active: ``users`` in ``All users must report it``; '' in the passive."""
    found = _obliged(text)
    return "" if found is None or re.match(r"(?:[a-z]+ly )?be\b", found["rest"], re.IGNORECASE) else subject(text)


def obligation(text: str) -> bool:
    """``The version must be bumped``: asked of nobody, about something that has a name."""
    found = None if _BY_ITSELF.search(text) else _obliged(text)
    if found is None or len(found["who"].split()) > _LONGEST_SUBJECT:
        return False
    return _is_named(found["who"])
