"""What has the form of a step of every run, and is done again and again, only after something failed, or not at all."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.workflows.naming import Unclear

_REPEATED: Final = re.compile(
    r"\b(?:conducts?|performs?|maintains?|holds?|carr(?:y|ies) out|provides?|undertakes?|does|do|keeps?|makes?|ensures?|facilitates?|leads?|organi[sz]es?|gives?|runs?)(?: (?:an?|their|our|your|his|her))? "
    r"(?:regular|annual|bi-?annual|semi-annual|yearly|quarterly|monthly|bi-?weekly|weekly|daily|hourly|periodic|ongoing|continuous|routine|frequent|constant) [a-z-]+",
    re.IGNORECASE,
)
_SPAN: Final = r"(?:(?:in|within|after) (?:\d+|an?|one|two|three|four|five|ten|fifteen|thirty) (?:[a-z]+)|(?:at|by) [^,;]+|again|twice|yet|then)"
_FAILED: Final = re.compile(
    rf" (?:if|when|unless) (?:(?:it|they|this|that|the [a-z]+(?: [a-z]+)?) (?:is|are|was|were|has|have)? ?)?(?:still |been )?"
    rf"(?:(?:un|not (?:yet )?(?:been )?)(?:resolved|fixed|solved|answered|acknowledged|responsive|successful|reachable|available|confirmed|approved|restored|signed|paid|received|found)|(?:fail|break|persist|recur|worsen)(?:s|ed|ing)?|no (?:response|answer|reply|improvement|success))"
    rf"(?: {_SPAN})?$",
    re.IGNORECASE,
)
_COMPARES: Final = re.compile(
    r", (?:but|while|whereas) (?:(?:for|with|in|on|at) [^,;]{2,40}, )?(?:you|it|they|we|the [a-z]+) (?:are|is|was|were|have|has|had|can|cannot|could|may|might)\b",
    re.IGNORECASE,
)
_CASE: Final = re.compile(
    r"(?:in (?:this|that|such an?|these|those|such) (?:case|scenario|situation|event|instance|circumstance)s?\b|(?:this|that) case\b)|.*\b(?:(?:in )?a similar (?:way|manner) (?:to|as)|similar(?:ly)? to the previous|as (?:above|before), but)\b",
    re.IGNORECASE,
)


def ensure_whole(text: str) -> None:
    """Raises :class:`Unclear` for a task that is not one of every run: its words say so, behind what is done."""
    said = re.sub(r"`[^`]*`|\"[^\"]*\"|\([^()]*\)", "``", text)
    if _REPEATED.search(said):
        raise Unclear("This is done again and again, and is no step of one run.", "without how often; or Note: ...")
    found = _FAILED.search(said)
    if found is not None:
        raise Unclear("When this is done stands behind it.", "If it is not resolved within 15 minutes, ...")
    if _COMPARES.search(said):
        raise Unclear("This compares two things, and asks for neither.", "Note: ...; or a sentence for each")
    if _CASE.match(said):
        raise Unclear("Which case this speaks of is not clear.", "If ..., ...")


_EXCEPTED: Final = re.compile(
    r".*\bexceptions?\b.*|(?!(?:It|This|That|You|We|They|There|These|Those|He|She)\b)[A-Z][\w&'-]+(?: [A-Z][\w&'-]+)? (?:does not|doesn['\u2019]t|do not|don['\u2019]t|has no|have no)\b.+"
)


def excepts(text: str) -> bool:
    """Whether a sentence that is not read may tell of an exception, for which the next one is meant: ``Acme has no number``."""
    return _EXCEPTED.fullmatch(text) is not None


_OF_ITSELF: Final = re.compile(
    r"\b(?:process|procedure|protocol|runbook|playbook|checklist|these steps|the steps|this (?:document|page|guide|sop))\b",
    re.IGNORECASE,
)


def is_of_itself(then: str) -> bool:
    """Whether what follows a condition is the text itself: ``If it leaks, a process of its own must be followed``."""
    return _OF_ITSELF.search(then) is not None


_OFFER: Final = re.compile(r"(?:you|we|they) (?:can|may|could|might)\b(?P<what>.+)", re.IGNORECASE)
_LONG: Final = 5


def offered(then: str) -> frozenset[str]:
    """The longer words of what somebody may do: later sentences that wait for it are under the same condition."""
    found = _OFFER.match(then)
    return (
        frozenset(part[:7] for part in re.findall(r"[a-z]+", found["what"].lower()) if len(part) > _LONG)
        if found
        else frozenset()
    )


def speaks_of(text: str, offers: frozenset[str]) -> bool:
    """Whether a sentence that waits for something speaks of what was only offered."""
    return not offers.isdisjoint(part[:7] for part in re.findall(r"[a-z]+", text.lower()))


_PLACEHOLDER: Final = re.compile(
    r"(?:replace|substitute|change|set|fill in|where)\b.*?(?P<what><[a-z][\w -]*>)", re.IGNORECASE
)


def fills(text: str, title: str) -> bool:
    """Whether a sentence says how the lines of the task before it are filled in: ``Replace `<name>` with yours``."""
    found = _PLACEHOLDER.match(text)
    return found is not None and found["what"] in title
