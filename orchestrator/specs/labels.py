"""The labels of a requirement's lines, each with a colon, as a paragraph or an item: the same in every format (D4).

Other people's words for a label count only before what it is for: ``Files:`` before nothing but paths, ``Tests:`` and
``Acceptance:`` before nothing but commands in backticks. Elsewhere they are words of the requirement.
"""

from __future__ import annotations

import re
from enum import StrEnum

from orchestrator.models.spec import Kind
from orchestrator.policy.globs import refusal
from orchestrator.specs.kinds import priority_of
from orchestrator.specs.naming import starts_with_id


class Label(StrEnum):
    ACCEPT = "accept"
    WHERE = "where"
    VERIFY = "verify by"
    DEPENDS = "depends on"
    DATA = "data class"
    REACHES = "reaches"
    PRIORITY = "priority"
    KIND = "kind"
    ID = "requirement id"
    ALIASES = "also called"
    TITLE = "requirement title"


LABELS = {
    "accept": Label.ACCEPT,
    "acceptance": Label.ACCEPT,
    "acceptance criteria": Label.ACCEPT,
    "acceptance criterion": Label.ACCEPT,
    "acceptance scenarios": Label.ACCEPT,
    "akzeptanzkriterien": Label.ACCEPT,
    "abnahmekriterien": Label.ACCEPT,
    "criterios de aceptaci\u00f3n": Label.ACCEPT,
    "crit\u00e9rios de aceita\u00e7\u00e3o": Label.ACCEPT,
    "crit\u00e8res d'acceptation": Label.ACCEPT,
    "\u9a8c\u6536": Label.ACCEPT,
    "\u9a8c\u6536\u6807\u51c6": Label.ACCEPT,
    "\u9a57\u6536\u6a19\u6e96": Label.ACCEPT,
    "\u53d7\u3051\u5165\u308c\u57fa\u6e96": Label.ACCEPT,
    "\uc778\uc218 \uae30\uc900": Label.ACCEPT,
    "where": Label.WHERE,
    "verify by": Label.VERIFY,
    "depends on": Label.DEPENDS,
    "data class": Label.DATA,
    "reaches": Label.REACHES,
    "priority": Label.PRIORITY,
    "kind": Label.KIND,
    "requirement id": Label.ID,
    "also called": Label.ALIASES,
    "requirement title": Label.TITLE,
}
_FILES = frozenset({"file", "files", "files to change", "affected files", "files affected", "files touched", "touches"})
_COMMANDS = frozenset(
    {"test", "tests", "test command", "test with", "verify", "verify with", "verified by", "verification", "check with"}
)
_NONE = frozenset({"none", "nothing", "-", "\u2013", "\u2014", "n/a"})
LONGEST_LABEL = 40
_CODES = re.compile(r"`[^`\n]+`(?:\s*(?:,|;|&|\band\b)\s*(?:and\s+)?`[^`\n]+`)*\.?")
_CODE = re.compile(r"`([^`\n]+)`")
_BETWEEN = re.compile(r"\s*(?:[,;&\n]|\band\b)\s*")
_PATH = re.compile(r"[\w@.*-]+(?:/[\w@.*-]+)+/?|[\w@*-]+/")
_NAME = re.compile(r"[\w@*-]+(?:\.[\w@*-]+)*\.[a-z][a-z0-9]{0,7}")
"""A file at the top; only in backticks, since a sentence may name a file that the product writes."""
_PROGRAM = re.compile(
    r"(?:bash|bun|bundle|cargo|composer|ctest|deno|dotnet|go|gradle|hatch|jest|just|make|mvn|mypy|node|nox|npm|npx|php|phpunit"
    r"|pnpm|poetry|pytest|python3?|rake|rspec|ruby|ruff|sbt|sh|swift|tox|tsc|uv|vitest|yarn|\./\S+)(?:\s|$)"
)


def label_of(line: str) -> tuple[Label, int] | None:
    """The label that a line opens with, and the offset of what follows its colon.

    ``Priority:`` and ``Kind:`` are labels only before a priority or a kind: a form may have such fields.
    """
    head, colon, rest = line.partition(":")
    if not colon or len(head) >= LONGEST_LABEL:
        return None
    label = _meant(head.strip().casefold(), rest)
    return None if label is None else (label, len(head) + 1)


def _meant(word: str, rest: str) -> Label | None:
    if word in _FILES:
        return Label.WHERE if paths_in(rest) else None
    if word in _COMMANDS:
        return Label.VERIFY if commands_in(rest) else None
    label = LABELS.get(word)
    if (label is Label.PRIORITY and not priority_of(rest)) or (label is Label.KIND and not kind_of(rest)):
        return None
    return label


def opens_line(line: str) -> bool:
    """Whether a soft-wrapped line begins something new: a label or an item's id."""
    return label_of(line) is not None or starts_with_id(line)


def heads_paths(line: str) -> bool:
    """Whether a line is nothing but somebody's word for *Where*; whether paths follow is seen below it."""
    return line.strip().endswith(":") and line.strip()[:-1].strip().casefold() in _FILES


def kind_of(text: str) -> Kind | None:
    """The kind of requirement that a text names and nothing else; a non-goal is none."""
    word = text.replace("`", " ").strip().rstrip(".").casefold()
    return next((kind for kind in Kind if kind.value == word and kind is not Kind.NON_GOAL), None)


def paths_in(text: str) -> tuple[str, ...]:
    """The paths of a text that is nothing but paths, in backticks or bare; else none."""
    text = text.strip()
    if _CODES.fullmatch(text):
        words = tuple(word.strip() for word in _CODE.findall(text))
        return (
            words
            if all(_grantable(word) and (_PATH.fullmatch(word) or _NAME.fullmatch(word)) for word in words)
            else ()
        )
    words = tuple(word for word in _BETWEEN.split(text.rstrip(".")) if word)
    return words if all(_grantable(word) and _PATH.fullmatch(word) for word in words) else ()


def _grantable(path: str) -> bool:
    return refusal(path) is None


def commands_in(text: str) -> tuple[str, ...]:
    """The commands of a text that is nothing but commands in backticks, each of a program that can test; else none."""
    text = text.strip()
    found = tuple(_CODE.findall(text)) if _CODES.fullmatch(text) else ()
    return found if all(_PROGRAM.match(command.strip()) for command in found) else ()


def names_in(text: str) -> tuple[str, ...]:
    """What a list names, such as ids of requirements; nothing for ``none``."""
    words = text.replace("`", " ").replace(";", ",").replace(" and ", ",").split(",")
    names = (word.strip().rstrip(".") for word in words)
    return tuple(name for name in names if name and name.casefold() not in _NONE)
