"""A spec looked at as a careful reader would: what forbids planning it, and what the rules remark."""

from __future__ import annotations

import gc
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial

from orchestrator.errors import UsageError
from orchestrator.models.spec import Problem, Severity, Spec, SpecFormat
from orchestrator.specs.beside import NOTHING, Beside
from orchestrator.specs.codes import CODES, SpecProblems
from orchestrator.specs.lint.document import Document
from orchestrator.specs.lint.table import RULES, Found, lint, mend
from orchestrator.specs.lock import Assigned
from orchestrator.specs.parse import Parsed, parse_document

_LINE_END = re.compile(r"(\r\n|\r|\n)")
IGNORE_KEY = "lint-ignore"
"""Front matter: codes of rules that this document answers to no more, separated by commas."""


@dataclass(frozen=True)
class Checked:
    """``spec`` is ``None`` when it must not be planned; ``seen`` is what could be read all the same.

    ``problems`` are in the order of their places.
    """

    spec: Spec | None
    problems: tuple[Problem, ...]
    remarks: tuple[Found, ...]
    lines: tuple[str, ...]
    assigned: Assigned | None = None
    seen: Spec | None = None

    @property
    def errors(self) -> int:
        """How many problems forbid planning it."""
        return sum(p.severity is Severity.ERROR for p in self.problems)

    @property
    def warnings(self) -> int:
        """How many problems are warnings."""
        return sum(p.severity is Severity.WARNING for p in self.problems)

    def length(self, problem: Problem) -> int:
        """How many characters a caret underlines."""
        return self._lengths.get(id(problem), 1)

    @cached_property
    def _lengths(self) -> dict[int, int]:
        return {id(f.problem): f.remark.length for f in self.remarks}


def check_spec(
    data: bytes,
    path: str,
    format: SpecFormat | None = None,  # noqa: A002  the word of the command line
    beside: Beside = NOTHING,
    *,
    select: Iterable[str] = (),
    ignore: Iterable[str] = (),
) -> Checked:
    """All problems and remarks of one document; nothing is raised for a bad one.

    Raises ``UsageError`` (PRD050) for a code in ``select`` or ``ignore`` that
    no rule has. A code in the front matter that no rule has is a problem.
    """
    with _no_collection():
        return _checked(partial(parse_document, data, path, format, None, beside), set(select), set(ignore))


@contextmanager
def _no_collection() -> Iterator[None]:
    """Reading makes many objects and no circles of them: looking for circles is a fifth of the time of a long spec."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _checked(parse: Callable[[], Parsed], wanted: set[str], unwanted: set[str]) -> Checked:
    for code in sorted((wanted | unwanted) - RULES.keys()):
        raise UsageError("PRD050", f"No rule has the code {code!r}.", "handrail prd explain --list")
    try:
        parsed = parse()
    except SpecProblems as refused:
        return Checked(None, refused.problems, (), ())
    own = _own_ignores(parsed.text.front)
    found = lint(Document(parsed.text, parsed.blocks, parsed.spec), select=wanted, ignore=unwanted | own)
    problems = sorted([*parsed.report.problems, *(f.problem for f in found)], key=lambda p: (p.line, p.column, p.code))
    spec = None if parsed.report.errors else parsed.spec
    return Checked(spec, tuple(problems), found, parsed.text.lines, parsed.assigned, parsed.spec)


def _own_ignores(front: dict[str, tuple[str, int, int]]) -> set[str]:
    words = front.get(IGNORE_KEY, ("", 1, 1))[0].replace(",", " ").split()
    return set(words) & RULES.keys()


def fixed(data: bytes, checked: Checked) -> tuple[bytes, int]:
    """The document with every mechanical mending made, and how many. Line ends stay as they are."""
    text = data.decode("utf-8")
    mark = text[: text.startswith("\ufeff")]
    pieces = _LINE_END.split(text[len(mark) :])
    lines, ends = pieces[::2], [*pieces[1::2], ""]
    mended, count = mend("\n".join(lines), checked.remarks)
    whole = "".join(line + end for line, end in zip(mended.split("\n"), ends, strict=True))
    return (mark + whole).encode("utf-8"), count


@dataclass(frozen=True, slots=True)
class Explained:
    """One code in words. ``bad`` and ``good`` are empty for codes of the parser."""

    code: str
    summary: str
    why: str
    hint: str
    severity: Severity
    family: str
    bad: str = ""
    good: str = ""
    default: bool = True


def explain(code: str) -> Explained:
    """Raises ``UsageError`` (PRD050) for a code that nothing has."""
    name = code.strip().upper()
    rule = RULES.get(name)
    if rule is not None:
        return Explained(
            name, rule.summary, rule.why, rule.hint, rule.severity, rule.family, rule.bad, rule.good, rule.default
        )
    row = CODES.get(name)
    if row is None:
        raise UsageError("PRD050", f"No rule has the code {code!r}.", "handrail prd explain --list")
    why = "A spec with it is not planned." if row.severity is Severity.ERROR else "It is planned; look at it first."
    return Explained(name, row.summary, why, row.hint, row.severity, "form")


def all_codes() -> tuple[str, ...]:
    """Every code of the parser and of the rules, sorted."""
    return tuple(sorted({*CODES, *RULES}))
