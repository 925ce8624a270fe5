"""Where a sentence stands, and what the words above it say of it: its heading, what leads on to it, its place in the item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum
from typing import Final

from orchestrator.workflows import forms
from orchestrator.workflows.phrasing import is_denial
from orchestrator.workflows.prose import Item


class Under(StrEnum):
    """What stands below a heading: steps, unless its words say something else."""

    STEPS = "steps"
    NEEDS = "needs"
    """Things that somebody has to have, and what has to be so before the first step."""
    OWED = "owed"
    """Commitments and records: things that somebody has to see to."""
    DUTIES = "duties"
    """Who is there for what."""
    TOLD = "told"
    """Purpose, scope, impact: what asks for nothing is a remark."""
    POINTERS = "pointers"
    """References and definitions, where names may look like steps."""


class Doubt(StrEnum):
    """Why a sentence may ask for nothing, though it has the form of a step."""

    DENIED = "denied"
    """Above it stands: not this, or for example."""
    NAMED = "named"
    """It may be one of the things of a list whose head is not read."""
    AUTOMATIC = "automatic"
    """What stands above it says that a program does this, or what a thing is for."""
    SELDOM = "seldom"
    """Its heading says that it is not done each time, and not when: ``Rollback``."""
    BELOW = "below"
    """It stands below the list of a condition, and may be meant to hold under it alone."""
    RULES = "rules"
    """Its heading says that rules, criteria or examples stand below it."""
    NOTED = "noted"
    """It stands below notes behind the steps, and may be advice for all of them."""
    TOLD = "told"
    """It stands below ``Purpose`` and the like, and names nobody."""
    HELD = "held"
    """What stands above it says when it holds, and is not read."""
    SAID = "said"
    """It stands below the sending of a message, and may be what that says."""


class Place(StrEnum):
    """Which sentence of its item it is."""

    NUMBERED = "numbered"
    """The first of a numbered one: it asks for something also where it only says what comes about."""
    FIRST = "first"
    LATER = "later"


_NEEDS: Final = re.compile(
    r"(?:pre-?requisites?|pre-?conditions?|requirements?|what you(?:['\u2019]ll| will)? need|you(?:['\u2019]ll| will)? need|needed|materials|equipment|"
    r"entry criteria|before you (?:begin|start)$|"
    r"(?:required|needed|necessary) information|information (?:needed|required)|what to (?:bring|have)|required (?:access|materials|tools|equipment|permissions))\b",
    re.IGNORECASE,
)
_OWED: Final = re.compile(
    r"(?:(?:(?:our|the|general) )?(?:commitments?|obligations?)(?: to you)?|we (?:commit|undertake)(?: ourselves)? to|"
    r"records?(?:[ -]keeping)?|retention(?: of records)?|deliverables):?",
    re.IGNORECASE,
)
_DUTIES: Final = re.compile(
    r"(?:roles?|responsibilit(?:y|ies)|duties|roles?(?: and|,| &) responsibilities|people(?: involved)?|who does what):?",
    re.IGNORECASE,
)
_TOLD: Final = re.compile(
    r"(?:purpose|objectives?|scope|background|introduction|overview|definitions?|terms|glossary|abbreviations|acronyms|references|"
    r"related (?:documents|policies|procedures|links)|applicability|audience|intended audience|revision history|document (?:history|control)|"
    r"(?:recent |latest |summary of )changes|what['\u2019]s new|release notes|meaning|impact|(?:additional |further |general )?notes|summary|context|symptoms?|further reading|additional (?:reading|resources|information)|resources|see also|links|"
    r"history|changelog|version history|appendix|appendices)"
    r"(?:(?:,| and| &| /) (?:purpose|objectives?|scope|background|overview|definitions?|terms|abbreviations|acronyms|references|applicability))*:?",
    re.IGNORECASE,
)
_POINTERS: Final = re.compile(
    r"(?:(?:definitions?|terms|glossary|abbreviations|acronyms|references|links|see also|resources|contacts|(?:further|additional|related|recommended) (?:reading|resources|documents|links)|"
    r"(?:revision|version|document|change) (?:history|log)|changelog|(?:recent|latest) (?:changes|updates)|what['\u2019]s new)(?:(?:,| and| &) )?)+:?",
    re.IGNORECASE,
)
_FORBIDDEN: Final = re.compile(
    r"(?:do not|don['\u2019]?ts?|never|avoid|(?:what|when|things|how) (?:not|never))\b", re.IGNORECASE
)
_CHAPTER: Final = re.compile(r"(?:\d{1,2}(?:\.\d{1,2})*[.)]?|[A-H][.)]) ")
_NAMES: Final = re.compile(
    r"\b(?:modules|tools|programs|packages|libraries|dependencies|components|services|terms|words|definitions|abbreviations|commands|scripts|"
    r"files|folders|options|flags|settings|parameters|fields|columns|values|labels|names|types|kinds|states|statuses)\b[^:]*:$",
    re.IGNORECASE,
)
"""What may lead on to a list of things and what each of them is."""
_AUTOMATIC: Final = re.compile(
    r"\b(?:workflow|job|script|tool|bot|system|pipeline|ci|build|action|service|server|program|command|automation|step)s?[\"'`)]*"
    r"(?: [a-z]+ly| will| also| then| does| do)*(?: [a-z]+s)?:$|\bautomatically:$",
    re.IGNORECASE,
)
"""What leads on to a list of what something that is no person does, as ``The workflow will:``."""
_WHEN: Final = re.compile(
    r"(?:(?:and|but|also|then|however),? )*(?:for|if|when(?:ever)?|where|in case|in (?:the )?(?:case|event|absence) of|in the (?:case|event)|unless|under(?! no\b)|on|upon|during|"
    r"after|before|once|only|should|provided|depending|as long as|while|until|except|without)\b",
    re.IGNORECASE,
)
"""What a sentence begins with that says when what stands below it holds."""
_CASES: Final = re.compile(
    r"\b(?:when|if|where|unless|until|only for|applies to|(?:under|in|for|on|with) (?:any |one |either |all )?(?:of )?(?:the following|these|such) [a-z ]+|(?:conditions|cases|situations|circumstances|reasons|criteria|triggers|events|scenarios)(?: (?:are|include|is|apply))?)\W*:$"
    r"|\b(?:used|applies|apply|valid|appropriate|triggered|activated|invoked|allowed|eligible|granted|applicable|permitted|required)(?: [a-z]+){0,3}:$",
    re.IGNORECASE,
)
"""What says at the end that what stands below it are the cases in which something holds."""
_OTHERS: Final = re.compile(
    r"\b(?:must|should|shall|will|needs? to|ha(?:s|ve) to|(?:is|are) (?:to|(?:responsible|required|expected|accountable)(?: (?:for|to))?))(?: (?:do|take|perform|complete|follow|carry|out|also|then|the|following|these|all|of|steps|actions|tasks|items))*:$",
    re.IGNORECASE,
)
"""What says that somebody does what stands below it."""
_PURPOSES: Final = re.compile(r"\bto:$", re.IGNORECASE)
"""What leads on to what something is good for, as ``We also publish it to:``."""
_DEFINED: Final = re.compile(
    r"(?:file|source|definition|defined in|pipeline|workflow|configuration): `[^`]+\.(?:ya?ml|toml|json|groovy)`",
    re.IGNORECASE,
)


def under(title: str) -> Under:
    """What the words of a heading say of all that stands below it."""
    said = _CHAPTER.sub("", title, count=1)
    if _OWED.fullmatch(said):
        return Under.OWED
    if _DUTIES.fullmatch(said):
        return Under.DUTIES
    if _POINTERS.fullmatch(said):
        return Under.POINTERS
    if _TOLD.fullmatch(said):
        return Under.TOLD
    return Under.NEEDS if _NEEDS.match(said) else Under.STEPS


def are_needs(said: str) -> bool:
    """Whether these words as a whole lead on to what somebody has to have."""
    return _NEEDS.fullmatch(said) is not None


_EXPLAINS: Final = re.compile(
    r"(?:(?:purpose|aims?|goals?|objectives?|scope|background|introduction|overview|definitions?|terms|glossary|abbreviations|acronyms|references|summary|applicability|audience)(?:(?:,| and| &| /) (?=.)|$))+",
    re.IGNORECASE,
)


def told(title: str) -> frozenset[Doubt]:
    """Whether a heading says why or of what the text is: an imperative below it is what the whole is for."""
    said = _CHAPTER.sub("", title, count=1).strip(" :")
    return frozenset({Doubt.TOLD}) if _EXPLAINS.fullmatch(said) else frozenset[Doubt]()


def denied(title: str) -> frozenset[Doubt]:
    """What a heading casts doubt on all below it with: ``Common mistakes``."""
    return frozenset({Doubt.DENIED}) if is_denial(title) or _FORBIDDEN.match(title) else frozenset[Doubt]()


_RULES: Final = re.compile(
    r"(?:annual |periodic |ongoing )?(?:reviews? (?:&|and) audits?|audits? (?:&|and) reviews?)|(?!(?:gather|define|review|check|collect|confirm|verify|set|establish|write|agree|determine|identify|apply|add|create)\b)"
    r"(?:(?:.* )?(?:best practices?|good practices?|guidelines?|principles|tips(?: (?:and|&) tricks)?|rules(?: of .+)?|etiquette|(?:code of )?conduct|standards|expectations|considerations|reminders|criteria|metrics|kpis|examples?|"
    r"templates?|limitations|assumptions|constraints|precautions|warnings|dos? (?:and|&) don['\u2019]?ts?|policy statements?|policy details?|policies|benefits|consequences|penalties|disciplinary actions?|goals)"
    r"|do['\u2019]?s (?:and|&) don['\u2019]?ts|(?:things|points) to (?:remember|note|consider|know|keep in mind)|remember|(?:important|key|special|other|critical|safety) (?:notes?|points|information|facts)|security controls|policy|safety|hazards?|ppe|"
    r"(?:personal )?protective equipment|quality (?:assurance|control)(?: [a-z]+){0,2}|.* to (?:keep in mind|bear in mind|remember|note|be aware of|consider)|(?:always|at all times|throughout|never forget)(?: .*)?|(?:.* )?cautions?|safety (?:measures|instructions|requirements|tips)|compliance|non-?compliance|enforcement|governance|lessons learned|success metrics|slas?|service levels?(?: agreements?)?|systems involved|triggers?(?: for .+)?|when to use.*|"
    r"(?:recent |latest |planned |future )(?:changes|updates|improvements)|what['\u2019]s (?:new|changed)|continuous improvement|outcomes?|who (?:can|to|do|should) .+|where to .+|(?:getting|need|more) help|help|questions|contact us|what happens .+|how (?:it|this) works|key (?:terms|contacts)|contacts?|common .+)"
    r"(?:(?:,| and| &|/| for| on| when| in| of| during) .*)?:?",
    re.IGNORECASE,
)
"""Headings of what is so, has to be so or is good to know; not those that begin with an act: ``Gather requirements``."""


def ruled(title: str) -> frozenset[Doubt]:
    """Whether a heading says that rules or criteria stand below it: ``Best practices``."""
    said = re.sub(r"^\W+", "", _CHAPTER.sub("", title, count=1))
    return frozenset({Doubt.RULES}) if _RULES.fullmatch(said) else frozenset[Doubt]()


_NOTES: Final = re.compile(
    r"(?:additional |further |general |other |important )?(?:notes?|remarks?|comments?|hints?|tips)(?: (?:and|&) [a-z]+)?:?",
    re.IGNORECASE,
)


def noted(title: str) -> frozenset[Doubt]:
    """Whether notes stand below a heading."""
    return frozenset({Doubt.NOTED}) if _NOTES.fullmatch(_CHAPTER.sub("", title, count=1)) else frozenset[Doubt]()


_RESTRICTS: Final = re.compile(
    r"(?:this (?:section|step|part|chapter|phase|form|task) )?(?:is |are )?(?:only )?(?:required|needed|necessary|applies|apply|applicable|mandatory|relevant|intended|for use|valid|used|use this|do this|skip this)(?: (?:section|step|part|form))? (?:only )?(?:if|when|for|where|to|in case|unless)\b.*",
    re.IGNORECASE | re.DOTALL,
)


def restricts(text: str) -> bool:
    """Whether a sentence says when all that follows it in its section holds: ``Only needed for guests``."""
    return _RESTRICTS.fullmatch(text) is not None


_LEFT_OPEN: Final = re.compile(
    r"(?:(?:and|but|also|then|so),? )*(?:if (?:not|so|yes|no|none|neither|both|(?:it|they|this|that) (?:is|are|does|do|has|have|was|happens|fails|applies)(?: not|n['\u2019]t)?)[,:] ?.*"
    r"|(?:in (?:that|this|which|such an?|these|those) (?:cases?|event|situations?)|otherwise|or else|else|alternatively|failing that|(?:every|each|any) time|exceptionally|in exceptional cases|at other times|on other days)\b.*"
    r"|(?:only )?(?:when|where|if|as|unless|until) [^,:;]{2,60}:"
    r"|(?:applies|applicable|offered|used|required|needed|allowed|available|triggers?|triggered|trigger conditions?|conditions?|eligible|eligibility|preconditions?)(?: (?:by|when|if|where|for|to|in))?:.*)"
    r"|.*\b(?:(?:every|each) time (?!zone)|in that case|in which case|(?:where|when|if) (?:it is |they are )?(?:offered|provided)\b).*|depending on\b.*",
    re.IGNORECASE | re.DOTALL,
)
_WHEN_LABEL: Final = re.compile(
    r"(?:only )?(?:when|where|if|unless) (?!to\b|you\b)[a-z]+(?: [a-z]+)?|(?:applies|used|offered|required|needed|available|allowed) (?:when|if|where|to|for|in)\b.*|triggers?(?: (?:conditions?|events?))?|conditions?",
    re.IGNORECASE,
)
_IF: Final = re.compile(
    r"(?:(?:and|but|also|then),? )*(?:if|when|unless|in case|should|where|in the (?:case|event)|for)\b", re.IGNORECASE
)
_POINTS: Final = re.compile(
    r"(?:then |also |next |and )?(?:please )?(?:[A-Za-z-]+(?: up| out| off| away| back| down)? (?:it|them|this|these|those|him|her)\b(?! (?:[a-z]+ )?(?:step|page|document|file|section|guide|repository|form|checklist))|(?:it|they|these|those|this|he|she) (?:is|are|must|should|needs?|has|have|will|shall)\b)",
    re.IGNORECASE,
)


def leaves_open(text: str) -> bool:
    """Whether a sentence that is not read may say when what follows it in its list holds: ``If not, ...``, ``When offered:``."""
    return _LEFT_OPEN.fullmatch(text) is not None


def holds_beside(title: str) -> bool:
    """Whether a title within a section says when the rest of that section holds: ``When offered``."""
    return _WHEN_LABEL.fullmatch(title.strip(" :")) is not None


def may_bind(text: str) -> bool:
    """Whether a sentence that is not read begins as a condition does."""
    return _IF.match(text) is not None


def points_back(text: str) -> bool:
    """Whether a step speaks of what the sentence before it named: ``Send it back``."""
    return _POINTS.match(text) is not None


def is_of_a_program(text: str) -> bool:
    """Whether a section with such a line tells of a program that runs by itself: ``File: `release.yml` ``."""
    return _DEFINED.fullmatch(text) is not None


def below(said: str, became: str | None, doubts: frozenset[Doubt]) -> frozenset[Doubt]:
    """The doubts of what stands below a sentence, which ``became`` what it did; its own hold for them too, but that of one list."""
    found = set(doubts) - {Doubt.NAMED}
    if said.endswith((":", ",")) and is_denial(said):
        found.add(Doubt.DENIED)
    if (became in {"error", "remark"} and said.endswith(":")) or (became == "error" and _NAMES.search(said)):
        found.add(Doubt.NAMED)
    if said.endswith(":") and _MINDED.search(said) and became != "node":
        found.add(Doubt.RULES)
    if _WHEN.match(said) and became != "error":
        found -= {Doubt.SELDOM}
    elif became in {"error", "remark"} and (_WHEN.match(said) or _CASES.search(said)):
        found.add(Doubt.HELD)
    if became == "node" and _SENT.fullmatch(said):
        found.add(Doubt.SAID)
    is_done = (became == "error" and _AUTOMATIC.search(said)) or (
        became in {"error", "remark"} and _OTHERS.search(said)
    )
    if is_done or (became != "edge" and _PURPOSES.search(said)):
        found.add(Doubt.AUTOMATIC)
    return frozenset(found)


_MINDED: Final = re.compile(
    r"\b(?:notes?|important)(?: (?:that|the following|these|this|points?|notes?|things?|to|know|all|also)){0,4}\W*:$"
    r"|\b(?:(?:keep|bear) in mind|remember|be aware|aware of|at all times|always(?! (?:do|take|follow|begin|start|in)\b)|never forget|tips|good practices?|best practices?|principles|expectations|guidelines|"
    r"precautions|cautions?|safety (?:rules|measures|notes|tips)|quality (?:assurance|control)|reminders|rules|dos and don['\u2019]?ts|good to know)\b[^:]*:$",
    re.IGNORECASE,
)
"""What leads on to what holds throughout: ``Here are some things to keep in mind:``."""
_SENT: Final = re.compile(
    r"(?:please )?(?:(?:the )?[A-Za-z-]+ )?(?:sends?|e-?mails?|writes?|posts?|publish(?:es)?|drafts?|prepares?|makes?|gives?|announces?|tells?|informs?|repl(?:y|ies)|replys|answers?|leaves?)\b"
    r"[^:]*\b(?:messages?|e-?mails?|notes?|notices?|letters?|acknowledge?ments?|confirmations?|repl(?:y|ies)|responses?|answers?|posts?|announcements?|reports?|summar(?:y|ies)|updates?|invitations?|reminders?)\b[^:]*:",
    re.IGNORECASE,
)
_SHORT: Final = 6


def leads_below(text: str) -> bool:
    """Whether the list behind a paragraph stands below it: it ends in a colon, or says when the steps below it hold."""
    if text.endswith(":"):
        return True
    return _WHEN.match(text) is not None and (
        _BELOW.search(text) is not None or (len(text.split()) <= _SHORT and forms.THING.fullmatch(text) is not None)
    )


def leads_on(text: str) -> bool:
    """Whether a sentence is not whole without the list below it, whose items may be what it checks, or when it holds: ``Escalate if:``."""
    return text.endswith((":", ",")) or _OPEN.search(text) is not None


_OPEN: Final = re.compile(
    r"\b(?:if|when|where|unless|until|that|whether|following|below|these|includ(?:e|es|ing)|one of|any of|all of)\W*$",
    re.IGNORECASE,
)


def led(found: Iterable[Item]) -> Iterator[Item]:
    """The items, where a list is below the paragraph before it that leads on to it."""
    left = list(found)
    while left:
        item = left.pop(0)
        if not item.listed and not item.children and leads_below(item.sentences[-1].text):
            shown = _shown(left) if _WHEN.match(item.sentences[-1].text) else 0
            listed = next((n for n, other in enumerate(left) if n >= shown and not other.listed), len(left))
            item = Item("", item.sentences, left[:listed], listed=False)
            left = left[listed:]
        yield item


def _shown(items: Sequence[Item]) -> int:
    """How many items at the beginning are nothing but code."""
    return next(
        (n for n, item in enumerate(items) if item.listed or not all(s.code for s in item.sentences)), len(items)
    )


_BELOW: Final = re.compile(
    r"\b(?:steps?|actions?|instructions?|procedures?|tasks?|checklist|process)\b[^.;]*\bbelow\b|\bthe following (?:additional )?(?:steps|actions|instructions|tasks|procedure|checklist)\b|\bbelow (?:steps|actions|instructions|tasks)\b",
    re.IGNORECASE,
)


def is_about_itself(text: str) -> bool:
    """Whether a sentence only says what the document is: ``This procedure applies to ...``."""
    says = _ITSELF.fullmatch(text) is not None and forms.BINDING.search(text) is None
    return says or _USED.fullmatch(text) is not None or _HOW.fullmatch(text) is not None


_HOW: Final = re.compile(
    r"(?:when [^,:;]{3,80}, )?(?:this|here|below|the following) is (?:how|what happens|the way)\b(?!.*\b(?:must|never|always|only|unless|before)\b)[^:]*",
    re.IGNORECASE,
)
"""What leads the reader to all that follows: ``When a cup breaks, this is how they get a new one``."""
_USED: Final = re.compile(
    r"(?:use|follow|consult) (?:this|these) (?:[a-z]+ ){0,2}?(?:documents?|procedures?|polic(?:y|ies)|process|sop|guides?|guidelines?|runbook|playbook|page|section|template|checklist|instructions?)"
    r" (?:when(?:ever)?|if|for|to|in case|whenever|as)\b.*",
    re.IGNORECASE | re.DOTALL,
)
"""When the whole of a text is for: a step of it could not be done without it."""
_ITSELF: Final = re.compile(
    r"(?:the (?:purpose|aim|goal|objective|intent|scope) of this|this|these) (?:[a-z]+ ){0,3}?(?:documents?|procedures?|polic(?:y|ies)|process|sop|guides?|guidelines?|runbook|playbook|page|section|chapter|"
    r"plan|standard|checklist|instructions?)(?: (?:also|only|here|below))? (?:(?:describe|explain|define|outline|cover|document|summari[sz]e|specif(?:y|ie)|appl(?:y|ie)|list|detail|"
    r"provide|contain|address(?:e)?|set)s?(?: out)?\b|(?:is|are) (?:to|for|intended|meant|aimed|about)\b|does not (?:apply|cover|address|describe)\b).*",
    re.IGNORECASE | re.DOTALL,
)
