"""What was observed against what was granted. Pure yes or no, no statistics: one excess is enough to stop a step.

Only what the grant refuses by name or restricts counts. A program that no list names is none, a new file beside the
granted ones is left out and told (a cache of some tool), and so is a request that is refused for its path or its size.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from orchestrator.models.capabilities import Capabilities
from orchestrator.models.observed import Program, Way
from orchestrator.models.traffic import Exchange, TrafficKind
from orchestrator.policy import egress
from orchestrator.policy.paths import covers

__all__ = ["Violation", "of_exchange", "of_files", "of_program"]

_KEPT_OF_A_NAME: Final = 15
"""Bytes of a program's name that a kernel keeps."""
_REFUSED_MODEL, _REFUSED_HOST = "BRK020", "BRK031"
_SHOWN: Final = 10


@dataclass(frozen=True, slots=True)
class Violation:
    """``field`` is the one of the grant that was exceeded, ``code`` stable, ``text`` one sentence."""

    code: str
    field: str
    text: str


def of_program(grant: Capabilities, seen: Program) -> Violation | None:
    """OBS001: a program that the grant refuses ran, or its file was opened.

    Opening counts because a copy under another name would be the way round the name. What an agent brings along under
    another name is not known by it.
    """
    names = {seen.name, *(_base(word) for word in seen.argv[:1])}
    refused = next((r for r in grant.refused if r in names or (seen.name and seen.name == r[:_KEPT_OF_A_NAME])), None)
    if refused is None:
        return None
    how = "its file was opened" if seen.way is Way.OPENED else f"it ran under {seen.parent or 'another program'}"
    return Violation("OBS001", "refused", f"The program {refused} is refused to this step, and {how}.")


def of_exchange(grant: Capabilities, seen: Exchange, endpoints: Collection[str]) -> Violation | None:
    """OBS002 a host, OBS003 a model: asked for without a grant, or reached without one.

    ``endpoints`` are those of the lease, of which the broker answers no other.
    """
    match seen.kind:
        case TrafficKind.REFUSED if seen.code == _REFUSED_HOST:
            return Violation("OBS002", "egress", f"{seen.host}:{seen.port} was asked for and is not granted.")
        case TrafficKind.REFUSED if seen.code == _REFUSED_MODEL:
            return Violation("OBS003", "models", f"A model was asked for that is not granted: {seen.reason}.")
        case TrafficKind.EGRESS if not egress.reaches(grant.egress, seen.host, seen.port):
            return Violation("OBS002", "egress", f"{seen.host}:{seen.port} was reached and is not granted.")
        case TrafficKind.MODEL if seen.endpoint and seen.endpoint not in endpoints:
            return Violation("OBS003", "models", f"The endpoint {seen.endpoint} answered and is not leased.")
        case TrafficKind.REFUSED | TrafficKind.EGRESS | TrafficKind.MODEL:
            return None


def of_files(grant: Capabilities, closed: Iterable[str]) -> Iterator[Violation]:
    """OBS004: files of the tree that came out changed or gone although the grant does not open them.

    ``closed`` are paths that were copied in read-only. The kernel holds them shut, so that one of them is no slip.
    """
    found: Sequence[str] = sorted(path for path in closed if not covers(grant.write, path))
    if found:
        names = ", ".join(found[:_SHOWN]) + (f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else "")
        yield Violation("OBS004", "write", f"Written without a grant, although it was shut: {names}.")


def _base(word: str) -> str:
    return word.rpartition("/")[2]
