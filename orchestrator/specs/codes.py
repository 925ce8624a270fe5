"""Every problem that a spec can have: code, what it says, what to do about it.

Codes are stable: one is retired, never reused. PRD001 to PRD009 are about the
file, PRD010 to PRD029 about what it says, PRD030 and above are warnings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator.errors import SpecInvalid
from orchestrator.models.spec import Problem, Severity

MAX_PROBLEMS = 50
"""More than this many are counted, not listed."""


@dataclass(frozen=True, slots=True)
class Code:
    """One row of the table. ``summary`` explains the code; ``hint`` ends each message."""

    summary: str
    hint: str
    severity: Severity = Severity.ERROR


CODES: dict[str, Code] = {
    "PRD001": Code("the file is empty", "write at least one requirement"),
    "PRD002": Code("the file is not text", "export the document as Markdown and pass that file"),
    "PRD003": Code(
        "the file is larger than 8 MiB, 100,000 lines or 35,000 headings, paragraphs, items and rows",
        "split the document by feature",
    ),
    "PRD004": Code("the file is not UTF-8", "save it again with the encoding UTF-8"),
    "PRD005": Code("a character that hides or reorders text", "delete the character and type the words again"),
    "PRD006": Code("a part too long or nested too deep to be read safely", "break it into smaller parts"),
    "PRD007": Code("a comment that is never closed hides the rest of the file", "close it with -->"),
    "PRD008": Code("front matter that cannot be read", "write `key: value` lines between two lines of ---"),
    "PRD009": Code("no usable namespace", "write `namespace: billing` in the front matter (a-z, 0-9, dot, dash)"),
    "PRD010": Code(
        "no requirement was found",
        "write `### REQ-001: Title`, or `- **FR-001**: ...` under Requirements, or `### Requirement 1: Title`",
    ),
    "PRD011": Code("two requirements have the same id", "give one of them a new number"),
    "PRD012": Code("a question that nobody has answered", "put the answer in place of [NEEDS CLARIFICATION]"),
    "PRD013": Code("a requirement depends on one that is not there", "name a requirement of this file"),
    "PRD014": Code("a requirement that says nothing", "write one sentence about what must become true"),
    "PRD015": Code("a heading under Requirements without an id", "write `### REQ-004: Title`"),
    "PRD016": Code("a path that cannot be granted", "write `src/billing/**`, relative to the repository, in backticks"),
    "PRD017": Code("a command that cannot be run as it stands", "write one program with its arguments, in backticks"),
    "PRD018": Code("requirements depend on each other in a circle", "remove one of the dependencies"),
    "PRD019": Code("a class of data that is not known", "write *Data class:* `restricted`, or `open`"),
    "PRD020": Code(
        "a host that cannot be granted", "write `docs.example.org` or `docs.example.org/path`, in backticks"
    ),
    "PRD022": Code(
        "a change of a requirement that the base spec does not have",
        "write the heading exactly as in the base spec, or move it to ADDED Requirements",
    ),
    "PRD023": Code(
        "a requirement that is added and is there already", "move it to MODIFIED Requirements, or name it otherwise"
    ),
    "PRD024": Code("one requirement in two sections of a change", "keep it in one of them"),
    "PRD025": Code(
        "two people changed the same requirement",
        "read the base as it is now, write both changes into this one, then handrail prd check --write",
    ),
    "PRD026": Code("a change with nothing in it", "write a section ADDED, MODIFIED, REMOVED or RENAMED Requirements"),
    "PRD027": Code("the lock file of the ids cannot be used", "take spec.lock.json from version control again"),
    "PRD028": Code("an id that another requirement had before", "give it a number that was never used"),
    "PRD030": Code("a criterion without SHALL", "say what the system shall do", Severity.WARNING),
    "PRD031": Code(
        "items of another format that are not read as requirements", "pass the format if they are", Severity.WARNING
    ),
    "PRD032": Code(
        "words that read like a requirement and belong to none",
        "move them into a requirement, or say them without must",
        Severity.INFO,
    ),
    "PRD033": Code(
        "ids that were made up and that nothing remembers",
        "handrail prd check --write keeps them in spec.lock.json; commit it beside the spec",
        Severity.WARNING,
    ),
    "PRD034": Code("a path beside the spec that cannot be granted", "write it as src/billing/**", Severity.INFO),
    "PRD035": Code(
        "a change that leaves scenarios of the base out",
        "copy the whole requirement into the change, or remove them on purpose",
        Severity.WARNING,
    ),
    "PRD036": Code(
        "lists and tables in sections whose names do not say that they are wanted",
        "put what is to be built under a heading such as Requirements or Features",
        Severity.INFO,
    ),
    "PRD037": Code(
        "user stories beside requirements",
        "keep one of the two, or put the stories under a heading such as Background",
        Severity.WARNING,
    ),
    "PRD038": Code(
        "requirements that say themselves that they are done",
        "take them out, or put them under a heading such as Implemented",
        Severity.INFO,
    ),
}
"""The one table of codes. ``prd explain`` prints it."""


class SpecProblems(SpecInvalid):
    """A refused spec. ``problems`` holds at most :data:`MAX_PROBLEMS`, sorted by place; ``details`` prints them."""

    def __init__(self, path: str, problems: Sequence[Problem]) -> None:
        ordered = sorted(problems, key=lambda p: (p.line, p.column, p.code))
        self.problems = tuple(ordered[:MAX_PROBLEMS])
        details = [str(p) for p in self.problems]
        if len(ordered) > MAX_PROBLEMS:
            details.append(f"and {len(ordered) - MAX_PROBLEMS} more")
        count = "1 problem" if len(ordered) == 1 else f"{len(ordered)} problems"
        hint = "mend the places listed, then check again"
        super().__init__(ordered[0].code, f"{path} has {count}.", hint, details)


@dataclass(slots=True)
class Report:
    """Collects the problems of one file."""

    path: str
    problems: list[Problem] = field(default_factory=list[Problem])

    def add(self, code: str, line: int, column: int, message: str) -> None:
        """Note a problem; hint and severity come from :data:`CODES`."""
        row = CODES[code]
        self.problems.append(
            Problem(
                code=code,
                severity=row.severity,
                path=self.path,
                line=line,
                column=column,
                message=message,
                hint=row.hint,
            )
        )

    @property
    def errors(self) -> list[Problem]:
        """What makes the spec invalid."""
        return [p for p in self.problems if p.severity is Severity.ERROR]

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What does not."""
        return tuple(p for p in self.problems if p.severity is not Severity.ERROR)[:MAX_PROBLEMS]

    def refuse_errors(self) -> None:
        """Raise :class:`SpecProblems` when there is an error."""
        if self.errors:
            raise SpecProblems(self.path, self.errors)


def shown(text: str, limit: int = 60) -> str:
    """The author's words in a message: one line, cut."""
    line = " ".join(text.split())
    return line if len(line) <= limit else line[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"
