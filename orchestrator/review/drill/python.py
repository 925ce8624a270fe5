"""Defects and harmless twins in Python, found in its syntax tree: what is planted parses and means what is said."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator

from orchestrator.review.drill.defect import DefectKind, Edit, applied

_BOUNDS: dict[type[ast.cmpop], tuple[str, str]] = {
    ast.Lt: ("<", "<="),
    ast.LtE: ("<=", "<"),
    ast.Gt: (">", ">="),
    ast.GtE: (">=", ">"),
}
_MIRRORED: dict[type[ast.cmpop], str] = {ast.Lt: ">", ast.LtE: ">=", ast.Gt: "<", ast.GtE: "<=", ast.Eq: "=="}
_CLEANING = frozenset({"escape", "quote", "quote_plus", "sanitize", "normpath", "basename", "resolve"})
_GUARDS = re.compile(r"(?i)auth|admin|permi|owner|role|allow|secret|login|csrf|safe|trust|sign|verif|valid|escape|path")
_PLAIN = (ast.Name, ast.Constant, ast.Attribute)


def python_edits(text: str, *, in_test: bool) -> tuple[Edit, ...]:
    """All that could be planted in a file, by line. Empty for what does not parse."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    reader = _Reader(text.split("\n"))
    found = [edit for node in ast.walk(tree) for edit in reader.edits(node, in_test=in_test)]
    good = (edit for edit in found if _parses(applied(text, [edit])))
    return tuple(sorted(good, key=lambda e: (e.first, e.last, e.what)))


def _parses(text: str) -> bool:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


class _Reader:
    def __init__(self, lines: list[str]) -> None:
        self._lines = lines

    def edits(self, node: ast.AST, *, in_test: bool) -> Iterator[Edit]:
        """What could be planted at one node."""
        if in_test:
            yield from self._weaker_test(node)
            return
        match node:
            case ast.Compare(ops=[op], comparators=[right]):
                yield from self._compare(node, op, right)
            case ast.BoolOp(op=ast.And() | ast.Or(), values=[left, right]):
                words = ("and", "or") if isinstance(node.op, ast.And) else ("or", "and")
                yield from self._between(left, right, *words, f"`{words[0]}` became `{words[1]}`")
            case ast.BinOp(op=ast.Add(), right=ast.Constant(value=1)):
                yield from self._between(node.left, node.right, "+", "-", "off by two: `+ 1` became `- 1`")
            case ast.UnaryOp(op=ast.Not()):
                yield from self._replaced(node, self._text(node.operand), DefectKind.LOGIC, "a negation was dropped")
            case ast.Return(value=ast.Constant(value=bool() as value)):
                yield from self._replaced(node, f"return {not value}", DefectKind.LOGIC, f"returns {not value} instead")
            case ast.Call(args=[_, *_]):
                yield from self._call(node)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value):
                new = f"{name} = {name} + {self._text(value)}"
                yield from self._replaced(node, new, DefectKind.HARMLESS, "the same assignment written out")
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield from self._guards(node.body)
            case _:
                return

    def _compare(self, node: ast.Compare, op: ast.cmpop, right: ast.expr) -> Iterator[Edit]:
        if type(op) in _BOUNDS:
            old, new = _BOUNDS[type(op)]
            yield from self._between(node.left, right, old, new, f"a bound moved: `{old}` became `{new}`")
        if type(op) in _MIRRORED and isinstance(node.left, _PLAIN) and isinstance(right, _PLAIN):
            mirrored = f"{self._text(right)} {_MIRRORED[type(op)]} {self._text(node.left)}"
            yield from self._replaced(node, mirrored, DefectKind.HARMLESS, "the same comparison the other way round")

    def _call(self, node: ast.Call) -> Iterator[Edit]:
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        args = [self._text(a) for a in node.args]
        if name == "compare_digest" and len(args) == 2:  # noqa: PLR2004  two values
            words = "a comparison that takes as long for a wrong value became one that tells where it differs"
            yield from self._replaced(node, f"{args[0]} == {args[1]}", DefectKind.SECURITY, words)
        elif name in _CLEANING and len(args) == 1 and not node.keywords:
            yield from self._replaced(node, args[0], DefectKind.SECURITY, f"`{name}` is no longer asked")
        elif name in {"startswith", "endswith"} and len(args) == 1 and isinstance(node.func, ast.Attribute):
            new = f"({args[0]} in {self._text(node.func.value)})"
            constant = isinstance(node.args[0], ast.Constant)
            words = f"`{name}` became a test of anywhere"
            yield from self._replaced(node, new, DefectKind.SECURITY, words) if constant else ()

    def _guards(self, body: list[ast.stmt]) -> Iterator[Edit]:
        """An ``if`` that only raises is taken out."""
        for one in body if len(body) > 1 else ():
            match one:
                case ast.If(test=test, body=[ast.Raise()], orelse=[]):
                    kind = DefectKind.SECURITY if _GUARDS.search(self._text(test)) else DefectKind.LOGIC
                    yield Edit(one.lineno, one.end_lineno or one.lineno, (), kind, "a check that refuses was taken out")
                case _:
                    continue

    def _weaker_test(self, node: ast.AST) -> Iterator[Edit]:
        match node:
            case ast.Assert(test=ast.Compare(left=left, ops=[ast.Eq()]) as test):
                words = "a test no longer asks for the value, only for any"
                yield from self._replaced(test, f"{self._text(left)} is not None", DefectKind.TEST, words)
            case ast.Call(func=ast.Attribute(attr="raises"), args=[ast.Name(id=name) as error, *_]) if (
                name != "Exception"
            ):
                yield from self._replaced(error, "Exception", DefectKind.TEST, "a test takes any exception")
            case ast.Call(func=ast.Attribute(attr="assertEqual") as of, args=[first, _, *_]):
                new = f"{self._text(of.value)}.assertIsNotNone({self._text(first)})"
                yield from self._replaced(node, new, DefectKind.TEST, "a test no longer asks for the value")
            case ast.AugAssign() | ast.Compare():
                yield from (e for e in self._harmless(node))
            case _:
                return

    def _harmless(self, node: ast.AST) -> Iterator[Edit]:
        return (e for e in self.edits(node, in_test=False) if e.kind is DefectKind.HARMLESS)

    def _between(self, left: ast.expr, right: ast.expr, old: str, new: str, what: str) -> Iterator[Edit]:
        """Another operator between two operands that stand on one line."""
        if left.end_lineno != right.lineno or left.end_col_offset is None:
            return
        line = self._lines[right.lineno - 1].encode()
        head, middle, tail = (
            line[: left.end_col_offset],
            line[left.end_col_offset : right.col_offset],
            line[right.col_offset :],
        )
        if middle.strip(b" ()").decode() == old:
            made = (head + middle.replace(old.encode(), new.encode(), 1) + tail).decode()
            yield Edit(right.lineno, right.lineno, (made,), DefectKind.LOGIC, what)

    def _replaced(self, node: ast.expr | ast.stmt, new: str, kind: DefectKind, what: str) -> Iterator[Edit]:
        """Another text in the place of a node that stands on one line."""
        if node.lineno != node.end_lineno or node.end_col_offset is None or "\n" in new or not new:
            return
        line = self._lines[node.lineno - 1].encode()
        made = (line[: node.col_offset] + new.encode() + line[node.end_col_offset :]).decode()
        yield Edit(node.lineno, node.lineno, (made,), kind, what)

    def _text(self, node: ast.expr) -> str:
        """As it is written; '' for what stands on several lines."""
        if node.lineno != node.end_lineno:
            return ""
        return self._lines[node.lineno - 1].encode()[node.col_offset : node.end_col_offset].decode()
