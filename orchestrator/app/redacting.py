"""What this user's secrets look like, for texts that are given away."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator

from orchestrator.app.models.connections import load_connections
from orchestrator.broker.refusal import Refusal
from orchestrator.broker.secrets import read_secret
from orchestrator.models.endpoint import SourceKind
from orchestrator.observe.redaction import Redactor

_TELLING = re.compile(r"(?i)(key|token|secret|passw(or)?d|passwd|pwd|credential)s?$")
_READ = frozenset({SourceKind.ENVIRONMENT, SourceKind.FILE})


def redactor() -> Redactor:
    """Knows the secrets of the models file that a variable or a file holds, and variables that are named as secrets.

    A key store or a command is not asked: it may ask the person. Raises ``UsageError`` (MDL) for a models file that
    cannot be read: without it what is a secret here is not known.
    """
    from orchestrator.gates.kinds.secret_patterns import CANARY, FORMS, forms

    compiled = {name: form.compiled for name, form in FORMS.items()}
    return Redactor(tuple(dict.fromkeys((*_configured(), *_named()))), {"canary": CANARY.compiled, **compiled}, forms)


def _named() -> Iterator[str]:
    return (value.strip() for name, value in os.environ.items() if _TELLING.search(name) and not _is_path(value))


def _is_path(value: str) -> bool:
    """A variable such as ``HANDRAIL_KEY`` names a file; where that lies is no secret."""
    return value.startswith(("/", "~", "./"))


def _configured() -> Iterator[str]:
    connections = load_connections()
    sources = [e.credential.source for e in connections.endpoints if e.credential.source]
    for source in (*sources, *(secret.source for secret in connections.secrets)):
        if source.kind in _READ:
            try:
                yield asyncio.run(read_secret(source))
            except Refusal:
                continue
