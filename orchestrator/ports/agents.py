"""Coding agents."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from orchestrator.models.endpoint import WireProtocol
from orchestrator.models.ids import RunId
from orchestrator.models.plan import Step
from orchestrator.models.spec import Requirement
from orchestrator.ports.broker import Lease
from orchestrator.ports.sandbox import Sandbox


class AgentEventKind(StrEnum):
    STARTED = "started"
    MESSAGE = "message"
    TOOL_CALL = "tool-call"
    COMMAND = "command"
    FILE_WRITTEN = "file-written"
    PERMISSION = "permission"
    USAGE = "usage"
    FAILED = "failed"
    FINISHED = "finished"


@dataclass(frozen=True, slots=True)
class AgentEvent:
    kind: AgentEventKind
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class AgentTask:
    """All that an agent is told. ``feedback`` are findings and rejections of earlier attempts, oldest first.

    ``model`` is ``endpoint/model`` and ``lease`` the way to it, for agents that need one.
    """

    run: RunId
    step: Step
    attempt: int
    requirements: tuple[Requirement, ...]
    prompt: str
    feedback: tuple[str, ...] = ()
    model: str = ""
    lease: Lease | None = None
    steering: Steering | None = None


@dataclass(frozen=True, slots=True)
class AgentOutcome:
    """``finished`` is the agent's own word, no evidence of anything. ``timed_out`` is the host's.

    ``denials`` are sentences of the agent's program about what the sandbox refused it: a reviewer reads
    them beside what the host itself left out.
    """

    finished: bool
    timed_out: bool = False
    summary: str = ""
    transcript: bytes = b""
    denials: tuple[str, ...] = ()


class Steering(Protocol):
    """What people say to a running step. Polled by drivers that can pass it on."""

    def messages(self) -> tuple[str, ...]:
        """Those that have come since the last call, oldest first."""
        ...


class Agent(Protocol):
    """A driver. The agent itself runs inside the sandbox (D22)."""

    @property
    def name(self) -> str: ...

    @property
    def version(self) -> str: ...

    @property
    def image(self) -> str | None:
        """The id of the image with this agent's layer; ``None`` when the base image has all it needs."""
        ...

    @property
    def hidden(self) -> tuple[str, ...]:
        """Patterns of paths that this agent is never shown: what it would run or obey, whoever wrote it."""
        ...

    @property
    def own_hosts(self) -> tuple[str, ...]:
        """Hosts that the program asks for by itself, whatever its work is: refused as any, and no fault of the step."""
        ...

    @property
    def protocols(self) -> tuple[WireProtocol, ...]:
        """What it can speak to its model; empty for an agent that asks none."""
        ...

    def run(self, task: AgentTask, sandbox: Sandbox, emit: Callable[[AgentEvent], None]) -> AgentOutcome:
        """Raises ``AgentFailed`` when the program could not be run at all."""
        ...
