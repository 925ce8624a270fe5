"""The ``scripted`` agent: a replay of a file of actions, for demos and tests. It is no coding agent.

It thinks nothing, reads no prompt and no finding. What it replays, and when, stands in its script
(:mod:`orchestrator.agents.script`); the actions happen inside the sandbox, done by a small program
of the image, so that grants, limits and gates meet it as they meet any agent. This side touches no file of
the host but the script, and takes every line that comes back as hostile.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from orchestrator.agents.script import Action, Replay, load_script
from orchestrator.errors import AgentFailed
from orchestrator.models.base import sha256
from orchestrator.models.endpoint import WireProtocol
from orchestrator.ports import AgentEvent, AgentEventKind, AgentOutcome, AgentTask, Sandbox

PROGRAM = ("python3", "-I", "/opt/handrail/agents/scripted.py")
MAX_EVENTS = 10_000
MAX_LINE_BYTES = 64 << 10
MAX_TEXT_CHARACTERS = 4096
_KINDS = {kind.value: kind for kind in AgentEventKind}
_DATA_KEYS = frozenset(
    {"path", "bytes", "argv", "exit_code", "done", "failed", "denied", "deleted"}
    | {"tool", "turn", "turns", "input_tokens", "output_tokens", "code", "steered"}
)


class ScriptedAgent:
    """Implements :class:`orchestrator.ports.Agent`.

    Making one raises ``UsageError`` (``AGT001`` … ``AGT003``) for a bad script.
    """

    def __init__(self, script: bytes, path: str = "script") -> None:
        self._script = load_script(script, path)
        self._digest = sha256(script)

    @property
    def name(self) -> str:
        return "scripted"

    @property
    def version(self) -> str:
        """The script is what it does, so its digest is the version."""
        return f"1+{self._digest.removeprefix('sha256:')[:16]}"

    @property
    def image(self) -> None:
        """The base image has the program."""
        return

    @property
    def protocols(self) -> tuple[WireProtocol, ...]:
        """It asks no model."""
        return ()

    def run(self, task: AgentTask, sandbox: Sandbox, emit: Callable[[AgentEvent], None]) -> AgentOutcome:
        """Replay the actions of this step and attempt.

        A step of several requirements gets the actions of each, in their order; an entry for the step's
        own id replaces them. Raises :class:`AgentFailed`: ``AGT010`` the script has no entry, ``AGT011`` the image
        has no such program.
        """
        actions = self._actions(task)
        reader = EventReader(emit)
        seconds = min(task.step.budget.wall_seconds, task.step.capabilities.limits.wall_seconds)
        execution = sandbox.execute(
            PROGRAM,
            stdin=json.dumps({"actions": actions}).encode(),
            timeout_seconds=seconds,
            on_output=reader.feed,
        )
        if not reader.fed:
            reader.feed(execution.stdout)
        reader.close()
        if not reader.events and not execution.timed_out:
            words = execution.stderr.decode(errors="replace").splitlines()[-5:]
            hint = "build the image again with `handrail sandbox build`"
            raise AgentFailed("AGT011", f"the agent's program ended with {execution.exit_code}", hint, words)
        finished = reader.finished is not None and execution.exit_code == 0 and not execution.timed_out
        return AgentOutcome(
            finished,
            timed_out=execution.timed_out,
            summary=reader.finished or "the replay did not end",
            transcript=execution.stdout,
        )

    def _actions(self, task: AgentTask) -> list[Action]:
        replays = self._replays(task)
        if not replays:
            hint = f"add an entry for {task.step.requirements[0]} to the script"
            raise AgentFailed("AGT010", f"the script has no entry for step {task.step.id}", hint)
        return [action for replay in replays for action in replay.actions(task.attempt)]

    def _replays(self, task: AgentTask) -> list[Replay]:
        if task.step.id in self._script:
            return [self._script[task.step.id]]
        found: list[Replay] = []
        for requirement in task.requirements:
            names = (requirement.id, requirement.id.rpartition("/")[2], *requirement.aliases)
            found += [self._script[name] for name in names if name in self._script][:1]
        return found


class EventReader:
    """Lines of JSON from a sandbox to events. Bounded; what is not an event is dropped and counted."""

    def __init__(self, emit: Callable[[AgentEvent], None]) -> None:
        self._emit = emit
        self._pending = b""
        self._skipping = False
        self.events = 0
        self.dropped = 0
        self.fed = False
        self.finished: str | None = None

    def feed(self, data: bytes) -> None:
        """Take the next bytes, however they were cut."""
        self.fed = self.fed or bool(data)
        *lines, rest = (self._pending + data).split(b"\n")
        for line in lines:
            if self._skipping:
                self._skipping = False
            else:
                self._line(line)
        if len(rest) > MAX_LINE_BYTES:
            self.dropped += not self._skipping
            self._skipping, rest = True, b""
        self._pending = rest

    def close(self) -> None:
        """Take an unended last line, and say once what was dropped."""
        if self._pending and not self._skipping:
            self._line(self._pending)
        self._pending = b""
        if self.dropped:
            text = f"{self.dropped} lines of the agent's output are no events and were dropped"
            self._emit(AgentEvent(AgentEventKind.MESSAGE, text, {"dropped": self.dropped}))

    def _line(self, line: bytes) -> None:
        event = _event(line) if self.events < MAX_EVENTS and len(line) <= MAX_LINE_BYTES else None
        if event is None:
            self.dropped += 1
            return
        self.events += 1
        if event.kind is AgentEventKind.FINISHED:
            self.finished = event.text
        self._emit(event)


def _event(line: bytes) -> AgentEvent | None:
    try:
        told = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(told, dict):
        return None
    fields = cast("Mapping[str, Any]", told)
    kind, text, data = _KINDS.get(str(fields.get("kind"))), fields.get("text", ""), fields.get("data", {})
    if kind is None or not isinstance(text, str) or not isinstance(data, dict):
        return None
    known = {key: value for key, value in cast("Mapping[str, Any]", data).items() if key in _DATA_KEYS}
    return AgentEvent(kind, _printable(text[:MAX_TEXT_CHARACTERS]), _flat(known))


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """Texts, numbers and lists of texts; nothing nested."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, bool | int):
            flat[key] = value
        elif isinstance(value, str):
            flat[key] = _printable(value[:MAX_TEXT_CHARACTERS])
        elif isinstance(value, list):
            items = [_printable(str(item)[:MAX_TEXT_CHARACTERS]) for item in cast("list[object]", value)[:64]]
            flat[key] = items
    return flat


def _printable(text: str) -> str:
    """Without what moves a terminal's cursor or turns a line's direction round."""
    return "".join(character if character.isprintable() or character in "\n\t" else "\ufffd" for character in text)
