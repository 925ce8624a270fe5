"""The ``native`` agent: our own small loop, a program inside the image like every agent (D22).

Any endpoint that speaks chat completions will do, so a whole run can be offline. This side starts the program,
passes on what people say between two turns of the model, and takes every line that comes back as hostile.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from orchestrator import __version__
from orchestrator.agents.events import MAX_LINE_BYTES, EventReader
from orchestrator.errors import AgentFailed
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentEvent, AgentEventKind, AgentOutcome, AgentTask, Execution, Sandbox, Steering

PROGRAM = ("python3", "-I", "/opt/handrail/agents/native.py")
MAX_SAID_CHARACTERS = 8000
_WORDS_OF_THE_STEP = {"turns", "time", "loop", "no-tool"}
"""Failures that say something of the work; every other one says that no model answered."""


class NativeAgent:
    """Implements :class:`orchestrator.ports.Agent`.

    ``turns`` are answers of the model in one attempt, ``output_tokens`` the most of one; ``context_tokens`` is where
    the conversation is shortened.
    """

    def __init__(self, *, turns: int = 80, context_tokens: int = 32_000, output_tokens: int = 4096) -> None:
        self._turns, self._context_tokens, self._output_tokens = turns, context_tokens, output_tokens

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
    def hidden(self) -> tuple[str, ...]:
        """It runs and obeys nothing that lies in a tree."""
        return ()

    @property
    def own_hosts(self) -> tuple[str, ...]:
        return ()

    @property
    def protocols(self) -> tuple[WireProtocol, ...]:
        return (WireProtocol.CHAT,)

    def run(self, task: AgentTask, sandbox: Sandbox, emit: Callable[[AgentEvent], None]) -> AgentOutcome:
        """Work until the model calls ``done``, gives up, or time is over. What people say reaches its next turn.

        Raises :class:`AgentFailed`: ``AGT011`` the image has no such program, ``AGT012`` no model is
        leased to the step, ``AGT013`` the model endpoint gave no usable answer.
        """
        watch, asked = _Watch(emit), self._asked(task)
        reader = EventReader(watch)
        execution = sandbox.execute(
            PROGRAM,
            stdin=json.dumps(asked).encode() + b"\n",
            timeout_seconds=asked["seconds"],
            on_output=reader.feed,
            live_input=_Said(task.steering, watch) if task.steering else None,
        )
        if not reader.fed:
            reader.feed(execution.stdout)
        reader.close()
        if watch.events and not watch.ended and not execution.timed_out:
            how = f"it ended with {execution.exit_code} and no last word"
            emit(AgentEvent(AgentEventKind.FAILED, how, {"exit_code": execution.exit_code}))
        return _outcome(watch, execution, tuple(reader.denials))

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
            "output_tokens": self._output_tokens,
        }


class _Said:
    """What people say, as lines of the program's stdin; its end once the agent is done."""

    def __init__(self, steering: Steering, watch: _Watch) -> None:
        self._steering, self._watch = steering, watch

    def __call__(self) -> bytes | None:
        if self._watch.ended:
            return b""
        texts = [text[:MAX_SAID_CHARACTERS] for text in self._steering.messages()]
        lines = b"".join(json.dumps({"said": text}).encode() + b"\n" for text in texts)
        return lines[-MAX_LINE_BYTES:] or None


class _Watch:
    """Passes events on and keeps what the outcome needs of them."""

    def __init__(self, emit: Callable[[AgentEvent], None]) -> None:
        self._emit = emit
        self.events = 0
        self.summary = ""
        self.failure: tuple[str, str] | None = None

    @property
    def ended(self) -> bool:
        return bool(self.summary or self.failure)

    def __call__(self, event: AgentEvent) -> None:
        self.events += 1
        if event.kind is AgentEventKind.FINISHED:
            self.summary = event.text or "done"
        elif event.kind is AgentEventKind.FAILED:
            self.failure = str(event.data.get("code", "")), event.text
        self._emit(event)


def _outcome(watch: _Watch, execution: Execution, denials: tuple[str, ...]) -> AgentOutcome:
    if not watch.events and not execution.timed_out:
        words = execution.stderr.decode(errors="replace").splitlines()[-5:]
        hint = "build the image again with `handrail sandbox build`"
        raise AgentFailed("AGT011", f"the agent's program ended with {execution.exit_code}", hint, words)
    if watch.failure and watch.failure[0] not in _WORDS_OF_THE_STEP:
        code, why = watch.failure
        raise AgentFailed("AGT013", f"The agent got no usable answer ({code}): {why}", "handrail models check")
    finished = bool(watch.summary) and execution.exit_code == 0 and not execution.timed_out
    summary = watch.summary or (watch.failure[1] if watch.failure else "the agent did not say that it is done")
    return AgentOutcome(finished, execution.timed_out, summary, execution.stdout, denials)
