"""The gates that Handrail brings, by name. A new check is one file and one line here."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from orchestrator.errors import UsageError
from orchestrator.gates.bandit import BanditGate
from orchestrator.gates.capability_gate import CapabilityGate
from orchestrator.gates.flow_gate import FlowGate
from orchestrator.gates.hygiene import HygieneGate
from orchestrator.gates.integrity import IntegrityGate
from orchestrator.gates.protected import ProtectedGate
from orchestrator.gates.ruff import RuffGate
from orchestrator.gates.worker import Worker
from orchestrator.ports import Gate

__all__ = ["GATES", "default_gates"]

GATES: Mapping[str, Callable[[Worker], Gate]] = {
    "ruff": RuffGate,
    "bandit": BanditGate,
    "protected": lambda _: ProtectedGate(),
    "integrity": IntegrityGate,
    "hygiene": HygieneGate,
    "flow": FlowGate,
    "capabilities": CapabilityGate,
}
"""Name → how it is made. All gates of one call share a worker."""


def default_gates(names: Sequence[str] = (), *, worker: Worker | None = None) -> tuple[Gate, ...]:
    """The named gates in that order, without repeats; all of them when none is named.

    The worker process starts with the first question and ends with ``worker``'s
    context, or with the last of these gates, or with this process. Raises
    ``UsageError`` (``GATE010``) for an unknown name.
    """
    chosen = tuple(dict.fromkeys(names)) or tuple(GATES)
    unknown = [name for name in chosen if name not in GATES]
    if unknown:
        raise UsageError("GATE010", f"no gate is called {', '.join(unknown)}", f"one of {', '.join(GATES)}")
    shared = worker or Worker()
    return tuple(GATES[name](shared) for name in chosen)
