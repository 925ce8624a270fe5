"""Secrets that come from where anybody can guess them."""

from __future__ import annotations

import ast
import re

from orchestrator.gates.flow.names import HASHES
from orchestrator.gates.flow.rule import Family, Rule, Say
from orchestrator.gates.flow.syntax import kinds
from orchestrator.policy.late import Late

__all__ = ["FAMILY"]

RANDOM = Rule(
    "HR705",
    338,
    "a secret comes from where it can be predicted",
    "A few values of random tell all the next ones, and the time of day is known to everybody.",
    "use the module secrets",
    "import random\ntoken = ''.join(random.choice('abc') for _ in range(20))\n",
    "import secrets\ntoken = secrets.token_hex(20)\n",
)
SHORT = Rule(
    "HR723",
    331,
    "a secret is so short that it can be guessed",
    "Three bytes are sixteen million tries, which a machine makes in a night against a server that answers.",
    "secrets.token_urlsafe() with the length that it has by itself",
    "import secrets\n\n\ndef reset_token():\n    return secrets.token_hex(3)\n",
    "import secrets\n\n\ndef reset_token():\n    return secrets.token_hex(16)\n",
    "medium",
)
_SECRET_NAME = Late(
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
        "uuid3",
        "uuid5",
        "integers",
        "permutation",
    }
)
_DRAWN = _RANDOM - {"uuid3", "uuid5"}
_GUARDED = Late(r"session|secret|passw|reset|csrf|api_?key|auth|access|otp", re.IGNORECASE)
"""Names of what must not be guessed; a token of a page or of a cache may be made of a name (``uuid5``)."""

_LASTING = Late(
    r"(?:reset|session|access|api|auth|invite|csrf|login)_?(?:token|key|secret|id)|secret_key", re.IGNORECASE
)
_DRAWS = frozenset({"token_hex", "token_bytes", "token_urlsafe", "urandom"})
_ENOUGH = 8
"""Bytes: a code that is typed is shorter, and lives for minutes."""
_CLOCKS = frozenset(
    {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "now", "utcnow", "today", "getpid"}
)
_CLOCK_OWNERS = frozenset({"time", "datetime", "date", "os", "timezone", "dt"})
_MIXERS = HASHES | {
    *("crc32", "adler32", "uuid3", "uuid5"),
    *("b64encode", "urlsafe_b64encode", "b32encode", "hexlify", "hex", "hash"),
}
_UNGUESSABLE = Late(r"secrets|urandom|uuid4|SystemRandom|token_|get_random|secret|key|nonce|salt", re.IGNORECASE)


def _on_tree(tree: ast.Module, say: Say) -> None:
    generators = _generators(tree)
    clocked = _clocked(tree)
    for node in kinds(tree, ast.Assign, ast.FunctionDef):
        if isinstance(node, ast.Assign):
            names = " ".join(_target(t) for t in node.targets)
            drawn = _random(node.value, generators, _RANDOM if _GUARDED.search(names) else _DRAWN)
            if _SECRET_NAME.search(names) and (drawn or _mixed(node.value, clocked)):
                say(RANDOM, node, names)
            if _LASTING.search(names) and (size := _drawn_short(node.value)):
                say(SHORT, node, f"{names}: {size} bytes")
        elif _SECRET_NAME.search(node.name):
            for inner in ast.walk(node):
                if not isinstance(inner, ast.Return) or inner.value is None:
                    continue
                drawn = _random(inner.value, generators, _RANDOM if _GUARDED.search(node.name) else _DRAWN)
                if drawn or _mixed(inner.value, clocked):
                    say(RANDOM, inner, node.name)
                if _LASTING.search(node.name) and (size := _drawn_short(inner.value)):
                    say(SHORT, inner, f"{node.name}: {size} bytes")


def _drawn_short(node: ast.expr) -> int:
    """The bytes of ``token_hex(3)`` and its kin, 0 when there are enough of them or nobody can tell."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and _name(part.func) in _DRAWS and len(part.args) == 1:
            size = part.args[0].value if isinstance(part.args[0], ast.Constant) else None
            if isinstance(size, int) and 0 < size < _ENOUGH:
                return size
    return 0


def _clocked(tree: ast.Module) -> frozenset[str]:
    """Names that hold the time of day or what is made of it, as far as nothing secret is mixed in."""
    read = any(node.attr in _CLOCKS for node in kinds(tree, ast.Attribute))
    if not read and not any(node.id in _CLOCKS for node in kinds(tree, ast.Name)):
        return frozenset()
    found: set[str] = set()
    assigned = kinds(tree, ast.Assign)
    for _ in range(3):
        for node in assigned:
            if _holds_clock(node.value, frozenset(found)):
                found |= {name for target in node.targets if (name := _target(target))}
    return frozenset({*found, ""})


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def _holds_clock(node: ast.expr, clocked: frozenset[str]) -> bool:
    parts = list(ast.walk(node))
    if any(_UNGUESSABLE.search(_name(part)) for part in parts):
        return False
    return any(_is_clock(part) or (isinstance(part, ast.Name) and part.id in clocked) for part in parts)


def _is_clock(node: ast.AST) -> bool:
    if not isinstance(node, ast.Call) or _name(node.func) not in _CLOCKS:
        return False
    owner = node.func.value if isinstance(node.func, ast.Attribute) else None
    return owner is None or _name(owner) in _CLOCK_OWNERS


def _mixed(node: ast.expr, clocked: frozenset[str]) -> bool:
    """Time and nothing secret, put through a function that makes it look random."""
    if not clocked or not _holds_clock(node, clocked):
        return False
    calls = [part for part in ast.walk(node) if isinstance(part, ast.Call)]
    inside = any(_name(call.func) in _MIXERS for call in calls)
    return inside or any(_name(call.func) in {"hexdigest", "digest"} for call in calls)


_SEEDED = frozenset({"Random", "default_rng", "RandomState"})
"""What makes a generator; of numpy as well."""


def _generators(tree: ast.Module) -> frozenset[str]:
    """How the module spells functions of ``random``: ``r.`` for the module under a name, ``choice`` for one of it."""
    found: set[str] = set()
    for node in kinds(tree, ast.Import, ast.ImportFrom, ast.Assign):
        if isinstance(node, ast.Import):
            found |= {f"{a.asname or a.name}." for a in node.names if a.name in {"random", "uuid"}}
            found |= {f"{a.asname or a.name}.random." for a in node.names if a.name == "numpy"}
        elif isinstance(node, ast.ImportFrom):
            found |= {a.asname or a.name for a in node.names if node.module == "random" and a.name in _RANDOM}
        elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and _target(node.value.func) in _SEEDED:
            found |= {f"{name}." for target in node.targets if (name := _target(target))}
    return frozenset(found)


def _target(node: ast.expr) -> str:
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def _random(node: ast.expr, generators: frozenset[str], functions: frozenset[str]) -> bool:
    """Called, or handed on to be called."""
    for part in ast.walk(node) if generators else ():
        if isinstance(part, ast.Attribute) and part.attr in functions and isinstance(part.value, ast.Name):
            if f"{part.value.id}." in generators:
                return True
        elif (
            isinstance(part, ast.Attribute) and part.attr in functions and f"{ast.unparse(part.value)}." in generators
        ) or (isinstance(part, ast.Name) and part.id in generators):
            return True
    return False


FAMILY = Family("chance", (RANDOM, SHORT), None, None, _on_tree)
