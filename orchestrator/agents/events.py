"""The one reader on the host of what comes out of a sandbox: strict JSON lines to events (D22).

Every line is hostile. What is not exactly an event of ours is dropped and counted; texts are cut and made printable,
data is flat and of known names.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, cast

from orchestrator.ports import AgentEvent, AgentEventKind

MAX_EVENTS = 10_000
MAX_LINE_BYTES = 64 << 10
MAX_TEXT_CHARACTERS = 4096
MAX_DENIALS = 50
_MAX_ITEMS = 64
_MAX_NUMBER = 1 << 53
_KINDS = {kind.value: kind for kind in AgentEventKind}
DATA_KEYS = frozenset(
    {"path", "bytes", "argv", "exit_code", "done", "failed", "denied", "deleted", "command", "tool", "dropped"}
    | {"input_tokens", "output_tokens", "cached_tokens", "turn", "turns", "code", "steered", "granted"}
)


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
        self.failed: str | None = None
        self.denials: dict[str, None] = {}
        """Sentences about what the sandbox or the grant refused, oldest first."""

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
        if event.kind is AgentEventKind.FAILED:
            self.failed = event.text
        if event.data.get("denied") is True and len(self.denials) < MAX_DENIALS:
            self.denials[_denial(event)] = None
        self._emit(event)


def _denial(event: AgentEvent) -> str:
    if event.kind is not AgentEventKind.COMMAND:
        return event.text
    argv = event.data.get("argv", [])
    return f"sandbox: the command {' '.join(map(str, argv))[:400]!r} was refused something"


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
    known = {key: value for key, value in cast("Mapping[str, Any]", data).items() if key in DATA_KEYS}
    return AgentEvent(kind, _printable(text[:MAX_TEXT_CHARACTERS]), _flat(known))


def _flat(data: Mapping[str, Any]) -> dict[str, Any]:
    """Texts, numbers and lists of texts; nothing nested."""
    flat: dict[str, Any] = {}
    for key, value in data.items():
        if isinstance(value, bool | int):
            flat[key] = value if isinstance(value, bool) else max(-_MAX_NUMBER, min(value, _MAX_NUMBER))
        elif isinstance(value, str):
            flat[key] = _printable(value[:MAX_TEXT_CHARACTERS])
        elif isinstance(value, list):
            items = [_printable(str(item)[:MAX_TEXT_CHARACTERS]) for item in cast("list[object]", value)[:_MAX_ITEMS]]
            flat[key] = items
    return flat


def _printable(text: str) -> str:
    """Without what moves a terminal's cursor or turns a line's direction round."""
    return "".join(character if character.isprintable() or character in "\n\t" else "\ufffd" for character in text)
