"""What all drivers of real programs share: one start in the sandbox, events back, an outcome.

A driver says how its program is started (:class:`Start`), in a file of its own. The start goes to a launcher in
the image (``/opt/handrail/agents/launch.py``) over stdin, token and prompt with it: nothing secret or long stands in an
argument. The program's own output is read inside the image; the host reads events alone (D22).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from orchestrator.agents.events import EventReader
from orchestrator.errors import AgentFailed
from orchestrator.models.agent import AgentManifest
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentEvent, AgentEventKind, AgentOutcome, AgentTask, Execution, Lease, Sandbox

LAUNCHER = ("python3", "-I", "/opt/handrail/agents/launch.py")
AGENT = "/opt/agent"
HOME = "/tmp/home"  # noqa: S108  inside the container, private to it
NOT_FOUND = 127
_KIB = 1024


@dataclass(frozen=True, slots=True)
class Start:
    """How a program is started: ``files`` (below its HOME) and ``env`` are all that configures it."""

    argv: tuple[str, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str])
    files: Mapping[str, str] = field(default_factory=dict[str, str])
    prompt: str = ""


@dataclass(frozen=True, slots=True)
class Driver:
    """One agent's ways. ``words`` is the module in the image that reads what it prints.

    ``start`` gets the task, the lease and the bare name of the model. ``wiring`` says how the program is told where its
    model answers, for people. ``exit_status`` says whether it reports how its commands ended, ``hidden`` which paths
    of a tree it would run or obey in spite of all its switches, so that it is not shown them, ``own_hosts`` whom it was
    seen to ask for by itself (metrics, updates), ``asks`` that it asks before it acts, ``usage`` that it tells how many
    tokens it used.
    """

    name: str
    protocol: WireProtocol
    words: str
    start: Callable[[AgentTask, Lease, str], Start]
    wiring: Mapping[str, str]
    exit_status: bool = True
    tools: bool = True
    hidden: tuple[str, ...] = ()
    own_hosts: tuple[str, ...] = ()
    asks: bool = False
    usage: bool = True

    @property
    def events(self) -> tuple[str, ...]:
        """The kinds of events that this agent can report."""
        kinds = ["started", "message", "file-written", "finished", "failed"]
        kinds += ["tool-call", "command"] if self.tools else []
        kinds += ["permission"] if self.asks else []
        return tuple(sorted(kinds + (["usage"] if self.usage else [])))


class ProgramAgent:
    """Implements :class:`orchestrator.ports.Agent` for an installed program."""

    def __init__(self, driver: Driver, manifest: AgentManifest) -> None:
        self._driver, self._manifest = driver, manifest

    @property
    def name(self) -> str:
        return self._driver.name

    @property
    def version(self) -> str:
        return self._manifest.version

    @property
    def image(self) -> str:
        """The image with the program."""
        return self._manifest.image

    @property
    def hidden(self) -> tuple[str, ...]:
        """What of a tree it would run or obey, and no switch of its own turns off."""
        return self._driver.hidden

    @property
    def own_hosts(self) -> tuple[str, ...]:
        """As the port says."""
        return self._driver.own_hosts

    @property
    def protocols(self) -> tuple[WireProtocol, ...]:
        return (self._driver.protocol,)

    def run(self, task: AgentTask, sandbox: Sandbox, emit: Callable[[AgentEvent], None]) -> AgentOutcome:
        """Start the program and follow it to its end, its time-out or its crash.

        A program that ended badly is an outcome that is not finished; the tree says what its work is worth. Raises
        :class:`AgentFailed`: ``AGT040`` no model or no way to it, ``AGT043`` too little memory, ``AGT011`` the image
        has no such program or it ended with no word at all.
        """
        reader = EventReader(emit)
        limits = task.step.capabilities.limits
        execution = sandbox.execute(
            LAUNCHER,
            stdin=json.dumps(self._order(task, limits.output_kib * _KIB)).encode(),
            timeout_seconds=min(task.step.budget.wall_seconds, limits.wall_seconds),
            on_output=reader.feed,
        )
        if not reader.fed:
            reader.feed(execution.stdout)
        reader.close()
        return self._outcome(reader, execution, emit)

    def _order(self, task: AgentTask, output_bytes: int) -> dict[str, object]:
        model = task.model.partition("/")[2]
        if task.lease is None or not model or self._driver.protocol not in task.lease.urls:
            hint = "name one with --model ENDPOINT/MODEL; the endpoint must speak " + self._driver.protocol.value
            raise AgentFailed("AGT040", f"{self.name} has no model to ask", hint)
        start = self._driver.start(task, task.lease, model)
        wanted, granted = self._manifest.capabilities["memory_mib"], task.step.capabilities.limits.memory_mib
        if granted < wanted:
            hint = f"let the policy's ceiling and the workflow grant memory_mib: {wanted}"
            raise AgentFailed("AGT043", f"{self.name} needs {wanted} MiB of memory, and {granted} are granted", hint)
        return {
            "name": self.name,
            "version": self.version,
            "argv": start.argv,
            "env": dict(start.env),
            "files": dict(start.files),
            "prompt": start.prompt or task.prompt,
            "words": self._driver.words,
            "output_bytes": output_bytes,
        }

    def _outcome(self, reader: EventReader, execution: Execution, emit: Callable[[AgentEvent], None]) -> AgentOutcome:
        denials = tuple(reader.denials)
        if execution.timed_out:
            emit(AgentEvent(AgentEventKind.FAILED, "it was still at work when its time was over"))
            return AgentOutcome(False, True, "out of time", execution.stdout, denials)  # noqa: FBT003  the port's fields
        if not reader.events or execution.exit_code == NOT_FOUND:
            words = execution.stderr.decode(errors="replace").splitlines()[-5:]
            hint = f"`handrail agent test {self.name}`; if it fails, `handrail agent add {self.name}` again"
            raise AgentFailed("AGT011", f"{self.name} could not be run ({execution.exit_code})", hint, words)
        finished = reader.finished is not None and execution.exit_code == 0
        if not finished and reader.failed is None:
            emit(AgentEvent(AgentEventKind.FAILED, f"it ended with {execution.exit_code} and no last word"))
        summary = reader.finished if finished else f"not finished: {reader.failed or execution.exit_code}"
        return AgentOutcome(finished, False, summary or "", execution.stdout, denials)  # noqa: FBT003  the port's fields
