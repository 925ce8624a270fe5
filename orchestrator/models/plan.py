"""What will be done: steps with their grants, each value with the source it came from (D4)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.models.base import Noun
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import Digest, GitOid, RequirementId, RunId, StepId


class SourceKind(StrEnum):
    """Who named a path or a command."""

    SPEC = "spec"
    PROFILE = "profile"
    INFERRED = "inferred"
    WORKFLOW = "workflow"


class Source(Noun):
    """``place`` is ``path:line`` in the spec, the key of the profile, or the node or ``ceiling`` of a workflow."""

    kind: SourceKind
    place: str


class WritePath(Noun):
    glob: str
    source: Source


class Acceptance(Noun):
    """A command, run as an argument vector and never by a shell, that must exit 0 on the changed tree."""

    argv: tuple[str, ...]
    source: Source


class Budget(Noun):
    """Ceilings of one step over all its attempts; ``wall_seconds`` is the time in which its agents may work."""

    attempts: int = Field(default=3, ge=1, le=20)
    wall_seconds: int = Field(default=1800, ge=1)


class ReviewMode(StrEnum):
    EACH_STEP = "each-step"
    END_OF_RUN = "end-of-run"


class StepKind(StrEnum):
    """``TESTS`` is accepted when a command fails on what it wrote; the step after it cannot write that."""

    IMPLEMENT = "implement"
    TESTS = "tests"


class Step(Noun):
    """``alone`` steps never run beside another (a grant that nobody named)."""

    id: StepId
    kind: StepKind = StepKind.IMPLEMENT
    title: str
    requirements: tuple[RequirementId, ...] = Field(min_length=1)
    depends_on: tuple[StepId, ...] = ()
    instruction: str
    write: tuple[WritePath, ...]
    acceptance: tuple[Acceptance, ...]
    capabilities: Capabilities
    budget: Budget = Budget()
    alone: bool = False


class Kept(Noun):
    """A requirement that is built already: its step of an earlier run, merged as ``commit`` and approved by people."""

    requirement: RequirementId
    step: StepId
    run: RunId
    commit: GitOid
    approvers: tuple[str, ...] = Field(min_length=1)


class Plan(Noun):
    """The whole plan, bound to a spec, a workflow, a profile and a base commit by digest.

    ``kept`` are requirements that have no step here, since nothing about them has changed.
    """

    spec: Digest
    spec_source: Digest
    spec_path: str
    workflow: Digest
    profile: Digest
    base_commit: GitOid
    target_ref: str
    review: ReviewMode = ReviewMode.EACH_STEP
    steps: tuple[Step, ...] = Field(min_length=1)
    kept: tuple[Kept, ...] = ()
