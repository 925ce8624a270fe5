"""The ``native`` agent: our own small loop, a program inside the image like every agent (D22).

Any endpoint that speaks chat completions will do, so a whole run can be offline. This side starts the program,
passes on what people say between two turns of the model, and takes every line that comes back as hostile.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from orchestrator import __version__
from orchestrator.agents.events import EventReader
from orchestrator.errors import AgentFailed
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentEvent, AgentEventKind, AgentOutcome, AgentTask, Execution, Sandbox

PROGRAM = ("python3", "-I", "/opt/handrail/agents/native.py")
MAX_DENIALS = 50
_PAUSED = 75
_WORDS_OF_THE_STEP = {"turns", "time", "loop", "no-tool"}
"""Failures that say something of the work; every other one says that no model answered."""


class NativeAgent:
    """Implements :class:`orchestrator.ports.Agent`.

    ``turns`` are answers of the model in one attempt; ``context_tokens`` is where the conversation is shortened.
    """

    def __init__(self, *, turns: int = 80, context_tokens: int = 32_000) -> None:
        self._turns, self._context_tokens = turns, context_tokens

    @property
    def name(self) -> str:
        return "native"

    @property
    def version(self) -> str:
        """Handrail's own: the program comes with it."""
        return __version__

    @property
    def image(self) -> None:
        """The base image has all it needs."""
        return

    @property
    def protocols(self) -> tuple[WireProtocol, ...]:
        return (WireProtocol.CHAT,)

    def run(self, task: AgentTask, sandbox: Sandbox, emit: Callable[[AgentEvent], None]) -> AgentOutcome:
        """Work until the model calls ``done``, gives up, or time is over.

        Raises :class:`AgentFailed`: ``AGT011`` the image has no such program, ``AGT012`` no model is
        leased to the step, ``AGT013`` the model endpoint gave no usable answer.
        """
        asked = self._asked(task)
        watch = _Watch(emit)
        while True:
            execution = self._execute(asked, sandbox, watch)
            watch.transcript += execution.stdout
            if execution.exit_code != _PAUSED or execution.timed_out or watch.ended:
                return _outcome(watch, execution)
            said = task.steering.messages() if task.steering else ()
            asked = {**asked, "resume": True, "said": said}

    def _asked(self, task: AgentTask) -> dict[str, Any]:
        url = task.lease.urls.get(WireProtocol.CHAT) if task.lease else None
        if task.lease is None or not url or not task.model:
            hint = "handrail run SPEC --agent native --model ENDPOINT/MODEL; handrail models list"
            raise AgentFailed(
                "AGT012", f"Step {task.step.id} has no lease of a model that speaks {WireProtocol.CHAT}.", hint
            )
        seconds = min(task.step.budget.wall_seconds, task.step.capabilities.limits.wall_seconds)
        return {
            "url": url,
            "token": task.lease.token,
            "model": task.model,
            "prompt": task.prompt,
            "seconds": seconds,
            "turns": self._turns,
            "context_tokens": self._context_tokens,
            "pause_after": 1 if task.steering else 0,
            "said": task.steering.messages() if task.steering else (),
        }

    @staticmethod
    def _execute(asked: dict[str, Any], sandbox: Sandbox, watch: _Watch) -> Execution:
        reader = EventReader(watch)
        stdin = json.dumps(asked).encode()
        execution = sandbox.execute(PROGRAM, stdin=stdin, timeout_seconds=asked["seconds"], on_output=reader.feed)
        if not reader.fed:
            reader.feed(execution.stdout)
        reader.close()
        return execution


class _Watch:
    """Passes events on and keeps what the outcome needs of them."""

    def __init__(self, emit: Callable[[AgentEvent], None]) -> None:
        self._emit = emit
        self.transcript = b""
        self.events = 0
        self.summary = ""
        self.failure: tuple[str, str] | None = None
        self.denials: dict[str, None] = {}

    @property
    def ended(self) -> bool:
        return bool(self.summary or self.failure)

    def __call__(self, event: AgentEvent) -> None:
        self.events += 1
        if event.kind is AgentEventKind.FINISHED:
            self.summary = event.text or "done"
        elif event.kind is AgentEventKind.FAILED:
            self.failure = str(event.data.get("code", "")), event.text
        if event.data.get("denied") is True and len(self.denials) < MAX_DENIALS:
            self.denials[_denial(event)] = None
        self._emit(event)


def _denial(event: AgentEvent) -> str:
    if event.kind is not AgentEventKind.COMMAND:
        return event.text
    argv = event.data.get("argv", [])
    return f"sandbox: the command {' '.join(map(str, argv))[:400]!r} was refused something"


def _outcome(watch: _Watch, execution: Execution) -> AgentOutcome:
    if not watch.events and not execution.timed_out:
        words = execution.stderr.decode(errors="replace").splitlines()[-5:]
        hint = "build the image again with `handrail sandbox build`"
        raise AgentFailed("AGT011", f"the agent's program ended with {execution.exit_code}", hint, words)
    if watch.failure and watch.failure[0] not in _WORDS_OF_THE_STEP:
        code, why = watch.failure
        raise AgentFailed("AGT013", f"The agent got no usable answer ({code}): {why}", "handrail models check")
    finished = bool(watch.summary) and execution.exit_code == 0 and not execution.timed_out
    summary = watch.summary or (watch.failure[1] if watch.failure else "the agent did not say that it is done")
    return AgentOutcome(finished, execution.timed_out, summary, watch.transcript, tuple(watch.denials))
