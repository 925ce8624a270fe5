"""Classes of a module: what they stand on, what their attributes are, and what is set on their objects."""

from __future__ import annotations

import ast
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field

from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.grounds import Grounds
from orchestrator.gates.flow.scopes import Scope
from orchestrator.gates.flow.statements import Statements
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import Value, join, named, replace, union

__all__ = ["Classes", "set_on_objects"]

HELD = "what it holds"
"""Of a context variable, as if it were an attribute."""
_ITSELF = frozenset({"self", "cls"})
_SWITCHES = frozenset({"verify", "verify_mode", "check_hostname", "debug"})
_FINDS = "find_class"
_HANDLER_BASES = ("http.server.BaseHTTPRequestHandler", "http.server.SimpleHTTPRequestHandler")


@dataclass(slots=True)
class _Class:
    name: str
    bases: frozenset[str]
    attributes: dict[str, Value] = field(default_factory=dict[str, Value])


class Classes(Statements):
    """Definitions of classes, and questions about attributes: each answer is one of the ``grounds``."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: dict[str, _Class] = {}
        self.prefix = ""
        self.inside: str = ""
        self.grounds = Grounds()
        self.set_elsewhere: frozenset[str] = frozenset()
        self._kept: dict[tuple[str, str], Value] = {}

    @abstractmethod
    def show(self, call: Call) -> None:
        """To the rules."""

    @abstractmethod
    def decorated(self, decorators: Sequence[ast.expr]) -> None: ...

    def define_class(self, node: ast.ClassDef) -> None:
        name = f"{self.prefix}.{node.name}" if self.prefix else node.name
        bases = [self.value(base) for base in node.bases]
        for keyword in node.keywords:
            self.handed_on(keyword.value, self.value(keyword.value))
        self.decorated(node.decorator_list)
        known = self.classes.get(name)
        refs = union(b.refs for b in bases)
        made = known or _Class(name, refs)
        self.classes[name] = made
        outer = self.scope, self.prefix, self.inside
        self.scope, self.prefix, self.inside = Scope(self.scope.whole()), name, name
        before = self.scope.copy()
        self.block(node.body)
        for key, value in self.scope.own.items():
            if before.own.get(key) is not value:
                self.handed_on(node, value)
                made.attributes[key] = join([value, made.attributes[key]]) if key in made.attributes else value
        self.scope, self.prefix, self.inside = outer
        self._inherited(node, made)
        self.bind(node.name, named(f"local:{name}"))

    def _inherited(self, node: ast.ClassDef, made: _Class) -> None:
        """A class is as good as a call of what it stands on, and its attributes are those of that."""
        outside = frozenset(b for b in made.bases if not b.startswith("local:"))
        if outside and _FINDS not in made.attributes:
            self.show(Call(node, outside, spread=True))
        for name in sorted(_SWITCHES & made.attributes.keys()):
            self.show(Call(node, frozenset(f"set:{b}().{name}" for b in outside), (made.attributes[name],)))

    def finds_classes(self, name: str) -> bool:
        """Whether the class says itself which classes are loaded: an unpickler that is limited."""
        return _FINDS in self.classes[name].attributes

    def attribute(self, owner: Value, name: str) -> Value:
        value = super().attribute(owner, name)
        if name not in self.set_elsewhere:
            return value
        kept = [k for ref in sorted(owner.refs) if (k := self.own_attribute(ref, name)) is not None and k.taint]
        return join([value, *kept]) if kept else value

    def own_attribute(self, name: str, attribute: str) -> Value | None:
        value = self.attribute_now(name, attribute)
        self.grounds.tell(name, attribute, value)
        return value

    def attribute_now(self, name: str, attribute: str) -> Value | None:
        """The same for nobody's grounds."""
        value = self._own_attribute(name, attribute)
        if value is not None and value.fixed:
            # A subclass, or whoever holds the object, may have given it another.
            return replace(value, fixed=False)
        return value

    def _own_attribute(self, name: str, attribute: str) -> Value | None:
        found = self.classes.get(name.removeprefix("local:").removesuffix("()"))
        if found is None:
            return self._kept.get((name, attribute))
        if attribute == "__class__":
            return named(f"local:{found.name}")
        value = found.attributes.get(attribute)
        if value is not None:
            return value
        inherited = [self.attribute_now(b, attribute) for b in found.bases if b.startswith("local:") and b != name]
        known = [v for v in inherited if v is not None]
        if known:
            return join(known)
        if found.bases & set(_HANDLER_BASES):
            return self.attribute(named("http.handler"), attribute)
        outside = [b for b in found.bases if not b.startswith("local:")]
        return named(*(f"{b}().{attribute}" for b in outside)) if outside else named(f"?.{attribute}")

    def set_named(self, owner: Value, node: ast.AST, name: str, value: Value) -> None:
        outside: set[str] = set()
        for ref in owner.refs:
            found = self.classes.get(ref.removeprefix("local:").removesuffix("()"))
            if found is not None:
                old = found.attributes.get(name)
                found.attributes[name] = value if old is None or old == value else join([old, value])
                outside.update(f"{b}()" for b in found.bases if not b.startswith("local:"))
            elif value.taint and name in self.set_elsewhere:
                self._kept[ref, name] = join([value, self._kept[ref, name]]) if (ref, name) in self._kept else value
        for ref in (*sorted(owner.refs), *sorted(outside)) or ("?",):
            self.show(Call(node, frozenset({f"set:{ref}.{name}"}), (value,), {}, owner))


def set_on_objects(tree: ast.Module) -> frozenset[str]:
    """Attributes that a module sets on something else than its own objects: ``g.user = …``, ``state.name = …``."""
    stored = (node for node in kinds(tree, ast.Attribute) if isinstance(node.ctx, ast.Store))
    names = (node.attr for node in stored if not isinstance(node.value, ast.Name) or node.value.id not in _ITSELF)
    asked = any(node.id == "ContextVar" for node in kinds(tree, ast.Name))
    asked = asked or any(node.attr == "ContextVar" for node in kinds(tree, ast.Attribute))
    return frozenset([*names, *([HELD] if asked else [])])
