"""What nobody brings about in a run, though it has the form of a step: what a program sends, a thing with its maker, what comes up seldom."""

from __future__ import annotations

import re
from typing import Final

from orchestrator.workflows import instruct, words
from orchestrator.workflows.naming import Unclear

_SEEN_TO: Final = " sees to this: "
_MESSAGE: Final = re.compile(
    r"(?:(?:an?|the|another|one) )?(?:automat[a-z]+ |automatic |push |text |confirmation |reminder )*(?:e-?mail|notification|message|alert|reminder|confirmation|receipt|ticket|link|code|sms|response|acknowledge?ment)s?"
    r"(?: [a-z-]+)? (?:is|are|will be|gets?)(?: then| also)? (?:sent|generated|issued|triggered|displayed|shown|delivered|created|e-?mailed|forwarded|raised|pushed)\b",
    re.IGNORECASE,
)
"""What is sent, and by whom is not said: mostly by a program."""
_GIVEN: Final = re.compile(
    r"\b(?:sent|e-?mailed|delivered|shown|forwarded|returned|given|handed|issued|provided|mailed|texted|presented|assigned|paid|granted)(?: [a-z]+ly| back| over| out)? to (?:the |an? |every |each |all )?(?P<who>[a-z]+(?:[ -][a-z]+){0,2})",
    re.IGNORECASE,
)
_BY_PROGRAM: Final = re.compile(
    r"\bby (?:the |an? |our )(?:[a-z-]+ ){0,2}(?:system|software|app|application|program|script|bot|portal|platform|website|server|tool|workflow|pipeline|service|database|scheduler|sensor|controller unit|job)\b(?! (?:manager|owner|admin|administrator|team|operator|engineer|desk))",
    re.IGNORECASE,
)
_SELDOM: Final = re.compile(
    r"(?:any |all |such |these |other )?(?:[a-z-]+ )?(?:exceptions|deviations|waivers|overrides|overruns|extensions|exemptions|variances|discrepancies|anomalies|disputes|objections|complaints|violations|breaches)\b",
    re.IGNORECASE,
)
"""What there may be none of: said of all that ever come, without an article."""
_ALONE: Final = re.compile(r"[A-Za-z-]+[.:;]?")
_SLASHED: Final = re.compile(r"[A-Za-z-]+/[A-Za-z]")
_THING: Final = re.compile(
    r"(?P<word>[A-Za-z-]+)(?: ?\(.*| \d+|/.*| (?:by|of)\b(?! (?:the |an? )?[a-z]+ing\b).*| (?:and|or) (?P<other>[A-Za-z-]+))"
)
_BRACKETED: Final = re.compile(r"[A-Za-z-]+ ?\([^()]*\)")
_MADE: Final = re.compile(r"\((?:the )?[A-Z][a-z]+\b")
"""A name in a bracket: of whoever made the thing."""
_LOOSE: Final = re.compile(
    r"(?!(?:work|check|plan|search|look|test|wait|call|ask|prepare|care|screen|watch|register) (?:for|with)\b)(?P<word>[A-Za-z-]+) (?:for|with|and|or)\b.*"
)
_MINDED: Final = re.compile(
    r"(?:please |also |and |but )*(?:keep in mind|bear in mind|be aware|mind you|remember|note|n\.?b\.?)(?:,|:| that\b)",
    re.IGNORECASE,
)


def ensure_task(clause: str, title: str, role: str, *, among_things: bool) -> None:
    """Raises :class:`Unclear` for a task that nobody could do. ``among_things``: it stands in a list of which most are no instructions."""
    said = re.sub(r"`[^`]*`|\"[^\"]*\"", "``", clause)
    if _MINDED.match(said):
        raise Unclear("This says what to keep in mind, and is no step.", "Note: ...")
    if _SEEN_TO in title:
        _ensure_seen_to(said, role)
    elif _SLASHED.match(said) or _is_thing(said, among_things=among_things):
        raise Unclear(f"{clause!r} can be a thing as well as a step.", "more words: Release the ..., or: Note: ...")


def _ensure_seen_to(said: str, role: str) -> None:
    if _ALONE.fullmatch(said):
        raise Unclear("This is a title, and says nothing that could be seen to.", "The operator ...")
    given = _GIVEN.search(said)
    is_own = given is not None and given["who"].lower().replace(" ", "-").startswith(role)
    if _MESSAGE.match(said) or _BY_PROGRAM.search(said) or is_own:
        raise Unclear("Who does this is not said, and it may be a program.", "The operator sends ...; or Note: ...")
    if _SELDOM.match(said):
        raise Unclear("Whether there is such a thing in a run is not said.", "If there is one, ...")


def _is_thing(said: str, *, among_things: bool) -> bool:
    if _BRACKETED.fullmatch(said) and (among_things or _MADE.search(said)):
        return True
    found = _THING.fullmatch(said) or (_LOOSE.fullmatch(said) if among_things else None)
    if found is None or not instruct.is_noun_too(found["word"].lower()):
        return False
    other = found.groupdict().get("other")
    if other and found.re is _LOOSE:
        return words.base_verb(other.lower()) is None
    return not other or instruct.is_noun_too(other.lower())


def ensure_comes_up(what: str) -> None:
    """Raises :class:`Unclear` for the approval of what there may be none of in a run: ``Exceptions must be approved by the lead``."""
    if _SELDOM.match(what):
        raise Unclear("Whether there is such a thing in a run is not said.", "If there is one, the lead approves it")
