"""The gates that Handrail brings, by name, and those of installed packages. A new check is one file and one line here.

All that Handrail brings are asked by default: one that has no file of its kind in a change
starts nothing and imports nothing. A gate of another package (entry point group
``handrail.gates``) is loaded only when it is named, by the policy or by a trusted workflow.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.gates.bandit import BanditGate
from orchestrator.gates.capability_gate import CapabilityGate
from orchestrator.gates.flow_gate import FlowGate
from orchestrator.gates.hygiene import HygieneGate
from orchestrator.gates.integrity import IntegrityGate
from orchestrator.gates.kinds.agent_config import AgentConfig
from orchestrator.gates.kinds.dependencies import DependenciesGate
from orchestrator.gates.kinds.osv import Vulnerabilities
from orchestrator.gates.kinds.program import ProgramGate
from orchestrator.gates.kinds.programs import CPPCHECK, FLAWFINDER, HADOLINT, SHELLCHECK, ZIZMOR
from orchestrator.gates.kinds.secrets import SecretsGate
from orchestrator.gates.kinds.texts import TextGate
from orchestrator.gates.plugins import installed_gate, installed_names
from orchestrator.gates.protected import ProtectedGate
from orchestrator.gates.ruff import RuffGate
from orchestrator.gates.worker import Worker
from orchestrator.ports import Gate

__all__ = ["GATES", "GateSettings", "default_gates"]


@dataclass(frozen=True, slots=True)
class GateSettings:
    """What the caller adds. ``vulnerabilities`` is an OSV export; ``own`` are the project's own gates by name."""

    vulnerabilities: Path | None = None
    own: Mapping[str, Gate] | None = None


GATES: Mapping[str, Callable[[Worker], Gate]] = {
    "ruff": RuffGate,
    "bandit": BanditGate,
    "protected": lambda _: ProtectedGate(),
    "integrity": IntegrityGate,
    "hygiene": HygieneGate,
    "flow": FlowGate,
    "capabilities": CapabilityGate,
    "secrets": SecretsGate,
    "dependencies": lambda _: DependenciesGate(),
    "agent-config": lambda _: TextGate(AgentConfig()),
    "workflows": lambda _: ProgramGate(ZIZMOR),
    "shell": lambda _: ProgramGate(SHELLCHECK),
    "dockerfiles": lambda _: ProgramGate(HADOLINT),
    "flawfinder": lambda _: ProgramGate(FLAWFINDER),
    "cppcheck": lambda _: ProgramGate(CPPCHECK),
}
"""Name → how it is made. All gates of one call share a worker."""


def default_gates(
    names: Sequence[str] = (), *, worker: Worker | None = None, settings: GateSettings | None = None
) -> tuple[Gate, ...]:
    """The named gates in that order, without repeats; all that Handrail brings when none is named.

    The worker process starts with the first question and ends with ``worker``'s
    context, or with the last of these gates, or with this process. Raises
    ``UsageError`` (``GATE010``) for an unknown name and (``GATE011``) for a gate
    that takes the name of one of ours.
    """
    said = settings or GateSettings()
    own = said.own or {}
    shadowing = sorted(GATES.keys() & own.keys())
    if shadowing:
        raise UsageError(
            "GATE011", f"{', '.join(shadowing)} is the name of a gate of Handrail's", "choose another name"
        )
    chosen = tuple(dict.fromkeys(names)) or tuple(GATES)
    unknown = [name for name in chosen if name not in GATES and name not in own and name not in installed_names()]
    if unknown:
        known = ", ".join((*GATES, *own, *installed_names()))
        raise UsageError("GATE010", f"no gate is called {', '.join(unknown)}", f"one of {known}")
    shared = worker or Worker()
    return tuple(_made(name, shared, said) for name in chosen)


def _made(name: str, worker: Worker, settings: GateSettings) -> Gate:
    if name == "dependencies" and settings.vulnerabilities is not None:
        return DependenciesGate(Vulnerabilities(settings.vulnerabilities))
    if name in GATES:
        return GATES[name](worker)
    own = settings.own or {}
    return own[name] if name in own else installed_gate(name)
