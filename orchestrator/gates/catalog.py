"""The gates that Handrail brings, by name, and those of installed packages. A new check is one file and one line here.

All that Handrail brings are asked by default: one that has no file of its kind in a change
starts nothing and imports nothing. A gate of another package (entry point group
``handrail.gates``) is loaded only when it is named, by the policy or by a trusted workflow.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path

from orchestrator.errors import UsageError
from orchestrator.gates.capability_gate import CapabilityGate
from orchestrator.gates.files.destructive import DestructiveGate
from orchestrator.gates.files.hygiene import HygieneGate
from orchestrator.gates.files.protected import ProtectedGate
from orchestrator.gates.flow_gate import FlowGate
from orchestrator.gates.kinds.agent_config import AgentConfig
from orchestrator.gates.kinds.dependencies import DependenciesGate
from orchestrator.gates.kinds.program import ProgramGate
from orchestrator.gates.kinds.programs import CPPCHECK, FLAWFINDER, HADOLINT, SHELLCHECK, ZIZMOR
from orchestrator.gates.kinds.secrets import SecretsGate
from orchestrator.gates.kinds.texts import TextGate
from orchestrator.gates.plugins import installed_gate, installed_names
from orchestrator.gates.scanners.bandit import BanditGate
from orchestrator.gates.scanners.ruff import RuffGate
from orchestrator.gates.scanners.worker import Worker
from orchestrator.gates.test_integrity.integrity import IntegrityGate
from orchestrator.ports import Gate

__all__ = ["GATES", "default_gates", "ensure_known"]


GATES: Mapping[str, Callable[[Worker], Gate]] = {
    "ruff": RuffGate,
    "bandit": BanditGate,
    "protected": lambda _: ProtectedGate(),
    "integrity": IntegrityGate,
    "hygiene": HygieneGate,
    "destructive": lambda _: DestructiveGate(),
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

_NONE: Mapping[str, Gate] = {}


def default_gates(
    names: Sequence[str] = (),
    *,
    worker: Worker | None = None,
    vulnerabilities: Path | None = None,
    declared: Mapping[str, Gate] = _NONE,
) -> tuple[Gate, ...]:
    """The named gates in that order, without repeats; all that Handrail brings when none is named.

    The worker process starts with the first question and ends with ``worker``'s
    context, or with the last of these gates, or with this process. ``vulnerabilities``
    is an OSV export (a zip or a folder), ``declared`` are the policy's own, by name. Raises ``UsageError``
    (``GATE010``) for an unknown name, ``GATE016`` for a declared gate under the name of another.
    """
    taken = sorted(declared.keys() & {*GATES, *(installed_names() if declared else ())})
    if taken:
        text = f"the policy declares a gate under the name of another: {', '.join(taken)}"
        raise UsageError("GATE016", text, "declare it under another name")
    chosen = tuple(dict.fromkeys(names)) or tuple(GATES)
    ensure_known(chosen, declared)
    shared = worker or Worker()
    return tuple(declared.get(name) or _made(name, shared, vulnerabilities) for name in chosen)


def ensure_known(names: Iterable[str], declared: Collection[str]) -> None:
    """Raises ``UsageError`` (``GATE010``) for names that are no gate of ours, of the policy, or of a plug-in."""
    unknown = [name for name in names if name not in {*GATES, *declared} and name not in installed_names()]
    if unknown:
        known = ", ".join((*GATES, *declared, *installed_names()))
        raise UsageError("GATE010", f"no gate is called {', '.join(unknown)}", f"one of {known}")


def _made(name: str, worker: Worker, vulnerabilities: Path | None) -> Gate:
    if name == "dependencies" and vulnerabilities is not None:
        from orchestrator.gates.kinds.osv import Vulnerabilities  # noqa: PLC0415 - only with an export of them

        return DependenciesGate(Vulnerabilities(vulnerabilities))
    return GATES[name](worker) if name in GATES else installed_gate(name)
