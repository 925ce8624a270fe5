"""Texts that a search for passwords takes for one and that say by themselves what they are: headers, paths, sentences.

A password is guessed by the name beside it. What is a header, a path of a site, a sentence, or the name of a field
that is said to be one, is none. Not checked: a password that somebody wrote as a sentence.
"""

from __future__ import annotations

import base64
import binascii
import re

__all__ = ["literals", "speaks_for_itself"]

_HEADER = re.compile(r"(?:X-)?[A-Z][A-Za-z]{1,20}(?:-[A-Z][A-Za-z]{0,20}){1,5}")
_PATH = re.compile(r"(?:/[A-Za-z<{:][A-Za-z_<>:{}.-]{0,40}){2,8}/?")
_SENTENCE = re.compile(r"[A-Z][^\n]{2,200}[.!?:…]")
_NAME = re.compile(r"[A-Za-z/][A-Za-z_. /:-]{1,60}")
_SAID = re.compile(
    r"(?:field|header|name|param(?:eter)?|type|url|path|label|message|help(?:_text)?|prefix|column|scope|claim|cookie"
    r"|placeholder|title|description|endpoint|route|template)s?[\"']?\s*(?::\s*\w+\s*)?[:=]$",
    re.IGNORECASE,
)
_LITERAL = re.compile(r"[rbfuRBFU]{0,2}(\"|')((?:\\.|(?!\1).)*)\1(\s*:)?")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")
_WORDS = 4
"""A text of fewer could be a pass phrase."""


def speaks_for_itself(value: str, line: str) -> bool:
    """``line`` is where the value stands: it may say what it is."""
    if _HEADER.fullmatch(value) or _PATH.fullmatch(value) or _is_sentence(value):
        return True
    before = line.partition(value)[0]
    whole = before.endswith(("'", '"')) and bool(_SAID.search(before[-60:-1].rstrip()))
    return (whole and bool(_NAME.fullmatch(value))) or _is_sentence(_read(value))


def literals(line: str) -> list[str]:
    """The texts in a line of source, without those that are keys of a dictionary."""
    return [found[2] for found in _LITERAL.finditer(line) if not found[3] and found[2]]


def _is_sentence(text: str) -> bool:
    return bool(_SENTENCE.fullmatch(text)) and len(re.findall(r"[A-Za-z]{2,}", text)) >= _WORDS


def _read(value: str) -> str:
    """What base64 holds, where that is plain text, as a sentence."""
    if not _BASE64.fullmatch(value):
        return ""
    try:
        text = base64.b64decode(value + "=" * (-len(value) % 4)).decode("ascii")
    except (binascii.Error, ValueError):
        return ""
    words = text.split(" ")
    return f"A {text}." if len(words) > _WORDS and all(re.fullmatch(r"[A-Za-z]+[.,;:!?]?", w) for w in words) else ""
