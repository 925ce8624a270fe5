"""One call as the rules see it."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from orchestrator.gates.flow.callnames import methods_of
from orchestrator.gates.flow.names import last
from orchestrator.gates.flow.values import ANYTHING, Value

__all__ = ["Call"]


@dataclass(slots=True)
class Call:
    """``names``: what is called, as far as it is known. ``spread``: by ``*`` or ``**`` more arguments may come.

    ``spreads``: what these are given by ``**``.

    ``plain``: it is spelt as it was imported, so that every reader sees what is called.
    """

    node: ast.AST
    names: frozenset[str]
    args: tuple[Value, ...] = ()
    keywords: dict[str, Value] = field(default_factory=dict[str, Value])
    receiver: Value = ANYTHING
    spread: bool = False
    spreads: tuple[Value, ...] = ()
    plain: bool = False
    _methods: frozenset[str] | None = field(default=None, init=False, repr=False, compare=False)

    def arg(self, position: int, *keywords: str) -> Value | None:
        """A positional argument or the first of the named ones; ``None`` when it was not given."""
        for name in keywords:
            if name in self.keywords:
                return self.keywords[name]
        return self.args[position] if 0 <= position < len(self.args) else None

    def every(self) -> Iterable[Value]:
        return (*self.args, *self.keywords.values())

    def method(self) -> str:
        """The last part of any of the names: ``execute`` of ``cursor.execute``."""
        return last(next(iter(sorted(self.names)), ""))

    def is_one_of(self, names: frozenset[str]) -> str:
        """The first name that stands in ``names``, or ''."""
        return "" if self.names.isdisjoint(names) else min(self.names & names)

    def calls_method(self, methods: frozenset[str]) -> bool:
        """Whether a method of one of these names is called, on whatever."""
        if self._methods is None:
            self._methods = methods_of(self.names)
        return not self._methods.isdisjoint(methods)
