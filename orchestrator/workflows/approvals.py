"""Clauses in which somebody approves: who, how many, and what. Read strictly, since a merge rests on them."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any, Final

from orchestrator.workflows import words
from orchestrator.workflows.naming import MODAL, NUMBER, ROLE, Activity, Unclear, doubted, role_name
from orchestrator.workflows.people import is_person, is_thing

_APART = r"(?P<apart>,? (?:who did not do|other than whoever did) step (?:`[^`]+`|[\d.]+)(?: (?:or|and) step (?:`[^`]+`|[\d.]+))*)?"
_OR_NOT = r"(?: or (?:rejects?|refuses?|denies|deny|declines?|disapproves?))?"
_A = r"(?P<the>the |a |an |another |our )?"
_PATTERNS: Final = tuple(re.compile(pattern, re.IGNORECASE) for pattern in (
    rf"(?:at least )?(?P<count>{NUMBER}|any) of (?P<the>the |our )?(?P<role>{ROLE}){MODAL} approves?{_OR_NOT} (?P<what>[^,]+?){_APART}",
    rf"{_A}(?P<count>(?:{NUMBER}) )?(?P<role>{ROLE}){MODAL} (?:reviews? and )?approves?{_OR_NOT} (?P<what>[^,]+?){_APART}",
    rf"(?P<what>(?:[^,:;`]|`[^`]*`)+?) (?:is|are|(?:must|shall|has to|have to|should|needs? to|will) be) (?:(?:formally |fully |jointly )?(?:reviewed|checked|examined|evaluated|assessed|signed) and )?approved by (?:at least )?(?:(?P<count>{NUMBER}) (?:of )?)?{_A}(?P<role>{ROLE})",
    rf"(?:at least )?(?:(?P<count>{NUMBER}|any) of )?(?P<the>the |our |an? |another )(?P<role>{ROLE})(?: must| shall| has to| have to| will| should) approve{_OR_NOT}{_APART}",
    rf"(?:get|obtain|request|seek|ask for|wait for) (?:the |an )?(?:approval|sign-?off) (?:from|of|by) {_A}(?P<role>{ROLE})(?: (?:for|of|on) (?P<what>[^,]+))?",
))  # fmt: skip
_MENTIONED: Final = re.compile(
    r"(?:(?!\b(?:whether|if|that|when|before|after|until|unless|without|because)\b)[^,`])*\bapproves?\b", re.IGNORECASE
)
_HELD: Final = re.compile(
    r"\b(?:if|unless|when|whenever|once|until|before|after|within|only|not|never|without|automatically|silently|above|over|below|under|exceeding|exceeds?|more than|less than|greater|fewer|between|at least|at most|outside|beyond|other than|affecting|involving|(?:and|or|but) (?:then )?[a-z]+s(?= (?:it|them|the|a)\b))\b",
    re.IGNORECASE,
)
"""Words in what is approved that would say when, or that something else is done as well."""
_BOTH: Final = re.compile(
    rf"(?:both )?(?P<one>(?:the |a |an |our )?{ROLE})(?:,? and|, as well as) (?P<two>(?:the |a |an |our )?{ROLE})"
    rf"(?: both| each)?(?P<modal>{MODAL})(?: both| each)? approves? (?P<what>[^,]+)",
    re.IGNORECASE,
)
_BY_BOTH: Final = re.compile(
    rf"(?P<what>(?:[^,:;`]|`[^`]*`)+?) (?:is|are|(?:must|shall|has to|have to|should|needs? to|will) be) (?:(?:formally |fully |jointly )?(?:reviewed|checked|examined|evaluated|assessed|signed) and )?"
    rf"approved by (?:both )?(?P<one>(?:the |an? |our )?{ROLE}) and (?P<two>(?:the |an? |our )?{ROLE})",
    re.IGNORECASE,
)
_OBLIGED: Final = r"(?: must| shall| have to| will| should)?"
_WHO: Final = r"(?:the |a |an |our )?[A-Za-z-]+(?: [A-Za-z-]+){0,%d}"
_BOTH_DO: Final = tuple(re.compile(pattern, re.IGNORECASE) for most in (2, 1, 0) for pattern in (
    rf"both (?P<one>(?:the |a |an |our )?{ROLE}) and (?P<two>{_WHO % most}){_OBLIGED} (?P<verb>[a-z]+)(?P<rest> .+)?",
    rf"(?P<one>(?:the |a |an |our )?{ROLE}) and (?P<two>{_WHO % most}){_OBLIGED} (?:both|each){_OBLIGED} (?P<verb>[a-z]+)(?P<rest> .+)?",
))  # fmt: skip
"""The longest second name first: ``the security officer sign`` has two words before the verb."""
_OWN: Final = re.compile(r"(?:his|her|their|its|your|one['\u2019]s)(?: or (?:his|her|their))? own\b", re.IGNORECASE)
_HINT: Final = "a sentence of its own: The lead approves the change; Two of the leads approve the change"
_OWN_WORK: Final = (
    "Whose own work that is cannot be read.",
    "The lead approves the claim, other than whoever did step 1",
)


def approval(text: str, known: Collection[str]) -> Activity | None:
    """A review, or ``None`` when nobody approves anything here. Raises :class:`Unclear` for what is nearly one."""
    for pattern in _PATTERNS:
        found = pattern.fullmatch(text)
        role = role_name(found["role"]) if found else None
        if found is not None and role is not None:
            _ensure_people(found, role, known)
            return _review(text, found, role)
    if _MENTIONED.match(text) and _OWN.search(text):
        raise Unclear(*_OWN_WORK)
    if _MENTIONED.match(text):
        raise Unclear("Who approves what, and when, cannot be read.", _HINT)
    return None


def each_of_two(text: str) -> tuple[str, ...]:
    """``The lead and the counsel approve it``, ``Both the clerk and the lead sign it`` as a clause for each of the two; any other text as it is."""
    by_both = _BY_BOTH.fullmatch(text)
    if by_both is not None and role_name(by_both["one"]) and role_name(by_both["two"]):
        what = by_both["what"][0].lower() + by_both["what"][1:]
        return tuple(f"{_the(by_both[one])} approves {what}" for one in ("one", "two"))
    found = _BOTH.fullmatch(text)
    if found is None or role_name(found["one"]) is None or role_name(found["two"]) is None:
        return _each_does(text)
    modal = found["modal"] or ""
    does = f"{modal} approve" if modal and " has " not in modal else " approves"
    return tuple(f"{_the(found[one])}{does} {found['what']}" for one in ("one", "two"))


def _each_does(text: str) -> tuple[str, ...]:
    """Two people who both do something; each says that it is done."""
    for found in (pattern.fullmatch(text) for pattern in _BOTH_DO):
        who = (found["one"], found["two"]) if found else ()
        verb = found["verb"].lower() if found else ""
        if found and verb in words.VERBS and all(is_person(role_name(name) or "") for name in who):
            return tuple(f"{_the(name)} {words.third_person(verb)}{found['rest'] or ''}" for name in who)
    return (text,)


def _the(role: str) -> str:
    said = role if re.match(r"(?:the|a|an|our) ", role, re.IGNORECASE) else f"the {role}"
    return said[0].upper() + said[1:]


def _ensure_people(found: re.Match[str], role: str, known: Collection[str]) -> None:
    """People approve, and nothing else; a word that may mean something else has to stand under ``Roles``."""
    if role not in known and not is_person(role) and (not found["the"] or is_thing(role)):
        raise doubted(role)


def _review(text: str, found: re.Match[str], role: str) -> Activity:
    parts = found.groupdict()
    what = parts.get("what") or ""
    if _OWN.search(what):
        raise Unclear(*_OWN_WORK)
    if _HELD.search(what):
        raise Unclear(
            "When that is approved, or what else is done, cannot be read.", "If ..., the lead approves the plan"
        )
    fields: dict[str, Any] = {"role": role, "reviews": _subject(what)}
    said = (parts.get("count") or "one").strip().lower()
    count = 1 if said == "any" else words.number(said) or 0
    if count < 1:
        raise Unclear("How many approve is not said.", _HINT)
    if count > 1:
        fields["approvals"] = count
    effect = re.fullmatch(r"(?:the effect of )?step (\S+)", what)
    apart = re.findall(r"step (`[^`]+`|[\d.]*\d)", parts.get("apart") or "")
    made = Activity("review", text, fields, after=tuple(apart))
    if effect:
        fields["reviews"], made.about = "effect", effect[1]
    return made


def _subject(what: str) -> str:
    what = re.sub(r"^(?:the|this|that) ", "", what.lower())
    subjects = {"plan": "plan", "change": "change", "changes": "change", "run": "run"}
    return "run" if what.startswith("all changes") else subjects.get(what, "work")
