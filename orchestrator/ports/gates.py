"""Gates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from orchestrator.models.changed import ChangedFile, ChangeIdentity
from orchestrator.models.found import GateReport
from orchestrator.models.ids import GitOid

if TYPE_CHECKING:
    from orchestrator.models.capabilities import Capabilities


def _no_names(_folder: str) -> Sequence[str]:
    return ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A change as gates see it: blobs, never a work tree.

    ``granted`` is what the step was granted whose change it is; ``None`` for a difference that no step made.
    ``names`` gives the names in a folder of the tree that is judged ('' for its root), and nothing where there is none.
    """

    identity: ChangeIdentity
    files: tuple[ChangedFile, ...]
    blob: Callable[[GitOid], bytes]
    protected: tuple[str, ...]
    test_roots: tuple[str, ...]
    granted: Capabilities | None = None
    names: Callable[[str], Sequence[str]] = _no_names


class Gate(Protocol):
    @property
    def name(self) -> str: ...

    def check(self, candidate: Candidate) -> GateReport:
        """Never raises for what a candidate contains: a gate that cannot judge reports ``ERROR``."""
        ...
