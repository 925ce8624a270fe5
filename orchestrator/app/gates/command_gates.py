"""The gates that a base's policy declares, with what they run in."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.base import Base
from orchestrator.app.machine.environments import TreeEnvironments
from orchestrator.app.machine.sandboxing import LazyEngine, layers_of
from orchestrator.app.project import Project
from orchestrator.app.runs.fencing import fenced
from orchestrator.errors import UsageError
from orchestrator.models.command_gate import CommandGate
from orchestrator.ports import Gate

if TYPE_CHECKING:
    from orchestrator.vcs.trees import GitTrees


@dataclass(frozen=True, slots=True)
class Declared:
    """``gates`` by name. ``abort`` ends every sandbox that they have, from any thread."""

    gates: Mapping[str, Gate]
    abort: Callable[[], None]


@contextmanager
def open_declared(
    project: Project,
    trees: GitTrees,
    base: Base,
    say: Callable[[str], None],
    *,
    image: str = "",
    runtime: str = "",
    packages: str = "",
) -> Iterator[Declared]:
    """Each with an engine of its own, which is reached when the gate first runs. ``image`` is for those without one."""
    from orchestrator.gates.command.gate import DeclaredGate, Shop

    declared = base.chain.current.command_gates
    engines = [LazyEngine(d.image or image, runtime, _layers(base, d)) for d in declared]
    gates = {
        one.name: DeclaredGate(
            one,
            Shop(
                trees,
                fenced(engine.sandboxes, project.owners.check),
                TreeEnvironments(project, trees, base, engine.sandboxes, say, packages, engine.builds).of,
            ),
        )
        for one, engine in zip(declared, engines, strict=True)
    }

    def abort() -> None:
        for engine in engines:
            engine.abort()

    try:
        yield Declared(gates, abort)
    finally:
        for engine in engines:
            engine.close()


def _layers(base: Base, declared: CommandGate) -> tuple[str, ...]:
    return tuple(sorted({*declared.layers, *(layers_of(base.profile) if declared.environment else ())}))


def read_declaration(path: Path) -> CommandGate:
    """One command gate from a TOML file. Raises ``UsageError`` GATE017, GATE016 for the name of a gate of ours."""
    from pydantic import ValidationError

    from orchestrator.app.files import read_file
    from orchestrator.gates.catalog import GATES

    try:
        declared = CommandGate.model_validate(tomllib.loads(read_file(path).decode()))
    except ValidationError as error:
        said = [f"{'.'.join(map(str, e['loc'])) or 'the whole'}: {e['msg']}" for e in error.errors()]
        raise _no_declaration(path, said) from error
    except (ValueError, RecursionError) as error:
        raise _no_declaration(path, [str(error) or "nested too deeply"]) from error
    if declared.name in GATES:
        raise UsageError("GATE016", f"Handrail brings a gate called {declared.name}.", "choose another name")
    return declared


def _no_declaration(path: Path, said: Sequence[str]) -> UsageError:
    return UsageError("GATE017", f"{path} declares no gate.", "see docs/how-to/add-a-gate-of-your-own.md", said)
