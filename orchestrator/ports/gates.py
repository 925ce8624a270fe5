"""Gates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from orchestrator.models.base import GitOid
from orchestrator.models.change import ChangedFile, ChangeIdentity
from orchestrator.models.gate import GateReport


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change as gates see it: blobs, never a work tree."""

    identity: ChangeIdentity
    files: tuple[ChangedFile, ...]
    blob: Callable[[GitOid], bytes]
    protected: tuple[str, ...]
    test_roots: tuple[str, ...]


class Gate(Protocol):
    @property
    def name(self) -> str: ...

    def check(self, candidate: Candidate) -> GateReport:
        """Never raises for what a candidate contains: a gate that cannot judge reports ``ERROR``."""
        ...
