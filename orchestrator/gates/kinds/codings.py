"""What a line of a program turns back into a text: base85, base32, turned letters, a large number, an exclusive or.

Loaded for lines alone that name such a way. Not seen: a key that stands in another line, or one of several bytes.
"""

from __future__ import annotations

import ast
import base64
import codecs
import re
from collections.abc import Callable, Iterator

__all__ = ["decodings"]

_LITERALS = re.compile(
    r"[rb]{0,2}(?:\"(?:[^\"\\\n]|\\.){16,2048}\"|'(?:[^'\\\n]|\\.){16,2048}')|\[\s*\d+(?:\s*,\s*\d+){15,511}\s*\]"
)
_NUMBER = re.compile(r"\b\d{30,1300}\b")
_LIMIT = 8
_WAYS: tuple[tuple[str, Callable[[bytes], bytes]], ...] = (
    ("b85", base64.b85decode),
    ("a85", base64.a85decode),
    ("b32", base64.b32decode),
    ("rot", lambda data: codecs.encode(data.decode("latin-1"), "rot13").encode("latin-1")),
)


def decodings(line: str) -> list[str]:
    """What each long literal of the line may be in the end, as far as it is plain ASCII."""
    found: list[str] = []
    for match in list(_LITERALS.finditer(line))[:_LIMIT]:
        data = _bytes(match[0])
        found += [text for name, way in _WAYS if name in line and (text := _turned(way, data))]
        if "^" in _LITERALS.sub("", line):
            found += _mixed(data)
    if "to_bytes" in line:
        numbers = (int(match[0]) for match in _NUMBER.finditer(line))
        found += [text for n in numbers if (text := _plain(n.to_bytes(n.bit_length() // 8 + 1).lstrip(b"\0")))]
    return found


def _bytes(literal: str) -> bytes:
    try:
        value = ast.literal_eval(literal)
        return value.encode("latin-1") if isinstance(value, str) else bytes(value)
    except (SyntaxError, ValueError, TypeError):
        return b""


def _turned(way: Callable[[bytes], bytes], data: bytes) -> str:
    try:
        return _plain(way(data))
    except (ValueError, UnicodeError):
        return ""


def _mixed(data: bytes) -> Iterator[str]:
    """With each key of one byte: most give something that is no text."""
    for key in range(1, 256):
        text = _plain(bytes(byte ^ key for byte in data))
        if text:
            yield text


def _plain(data: bytes) -> str:
    return data.decode("ascii") if data.isascii() and data.decode("ascii").isprintable() else ""
