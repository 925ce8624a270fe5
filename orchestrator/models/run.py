"""A run as the index knows it."""

from __future__ import annotations

from pydantic import Field

from orchestrator.models.base import Digest, GitOid, Instant, Noun, RunId
from orchestrator.models.plan import ReviewMode
from orchestrator.models.status import OVER, RunStatus

__all__ = ["OVER", "Run", "RunSettings", "RunStatus"]


class RunSettings(Noun):
    """What the person asked for when the run began; a resume goes on with the same.

    ``agent_input`` is the stored file that the agent was given (the scripted
    agent's actions). ``packages`` is the folder that stands in for every index, if one was named.
    """

    agent: str
    agent_input: Digest | None = None
    review: ReviewMode = ReviewMode.EACH_STEP
    max_parallel: int = Field(default=2, ge=1, le=64)
    image: str = ""
    runtime: str = ""
    packages: str = ""


class Run(Noun):
    """``plan`` is ``None`` until the plan node has run. ``message`` is the last word for people."""

    id: RunId
    repository: str
    spec_path: str
    spec: Digest
    spec_source: Digest
    workflow: str
    workflow_digest: Digest
    base_commit: GitOid
    target_ref: str
    run_ref: str
    agent: str
    settings: Digest
    plan: Digest | None = None
    status: RunStatus = RunStatus.RUNNING
    message: str = ""
    exit_code: int | None = None
    created_at: Instant
    updated_at: Instant
