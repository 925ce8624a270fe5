"""What a program said, before it is compared with the base; and the plain form ``path:line[:column]: text [rule]``."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.gates.command.places import relative

__all__ = ["RESULTS_LIMIT", "Level", "Result", "read_lines"]

RESULTS_LIMIT = 50_000
"""Of one run. More is an answer that nobody can use."""

Level = str
"""``error``, ``warning``, ``note`` or ``none``."""

LEVELS = frozenset({"error", "warning", "note", "none"})


@dataclass(frozen=True, slots=True)
class Result:
    """``path`` is relative to the tree; lines count from 1, 0 is the whole file."""

    rule: str
    message: str
    path: str
    line: int
    end_line: int
    level: Level
    hint: str = ""
    cwe: int | None = None


def read_lines(output: bytes) -> tuple[Result, ...]:
    """Each line that is not empty is one result. Raises ``ValueError`` for one that is none.

    A text that begins with ``error:``, ``warning:`` or ``note:`` has that level, any other is an error. What stands
    in brackets at its end is the rule, ``Error/rule`` and ``Warning/rule`` a level as well.
    """
    found = [_line(line) for line in output.decode("utf-8").split("\n") if line.strip()]
    if len(found) > RESULTS_LIMIT:
        raise ValueError(f"more than {RESULTS_LIMIT} results")
    return tuple(found)


def _line(line: str) -> Result:
    path, number, text = line.rstrip("\r").split(":", 2)
    column, colon, rest = text.partition(":")
    text = (rest if colon and column.strip().isdecimal() else text).strip()
    level, rule = "error", ""
    word, colon, rest = text.partition(":")
    if colon and word in LEVELS:
        level, text = word, rest.strip()
    if text.endswith("]") and " [" in text:
        text, _, rule = text[:-1].rpartition(" [")
    grade, slash, name = rule.partition("/")
    if slash and grade.casefold() in LEVELS:
        level, rule = grade.casefold(), name
    if not text:
        raise ValueError("a result without a text")
    at = _number(number)
    return Result(rule or "finding", text.strip(), relative(path), at, at, level)


def _number(text: str) -> int:
    if not text.strip().isdecimal():
        raise ValueError(f"{text[:20]!r} is no line number")
    return int(text)
