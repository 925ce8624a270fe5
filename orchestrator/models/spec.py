"""What a person wrote: a spec and its requirements, every item with its place in the file."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.models.base import Digest, Noun, RequirementId
from orchestrator.models.capabilities import DataClass


class SpecFormat(StrEnum):
    FEATURE = "feature"
    SPEC_KIT = "spec-kit"
    EARS = "ears"
    PROCESS = "process"


class Span(Noun):
    """A place in a text. Lines and columns count from 1; the end is inclusive, in code points."""

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

    ``digest_of_text`` covers statement and criteria, not the place: moving a
    requirement in its file does not change it.
    """

    id: RequirementId
    aliases: tuple[str, ...] = ()
    title: str = ""
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


class Spec(Noun):
    """A parsed PRD. ``source_digest`` is of the file's exact bytes.

    ``criteria`` are success criteria and scenarios that the author linked to
    no single requirement.
    """

    namespace: str
    title: str
    format: SpecFormat
    path: str
    source_digest: Digest
    requirements: tuple[Requirement, ...]
    criteria: tuple[Criterion, ...] = ()
    warnings: tuple[Problem, ...] = ()
