r"""Text of agents and repositories, made literal.

Whatever a terminal would act on or an eye would miss is written out: ``\x1b``
for a control character or a byte that is no UTF-8, ``<U+202E>`` for anything
else that is invisible, reorders text, or has no agreed look (Unicode TR 36 and
TR 39 name the dangers). A letter of another script that looks like a Latin one
is written out in a word with Latin letters, and on a line that has no letter
of its script that could be told apart. NOT covered: words that look alike
among words of their own script.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

TAB_COLUMNS = 4
_MARKS_PER_LETTER = 2
_INVISIBLE = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180f\u2800\u3164\uffa0")
_CYRILLIC = (
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u0456\u0458\u0455\u04bb\u0501\u051b\u051d\u0475"
    "\u0410\u0412\u0415\u041d\u0406\u0408\u041a\u041c\u041e\u0420\u0421\u0422\u0425\u0405\u0423\u0417"
)
_GREEK = (
    "\u03bf\u03bd\u03b1\u03c1\u03c5\u03b9\u03ba\u03f2\u03f3"
    "\u0391\u0392\u0395\u0396\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7"
)
_OTHERS = "\u0585\u057d\u0578\u0570\u0561\u0251\u0261\u0131\u029f\u1d0f\u217c\u2170\u2174\u2179"
_LOOKALIKE = frozenset(_CYRILLIC + _GREEK + _OTHERS)
_WORD = re.compile(r"\w+")
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_PLAIN_OR_ONE = re.compile(r"[ -~]+|.", re.DOTALL)
_WRITTEN_OUT = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp", "Zs"})
_LAST_BYTE = 0xFF
_LONE_BYTE = range(0xDC80, 0xDD00)


def _selects_variation(code: int) -> bool:
    return 0xFE00 <= code <= 0xFE0F or 0xE0100 <= code <= 0xE01EF  # noqa: PLR2004  the two ranges of the standard


@lru_cache(maxsize=4096)
def _hidden(char: str) -> bool:
    if char == " ":
        return False
    return unicodedata.category(char) in _WRITTEN_OUT or char in _INVISIBLE or _selects_variation(ord(char))


@lru_cache(maxsize=4096)
def _written_out(char: str) -> str:
    code = ord(char)
    if code in _LONE_BYTE:
        return f"\\x{code - 0xDC00:02x}"
    if code <= _LAST_BYTE and unicodedata.category(char) == "Cc":
        return f"\\x{code:02x}"
    return f"<U+{code:04X}>"


@lru_cache(maxsize=4096)
def columns_of(char: str) -> int:
    """Terminal columns of one visible character: 0, 1 or 2."""
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


@lru_cache(maxsize=4096)
def _look(char: str) -> tuple[str, bool, int, bool]:
    """How it is shown, whether that is written out, its columns, and whether it is a combining mark."""
    hidden = _hidden(char)
    shown = _written_out(char) if hidden else char
    return shown, hidden, len(shown) if hidden else columns_of(char), unicodedata.combining(char) != 0


def columns(text: str) -> int:
    """Terminal columns of escaped text."""
    return len(text) if text.isascii() else sum(map(columns_of, text))


def decode(data: bytes) -> str:
    r"""UTF-8, with every other byte kept as a lone surrogate that :func:`escape` writes as ``\xNN``."""
    return data.decode("utf-8", "surrogateescape")


def _poses(char: str) -> bool:
    """Always for a Latin letter or sign: full width, mathematical letters, the Greek question mark."""
    code = ord(char)
    wide = 0xFF21 <= code <= 0xFF3A or 0xFF41 <= code <= 0xFF5A  # noqa: PLR2004  A to Z, a to z
    return wide or 0x1D400 <= code <= 0x1D7FF or char in "\u037e\u2024\u2044"  # noqa: PLR2004  the block's ends


def lookalikes(text: str) -> frozenset[int]:
    """Places in one line of letters that pass for Latin ones."""
    if text.isascii() or not any(char in _LOOKALIKE or _poses(char) for char in _BEYOND_ASCII.findall(text)):
        return frozenset()
    foreign = {n for n, char in enumerate(text) if char in _LOOKALIKE}
    posing = {n for n, char in enumerate(text) if _poses(char)}
    if any(_told_apart(char) for char in text):
        words = [m for m in _WORD.finditer(text) if any(char.isascii() and char.isalpha() for char in m.group())]
        foreign = {n for m in words for n in range(m.start(), m.end()) if n in foreign}
    return frozenset(foreign | posing)


def _told_apart(char: str) -> bool:
    """A Greek, Cyrillic or Armenian letter that no Latin one looks like: the line is in that script."""
    return "\u0370" <= char <= "\u058f" and char.isalpha() and char not in _LOOKALIKE


def pieces(text: str, column: int = 0) -> Iterator[tuple[str, bool]]:
    """Runs of one line and whether each was written out. ``column`` is where the line stands, for its tabs."""
    if text.isascii() and text.isprintable():
        yield text, False
        return
    run: list[str] = []
    marks, alike = _MARKS_PER_LETTER, lookalikes(text)
    for found in _PLAIN_OR_ONE.finditer(text):
        place, char = found.start(), found[0]
        if char.isascii() and char.isprintable():
            run.append(char)
            marks, column = 0, column + len(char)
            continue
        shown, hidden, size, is_mark = _look(char)
        marks = marks + 1 if is_mark else 0
        if char == "\t":
            size = TAB_COLUMNS - column % TAB_COLUMNS
            shown, hidden = " " * size, False
        elif marks > _MARKS_PER_LETTER or place in alike:
            shown, hidden, size = _written_out(char), True, len(_written_out(char))
        column += size
        if not hidden:
            run.append(shown)
            continue
        if run:
            yield "".join(run), False
            run = []
        yield shown, True
    if run:
        yield "".join(run), False


def escape(text: str) -> str:
    """One line, literal. A line break in it is written out too."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(shown for shown, _ in pieces(text))


def fold(text: str, width: int) -> list[str]:
    """Escaped text in lines of at most ``width`` columns (at least 2); nothing is dropped."""
    width = max(width, 2)
    if text.isascii():
        return [text[i : i + width] for i in range(0, len(text), width)] or [""]
    lines: list[str] = []
    line, used = "", 0
    for char in text:
        size = columns_of(char)
        if used + size > width:
            lines.append(line)
            line, used = "", 0
        line, used = line + char, used + size
    return [*lines, line]


def fold_words(text: str, width: int) -> list[str]:
    """Like :func:`fold`, ending lines after a space where there is one. The characters stay the same."""
    width, place, lines = max(width, 2), 0, list[str]()
    while True:
        window = text[place : place + 2 * width + 2]
        line = fold(window, width)[0]
        if place + len(line) == len(text):
            return [*lines, line]
        cut = line.rfind(" ") + 1
        lines.append(line[:cut] if line[:cut].strip() else line)
        place += len(lines[-1])
