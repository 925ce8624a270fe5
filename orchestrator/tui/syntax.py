"""Syntax colours of single lines, kept for the lines last seen. A line that is too long stays plain."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Protocol, cast

LONGEST_LINE = 400
"""Characters: beyond that, a lexer's regular expressions can take seconds."""


class _Lexer(Protocol):
    def get_tokens_unprocessed(self, text: str) -> Iterable[tuple[int, object, str]]: ...


_CLASSES = (
    ("Token.Comment", "comment"),
    ("Token.Literal.String", "string"),
    ("Token.Literal.Number", "number"),
    ("Token.Keyword", "keyword"),
    ("Token.Operator.Word", "keyword"),
    ("Token.Name.Function", "name"),
    ("Token.Name.Class", "name"),
    ("Token.Name.Decorator", "name"),
)
NAMES = frozenset(name for _, name in _CLASSES)


@lru_cache(maxsize=256)
def _lexer(path: str) -> _Lexer | None:
    from pygments.lexers import get_lexer_for_filename  # type: ignore[import-untyped]  # noqa: PLC0415  cost: 30 ms
    from pygments.util import ClassNotFound  # type: ignore[import-untyped]  # noqa: PLC0415  the same

    try:
        return cast("_Lexer", get_lexer_for_filename(path))
    except ClassNotFound:
        return None


@lru_cache(maxsize=1024)
def _class_of(token: object) -> str:
    name = str(token)
    return next((cls for prefix, cls in _CLASSES if name.startswith(prefix)), "")


@lru_cache(maxsize=8192)
def spans(path: str, line: str) -> tuple[tuple[str, str], ...]:
    """The line in parts, each with one of :data:`NAMES` or ''. Joined, the parts are the line."""
    lexer = _lexer(path.rsplit("/", 1)[-1]) if len(line) <= LONGEST_LINE else None
    if lexer is None:
        return ((line, ""),)
    parts = tuple((value, _class_of(token)) for _, token, value in lexer.get_tokens_unprocessed(line))
    return parts if "".join(value for value, _ in parts) == line else ((line, ""),)
