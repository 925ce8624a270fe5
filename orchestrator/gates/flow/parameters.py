"""What the parameters of a function hold: as it is called, and as the rest of the world may call it."""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence

from orchestrator.gates.flow.sources import HANDLER_DECORATORS, handler_parameters, is_wsgi
from orchestrator.gates.flow.syntax import kinds
from orchestrator.gates.flow.values import ANYTHING, Value, named, tainted

__all__ = [
    "Function",
    "answers_requests",
    "arguments",
    "bound",
    "defaults",
    "document_hooks",
    "given",
    "is_property",
    "is_static",
    "of_document",
    "typed",
]

_HOOKS = frozenset({"object_hook", "object_pairs_hook", "ext_hook", "default_object_hook"})
_CLIENTS = (
    "aiohttp.Client",
    "aiohttp.client",
    "botocore.",
    "httpx.",
    "requests.",
    "scrapy.",
    "urllib.request.",
    "urllib3.",
)
_NO_CLASSES = ("builtins.", "typing.", "collections.abc.", "local:", "?")
_REGISTERS = frozenset({"add_constructor", "add_multi_constructor"})
Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def answers_requests(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function answers requests of the web."""
    first = [*node.args.posonlyargs, *node.args.args][:2]
    routed = any(isinstance(d, ast.Call) and isinstance(d.func, ast.Attribute) for d in node.decorator_list)
    return is_wsgi(node) or any(a.arg == "request" for a in first) or (routed and bool(_route(node)))


def _route(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(
        isinstance(d, ast.Call) and isinstance(d.func, ast.Attribute) and d.func.attr in HANDLER_DECORATORS
        for d in node.decorator_list
    )


def given(node: ast.FunctionDef | ast.AsyncFunctionDef, known: dict[str, Value]) -> dict[str, Value]:
    """What a framework fills in. ``known``: what parameters are by their annotations; a client's request is its own."""
    found = {name: tainted("web") for name in handler_parameters(node)}
    for argument in [*node.args.posonlyargs, *node.args.args][:2]:
        sent = any(ref.startswith(_CLIENTS) for ref in known.get(argument.arg, ANYTHING).refs)
        if argument.arg in {"request", "req"} and not sent:
            found[argument.arg] = named("web.request")
    return found


def bound(
    parameters: ast.arguments, args: Sequence[Value], keywords: dict[str, Value], defaults: dict[str, Value]
) -> dict[str, Value]:
    """Every parameter, by its argument, its default, or as anything."""
    names = [a.arg for a in (*parameters.posonlyargs, *parameters.args)]
    inside = {a.arg: ANYTHING for a in parameters.kwonlyargs} | dict.fromkeys(names, ANYTHING)
    for extra in (parameters.vararg, parameters.kwarg):
        if extra is not None:
            inside[extra.arg] = ANYTHING
    if parameters.vararg is not None and len(args) > len(names):
        inside[parameters.vararg.arg] = Value(items=tuple(args[len(names) :]))
    inside |= defaults
    inside |= dict(zip(names, args, strict=False))
    inside |= {k: v for k, v in keywords.items() if k in inside}
    return inside


def typed(parameters: ast.arguments, value: Callable[[ast.expr], Value]) -> dict[str, Value]:
    """A parameter that is annotated with an imported class holds one of its objects."""
    found: dict[str, Value] = {}
    for argument in arguments(parameters):
        note = argument.annotation
        if isinstance(note, ast.Name | ast.Attribute):
            refs = [r for r in value(note).refs if "." in r and not r.startswith(_NO_CLASSES)]
            if refs:
                found[argument.arg] = named(*(f"{ref}()" for ref in refs))
    return found


def defaults(parameters: ast.arguments, value: Callable[[ast.expr], Value]) -> dict[str, Value]:
    """What parameters hold that have a default and are not given."""
    positional = [*parameters.posonlyargs, *parameters.args]
    given = list(zip(reversed(positional), reversed(parameters.defaults), strict=False))
    given += [(a, d) for a, d in zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True) if d is not None]
    return {argument.arg: value(default) for argument, default in given}


def document_hooks(tree: ast.Module) -> frozenset[str]:
    """Functions that a reader of documents is told to build its objects with."""
    calls = kinds(tree, ast.Call)
    registered = [a for call in calls if _method(call) in _REGISTERS for a in call.args]
    values = [k.value for call in calls for k in call.keywords if k.arg in _HOOKS]
    return frozenset(value.id for value in (*values, *registered) if isinstance(value, ast.Name))


def of_document(node: ast.FunctionDef | ast.AsyncFunctionDef) -> dict[str, Value]:
    """What such a function is given: the document first, or after whoever reads it."""
    positional = [*node.args.posonlyargs, *node.args.args]
    asked = positional[: len(positional) - len(node.args.defaults)]
    return {a.arg: tainted("document") for a in (asked[1:] or positional[:1])}


def _method(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else ""


def arguments(parameters: ast.arguments) -> tuple[ast.arg, ...]:
    """All that may be given by position or by name."""
    return (*parameters.posonlyargs, *parameters.args, *parameters.kwonlyargs)


def is_property(node: Function) -> bool:
    """Whether a method is called by naming it."""
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    names = (d.attr if isinstance(d, ast.Attribute) else getattr(d, "id", "") for d in decorators)
    return any(name in {"property", "cached_property"} for name in names)


def is_static(node: Function) -> bool:
    """Whether a method is called without its object."""
    decorators = [] if isinstance(node, ast.Lambda) else node.decorator_list
    return any(isinstance(d, ast.Name) and d.id == "staticmethod" for d in decorators)
