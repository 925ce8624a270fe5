"""Structured logs: one JSON object a line, of names, numbers and digests. What anybody wrote is in none of them.

A record has the members ``schema``, ``at`` (UTC), ``level``, ``logger``, ``message`` (a word of ours), and of
:data:`FIELDS` those that are known. Whatever else a record carries, an exception's text or its arguments, is left out;
what is kept goes through a redactor all the same.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from orchestrator.models.event import Event

SCHEMA: Final = "handrail.log/1"
LOGGER: Final = "handrail"
FIELDS: Final = (
    *("command", "version", "run", "step", "attempt", "node", "kind", "number"),
    *("result", "outcome", "status", "count", "tokens", "exit_code", "exit", "code", "error", "seconds"),
)
_OF_AN_EVENT: Final = frozenset({"result", "outcome", "status", "count", "tokens", "exit_code", "exit"})
_LONGEST: Final = 200


class JsonLines(logging.Formatter):
    """``clean`` takes secrets out of a text."""

    def __init__(self, clean: Callable[[str], str]) -> None:
        super().__init__()
        self._clean = clean

    def format(self, record: logging.LogRecord) -> str:
        """One line, in ASCII, so that no terminal acts on it."""
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        told: dict[str, Any] = {"schema": SCHEMA, "at": at, "level": record.levelname.lower(), "logger": record.name}
        told["message"] = self._safe(str(record.msg))
        told |= {name: self._safe(value) for name in FIELDS if (value := getattr(record, name, None)) not in (None, "")}
        if record.exc_info and record.exc_info[0]:
            told["error"] = record.exc_info[0].__name__
        return json.dumps(told, separators=(",", ":"))

    def _safe(self, value: object) -> object:
        if isinstance(value, bool | int | float):
            return value
        return self._clean(str(value)[:_LONGEST])


def of_event(event: Event) -> Mapping[str, Any]:
    """What a log says of an event: where it happened, and what of its data is a number or a word of ours.

    Of an agent's own account nothing: it may put any text into any member.
    """
    mine = {} if event.kind.startswith("agent-") else event.data
    kept = {name: mine[name] for name in _OF_AN_EVENT & mine.keys()}
    where = {"run": event.run, "step": event.step, "attempt": event.attempt or None, "node": event.node}
    return {**where, "kind": event.kind.value, **kept}
