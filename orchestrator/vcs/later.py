"""Modules of this room that are loaded with the first question to them: who judges a change moves no branch."""

from __future__ import annotations

from importlib import import_module
from typing import Any

__all__ = ["Later"]


class Later:
    """Stands for ``orchestrator.vcs.NAME``, as ``import`` would bind it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, attribute: str) -> Any:  # noqa: ANN401 - whatever the module has
        return getattr(import_module(f"orchestrator.vcs.{self._name}"), attribute)
