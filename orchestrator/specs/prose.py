"""How people who write no ids say what they want: words that demand, and sections by their names (English)."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from orchestrator.specs import tongues
from orchestrator.specs.kinds import is_non_goal, is_of_constraints, priority_of
from orchestrator.specs.labels import label_of
from orchestrator.specs.lint.texts import holds
from orchestrator.specs.markdown import Block, BlockKind

MAX_HEADING_WORDS = 8
_NAME_WORDS = 3
"""``Functional requirements`` is a name; more words without a colon are a sentence."""
_COLON_WORDS = 5
"""More words before a colon lead to what follows, and name no section."""
_LEAD_WORDS = 6


class Section(StrEnum):
    """What stands under a heading. ``NEUTRAL`` is one whose name says nothing."""

    NEUTRAL = "neutral"
    WANTED = "wanted"
    ASKED = "asked"
    GOALS = "goals"
    MEASURES = "measures"
    LEFT_OUT = "left out"
    CONTEXT = "context"


_ASKED = re.compile(
    r"^expected (?:behaviou?rs?|results?|outcomes?)|^describe the (?:solution|feature)|^(?:feature )?request$"
    r"|^(?:proposed|desired) (?:solution|behaviou?r|change)|^what (?:should happen|do you want|is wanted)"
    r"|^what (?:you|did you) expect"
)
_MEASURES = re.compile(
    r"^(?:success (?:metrics?|measures?|criteria)|kpis?|metrics|key results?|measures? of success|okrs?)\b"
)
_GOALS = re.compile(r"^(?:product |project |business )?(?:goals?|objectives?)\b")
_WANTED = re.compile(
    r"\b(?:requirements?|features?|functional\w*|user stories|stories|must[- ]haves?|should[- ]haves?|could[- ]haves?"
    r"|nice[- ]to[- ]haves?|scope|mvp|deliverables?|capabilities|functionality|use cases|constraints?"
    r"|acceptance|performance|security|quality|reliability|accessibility|guard-?rails"
    r"|what (?:it|we) (?:does|builds?|need)|(?:business|domain|validation) (?:rules?|logic)"
    r"|tasks|to-?do|(?:\w+-)?anforderungen|funktionen)\b"
    r"|^(?:the |proposed |our )?solution\b|^the (?:product|proposal)$|^(?:behaviou?r|interactions?|in|p[0-3])$"
    r"|^(?:our|the) \w+ (?:will|should|must)(?: do)?$"
)
_ALONE = re.compile(
    r"^(?:tests?|test cases?|testing (?:decisions|strategy|plan|approach)"
    r"|(?:background|context|motivation|effort|estimates?|summary|abstract|overview|vision|purpose|philosophy|timeline"
    r"|milestones?|schedule|risks?|history|authors?|status|team|environment|screenshots?|logs?|versions?|discussion"
    r"|quotes?|research|budget|costs?|links?|questions?|references?|database|checklists?|decisions?|problems?"
    r"|(?:further |additional |other |general )?notes?)(?:\s*[&/:(\u2014\u2013].*|\s+(?:and|of|on|to)\b.*)?)$"
)
"""Sections beside the matter, where nothing else is named: *Team* is one, and *Team management* is none."""
_CONTEXT = re.compile(
    r"^(?:problem (?:statement|and\b.*)|why|rationale|blocks|blocked by"
    r"|related(?:$| (?:documents?|work|links?|issues?|specs?|prds?|reading|resources?|material|tickets?)\b)"
    r"|phase [0-9a-z]+$|phase [0-9]|traceability|(?:technical|implementation|design) (?:notes?|details)"
    r"|introduction|executive summary|project (?:overview|background|context)|product overview"
    r"|goals and background|background context|(?:product|project|overall|overall ux|ux) vision"
    r"|glossary|definitions?|appendix|open questions?|clarifications?|risk (?:assessment|analysis|mitigations?)"
    r"|assumptions?|stakeholders?|(?:(?:user|target|key|primary|buyer) )*personas?"
    r"|(?:target |our |primary |end )?(?:users?|audience|customers?|market)$"
    r"|(?:key|main|user|core|primary) (?:user )?(?:flows?|journeys?)|user needs|(?:primary|key) needs"
    r"|document (?:information|control|history)|table of contents|contents$"
    r"|(?:system |technical |high[- ]level |proposed )*architecture\b|system overview|data (?:models?|schema)\b"
    r"|(?:project|folder|directory|repo\w*|file) structure|epic list|epics? overview|directory layout"
    r"|roadmap|(?:development|project|product|release|implementation|build|delivery) "
    r"(?:roadmap|phases?|plan|order|approach|steps|strategy|timeline|sequence)"
    r"|build order|logical dependency|(?:\w+ )?checklist (?:results|report)|next steps"
    r"|competitors?|competitive (?:analysis|landscape|quadrant|research|\w+$)|competition$"
    r"|alternatives?(?:$| (?:considered|approach(?:es)?|solutions?|designs?|options))"
    r"|change ?log|revision\w*|steps to reproduce|to reproduce|reproduction|actual\b.*"
    r"|current (?:behaviou?r|state|situation)|additional context|describe the bug|what happened|customer quotes?"
    r"|dependencies(?:$|\W+(?:and|&|/))|hintergrund|einleitung|ausgangslage|offene fragen|risiken|annahmen|glossar"
    r"|decision log|user research|rollout|launch plan|go[- ]to[- ]market)\b"
)
_AS_IS = re.compile(r"^(?:shipped|existing|current|as[- ]is|already|today|implemented)\b")
_BESIDE = re.compile(
    r"^(?:appendix|glossary|competitors?|competitive (?:analysis|landscape|quadrant|research)"
    r"|(?:(?:user|target|key|primary|buyer) )*personas?|next steps"
    r"|(?:\w+ )?checklist (?:results|report)|change ?log|revision|references?$|open questions?|risks?(?:$| and)"
    r"|milestones?$|timeline$"
    r"|(?:\w+ )?roadmap|build order|logical dependency"
    r"|(?:development|implementation|project) (?:phases?|plan|approach))\b"
)
"""Sections beside the matter: what stands under them asks for nothing, whatever its own headings are called."""
_ASKS = re.compile(
    r"\b(?:requirements?|features?|functionality|user stories|use cases|in[- ]scope|mvp|deliverables?|capabilities)\b"
)
_PLURAL = re.compile(
    r"\b(?:requirements?|features?|functions?|functionality|capabilities|rules|stories|use cases|tasks|abilit\w+)\b",
    re.IGNORECASE,
)
_PUT_OFF = re.compile(
    r"\W{0,4}[(\[](?:optional\s*/\s*)?(?:future|later|post[- ]?mvp|v[2-9]|phase [2-9]|stretch)[\w .-]{0,20}[)\]]",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(r"\b(?:document|prd|spec(?:ification)?)\b", re.IGNORECASE)
STRONG = re.compile(
    r"\b(?:must|shall|should|ought to|needs to|(?:is|are|be) (?:required|not allowed|forbidden) to|may not"
    r"|m[u\u00fc]ss(?:en)?|soll(?:en)?|d(?:arf|\u00fcrfen)"
    r"|will be able to|has to be)\b",
    re.IGNORECASE,
)
"""Demands wherever they stand."""
_STRONG_WORDS = (
    "must",
    "shall",
    "should",
    "ought",
    "needs",
    "required",
    "allowed",
    "forbidden",
    "may",
    "able",
    "has to",
    "muss",
    "m\u00fcssen",
    "soll",
    "darf",
    "d\u00fcrfen",
)
DEMANDS = re.compile(r"\b(?:must(?!-| have)|shall|m[u\u00fc]ss(?:en)?|(?:is|are) required to)\b", re.IGNORECASE)
"""Words that nobody uses without meaning a requirement."""
_INSISTING = ("must", "shall", "muss", "m\u00fcss", "required")
WISHES = re.compile(
    STRONG.pattern
    + r"|\b(?:will|can|cannot|can't|won't|ha(?:s|ve) to|need to|needs?|allows?|(?<=[a-z] )supports?|enables?|lets?"
    r"|wants? to|I want|I(?:'d| would) like|never|always)\b",
    re.IGNORECASE,
)
"""Demands in a section that holds what is wanted."""
IMPERATIVE = re.compile(
    r"(?:please )?(?:add|allow|support|show|display|send|store|let|provide|enable|create|remove|delete|make|keep|give"
    r"|build"
    r"|implement|fix|prevent|reject|return|include|ensure|validate|log|notify|export|import|limit|use|replace|update"
    r"|migrate|introduce|expose|integrate|handle|improve|reduce|increase|require|restrict|save|load|render|change"
    r"|do not"
    r"|don't|never|always|stop|warn|block|encrypt|mask|record|sort|filter|search|list|print|ask|accept|refuse|rename"
    r"|move|split|merge|sync|cache|retry|schedule|publish|hide|open|close|set|write|read|upload|download)\b",
    re.IGNORECASE,
)
CONDITION = re.compile(r"(?:if|when|whenever|while|once|unless)\b[^,]{3,200},", re.IGNORECASE)
"""Says what happens in a case, without a word that demands it."""
ANNOUNCES = re.compile(r"\b(?:announc(?:ed|es|ing)|launch(?:ed|es)?|introduc(?:ed|es|ing)|unveil\w*)\b", re.IGNORECASE)
PROMISES = re.compile(
    r"\b(?:you|customers?|members?|users?|shoppers?|guests?)"
    r" (?:gets?|receives?|sees?|finds?|chooses?|types?|pays?|opens?|scans?|orders?|books?|picks?|search(?:es)?|saves?"
    r"|shares?|uploads?|tracks?|returns?|cancels?|adds?|removes?|views?|selects?|taps?|enters?)\b",
    re.IGNORECASE,
)
"""What a press release says that people will do, in the present tense."""
STORY = re.compile(r"\bAs an? .{2,200}?,? I (?:want|need|can|would|should)\b", re.IGNORECASE | re.DOTALL)
_WISH_WORDS = (
    *_STRONG_WORDS, "will", "can", "won't", "has to", "have to", "need", "allow", "support", "enable", "let", "want",
    "like",    "never", "always",
)  # fmt: skip
_PROMISING = ("you", "customer", "member", "user", "shopper", "guest")
_LATER_WORDS = ("not ", "no plan", "later ", "future ", "out of scope")
_LEAD = re.compile(
    r"\b(?:needs?|must|shall|should|require[ds]?|support|features?|following|deliver|includes?|build|want|able to"
    r"|can)\b",
    re.IGNORECASE,
)
_NOT_NOW = re.compile(
    r"\bnot (?:at launch|part of|planned|in (?:the first|this|scope|v1|version))|\bno plans? to\b"
    r"|\b(?:a|some) (?:later|future) (?:release|version)\b|\bout of scope\b",
    re.IGNORECASE,
)


_PRESS_WORDS = (*_PROMISING, *_LATER_WORDS)

_SECTIONS = (
    (Section.NEUTRAL, re.compile(r"\bfaqs?\b|\bpress release\b")),
    (Section.ASKED, _ASKED),
    (Section.MEASURES, _MEASURES),
    (Section.CONTEXT, _ALONE),
    (Section.CONTEXT, _CONTEXT),
    (Section.GOALS, _GOALS),
    (Section.WANTED, _WANTED),
)
_ABROAD = (
    (Section.LEFT_OUT, tongues.LEFT_OUT),
    (Section.MEASURES, tongues.MEASURES),
    (Section.CONTEXT, tongues.CONTEXT),
    (Section.GOALS, tongues.GOALS),
    (Section.WANTED, tongues.WANTED),
)


@lru_cache(maxsize=1024)
def section_of(names: tuple[str, ...]) -> Section:
    """By the innermost heading, in small letters, whose name says something; outermost first in ``names``.

    Whatever stands under a heading about what there is already is context.
    """
    if any(_AS_IS.search(name) or _BESIDE.search(name) for name in names):
        return Section.LEFT_OUT if is_non_goal(names[-1]) else Section.CONTEXT
    for name in reversed(names):
        if is_non_goal(name):
            return Section.LEFT_OUT
        if is_of_constraints(name):
            return Section.WANTED
        for section, pattern in (*_SECTIONS, *_ABROAD):
            if pattern.search(name):
                return section
    return Section.NEUTRAL


def asks(name: str) -> bool:
    """Whether a section's name says that it holds what is wanted, in so many words."""
    return (_ASKS.search(name) or tongues.WANTED.search(name)) is not None and not is_non_goal(name)


def names_document(title: str) -> bool:
    """Whether a title says what kind of document this is: a PRD, a specification, a requirements document."""
    return _DOCUMENT.search(title) is not None


def leads_to_parts(text: str) -> bool:
    """Whether a line before a list says all by itself, and the list but names its parts: *must show the following:*."""
    return (
        text.endswith(":")
        and "following" in text.casefold()
        and (demands(text) or IMPERATIVE.match(text) is not None)
        and _PLURAL.search(text) is None
    )


def put_off(text: str) -> bool:
    """Whether an item says of itself, in brackets before it, that it is for later."""
    return _PUT_OFF.match(text) is not None


def is_loud(text: str, *, press: bool) -> bool:
    """Whether a text holds a word without which nothing is demanded or wished; ``press``: nor promised or put off."""
    lowered = text.casefold()
    return holds(lowered, _WISH_WORDS) or (press and holds(lowered, _PRESS_WORDS))


def insists(text: str) -> bool:
    """Whether :data:`DEMANDS` is in a text; as :func:`demands`, most texts are seen at once to have none."""
    lowered = text.casefold()
    return holds(lowered, _INSISTING) and DEMANDS.search(text) is not None


def demands(text: str) -> bool:
    """Whether :data:`STRONG` is in a text. Most texts have none of its words, which is seen at once."""
    lowered = text.casefold()
    return holds(lowered, _STRONG_WORDS) and STRONG.search(text) is not None


def wishes(text: str) -> bool:
    """Whether :data:`WISHES` is in a text."""
    lowered = text.casefold()
    return holds(lowered, _WISH_WORDS) and WISHES.search(text) is not None


def promises(text: str) -> bool:
    """Whether :data:`PROMISES` is in a text; it is tried only where one of its first words stands."""
    lowered = text.casefold()
    if len(lowered) != len(text):
        return PROMISES.search(text) is not None
    for subject in _PROMISING:
        at = lowered.find(subject)
        while at >= 0:
            if PROMISES.match(text, at):
                return True
            at = lowered.find(subject, at + 1)
    return False


def tells_story(text: str) -> bool:
    """Whether :data:`STORY` is in a text."""
    return "as a" in text.casefold() and STORY.search(text) is not None


def says_section(line: str) -> bool:
    """Whether a short line names a section, as a heading in pasted text does."""
    name = line.strip().strip("*_").rstrip(":").strip().casefold()
    if not name or len(name.split()) > MAX_HEADING_WORDS or name.endswith((".", "?", "!", ",")):
        return False
    ended = line.strip().rstrip("*_").endswith(":") or line.strip().startswith(("**", "__")) or line.isupper()
    exact = section_of((name,)) is not Section.NEUTRAL and not STRONG.search(name)
    marked = ended and (len(name.split()) <= _COLON_WORDS or not line.strip().endswith(":"))
    return exact and (marked or len(name.split()) <= _NAME_WORDS)


def leads(block: Block) -> tuple[bool, str]:
    """Whether a paragraph announces a list of requirements, and the priority that it gives them."""
    text = block.text.strip()
    if block.kind is BlockKind.ROW or label_of(text) is not None:
        return False, ""
    urgent = priority_of(text) if len(text.split()) <= _LEAD_WORDS else ""
    return bool(urgent) or (text.endswith(":") and _LEAD.search(text) is not None), urgent


def left_out(sentence: str) -> bool:
    """Whether an answer says that something will not be there yet."""
    lowered = sentence.casefold()
    return holds(lowered, _LATER_WORDS) and _NOT_NOW.search(sentence) is not None
