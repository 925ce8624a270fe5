"""Logs for machines, off unless ``--log-json`` or ``HANDRAIL_LOG_JSON`` names a file (or ``-`` for stderr)."""

from __future__ import annotations

import logging
import os
import sys
from pathlib import Path
from typing import TextIO

from orchestrator.app.redacting import redactor
from orchestrator.errors import UsageError
from orchestrator.models.event import Event
from orchestrator.observe.logs import LOGGER, JsonLines, of_event

VARIABLE = "HANDRAIL_LOG_JSON"
_STDERR = "-"
_log = logging.getLogger(LOGGER)


def start(where: str) -> None:
    """From now on this process logs, and every process of ours that it starts. Raises ``UsageError`` (LOG001).

    The file is appended to, and made for its owner alone.
    """
    handler: logging.Handler = logging.StreamHandler(sys.stderr if where == _STDERR else _opened(Path(where)))
    handler.setFormatter(JsonLines(redactor().text))
    _log.handlers[:] = [handler]
    _log.propagate = False
    _log.setLevel(logging.INFO)
    os.environ[VARIABLE] = where if where == _STDERR else str(Path(where).absolute())


def start_if_asked() -> None:
    """In a process that we started ourselves."""
    if where := os.environ.get(VARIABLE, ""):
        start(where)


def _opened(path: Path) -> TextIO:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as problem:
        raise UsageError(
            "LOG001", f"{path} cannot be written: {problem.strerror}.", "name another file, or -"
        ) from problem
    return os.fdopen(handle, "w", encoding="ascii")


def on() -> bool:
    """Whether anybody asked for logs."""
    return bool(_log.handlers)


def say(message: str, level: int = logging.INFO, **fields: object) -> None:
    """A word of ours, with fields of :data:`orchestrator.observe.logs.FIELDS`."""
    _log.log(level, message, extra=fields)


def event(happened: Event) -> None:
    """What a run's store has just been told."""
    _log.info("event", extra=dict(of_event(happened)))
