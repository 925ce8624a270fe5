"""What a person wrote: a spec and its requirements, every item with its place in the file."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.models.base import Noun
from orchestrator.models.capabilities import DataClass
from orchestrator.models.ids import Digest, RequirementId


class SpecFormat(StrEnum):
    FEATURE = "feature"
    SPEC_KIT = "spec-kit"
    EARS = "ears"
    OPENSPEC = "openspec"
    PR_FAQ = "pr-faq"
    PLAIN = "plain"
    PROCESS = "process"


class Kind(StrEnum):
    """What a requirement is. A constraint holds in every step; a non-goal is what no step may do."""

    FUNCTIONAL = "functional"
    QUALITY = "quality"
    CONSTRAINT = "constraint"
    NON_GOAL = "non-goal"


class Delta(StrEnum):
    """What a change does to a requirement that stands elsewhere (OpenSpec)."""

    ADDED = "added"
    MODIFIED = "modified"
    REMOVED = "removed"
    RENAMED = "renamed"


class Span(Noun):
    """A place in a text. Lines and columns count from 1; the end is inclusive, in code points.

    ``path`` is empty for the spec itself, else the name of the file beside it.
    """

    path: str = ""
    line: int
    column: int = 1
    end_line: int
    end_column: int = 1


class Criterion(Noun):
    """One acceptance criterion, in the author's words."""

    text: str
    span: Span


class Declared(Noun):
    """A write path or a command that the author of the spec named, with its place (D4)."""

    value: str
    span: Span


class Requirement(Noun):
    """One thing that must become true.

    ``text_digest`` covers title, statement and criteria, not the place: moving a
    requirement in its file does not change it. ``priority`` is the author's
    word in capitals or small letters (``P1``, ``must``). ``provisional``: the
    id was made up for a text without ids and no lock file remembers it.
    ``base_digest`` is the ``text_digest`` of what ``delta`` changes.
    """

    id: RequirementId
    aliases: tuple[str, ...] = ()
    title: str = ""
    kind: Kind = Kind.FUNCTIONAL
    priority: str = ""
    provisional: bool = False
    delta: Delta | None = None
    base_digest: Digest | None = None
    statement: str
    acceptance: tuple[Criterion, ...] = ()
    where: tuple[Declared, ...] = ()
    verify_by: tuple[Declared, ...] = ()
    depends_on: tuple[RequirementId, ...] = ()
    reaches: tuple[Declared, ...] = ()
    data: DataClass = DataClass.OPEN
    span: Span
    text_digest: Digest


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Problem(Noun):
    """Something wrong at a place: of a spec, a workflow or a policy file."""

    code: str
    severity: Severity = Severity.ERROR
    path: str
    line: int
    column: int = 1
    message: str
    hint: str = ""

    def __str__(self) -> str:
        """``path:line:col CODE text. Try: …``."""
        return f"{self.path}:{self.line}:{self.column} {self.code} {self.message}" + (
            f" Try: {self.hint}" if self.hint else ""
        )


class Companion(Noun):
    """A file that was read together with a spec; ``path`` is relative to the spec's folder."""

    path: str
    sha256: Digest


class Spec(Noun):
    """A parsed PRD. ``source_digest`` is of the file's exact bytes, or of all files' when others were read with it.

    ``criteria`` are success criteria and scenarios that the author linked to
    no single requirement. ``non_goals`` are kept apart: nothing is built for them.
    """

    namespace: str
    title: str
    format: SpecFormat
    path: str
    source_digest: Digest
    requirements: tuple[Requirement, ...]
    non_goals: tuple[Requirement, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    companions: tuple[Companion, ...] = ()
    warnings: tuple[Problem, ...] = ()

    @property
    def throughout(self) -> tuple[Requirement, ...]:
        """Constraints that name neither a path nor a command: they hold in every step and are none themselves."""
        found = tuple(r for r in self.requirements if r.kind is Kind.CONSTRAINT and not r.where and not r.verify_by)
        return found if len(found) < len(self.requirements) else ()

    @property
    def built(self) -> tuple[Requirement, ...]:
        """The requirements that become steps: a new name alone changes nothing that runs."""
        apart = {r.id for r in self.throughout}
        return tuple(r for r in self.requirements if r.id not in apart and r.delta is not Delta.RENAMED)
