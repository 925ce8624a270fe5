"""Names looked up at run time: ``getattr``, imports by text, namespaces used as dictionaries, wrappers of functions."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from orchestrator.gates.flow.callnames import methods_of
from orchestrator.gates.flow.calls import Call
from orchestrator.gates.flow.names import BUILTINS
from orchestrator.gates.flow.values import ANYTHING, NOTHING, Value, constant, join, named, replace

__all__ = ["lookup", "may_find", "member_of"]

_Attribute = Callable[[Value, str], Value]

_IMPORTS = frozenset(
    {
        "builtins.__import__",
        "importlib.import_module",
        "importlib.__import__",
        "importlib.reload",
        "unittest.mock._importer",
        "pydoc.locate",
        "pkgutil.resolve_name",
        "zope.dottedname.resolve.resolve",
        "django.utils.module_loading.import_string",
        "werkzeug.utils.import_string",
        "twisted.python.reflect.namedAny",
        "kombu.utils.imports.symbol_by_name",
    }
)
_GETS = frozenset({"builtins.getattr", "inspect.getattr_static"})
_WRAPPERS = frozenset({"functools.partial", "functools.wraps", "functools.lru_cache", "builtins.staticmethod"})
_NAMESPACES = frozenset({"builtins.vars", "inspect.getmembers"})
_GETTERS = frozenset({"get", "pop", "__getitem__"})
_BY_NAME = ("operator.methodcaller", "operator.attrgetter", "operator.itemgetter")
_SPACES = frozenset({"builtins.globals", "builtins.locals"})
_ATTRIBUTES = frozenset({"__getattribute__"})
_LOADS = frozenset({"load_module"})
_FINDERS = frozenset({"functools.reduce", "importlib.util.find_spec", "importlib.util.module_from_spec"}).union(
    _GETS, _IMPORTS, _WRAPPERS, _NAMESPACES, _SPACES, _BY_NAME
)
_FINDING = _ATTRIBUTES | _GETTERS | _LOADS
"""What each of the ways asks for: names, and methods of whatever."""
_NAMED_OWNER = 2
"""``type.__getattribute__(os, "system")`` and ``inspect.getattr_static`` are given both."""


def lookup(call: Call, attribute: _Attribute) -> Value | None:
    """What the call finds, or ``None`` when it is no look-up."""
    for way in (_attribute_of, _reduced, _imported, _wrapped, _namespace, _got, _loaded, _by_name):
        found = way(call, attribute)
        if found is not None:
            return found
    return None


@lru_cache(maxsize=16_384)
def may_find(names: frozenset[str]) -> bool:
    """Whether one of the ways has anything to do with these names: most calls are no look-up."""
    if not names.isdisjoint(_FINDERS) or not methods_of(names).isdisjoint(_FINDING):
        return True
    return any(name.startswith(("spec:", "operator.attrgetter:", "operator.itemgetter:")) for name in names)


def _attribute_of(call: Call, attribute: _Attribute) -> Value | None:
    method = call.calls_method(_ATTRIBUTES)
    if not call.names & _GETS and not method:
        return None
    of_object = method and len(call.args) < _NAMED_OWNER
    owner = call.receiver if of_object else (call.args[0] if call.args else ANYTHING)
    name = call.arg(0 if of_object else 1)
    if name is not None and name.text is not None:
        return attribute(owner, name.text)
    return Value(refs=frozenset(f"{ref}.?" for ref in owner.refs), taint=owner.taint)


def _reduced(call: Call, attribute: _Attribute) -> Value | None:
    """``reduce(getattr, ["path", "join"], os)``; of names that are not known any attribute."""
    if "functools.reduce" not in call.names or len(call.args) <= _NAMED_OWNER or not call.args[0].refs & _GETS:
        return None
    owner, names = call.args[2], call.args[1].items
    if names is None or not all(name.text is not None for name in names):
        return Value(refs=frozenset(f"{ref}.?" for ref in owner.refs), taint=owner.taint)
    for name in names:
        owner = attribute(owner, name.text or "")
    return owner


def _imported(call: Call, _: _Attribute) -> Value | None:
    if not call.names & _IMPORTS:
        return None
    first = call.arg(0, "name", "path")
    if first is None:
        return ANYTHING
    if first.text:
        return named(first.text.replace(":", ".").lstrip(".") or "?")
    return first if first.refs else ANYTHING


def _wrapped(call: Call, _: _Attribute) -> Value | None:
    if not call.names & _WRAPPERS:
        return None
    return Value(refs=call.args[0].refs) if call.args else ANYTHING


def _namespace(call: Call, _: _Attribute) -> Value | None:
    if call.names & _NAMESPACES and call.args:
        return Value(refs=frozenset(f"{ref}.__dict__" for ref in call.args[0].refs))
    return named("local:.__dict__") if call.names & _SPACES else None


def _got(call: Call, _: _Attribute) -> Value | None:
    if not call.args or not call.calls_method(_GETTERS):
        return None
    owner = call.receiver
    if owner.fixed and owner.pairs and call.args[0].text is None:
        # Whatever it is asked for, it gives one of its own or the default.
        return join([*(value for _, value in owner.pairs), *(call.args[1:] or (constant(None),))])
    found = member_of(owner, call.args[0]) if call.args[0].text is not None else None
    return found if found is None or owner.fixed else replace(found, fixed=False)


def _loaded(call: Call, _: _Attribute) -> Value | None:
    """Modules by way of their specification."""
    first = call.args[0] if call.args else ANYTHING
    if "importlib.util.find_spec" in call.names and first.text:
        return named(f"spec:{first.text}")
    if "importlib.util.module_from_spec" in call.names:
        return Value(refs=frozenset(r.removeprefix("spec:") for r in first.refs if r.startswith("spec:")))
    loaders = [n.removeprefix("spec:").partition(".loader.")[0] for n in call.names if n.startswith("spec:")]
    if loaders:
        return named(*loaders)
    return named(first.text) if first.text and call.calls_method(_LOADS) else None


def _by_name(call: Call, attribute: _Attribute) -> Value | None:
    first = call.args[0] if call.args else ANYTHING
    for maker in _BY_NAME:
        if maker in call.names and first.text:
            return named(f"{maker}:{first.text}")
    getter = next((n for n in sorted(call.names) if n.startswith(("operator.attrgetter:", "operator.itemgetter:"))), "")
    if not getter:
        return None
    name = getter.partition(":")[2]
    found = attribute(first, name) if "attrgetter" in getter else member_of(first, constant(name))
    return found if found is None or first.fixed else replace(found, fixed=False)


def member_of(owner: Value, key: Value) -> Value | None:
    """``container[key]`` where either is known, ``None`` when nothing is."""
    if key.text is not None:
        for ref in sorted(owner.refs):
            found = _in_namespace(ref, key.text)
            if found is not None:
                return found
    if owner.pairs is not None and key.const is not NOTHING:
        return owner.member(key.const)
    at = key.const
    if not isinstance(at, int):
        return None
    if owner.items is not None and -len(owner.items) <= at < len(owner.items):
        return owner.items[at]
    if isinstance(owner.const, str) and -len(owner.const) <= at < len(owner.const):
        return constant(owner.const[at])
    return None


def _in_namespace(ref: str, name: str) -> Value | None:
    if ref == "sys.modules":
        return named(name)
    if ref == "local:.__dict__":
        if name == "__builtins__":
            return named("builtins")
        return named(f"builtins.{name}") if name in BUILTINS else None
    if ref.endswith(".__dict__"):
        return named(f"{ref.removesuffix('.__dict__')}.{name}")
    return named(f"builtins.{name}") if ref == "builtins" or ref.endswith("__builtins__") else None
