"""Text that other people, programs or models wrote, as data in a prompt: capped, literal, between marks.

The marks carry the digest of what they enclose, so that no text can hold its own end. What is invisible or
turns a line round is written out as ``<U+202E>``, a byte that is no UTF-8 as U+FFFD. NOT covered: words that persuade;
what they could lead to is held by grants, gates and people.
"""

from __future__ import annotations

import unicodedata

from orchestrator.models.ids import sha256

CHARACTERS_PER_TOKEN = 4
"""Rather few for English, so that a budget in tokens is rather kept than passed."""
_HIDDEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_FILLERS = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_MARK = 16


def literal(text: str) -> str:
    """Line breaks and tabs stay; every other character that cannot be seen is written out."""
    if text.isascii() and text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return "".join(_shown(character) for character in text)


def _shown(character: str) -> str:
    if character in "\n\t" or (character not in _FILLERS and unicodedata.category(character) not in _HIDDEN):
        return character
    return f"<U+{ord(character):04X}>"


def capped(text: str, characters: int) -> str:
    """Literal, and with the middle left out when it is longer; what is left out is counted."""
    shown = literal(text)
    if len(shown) <= characters:
        return shown
    half = max(characters // 2, 1)
    return f"{shown[:half]}\n[{len(shown) - 2 * half} characters left out]\n{shown[-half:]}"


def line(text: str, characters: int = 300) -> str:
    """A name or title: one literal line."""
    shown = literal(text.replace("\n", " ").replace("\t", " "))
    return shown if len(shown) <= characters else shown[: characters - 1] + "…"


def block(label: str, text: str, characters: int) -> str:
    """``<<<DATA id label``, the text, ``DATA id>>>``."""
    body = capped(text, characters)
    mark = sha256(body.encode()).removeprefix("sha256:")[:_MARK]
    return f"<<<DATA {mark} {line(label)}\n{body}\nDATA {mark}>>>"
