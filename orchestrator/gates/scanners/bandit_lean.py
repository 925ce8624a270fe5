"""bandit with what only its command line needs left out: half of its start and a third of its time on a file.

It draws progress bars, reads YAML and its own mail-like metadata, and asks every installed package for tests of its
own before it looks at the first file. Here its tests are those that its own package names; whoever draws or reads YAML
after all fails by name, and then the file counts as not scanned. What its tests see is the same, and a test compares
the answers. It walks a file as :mod:`orchestrator.gates.scanners.bandit_walk` says.
"""

from __future__ import annotations

import ast
import importlib
import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from orchestrator.gates.changes.parsing import parsed
from orchestrator.gates.scanners.installed import NotInstalled, folder_of, version

from . import bandit_walk

__all__ = ["entry_points", "load"]

_UNUSED = ("rich", "rich.progress", "yaml")
_UNREAD = ("tomllib", "configparser")
"""Only for files of settings."""
_REPLACED = (*_UNUSED, *_UNREAD, "importlib.metadata", "stevedore", "stevedore.extension")
"""Whoever else wants them has them again afterwards."""


class _Extension:
    """What bandit asks of one of its tests."""

    def __init__(self, name: str, module: str, attribute: str) -> None:
        self.name = name
        self.plugin = getattr(import_module(module), attribute)


class _Extensions(list[_Extension]):
    """Stands for stevedore's ``ExtensionManager``: those of bandit itself, and no formats of reports."""

    def __init__(self, *, namespace: str, **_: object) -> None:
        points = [] if namespace == "bandit.formatters" else entry_points(namespace)
        super().__init__(_Extension(*point) for point in points)

    def names(self) -> list[str]:
        return [one.name for one in self]


def entry_points(group: str) -> list[tuple[str, str, str]]:
    """Name, module and attribute of each that bandit's own package names. Raises ``NotInstalled``."""
    folder = folder_of("bandit")
    if folder is None:
        raise NotInstalled("bandit")
    _, _, rest = (folder / "entry_points.txt").read_text("utf-8").partition(f"[{group}]\n")
    lines = [line for line in rest.partition("\n[")[0].splitlines() if line.strip()]
    found = [(name.strip(), value.strip().partition(":")) for name, _, value in (line.partition("=") for line in lines)]
    return [(name, module, attribute) for name, (module, _, attribute) in found]


class _Metadata(ModuleType):
    """Stands for ``importlib.metadata``, which bandit asks for its author and its version."""

    def __init__(self) -> None:
        super().__init__("importlib.metadata")
        self.version = version

    @staticmethod
    def metadata(_: str) -> dict[str, str]:
        return {"Author": ""}


def _grammar() -> ModuleType:
    """Stands for the module ``ast`` where bandit visits a file: what was parsed for others is not parsed again.

    bandit leaves attributes of its own on the nodes, and changes nothing that another reader looks at.
    """
    grammar = ModuleType("ast")
    grammar.__dict__.update(vars(ast), parse=parsed)
    return grammar


class _Quiet:
    """A logger that is not even asked whether it would log the visit of a node."""

    def __init__(self, logger: Any) -> None:  # noqa: ANN401 - one of bandit's
        self._logger = logger

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        return getattr(self._logger, name)

    def debug(self, *_: object) -> None:
        """Nothing."""


def load() -> Any:  # noqa: ANN401 - bandit has no types
    """The module of bandit's manager. What it brings in place of others' modules is gone again afterwards."""
    if "bandit.core.manager" in sys.modules:
        return import_module("bandit.core.manager")
    before = {name: sys.modules.get(name) for name in _REPLACED}
    attribute = importlib.__dict__.get("metadata")
    try:
        return _lean()
    finally:
        for name, module in before.items():
            sys.modules.pop(name, None)
            if module is not None:
                sys.modules[name] = module
        importlib.__dict__.pop("metadata", None)
        if attribute is not None:
            importlib.__dict__["metadata"] = attribute


def _lean() -> Any:  # noqa: ANN401 - bandit has no types
    for name in (*_UNUSED, *_UNREAD):
        sys.modules[name] = ModuleType(name)
    sys.modules["importlib.metadata"] = _Metadata()
    importlib.__dict__["metadata"] = sys.modules["importlib.metadata"]
    sys.modules["rich"].progress = sys.modules["rich.progress"]  # type: ignore[attr-defined]
    extension = ModuleType("stevedore.extension")
    extension.ExtensionManager = _Extensions  # type: ignore[attr-defined]
    package = ModuleType("stevedore")
    package.extension = extension  # type: ignore[attr-defined]
    sys.modules.update({"stevedore": package, "stevedore.extension": extension})
    manager = import_module("bandit.core.manager")
    visiting, testing = import_module("bandit.core.node_visitor"), import_module("bandit.core.tester")
    for module in (visiting, testing):
        module.__dict__["LOG"] = _Quiet(module.__dict__["LOG"])
    visiting.__dict__["ast"] = _grammar()
    bandit_walk.shorten()
    return manager
