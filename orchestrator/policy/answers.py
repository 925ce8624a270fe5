"""Answers to typed questions: read, checked, never evaluated. Pure."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, cast

from orchestrator.models.review import FactValue
from orchestrator.models.workflow_parts import Case, Condition, Fact, FactKind, Operator

MAX_CHARACTERS = 4096
_MAX_DIGITS = 15
_SPACE, _DELETE, _LAST_CONTROL = 0x20, 0x7F, 0x9F
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_HALVES = frozenset(map(chr, range(0xD800, 0xE000)))
"""JSON can name them alone, and no store can keep them."""
_CONTROL = ", without control characters"
_WITHOUT: dict[FactKind, str] = {FactKind.TEXT: _CONTROL, FactKind.LIST: _CONTROL}
_PLACES: dict[FactKind, str] = {
    FactKind.YES_NO: "YES/NO",
    FactKind.NUMBER: "NUMBER",
    FactKind.TEXT: "TEXT",
    FactKind.LIST: "TEXT,TEXT",
}
_WORDS = {"yes": True, "true": True, "no": False, "false": False}


def spelled(fact: Fact, text: str) -> object:
    """What a person typed, as the fact's type; text that is none stays text, for :func:`problems` to refuse."""
    match fact.kind:
        case FactKind.YES_NO:
            return _WORDS.get(text.strip().lower(), text)
        case FactKind.NUMBER:
            digits = text.strip().removeprefix("-")
            return int(text) if digits.isascii() and digits.isdigit() and len(digits) <= _MAX_DIGITS else text
        case FactKind.LIST:
            return _listed(text)
        case FactKind.TEXT | FactKind.CHOICE:
            return text


def _listed(text: str) -> object:
    """A JSON array where it is one, whose texts may hold commas; else the parts between commas."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, list):
        return cast("object", found)
    return [part.strip() for part in text.split(",") if part.strip()]


def problems(asks: Mapping[str, Fact], words: str) -> list[str]:
    """Everything wrong with a JSON object of answers: each question answered, in its type, and nothing else said."""
    given = _object(words)
    if given is None:
        return ["The answers are no JSON object with each name once."]
    unknown = [f"{name}: nobody asks for it." for name in given if name not in asks]
    missing = [f"{name}: not answered ({fact.question})." for name, fact in asks.items() if name not in given]
    wrong = (_wrong(name, asks[name], value) for name, value in given.items() if name in asks)
    return [*unknown, *missing, *(text for text in wrong if text)]


def values(words: str) -> dict[str, FactValue]:
    """Answers that were checked before."""
    given = _object(words) or {}
    return {n: tuple(cast("list[str]", v)) if isinstance(v, list) else v for n, v in given.items()}


def outcome(cases: Sequence[Case], facts: Mapping[str, FactValue]) -> str | None:
    """Of the first case all of whose conditions hold; ``None`` where none does. Raises ``KeyError`` for no fact."""
    return next((case.outcome for case in cases if all(_holds(c, facts[c.fact]) for c in case.when)), None)


def _object(words: str) -> dict[str, Any] | None:
    try:
        found: object = json.loads(words, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        return None
    return cast("dict[str, Any]", found) if isinstance(found, dict) else None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name twice")
    return found


def wanted(fact: Fact) -> str:
    """What an answer must be, in words."""
    match fact.kind:
        case FactKind.YES_NO:
            return "yes or no"
        case FactKind.NUMBER:
            return f"a whole number of {fact.unit}" if fact.unit else "a whole number"
        case FactKind.TEXT:
            return f"a text of 1 to {MAX_CHARACTERS} characters"
        case FactKind.CHOICE:
            return f"one of {', '.join(fact.choices)}"
        case FactKind.LIST:
            return f"1 to {fact.most} different texts"


def asked_as(facts: Mapping[str, Fact]) -> str:
    """How answers are given on the command line, each by its kind: ``amount=NUMBER kind=new/'very old'``."""
    return " ".join(f"{name}={_placed(fact)}" for name, fact in facts.items())


def _placed(fact: Fact) -> str:
    return "/".join(map(shlex.quote, fact.choices)) if fact.kind is FactKind.CHOICE else _PLACES[fact.kind]


def _wrong(name: str, fact: Fact, value: object) -> str:
    right = {
        FactKind.YES_NO: isinstance(value, bool),
        FactKind.NUMBER: type(value) is int and abs(value) < 10**_MAX_DIGITS,
        FactKind.TEXT: _is_text(value),
        FactKind.CHOICE: isinstance(value, str) and value in fact.choices,
        FactKind.LIST: _is_list(value, fact.most),
    }[fact.kind]
    return "" if right else f"{name}: must be {wanted(fact)}{_WITHOUT.get(fact.kind, '')}."


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value.strip()) > 0 and len(value) <= MAX_CHARACTERS and not _acts(value)


def _acts(value: str) -> bool:
    """Whether a terminal would do something by it, or show it in another order; or it is half a character."""
    return any(
        (ord(c) < _SPACE and c not in "\n\t") or _DELETE <= ord(c) <= _LAST_CONTROL or c in _TURNING or c in _HALVES
        for c in value
    )


def _is_list(value: object, most: int) -> bool:
    if not isinstance(value, list):
        return False
    parts = cast("list[object]", value)
    return 0 < len(parts) <= most and all(map(_is_text, parts)) and len(set(cast("list[str]", parts))) == len(parts)


def _holds(condition: Condition, fact: FactValue) -> bool:
    wanted = condition.value
    if condition.operator in {Operator.IS, Operator.IS_NOT}:
        return (type(fact) is type(wanted) and fact == wanted) is (condition.operator is Operator.IS)
    return _compared(condition.operator, fact, wanted)


def _compared(operator: Operator, fact: FactValue, wanted: FactValue) -> bool:
    if type(fact) is not int or type(wanted) is not int:
        return False
    return {
        Operator.BELOW: fact < wanted,
        Operator.AT_MOST: fact <= wanted,
        Operator.ABOVE: fact > wanted,
        Operator.AT_LEAST: fact >= wanted,
    }[operator]
