"""Which tests make a name trustworthy, and which blocks never reach their end."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence

from orchestrator.gates.flow.values import union

__all__ = ["checked_expressions", "leaves", "validated"]

_LEAVES = frozenset({"abort", "exit", "_exit", "fail", "error"})
_OPEN_ENDED = re.compile(r"https?://(?:[^/]*)")
_VALIDATORS = frozenset(
    [
        "startswith",
        "endswith",
        "is_relative_to",
        "fullmatch",
        "match",
        "isalnum",
        "isdigit",
        "isdecimal",
        "isalpha",
        "isidentifier",
        "isnumeric",
        "commonpath",
        "commonprefix",
        "url_has_allowed_host_and_scheme",
        "is_safe_url",
        "is_safe_redirect_url",
        "has_file_allowed",
        "allowed_file",
        "is_allowed",
        "is_safe",
        "validate",
        "is_valid",
        "relative_to",
    ]
)


def leaves(body: Sequence[ast.stmt]) -> bool:
    """Whether a block never reaches its end."""
    if not body:
        return False
    end = body[-1]
    if isinstance(end, ast.Return | ast.Raise | ast.Continue | ast.Break):
        return True
    if isinstance(end, ast.Expr) and isinstance(end.value, ast.Call):
        function = end.value.func
        name = (
            function.attr
            if isinstance(function, ast.Attribute)
            else function.id
            if isinstance(function, ast.Name)
            else ""
        )
        return name in _LEAVES
    return False


def validated(test: ast.expr) -> tuple[bool, frozenset[str]]:
    """The names that a test checks against something fixed, and whether they are good when it holds."""
    if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        positive, names = validated(test.operand)
        return not positive, names
    if isinstance(test, ast.BoolOp) and _one_slash(test):
        return True, frozenset(_names(test))
    if isinstance(test, ast.BoolOp):
        wanted = isinstance(test.op, ast.And)
        parts = [validated(v) for v in test.values]
        return wanted, union(names for positive, names in parts if positive is wanted)
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        return _compared(test.left, test.ops[0], test.comparators[0])
    if isinstance(test, ast.Call) and _called(test) in _VALIDATORS and _checks_something(test):
        return True, frozenset(_names(test))
    return True, frozenset()


def checked_expressions(test: ast.expr) -> frozenset[str]:
    """Look-ups that a membership test checks as they stand: ``request.args["unit"] in UNITS``, as source text."""
    if isinstance(test, ast.UnaryOp):
        return checked_expressions(test.operand)
    if isinstance(test, ast.BoolOp):
        return union(checked_expressions(value) for value in test.values)
    member = isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.In | ast.NotIn)
    if isinstance(test, ast.Compare) and member and isinstance(test.left, ast.Subscript | ast.Call):
        return frozenset({ast.unparse(test.left)})
    return frozenset()


def _one_slash(test: ast.BoolOp) -> bool:
    """``x.startswith("/") and not x.startswith("//")``."""
    if not isinstance(test.op, ast.And):
        return False
    shut = [part.operand for part in test.values if isinstance(part, ast.UnaryOp) and isinstance(part.op, ast.Not)]
    begins = [part for part in test.values if _begins(part, "/")]
    return bool(begins) and any(_begins(part, "//") or _begins(part, "/\\") for part in shut)


def _begins(node: ast.expr, text: str) -> bool:
    if not isinstance(node, ast.Call) or _called(node) != "startswith" or not node.args:
        return False
    first = node.args[0]
    texts = first.elts if isinstance(first, ast.Tuple) else [first]
    return any(isinstance(t, ast.Constant) and t.value == text for t in texts)


def _compared(left: ast.expr, operator: ast.cmpop, right: ast.expr) -> tuple[bool, frozenset[str]]:
    if isinstance(operator, ast.In | ast.NotIn) and not isinstance(left, ast.Constant):
        # A fixed set, or a name in capitals or of a container: membership is an allow-list.
        return isinstance(operator, ast.In), frozenset(_names(left))
    if (
        isinstance(operator, ast.In | ast.NotIn)
        and isinstance(left, ast.Constant)
        and left.value in {"..", "/", "\n", "\r"}
    ):
        return isinstance(operator, ast.NotIn), frozenset(_names(right))
    if isinstance(operator, ast.Eq | ast.NotEq) and (isinstance(right, ast.Constant) or _called(left) == "commonpath"):
        return isinstance(operator, ast.Eq), frozenset(_names(left))
    return True, frozenset()


def _checks_something(call: ast.Call) -> bool:
    """``x.startswith("")`` checks nothing, and neither does a pattern that matches everything.

    ``x.startswith("/")`` lets ``//other.host`` through, and a host without a slash behind it its longer namesakes.
    """
    for argument in call.args[:1]:
        text = argument.value if isinstance(argument, ast.Constant) else None
        if _called(call) == "startswith" and isinstance(text, str) and (text == "/" or _OPEN_ENDED.fullmatch(text)):
            return False
        if isinstance(argument, ast.Constant) and argument.value in {"", ".*", b"", "(?s).*", "[\\s\\S]*", ".+"}:
            return False
    return True


def _called(node: ast.expr) -> str:
    if not isinstance(node, ast.Call):
        return ""
    function = node.func
    return (
        function.attr if isinstance(function, ast.Attribute) else function.id if isinstance(function, ast.Name) else ""
    )


def _names(node: ast.AST) -> Iterator[str]:
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            yield part.id
