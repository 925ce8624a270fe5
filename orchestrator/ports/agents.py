"""Coding agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from orchestrator.models.base import RunId
from orchestrator.models.plan import Step
from orchestrator.models.spec import Requirement
from orchestrator.ports.sandbox import Sandbox


class AgentEventKind(StrEnum):
    STARTED = "started"
    MESSAGE = "message"
    TOOL_CALL = "tool-call"
    COMMAND = "command"
    FILE_WRITTEN = "file-written"
    FAILED = "failed"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class AgentEvent:
    kind: AgentEventKind
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class AgentTask:
    """All that an agent is told. ``feedback`` are findings and rejections of earlier attempts, oldest first."""

    run: RunId
    step: Step
    attempt: int
    requirements: tuple[Requirement, ...]
    prompt: str
    feedback: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentOutcome:
    """``finished`` is the agent's own word, no evidence of anything. ``timed_out`` is the host's."""

    finished: bool
    timed_out: bool = False
    summary: str = ""
    transcript: bytes = b""


class Agent(Protocol):
    """A driver. The agent itself runs inside the sandbox (D22)."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    def run(self, task: AgentTask, sandbox: Sandbox, emit: Callable[[AgentEvent], None]) -> AgentOutcome:
        """Raises ``AgentFailed`` when the program could not be run at all."""
        ...
