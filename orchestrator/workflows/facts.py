"""Comparisons of what was asked for: ``the amount is above 500 euros``."""

from __future__ import annotations

import re
from typing import Any, Final

from orchestrator.models.workflow import Fact, FactKind
from orchestrator.workflows import words
from orchestrator.workflows.naming import Unclear

_OPERATORS: Final[tuple[tuple[str, str], ...]] = (
    (r"is not", "is-not"),
    (r"is (?:above|over|more than|greater than|higher than)", "above"),
    (r"is (?:below|under|less than|lower than)", "below"),
    (r"is at most|is no more than", "at-most"),
    (r"is at least|is no less than", "at-least"),
    (r"is|equals", "is"),
)
OPERATOR_WORDS: Final = {
    "is-not": "is not", "above": "is above", "below": "is below", "at-most": "is at most", "at-least": "is at least",
    "is": "is",
}  # fmt: skip


def conditions(when: str, facts: dict[str, Fact]) -> tuple[dict[str, Any], ...] | None:
    """Comparisons of facts that the words mean; ``None`` when they are about no fact. Raises :class:`Unclear`."""
    whole = _yes_no(when, facts)
    if whole is not None:
        return (whole,)
    found = [_comparison(part, facts) or _yes_no(part, facts) for part in re.split(r",? and (?=the |it is )", when)]
    made = [condition for condition in found if condition is not None]
    return tuple(made) if made and len(made) == len(found) else None


def _yes_no(text: str, facts: dict[str, Fact]) -> dict[str, Any] | None:
    denied = re.fullmatch(r"it is not (?:true|the case) that (.+)", text, re.IGNORECASE)
    for said, value in ((denied[1] if denied else text, denied is None), (_affirmed(text), False)):
        name = words.slug(said)
        if name in facts and facts[name].kind is FactKind.YES_NO:
            return {"fact": name, "operator": "is", "value": value}
    return None


_OF_MORE: Final = re.compile(
    r"[,;:(]|\b(?:and|or|nor|but|yet|any|anyone|anybody|anything|either|neither|even|only|just|always|necessarily|all|every|everyone|everybody|everything|each|both|most|more|longer|because|unless|until|than|if|whether|that|which|who)\b",
    re.IGNORECASE,
)
"""Words beside which the opposite of a sentence is not the sentence without its ``not``."""


def asserted(text: str) -> str:
    """What is so where ``text``, which says only that something is not so, is not; '' for all other words."""
    plain = "" if _OF_MORE.search(text) else _affirmed(text)
    return "" if plain and _affirmed(plain) else plain


def _affirmed(text: str) -> str:
    """``the form is not signed`` as ``the form is signed``; ``it does not apply`` as ``it applies``; '' for other words."""
    plain = re.sub(
        r"\b(is|are|was|were|has|have|can|will) ?(?:not|n['\u2019]t)\b", r"\1", text, count=1, flags=re.IGNORECASE
    )
    plain = re.sub(r"\bdoes(?: not|n['\u2019]t) ([a-z]+)", lambda m: words.third_person(m[1]), plain, count=1)
    plain = re.sub(r"\bdo(?: not|n['\u2019]t) ", "", plain, count=1)
    return plain if plain != text else ""


def _comparison(text: str, facts: dict[str, Fact]) -> dict[str, Any] | None:
    for pattern, operator in _OPERATORS:
        found = re.fullmatch(rf"(?P<fact>.+?) (?:{pattern}) (?P<value>.+)", text, re.IGNORECASE)
        name = words.slug(found["fact"]) if found else ""
        if found and name in facts:
            return {"fact": name, "operator": operator, "value": _value(facts[name], found["value"])}
    return None


def _value(fact: Fact, text: str) -> int | str | bool:
    match fact.kind:
        case FactKind.NUMBER:
            found = re.fullmatch(r"(-?[\d,]{1,15})(?: ?(?P<unit>[A-Za-z%]+))?", text)
            if found and found["unit"] in {None, fact.unit}:
                return int(found[1].replace(",", ""))
        case FactKind.YES_NO:
            if text.lower() in {"yes", "no", "true", "false"}:
                return text.lower() in {"yes", "true"}
        case FactKind.CHOICE | FactKind.TEXT:
            value = text.strip("`")
            if fact.kind is FactKind.TEXT or value in fact.choices:
                return value
        case FactKind.LIST:
            pass
    raise Unclear(f"{text!r} is no value that a {fact.kind} can have.", _expected(fact))


def _expected(fact: Fact) -> str:
    return {
        FactKind.NUMBER: f"a whole number{' in ' + fact.unit if fact.unit else ''}",
        FactKind.CHOICE: "one of " + ", ".join(f"`{c}`" for c in fact.choices),
        FactKind.YES_NO: "yes or no",
    }.get(fact.kind, "a text; a list is not compared")
