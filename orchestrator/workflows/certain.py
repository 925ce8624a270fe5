"""What may stay a step of its own beside words that are not read, and what those words may say of others. All of it errs on the side of quoting."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from orchestrator.models.workflow import Node, NodeKind
from orchestrator.workflows import headings, instruct, somebody, standing, words
from orchestrator.workflows.naming import role_name

_OF_PEOPLE: Final = frozenset(
    {NodeKind.TASK, NodeKind.REVIEW, NodeKind.ASK, NodeKind.WAIT, NodeKind.DECIDE, NodeKind.END}
)
_PHASE: Final = re.compile(r"(?:step|phase|stage) (?:\d{1,2}|[ivx]{1,4}|[a-h])\b.*", re.IGNORECASE)
_COURSE: Final = re.compile(
    r"(?:the |our |detailed |standard |basic |overall )?(?:procedures?|steps?|process|instructions|checklist|method|workflow|course|protocol|what to do)(?: steps)?:?",
    re.IGNORECASE,
)
_DENIES: Final = re.compile(
    r"\b(?:not|never|avoids?|careful|nothing|nobody|any ?time|whenever|each time|every time|at all times|regularly|throughout|ongoing|as you go|approv\w+|sign(?:s|ing)? ?-?off|only)\b|n['\u2019]t\b",
    re.IGNORECASE,
)
"""Words of a caution, of what always holds and of an approval, which are no plain acts."""
_LEADS_OFF: Final = re.compile(
    r"\b(?:skip|repeat|go (?:back )?to|return to|steps? \d|start(?:ing)? over|stop (?:here|the)|abort|continue (?:with|to|at|from)|proceed (?:to|with) step|jump to)\b",
    re.IGNORECASE,
)
"""Words in an item that may say which one comes next."""
_IF: Final = r"(?:if|when(?:ever)?|unless|where|once|in (?:the )?(?:case|event)|until|except|depending|for|during|after|before|upon|should|as|alternatively|otherwise|instead|either)\b"
_GOVERNS: Final = re.compile(
    rf"\b(?:only|following|below|this section|these steps|optional(?:ly)?|appl(?:y|ies|icable)|those|other(?:wise)?)\b|(?:^\W*|[.!?>]\W+){_IF}",
    re.IGNORECASE,
)
"""Words of a paragraph that is not read which may say when what follows it is done."""
_RESTRICTS: Final = re.compile(
    r"\b(?:rest|remaining|following|next|below|other) (?:of (?:the|these) )?(?:steps?|items?|list|section|points?)\b|\bonly (?:if|when|for)\b.*\b(?:steps|list|section)\b",
    re.IGNORECASE,
)
"""Words of an item which may say when those behind it are done."""
_CHOICE: Final = re.compile(
    r"\b(?:one of|either|any of|whichever|choose|pick|options?|ways|methods|alternatives|such as|e\.g\.|for example|examples?|includ(?:e|es|ing)|may be|can be)\b[^.!?]*:\W*$",
    re.IGNORECASE,
)
"""Words that lead on to a list of which one is meant, or of examples."""
_STANDING: Final = re.compile(
    r"\b(?:polic(?:y|ies)|rules?|limits?|limitations|requirements?|restrictions?|notes?|reminders?|contacts?|definitions?|glossary|roles?|responsibilit(?:y|ies)|principles?|guidelines?|"
    r"standards?|criteria|exceptions?|escalations?|enforcement|troubleshooting|roll[ -]?backs?|safety|precautions?|cautions?|warnings?|compliance|faqs?|questions|help|resources|references?|appendix|overview|"
    r"purpose|scope|background|introduction|objectives?|slas?|severity|severities|priorities|thresholds?|matrix|highlights|tips|considerations|expectations|best practices|what not to do|inputs?|"
    r"ppe|terms|abbreviations|metrics|kpis|governance|confidentiality|quick ?start|getting started|about|summary|tl;?dr|at a glance|mission|vision|goals?|context|tools|materials|supplies|reagents|equipment (?:needed|list|required)|(?:required|needed|additional) equipment|conflicts? of interest|emergenc(?:y|ies)|hazards?)\b",
    re.IGNORECASE,
)
"""Words of headings of what holds throughout, or is to be known before the first step."""
_ACTS: Final = re.compile(
    r"\b(?:checks?|set-?ups?|verification|reviews?|tests?|testing|start-?up|shut-?down|preparation|training|assessments?|collection|inspections?|walk-?through|hand-?over|assignment|gathering|"
    r"analysis|approvals?|submission|briefing|meeting|call|interview|sign-?off|updates?|rotation|return|clean-?up|audit|process|procedure|protocol|workflow|requests?|day|service|phase|step)\b",
    re.IGNORECASE,
)
"""Names of acts, which are done at their place."""
_LABELLED: Final = re.compile(r"(?P<label>[A-Z~(\d][^:`]{1,60}): \S")
_AGENT: Final = re.compile(
    r"(?!(?:After|Other|Order|Error|Header|Footer|Folder|Number|Letter|Newsletter|Calendar|Container|Server|Printer|Computer|Further|Over|Under|Never|Together|Later|Paper|Water|Checklist|Register|Poster|Winter|Summer|Dinner|Filter|Router|Docker)\b)"
    r"(?:The )?[A-Z][a-z]+(?:er|or|eer|ist|ian)s?"
)
"""A word for who does something, alone."""
_READERS: Final = re.compile(r"^\W*(?:we|you|i|this|these|it|they)\b|[^,]*, you\b", re.IGNORECASE)
"""What speaks of who reads or writes, in place of telling somebody to act."""
_STARTING: Final = re.compile(r"\bgetting (?:started|help|in touch)\b", re.IGNORECASE)
_TIME: Final = re.compile(
    r"(?!.*\b(?:(?:first|initial|immediate(?:ly)?)\b.*\d|within|less than|more than|under|over|up to|at (?:least|most)|max(?:imum)?|min(?:imum)?|every)\b).*(?:\b\d+(?:\s?[-\u2013]\s?\d+)?\+? ?(?:minutes?|hours?|days?|weeks?|months?|years?)\b|\b(?:day|week|month|night|morning|evening) (?:of|before|after)\b"
    r"|\b(?:days?|weeks?|months?|years?|hours?) ?[-\u2212+]?(?:\d+|one|two|three)\b|\b(?:first|second|third|last|next|final) (?:day|week|month|90 days)\b).*",
    re.IGNORECASE,
)
"""A heading that says at which time what stands below it is done."""
_WHEN: Final = re.compile(
    r"(?:an? |\w+ |\d+ )?(?:minutes?|hours?|days?|weeks?|months?) (?:in advance|ahead|before|prior|after|later)\b|(?:release|launch|event|opening|moving|election|race|exam|wedding|show|delivery) (?:day|night|morning|week)\b"
    r"|(?:before|during|after|following|prior to|day of)\b (?:(?:the|your|their|our|each|every|his|her)\b|\w+ing\b|[A-Z]?[a-z]+s\b)|post-[a-z]+|pre-(?!requisites?|conditions?)[a-z]+\b",
    re.IGNORECASE,
)
"""A heading of what is done before, in or after something that there is each time."""
_RULES: Final = re.compile(
    r"(?:general |basic |house |our )?(?:rules|polic(?:y|ies))\b.*|.*\b(?:rules|polic(?:y|ies))", re.IGNORECASE
)
_CASE: Final = re.compile(
    r"\b(?:problems?|issues?|errors?|failures?|failed|requests?|complaints?|cases?|types?|scenarios?|options?|optional|variants?|manual(?:ly)?|automat\w+|alternatives?|alternatively|emergenc\w+|minor|major|"
    r"handling|dealing|trouble\w*|special|first[ -]time|one[ -]time|new|existing|returning|lost|broken|missing|late|refused|rejected|samples?|examples?|templates?|formats?|forms?|logs?|tables?|"
    r"pre-?requisites?|pre-?conditions?|don['\u2019]?ts?|not|or|vs|versus|using|via|with|without|from|only|depending|either|if|when|unless|responsibilit\w+|actions? (?:of|by))\b"
    r"|^(?:after|during|before|on|upon|following) (?:an?|any)\b|^(?:for|to|how|what|why|who|where|which|in|on|as|our|your)\b",
    re.IGNORECASE,
)
"""Words of a heading below which may stand what is done at times, by others, or never."""
_NUMBERED_STEP: Final = re.compile(r"^\W*(?:step |phase |stage )?\d{1,2}\b.*|.*\bstep \d.*", re.IGNORECASE)
_ENDS: Final = re.compile(
    r"\b(?:at|to|near) the (?:very )?(?:bottom|end|foot) of (?:this|the) (?:page|document|guide|file|article|text|post)\b|\bsee (?:the )?(?:appendix|annex)\b",
    re.IGNORECASE,
)
_STEM: Final = 5
_SOMEBODYS: Final = re.compile(
    r"(?!(?:the|this|each|general|next|following|required|possible|key|main|daily|weekly|monthly|standard|basic|review|follow-?up|approval|release|business|work|in|post|pre)\b)"
    r"(?:(?:\w+ ){0,3}\w+(?:['\u2019]s|s['\u2019]|s|er|or|ist|ian|ee) (?:process|procedure|part|side|tasks?|duties|actions?|steps|work|responsibilit(?:y|ies)|role)"
    r"|(?:tier|level|line|team|group|shift) ?-?\w+ (?:process|procedure|part|side|tasks?|duties|actions?|steps|work|responsibilit(?:y|ies)|role|validation|resolution|fulfil?lment|intake.*))",
    re.IGNORECASE,
)
_DOER: Final = re.compile(
    r"\b[Tt]he (?P<role>[A-Za-z-]+(?: [A-Za-z-]+)?) (?:(?:will|must|should|shall|officially|then|also|first) )?[a-z]+s?\b"
)
_BEGINS: Final = re.compile(
    r"(?:please )?(?:follow|do|take|perform|complete) (?:the following|these|the|all)(?: \w+)?(?: steps| tasks)?(?: below| in order)?:"
    r"|(?:the )?(?:following )?(?:steps|procedure|instructions|process)(?: (?:are|is))?(?: as follows)?:",
    re.IGNORECASE,
)
_BINDS: Final = re.compile(
    r"\b(?:approv\w+|sign(?:ed|s)?[ -]?off|authori[sz]\w+|consent\w*|permission|permitted|allowed|never|must not|mustn['\u2019]t|may not|do not|don['\u2019]t|cannot|"
    r"prohibited|forbidden|not allowed|no one|nobody)\b",
    re.IGNORECASE,
)
"""Words of an approval or a ban."""
_HELD: Final = re.compile(
    r"\W*(?:(?:and|but|also|then|however),? )*(?:if|when|unless|once|where|for|in case|should|otherwise|upon|after|before)\b",
    re.IGNORECASE,
)
_AFTERWARDS: Final = re.compile(
    r"\b(?:clean-?(?:ing[ -])?up|waste|disposal|maintenance|shut-?down|storage|closing|follow-?up|after(?:wards|care)?|post-?\w+|outcomes?|results?|troubleshooting|next steps)\b",
    re.IGNORECASE,
)
"""Headings of what comes after the course."""
_THIRD: Final = 3
_SHORT: Final = 5
"""Words of such a heading at most: a longer one says what is done."""


def is_of_course(title: str) -> bool:
    """Whether a heading is sure to be of the one course that is gone through: ``Step 2``, ``Procedure``."""
    return _PHASE.fullmatch(title) is not None or _COURSE.fullmatch(headings.unnumbered(title)) is not None


def may_be_a_case(title: str) -> bool:
    """Whether what stands below a heading may be done in a case alone, by some, or never: ``Handling complaints``, ``Sample form``."""
    said = headings.unnumbered(title)
    is_word = _CASE.search(said) is not None or headings.is_case(title) or headings.is_fallback(title)
    return (
        is_word or is_somebodys(title) or any(map(names_people, re.split(r" (?:&|and) |/", said))) or is_standing(title)
    )


def is_gerund(title: str) -> bool:
    """Whether a heading begins with the name of an act: ``Attaching slips``."""
    first, _, rest = headings.unnumbered(title).lower().partition(" ")
    return words.of_gerund(first) is not None and not rest.endswith(("process", "procedure", "steps", "checklist"))


def stems(title: str) -> set[str]:
    """The beginnings of the longer words of a heading."""
    return {word[:_STEM] for word in re.findall(r"[a-z]{4,}", headings.unnumbered(title).lower())}


def speaks_of(text: str, title: str) -> bool:
    """Whether a sentence of a text has the act and another word of a heading that is a gerund: ``Attach the slips`` of ``Attaching slips``."""
    first, *rest = re.findall(r"[a-z]+", title.lower()) or [""]
    act = words.of_gerund(first)
    others = {word[:_STEM] for word in rest if len(word) >= _STEM}
    if act is None or not others:
        return False
    for sentence in re.split(r"[.!?]\s|\n\s*\n|\n\s*[-*\d]", text.lower()):
        found = {word[:_STEM] for word in re.findall(r"[a-z]+", sentence)}
        if act[:_STEM] in found and found & others:
            return True
    return False


def points_to_end(text: str) -> bool:
    """Whether a text sends its reader to the end of the whole: ``see the note at the bottom of this page``."""
    return _ENDS.search(text) is not None


def has_steps(text: str) -> bool:
    """Whether a line of a text is a step with a number."""
    return any(_NUMBERED_STEP.match(line) for line in text.split("\n"))


def is_standing(title: str) -> bool:
    """Whether a heading is of rules, exceptions, ways back, or who is there for what, and of no act."""
    said = headings.unnumbered(title)
    first = said.split(" ", maxsplit=1)[0].lower()
    is_verb = words.base_verb(first) == first or (words.of_gerund(first) is not None and not _STARTING.search(said))
    is_verb = is_verb and " " in said
    is_act = is_verb or _ACTS.search(said) is not None
    is_rule = bool(standing.ruled(title) | standing.denied(title) | standing.noted(title)) or headings.is_fallback(
        title
    )
    is_rule = (is_rule or (_RULES.fullmatch(said) is not None and not is_verb)) and not is_somebodys(title)
    return is_rule or (_STANDING.search(said) is not None and not is_act and len(said.split()) <= _SHORT)


def is_plain(node: Node) -> bool:
    """Whether a step is a plain act of a person: no machine's, no edit, nothing in the passive and no caution."""
    is_act = " sees to this: " not in node.title and not (node.kind is NodeKind.TASK and _DENIES.search(node.title))
    return node.kind in _OF_PEOPLE and not (node.edits or node.within_seconds) and is_act


def is_labelled(text: str) -> bool:
    """Whether a step stands behind a label that may say who does it or when (``Reviewer confirms: keep it``), or is told of the reader."""
    found = _LABELLED.match(text)
    is_label = found is not None and (
        instruct.clause(found["label"]) is None or is_condition(text[found.end("label") + 2 :])
    )
    return is_label or _READERS.search(text) is not None


def names_people(title: str) -> bool:
    """Whether a heading may be nothing but a name for people: ``Scheduler``."""
    return _AGENT.fullmatch(title) is not None


def offers(text: str) -> bool:
    """Whether one of those that stand behind a block is meant, or they are examples."""
    return _CHOICE.search(text) is not None


def tells_time(title: str) -> bool:
    """Whether a heading says when what stands below it is done, by the clock or the calendar: ``2 weeks before``, ``Day 1``."""
    said = re.sub(r"^\(\d{1,2}\) ", "", headings.unnumbered(title))
    return _TIME.fullmatch(said) is not None or _WHEN.match(said) is not None


def may_govern(text: str, *, is_item: bool) -> bool:
    """Whether a block may say when what stands behind it is done, or which comes next, or what stands behind it belongs to it."""
    said = [_RESTRICTS, _LEADS_OFF] if is_item else [_GOVERNS]
    return text.rstrip("\n *_").endswith(":") or any(one.search(text) for one in said)


def is_somebodys(title: str) -> bool:
    """Whether a heading gives what stands below it to somebody of whom no more is known: ``Tier 1 actions``, ``Trainers process``."""
    return _SOMEBODYS.fullmatch(headings.unnumbered(title)) is not None


def names_doer(text: str, by: str) -> bool:
    """Whether somebody else than ``by`` acts in a block: ``The recruiter kicks it off:``."""
    found = {role_name(one["role"]) for one in _DOER.finditer(text)}
    return bool(found - {by, None})


def holds(text: str) -> bool:
    """Whether what stands behind a sentence may be what it speaks of, and no steps: ``Send a note:``."""
    return text.endswith(":") and not begins(text) and not is_condition(text)


def begins(text: str) -> bool:
    """Whether a sentence says that steps begin, and no more."""
    return _BEGINS.fullmatch(text) is not None


def is_none(text: str) -> bool:
    """Whether it is no sentence: a comment, or a picture alone."""
    return text.startswith(("<!--", "!["))


def binds(text: str) -> bool:
    """Whether a sentence asks for an approval or forbids something."""
    return _BINDS.search(text) is not None


def is_condition(text: str) -> bool:
    """Whether a sentence says under what something is done."""
    return _HELD.match(text) is not None


def is_afterwards(title: str) -> bool:
    """Whether a heading is of what is done after the course, wherever it stands."""
    return _AFTERWARDS.search(title) is not None


def acts(title: str, sentences: Iterable[str]) -> bool:
    """Whether what stands below a heading is done at its place: the heading names an act, or more than a third of it tells to act."""
    said = headings.unnumbered(title)
    first = said.split(" ", maxsplit=1)[0].lower()
    if (
        said != title
        or words.base_verb(first) == first
        or words.of_gerund(first)
        or _ACTS.search(said)
        or tells_time(title)
    ):
        return True
    asking = [instruct.clause(text) is not None or somebody.names_people(text, ()) for text in sentences]
    return sum(asking) * _THIRD >= len(asking)
