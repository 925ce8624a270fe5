"""Gates of installed packages: entry points of the group ``handrail.gates``.

An entry point names something that is called without arguments and gives a
:class:`orchestrator.ports.Gate` of the same name. Only the one that is asked for is
imported, in this process and with its rights: whoever installs the package trusts it.
``orchestrator.testing.gate_suite.check_gate`` shows whether it keeps the promises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.errors import UsageError
from orchestrator.models.found import GateReport
from orchestrator.ports import Candidate, Gate

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint, EntryPoints

__all__ = ["GROUP", "installed_gate", "installed_names"]

GROUP = "handrail.gates"


def installed_names() -> tuple[str, ...]:
    """In order, each once. Nothing is imported."""
    return tuple(sorted({point.name for point in _points()}))


def installed_gate(name: str) -> Gate:
    """Raises ``UsageError`` (``GATE015``) for one that two packages bring, or that is no gate of this name."""
    points = tuple(_points().select(name=name))
    if len(points) != 1:
        raise UsageError(
            "GATE015", f"{len(points)} installed packages bring a gate called {name}", "remove all but one"
        )
    gate = _load(points[0])
    if getattr(gate, "name", None) != name or not callable(getattr(gate, "check", None)):
        raise UsageError("GATE015", f"what {points[0].value} gives is no gate called {name}", "see the port Gate")
    return _Checked(gate)


class _Checked:
    """A gate of others: what it reports is looked through, types and all, and a report that is none is an error."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    @property
    def name(self) -> str:
        return self._gate.name

    def check(self, candidate: Candidate) -> GateReport:
        return self._gate.check(candidate).checked()


def _points() -> EntryPoints:
    from importlib.metadata import entry_points  # noqa: PLC0415 - only where a gate of a package is named

    return entry_points(group=GROUP)


def _load(point: EntryPoint) -> Gate:
    try:
        gate: Gate = point.load()()
    except Exception as error:
        text = f"the gate {point.name} of {point.value} cannot be made: {type(error).__name__}: {error}"
        raise UsageError("GATE015", text, "mend or remove the package") from error
    return gate
