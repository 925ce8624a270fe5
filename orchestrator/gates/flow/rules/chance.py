"""Secrets that come from where anybody can guess them."""

from __future__ import annotations

import ast
import re

from orchestrator.gates.flow.rule import Family, Rule, Say, nodes

__all__ = ["FAMILY"]

RANDOM = Rule(
    "HR705",
    338,
    "a secret comes from a generator that can be predicted",
    "A few values of random tell all the next ones.",
    "use the module secrets",
    "import random\ntoken = ''.join(random.choice('abc') for _ in range(20))\n",
    "import secrets\ntoken = secrets.token_hex(20)\n",
)
_SECRET_NAME = re.compile(
    r"token|secret|passw|(?:^|_)otp(?:_|$)|nonce|session_?id|api_?key|(?:^|_)salt|csrf|reset_?code|(?:^|_)iv$",
    re.IGNORECASE,
)
_RANDOM = frozenset(
    {
        "random",
        "choice",
        "choices",
        "randint",
        "randrange",
        "sample",
        "getrandbits",
        "randbytes",
        "uniform",
        "shuffle",
        "uuid1",
    }
)


def _on_tree(tree: ast.Module, say: Say) -> None:
    generators = _generators(tree)
    for node in nodes(tree):
        if isinstance(node, ast.Assign):
            names = " ".join(_target(t) for t in node.targets)
            if _SECRET_NAME.search(names) and _random(node.value, generators):
                say(RANDOM, node, names)
        elif isinstance(node, ast.FunctionDef) and _SECRET_NAME.search(node.name):
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None and _random(inner.value, generators):
                    say(RANDOM, inner, node.name)


def _generators(tree: ast.Module) -> frozenset[str]:
    """How the module spells functions of ``random``: ``r.`` for the module under a name, ``choice`` for one of it."""
    found: set[str] = set()
    for node in nodes(tree):
        if isinstance(node, ast.Import):
            found |= {f"{a.asname or a.name}." for a in node.names if a.name in {"random", "uuid"}}
            found |= {f"{a.asname or a.name}.random." for a in node.names if a.name == "numpy"}
        elif isinstance(node, ast.ImportFrom) and node.module == "random":
            found |= {a.asname or a.name for a in node.names if a.name in _RANDOM}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _target(node.value.func) == "Random":
            found |= {f"{name}." for target in node.targets if (name := _target(target))}
    return frozenset(found)


def _target(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _random(node: ast.expr, generators: frozenset[str]) -> bool:
    """Called, or handed on to be called."""
    for part in ast.walk(node) if generators else ():
        if isinstance(part, ast.Attribute) and part.attr in _RANDOM and isinstance(part.value, ast.Name):
            if f"{part.value.id}." in generators:
                return True
        elif (
            isinstance(part, ast.Attribute) and part.attr in _RANDOM and f"{ast.unparse(part.value)}." in generators
        ) or (isinstance(part, ast.Name) and part.id in generators):
            return True
    return False


FAMILY = Family("chance", (RANDOM,), None, None, _on_tree)
