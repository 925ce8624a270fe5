"""A run as the index knows it."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.models.base import Digest, GitOid, Instant, Noun, RunId


class RunStatus(StrEnum):
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    REJECTED = "rejected"
    CANCELLED = "cancelled"
    LIMIT = "limit"


class Run(Noun):
    """``plan`` is ``None`` until the plan node has run. ``message`` is the last word for people."""

    id: RunId
    repository: str
    spec_path: str
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
