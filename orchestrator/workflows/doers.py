"""Who does the steps of a section or an item, where that stands apart from them: in the heading, before the list, in a line of the item."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final

from orchestrator.workflows import words
from orchestrator.workflows.naming import role_name
from orchestrator.workflows.people import DEPARTMENTS, is_group, is_person, is_surely_person, is_thing
from orchestrator.workflows.prose import Item, Sentence

_NUMBER: Final = re.compile(
    r"^(?:(?:step|phase|part|stage) )?(?:\d{1,2}(?:\.\d{1,2})*|[A-H])[.):]? (?:[-\u2013\u2014:] )?", re.IGNORECASE
)
_BRACKETED: Final = re.compile(r"[(\[](?P<who>[^()\[\]]+)[)\]]\W*$")
_DASHED: Final = re.compile(r"^(?P<first>[^:\u2013\u2014]+?)(?::| [-\u2013\u2014]) (?P<then>[^:\u2013\u2014]+)$")
_LEAD: Final = re.compile(
    r"^(?:(?:done|performed|carried out|executed|handled|led|completed|owned|run) by|owners?:?|responsible:?|assigned to:?|by|who:|role:|actor:|lead:) (?:the |an? )?",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(
    r"(?:step |task |action )?(?:owners?|responsible(?: (?:person|party|role|team))?|responsibility|assignees?|assigned to|delegated to|who|by|by whom|done by|performed by|carried out by|executed by|"
    r"handled by|completed by|actor|role|lead|accountable|doer|executor|performer|team|department): (?P<names>[^:]+)",
    re.IGNORECASE,
)
_BY: Final = re.compile(
    r"(?:responsib|done|performed|carried|executed|handled|completed|assign|delegated|actor|performer|executor)",
    re.IGNORECASE,
)
_SET: Final = r"(?:steps?|phases?|sections?|tasks?|actions?|activities|procedures?|parts?|process|stages?|checklists?|items?|instructions?)"
_PASSIVE: Final = re.compile(
    rf"(?:the |this |these |all |each |every )?(?:[a-z]+ ){{0,3}}?(?:{_SET}|this|the following)(?: (?:below|of this section|in this (?:section|phase)|that follow))? (?:is|are|must be|should be|will be|shall be|(?:has|have) to be) "
    r"(?:[a-z]+ly )?(?:done|performed|carried out|executed|completed|led|owned|handled|conducted|run|managed|undertaken|followed|taken|used) (?:only )?by (?P<names>[^:;,]+?)(?: only)?:?",
    re.IGNORECASE,
)
_OF_STEP: Final = re.compile(
    r"this(?: (?:step|task|action|item))? (?:is|must be|should be) (?:done|performed|carried out|completed|handled|executed) by (?P<names>[^:;,]+)",
    re.IGNORECASE,
)
_ACTIVE: Final = re.compile(
    rf"(?:(?:on|in|at|after|before|during|once|upon|for) [^,:]+, )?(?P<names>[A-Za-z][A-Za-z /&-]*?) (?:then |also )?(?:does|do|performs?|completes?|carries out|carry out|follows?|executes?|takes?|handles?|owns?|leads?|"
    rf"is in charge of|goes through|works? through|(?:will|must|should|shall|can|is to|are to|needs? to) (?:then |also )?(?:do|perform|complete|carry out|follow|execute|take|handle|own|lead|go through|work through)) "
    rf"(?:the following|these|this|all(?: of)?(?: the| these)?|the)(?: [a-z]+)?(?: {_SET})?(?: below)?(?: in (?:this |the )?order)?:?",
    re.IGNORECASE,
)
_ALONE: Final = re.compile(
    r"(?P<names>(?:The |An? |Our )?[A-Za-z][A-Za-z /&-]*?)(?:,? (?:then|will|also|next|first|now))?:"
)
_AS: Final = re.compile(
    r"as (?:the |an? |our )?(?P<names>[A-Za-z][A-Za-z -]*?), (?:you|please|do|follow|the following)\b.*:", re.IGNORECASE
)
_TITLED: Final = re.compile(
    r"(?!.*\b(?:your|my|it|them)\b)(?:[A-Za-z-]+ ){0,3}[A-Za-z-]+ by (?:the |an? |our )?(?P<names>(?![a-z]+ing\b)[A-Za-z][A-Za-z /-]*):?"
)
_GIVEN_TO: Final = re.compile(
    r"(?P<what>.+?[^:]) (?:[-\u2013\u2014] |[(\[](?:(?:by|owner|responsible):? (?:the )?)?)(?P<who>[A-Z][A-Za-z]*(?:(?: |/| and )[A-Za-z]+){0,3})[)\]]?"
)
_MENTIONED: Final = re.compile(
    r"\b(?!(?:to|with|for|from|by|in|on|at|of|and|or|the|ping|tell|ask|cc|notify|call|mail|email|message|mention|tag|via)\b)[a-z]+ \(?@[\w-]{1,60}\)?$",
    re.IGNORECASE,
)
"""Somebody whose name stands alone at the end: ``File it @clerk``."""
_TAIL: Final = 120
_UNCLEAR: Final = "?"
_OFFICES: Final = (
    "manager", "officer", "commander", "administrator", "coordinator", "director", "supervisor", "technician", "analyst", "reviewer", "approver", "requester", "requestor", "maintainer",
    "developer", "accountant", "representative", "specialist", "secretary", "clerk", "nurse", "engineer", "scribe", "treasurer", "receptionist", "dispatcher", "committee", "board", "assistant", "owner", "lead", "team",
)  # fmt: skip
"""Last words of a heading that is somebody's name, and no subject."""
_LONGEST: Final = 4
_CROWDS: Final = frozenset(
    {
        "employee",
        "manager",
        "user",
        "student",
        "customer",
        "visitor",
        "volunteer",
        "contractor",
        "vendor",
        "guest",
        "member",
        "staff",
    }
)


_CALLED: Final = ("team", "board", "committee", "representative")
"""Offices whose preparation may be that of a meeting with them."""
_OF_WHOM: Final = re.compile(
    r"(?:steps|duties|tasks|actions|responsibilities|instructions) (?:for|of) (?:the |a |an )?(?P<role>[A-Za-z -]+)",
    re.IGNORECASE,
)
_ROLE_FIRST: Final = re.compile(
    r"(?:the )?(?P<role>[A-Za-z -]+?)(?:['\u2019]s?)? (?:(?P<does>steps|duties|tasks|actions|responsibilities|instructions)|preparations?|checklist|set-?up|activities|to-?dos?)",
    re.IGNORECASE,
)


def whose(title: str, by: str) -> str | None:
    """The role whose steps stand under a heading: ``Steps for the clerk``, ``Manager preparation (a week before)``; ``None`` for none, or for ``by``.

    ``?`` for a department whose preparation may be a subject: ``IT setup``.
    """
    said = re.sub(r" ?\([^()]*\)", "", _NUMBER.sub("", title, count=1)).strip(" :")
    found = _OF_WHOM.fullmatch(said)
    if found is not None:
        return found["role"]
    found = _ROLE_FIRST.fullmatch(said)
    role = ("it" if found["role"] == "IT" else role_name(found["role"])) if found else None
    if found is None or role is None or not (is_person(role) or role == "it"):
        return None
    if not found["does"] and _is_topic(role):
        return None if by.split("-", maxsplit=1)[0] == role else _UNCLEAR
    is_office = role.endswith(_OFFICES) and not role.endswith(_CALLED)
    return found["role"] if is_person(role) and (found["does"] or is_office) else None


def of_heading(title: str, known: Iterable[str]) -> str:
    """The role that a heading names as the doer of what stands below it; '' for none, and ``?`` for several or one that may be a subject."""
    said = _NUMBER.sub("", title, count=1).rstrip(": ")
    bracket, dashed = _BRACKETED.search(said), _DASHED.fullmatch(_BRACKETED.sub("", said).strip())
    for part in (
        bracket["who"] if bracket else "",
        dashed["first"] if dashed else "",
        dashed["then"] if dashed else "",
    ):
        found = _named(_LEAD.sub("", part), known) if part else ""
        if found and not (part and dashed and part != (bracket and bracket["who"]) and _is_topic(found)):
            return found
    whole = _named(_LEAD.sub("", said), known)
    if whole in known or is_unclear(whole) or whole.endswith(_OFFICES):
        return whole
    return "" if _is_topic(whole) and said != title.rstrip(": ") else _of_people(said, whole)


def _of_people(said: str, role: str) -> str:
    """Of a heading that is no office: the role, where it surely means one of the people; ``?`` where it may, or may be several; ''."""
    first = said.split(" ", maxsplit=1)[0].lower()
    if len(said.split()) > _LONGEST or words.base_verb(first) == first:
        return ""
    if not role:
        return _UNCLEAR if is_group(role_name(said) or "") else ""
    last = role.rsplit("-", maxsplit=1)[-1]
    if is_thing(re.split(r"-(?:for|of|in)-", role)[0]) or (role != last and last in DEPARTMENTS):
        return ""
    is_one = words.singular(said.lower()) == said.lower() and is_surely_person(role) and not _is_topic(role)
    return role if is_one and role not in _CROWDS else _UNCLEAR


def _is_topic(role: str) -> bool:
    """Whether the name of a department may be that of a subject: ``Security``."""
    return role in DEPARTMENTS


def _named(names: str, known: Iterable[str]) -> str:
    """The one role that these words name; ``?`` for several, '' where one of them is nobody's name."""
    parts = [part for part in re.split(r",|/|&|\band\b|\bor\b|\+", names) if part.strip()]
    first = names.split(" ", maxsplit=1)[0].lower()
    if " " in names.strip() and words.base_verb(first) == first and first not in _OFFICES:
        return ""
    roles = ["it" if part.strip() == "IT" else role_name(part.strip()) or "" for part in parts]
    if (
        not roles
        or len(names.split()) > _LONGEST * len(parts)
        or not all(role in known or is_person(role) or role == "it" for role in roles)
    ):
        return ""
    return roles[0] if len(set(roles)) == 1 else _UNCLEAR


def of_sentence(text: str, known: Iterable[str]) -> str:
    """The role that a sentence before steps gives them to: ``These steps are done by the clerk``, ``The clerk does the following:``; ``?``, ''."""
    for form in (_PASSIVE, _ACTIVE, _AS, _ALONE):
        found = form.fullmatch(text)
        role = (
            _named(_LEAD.sub("", re.sub(r"^(?:the|an?|our) ", "", found["names"], flags=re.IGNORECASE)), known)
            if found
            else ""
        )
        if role:
            return role
    return ""


def of_section(text: str, known: Iterable[str]) -> str:
    """The role to which a sentence gives all that follows it: ``These steps are done by the clerk``; ``?``, ''."""
    found = (
        _PASSIVE.fullmatch(text)
        if re.match(
            r"(?:the|all|these|this (?:section|phase|process|procedure|stage|part|checklist))\b", text, re.IGNORECASE
        )
        else None
    )
    return _named(re.sub(r"^(?:the|an?|our) ", "", found["names"], flags=re.IGNORECASE), known) if found else ""


def is_unclear(role: str) -> bool:
    """Whether somebody is named, and not one role."""
    return role == _UNCLEAR


def of_items(items: Iterable[Item], known: Iterable[str]) -> Iterator[tuple[int, str, int]]:
    """Of each item with a line such as ``Owner: clerk``: the item by identity, the role, and that sentence by identity."""
    for item in items:
        lines = [
            *item.sentences[1:],
            *(c.sentences[0] for c in item.children if len(c.sentences) == 1 and not c.children),
        ]
        if item.listed and item.sentences and _LABEL.fullmatch(item.sentences[0].text) is None:
            for sentence in lines:
                role = of_label(sentence, known)
                if role:
                    yield id(item), role, id(sentence)
        yield from of_items(item.children, known)


def of_label(sentence: Sentence, known: Iterable[str]) -> str:
    """The role of ``Owner: clerk``; ``?`` for several, or for a name that is not known; '' for any other sentence."""
    found = _LABEL.fullmatch(sentence.text) or _OF_STEP.fullmatch(sentence.text)
    if found is None or sentence.remark or sentence.unreadable:
        return ""
    role = _named(re.sub(r"^(?:the|an?|our) ", "", found["names"], flags=re.IGNORECASE), known)
    return role or (_UNCLEAR if _BY.match(sentence.text) else "")


def of_title(text: str, known: Iterable[str]) -> str:
    """Who does what stands below ``Review by the manager``; '' where nobody is named."""
    found = _TITLED.fullmatch(text)
    return _named(found["names"], known) if found else ""


def behind(text: str) -> tuple[str, list[str]] | None:
    """What is done, and the roles at its end: ``Test the roof - Security``, ``Test the roof (Security)``; ``None`` where nobody is."""
    found = _GIVEN_TO.fullmatch(text)
    roles = [role_name(part) or "" for part in words.listed(found["who"])] if found else []
    if found and roles and all(is_person(role) for role in roles):
        return found["what"], roles
    low = _LOW.fullmatch(text)
    role = role_name(low["who"]) if low else None
    return (low["what"], [role]) if low and role and is_surely_person(role) else None


_LOW: Final = re.compile(r"(?P<what>.+?[^:]) [(\[](?:by )?(?:the )?(?P<who>[a-z]+(?: [a-z]+)?)[)\]]")
_WITHIN: Final = re.compile(r" [(\[](?:by )?(?:the )?(?P<who>[A-Za-z]+)[)\]], ")


def is_named_within(text: str) -> bool:
    """Whether somebody stands in brackets in the midst: ``Upload it (authors), at most five``."""
    found = _WITHIN.search(text)
    role = role_name(found["who"]) if found else None
    return bool(role and is_surely_person(role))


def is_mentioned(text: str) -> bool:
    """Whether a name stands alone at the end: ``File it @clerk``."""
    return _MENTIONED.search(text[-_TAIL:]) is not None
