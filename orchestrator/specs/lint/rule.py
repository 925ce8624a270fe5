"""What a lint rule is, and the table that rules are entered in."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from orchestrator.models.spec import Severity
from orchestrator.specs.lint.document import Document, Sentence


class Family(StrEnum):
    STRUCTURE = "structure"
    QUALITY = "requirement quality"
    ACCEPTANCE = "acceptance"
    SET = "set-wide"
    SECURITY = "security"
    SIZE = "size"


@dataclass(frozen=True, slots=True)
class Edit:
    """A mechanical mending: ``old`` at the place becomes ``new``. Refused when ``old`` is not there."""

    line: int
    column: int
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Remark:
    """What a rule found. ``length`` is how many characters the caret underlines."""

    line: int
    column: int
    message: str
    length: int = 1
    edit: Edit | None = None


Check = Callable[[Document], Iterable[Remark]]


@dataclass(frozen=True, slots=True)
class Rule:
    """``good`` and ``bad`` are its tests: one requirement's sentence, or a whole document when they open with ``#``.

    ``languages`` is empty for a rule that reads no words. ``default`` says
    whether it speaks without being asked for by its code.
    """

    code: str
    family: Family
    summary: str
    why: str
    hint: str
    bad: str
    good: str
    check: Check
    severity: Severity = Severity.WARNING
    languages: tuple[str, ...] = ("en",)
    default: bool = True


def remark(sentence: Sentence, start: int, end: int, message: str, edit: Edit | None = None) -> Remark:
    """A remark on some characters of a sentence."""
    line, column = sentence.place(start)
    return Remark(line, column, message, max(end - start, 1), edit)


def whole(sentence: Sentence, message: str) -> Remark:
    """A remark on a sentence as a whole; the caret underlines its first line."""
    line, column = sentence.place()
    return Remark(line, column, message, max(len(sentence.text), 1))


def clip(text: str, limit: int = 48) -> str:
    """The author's words in a message: one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def two_requirements(first: str, second: str, before: str = "", more: str = "") -> str:
    """An example of two requirements; ``before`` stands above them and ``more`` below."""
    return f"# Till\n\nCashiers wait.\n\n{before}## Requirements\n\n### REQ-001: One\n\n{first}\n\n### REQ-002: Two\n\n{second}\n{more}"
