"""What a step of one person may not hold: a way on, somebody's approval, or a condition that stands in the list below it.

Such a sentence has the form of a step, and would be done and gone past as one.
"""

from __future__ import annotations

import re
from typing import Final

from orchestrator.workflows import words
from orchestrator.workflows.naming import Unclear, role_name
from orchestrator.workflows.people import is_person

LEADS_ON: Final = re.compile(
    r"\b(?:go(?:es)?(?: back)?|returns?|jumps?|skips?) (?:on )?to (?:step|section|phase) `?[\d`]|\brepeats? (?:from )?steps? `?[\d`]"
    r"|\bstarts? (?:over|again|from (?:the )?(?:beginning|scratch|start|top))\b|\b(?:goes|go|going) back to (?:the )?(?:beginning|start|previous|last|earlier|first|second|shortlist|top|[a-z]+ (?:section|phase|step|stage))\b"
    r"|\b(?:continues?|proceeds?|goes on) (?:with|at|to|from) (?:the )?(?:next|following|previous) (?:section|phase|step|stage|part)\b|\brepeats?(?: (?:it|this|that|the (?:test|cycle|step|check|process|run)))?(?: (?:once|twice|again|\d+ times|one more time))*$"
    r"|\brepeats? (?:all|the|this|part|parts|any|some|these)\b[^,;.]*\b(?:process|procedure|steps?|section|phase)\b"
    r"|\bthe (?:process|procedure|run|workflow) (?:ends?|stops?|is over|is finished|terminates?|is closed)\b|\bends? the (?:process|procedure)\b",
    re.IGNORECASE,
)
"""A way through the process, which no step of a person may swallow."""
_ENDING: Final = r"reject|refuse|deny|decline|abort|cancel|stop|terminate"
_ELSE: Final = re.compile(
    rf"(?:,|;|\.| [-\u2013\u2014]) (?:otherwise|or else|if not|if so|else)\b(?!,? [^,;]*\b(?:will|would|won['\u2019]t|may|might|can|could|cannot)\b)|(?:,| [-\u2013\u2014]|;) (?:and |or |then )?(?:{_ENDING})s?\b[^;]*\b(?:if|unless|when|otherwise)\b"
    r"|(?:;|, but|, and| and) (?:if|unless|when) (?!needed|necessary|possible|applicable|desired|appropriate|required)[^,;]+, ",
    re.IGNORECASE,
)
_APART: Final = re.compile(r"(?: [\u2013\u2014-] |; )(?:or |and |then )?(?P<verb>[a-z]+)\b[^;]*\b(?:if|unless)\b")
_APPROVED: Final = re.compile(
    r"\b(?:requir(?:e|es|ed|ing)|(?:must )?have|has|needs?|needing|obtain(?:s|ed|ing)?|gets?|getting|got|seeks?|seeking|secur(?:es?|ing)|await(?:s|ing)?|waits? for|pending|"
    r"subject to|without|with|after|upon|until|unless|once)(?: [a-z'\u2019/-]+){0,5}? "
    r"(?:approvals?|sign-?offs?|consent|go-ahead|(?:authori[sz]ation|permission|clearance|confirmation) (?:from|of|by))\b",
    re.IGNORECASE,
)
_LISTED: Final = re.compile(
    r"\b(?:under|in|for|on|upon) (?:any |one |either |all )?(?:of )?(?:the following|these) (?:conditions|cases|circumstances|situations|events|scenarios|instances|reasons|criteria)\b|\b(?:when|if|where|unless)(?: (?:any|one|either|all)(?: of (?:the following|these)(?: [a-z]+){0,3})?)?(?=$|: )|\b(?:if|when|where|unless|in (?:the )?(?:case|event))\b.*\b(?:the following|following conditions)\b",
    re.IGNORECASE,
)
_CHOSEN: Final = re.compile(
    r"\b(?:one|either|any) of (?:the|these)(?: following| two| three)? (?:sections|procedures|chapters|parts|processes|paths|tracks|branches|sets of (?:steps|instructions))\b",
    re.IGNORECASE,
)
_ENDED: Final = r"rejected|refused|denied|declined|aborted|cancell?ed|stopped|terminated|blocked"
_GUARDED: Final = re.compile(
    rf"The [a-z -]+? (?:(?:{_ENDING})s\b|sees to this: [^,;]* (?:is|are|will be|must be) (?:{_ENDED})\b)", re.IGNORECASE
)


def ensure_plain(title: str) -> None:
    """Raises :class:`Unclear` for the title of a task that holds more than what one person does."""
    if LEADS_ON.search(title):
        raise Unclear("Where this leads on to is not clear.", "If ..., go back to step 3, at most twice")
    said = re.sub(r"`[^`]*`", "``", title)
    if _has_another(said):
        raise Unclear("Two people do this.", "a sentence for each")
    apart = _APART.search(said)
    if _ELSE.search(said) or (apart is not None and apart["verb"] in words.VERBS):
        raise Unclear("Two ways on stand in this one step.", "a sentence of its own: If ..., ... . Otherwise, ...")
    if _APPROVED.search(said):
        raise Unclear(
            "Somebody's approval stands within this step.", "a step of its own before it: The lead approves ..."
        )
    if _CHOSEN.search(title):
        raise Unclear("Which of them is followed is not said.", "If ...: above each of them")
    if _LISTED.search(said):
        raise Unclear("What stands below this says when it holds.", "If A, or B, ...: in one sentence")


def _has_another(title: str) -> bool:
    """Whether a second clause has a doer of its own: ``..., and HR signs it``."""
    for found in _JOINED.finditer(title):
        role = role_name(found["who"])
        base = words.base_verb(found["verb"])
        if role and is_person(role) and base and base != found["verb"].lower():
            return True
    return _SIGNED.search(title) is not None


_JOINED: Final = re.compile(
    r"(?:,? and|,? while|,? then|,|;) (?:the |an? |our )?(?P<who>(?!(?:it|they|this|that)\b)[A-Za-z-]{2,30}(?: [a-z-]{2,30}){0,2}?) (?P<verb>[a-z]+s) (?=(?:the|an?|it|them|this|that|all|any|each|every|his|her|their|to|with|for|whether|if|how|what|which|who|when|where|on|upon)\b)"
)
_SIGNED: Final = re.compile(r"; [^;]*\b(?:is|are|must be|will be) [a-z]+ by (?:the |an? |our )[a-z]")


def ensure_goes_on(title: str) -> None:
    """Raises :class:`Unclear` for a refusal under a condition: whether the process goes on after it is not said."""
    if _GUARDED.match(title):
        raise Unclear(
            "Whether the process goes on after this is not said.", "..., and the process ends; ..., and continue"
        )


REFERS: Final = re.compile(
    r"\b(?:this|these|those) (?!step|page|document|file|section|guide|repository)[a-z]+\b", re.IGNORECASE
)
OF_READER: Final = re.compile(
    r"(?:if|when|unless) (?:you|you['\u2019](?:re|ve)|your|we|we['\u2019](?:re|ve))\b", re.IGNORECASE
)
OR_SOMEBODY: Final = re.compile(
    r"(?:the|an?) [a-z-]+(?: [a-z-]+)? (?:or|and|and/or) (?:the|an?) [a-z-]+(?: [a-z-]+)? [a-z]+s\b", re.IGNORECASE
)
"""``The lead or the deputy releases``: what somebody does, and no name of a step."""
