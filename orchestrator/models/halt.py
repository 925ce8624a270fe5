"""An order to stop, and the order that takes one back."""

from __future__ import annotations

from enum import StrEnum

from orchestrator.models.base import Instant, Noun
from orchestrator.models.ids import Digest

HALT_ROLE = "halt"
"""The policy's role that stops and lifts; a policy that names none leaves it to ``root``."""


class HaltScope(StrEnum):
    """What an order is about. ``KEY`` is the id of the key that signs for the run, or how it begins."""

    ALL = "all"
    AGENT = "agent"
    MODEL = "model"
    KEY = "key"
    WORKFLOW = "workflow"


class Halt(Noun):
    """One row. ``lifts`` is the digest of the line that this one takes back; '' for an order to stop.

    ``value`` is ``NAME`` or ``NAME@VERSION`` of an agent, ``ENDPOINT/MODEL``, a key id, or a workflow's name.
    """

    schema_version: int = 1
    repository: str
    scope: HaltScope = HaltScope.ALL
    value: str = ""
    lifts: Digest | None = None
    by: str
    at: Instant
    nonce: str
