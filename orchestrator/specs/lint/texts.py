"""Words and sentences of a text, read so that five megabytes of them take seconds."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import count

_SENTENCE_END = re.compile(r"[.!?]+(?=[\s\"')\]]|$)")
_ENDS = (".", "!", "?")
_ABBREVIATION = re.compile(
    r"(?:\b(?:e\.g|i\.e|etc|vs|cf|approx|no|fig|incl|resp|Mr|Ms|Dr|St)|\b[A-Z])\.$", re.IGNORECASE
)
_WORD = re.compile(r"[^\W\d_][\w'\u2019-]*")
_STOPWORDS = frozenset(
    "the a an of to and or in on is are be by for with when then given that this it as at from not shall must will".split()  # noqa: SIM905  one word a line is not read
)
_HEAD = re.compile(r"\b\w{1,4}")
_HEAD_LETTERS = 4
_SIGNS = ("...", "\u2026", "???")
_DIGITS = "0123456789"
_SPACED = {code: (chr(code).casefold() if chr(code).isalnum() or code == ord("_") else " ") for code in range(128)}
"""Makes small words of an ASCII text: many times faster than an expression."""

_GROUPS = count()
_BITS: dict[str, int] = {}
"""The first letters of a word → the bit of each group that holds it. Filled while the rules are defined."""


def heads_of(words: str) -> int:
    """A group of words, given with spaces between, as one bit; ``0`` stands for a digit. Rules call this once each."""
    bit = 1 << next(_GROUPS)
    for word in words.split():
        _BITS[word[:_HEAD_LETTERS]] = _BITS.get(word[:_HEAD_LETTERS], 0) | bit
    return bit


def heads_in(text: str) -> int:
    """The bits of all groups of which a word begins like one of the text's words."""
    found = _BITS.get("0", 0) if holds(text, _DIGITS) else 0
    for head in _BITS.keys() & word_heads(text):
        found |= _BITS[head]
    for sign in _SIGNS:
        if sign in text:
            found |= _BITS.get(sign, 0)
    return found


def holds(text: str, parts: Iterable[str]) -> bool:
    """Whether one of the parts stands in a text, also inside of a word: a look that is cheaper than an expression."""
    return any(map(text.__contains__, parts))


def word_heads(text: str) -> set[str]:
    """The first four small letters of each word."""
    if text.isascii():
        return {word[:_HEAD_LETTERS] for word in text.translate(_SPACED).split()}
    return set(_HEAD.findall(text.casefold()))


def split_sentences(text: str) -> list[tuple[int, str]]:
    """Each sentence with its offset. A line break does not end one; an abbreviation's dot does not either."""
    found: list[tuple[int, str]] = []
    begin = 0
    if holds(text, _ENDS):
        for ending in _SENTENCE_END.finditer(text):
            end = ending.end()
            if ending[0] == "." and _ABBREVIATION.search(text, max(begin, end - 12), end):
                continue
            _add_sentence(found, text, begin, end)
            begin = end
    _add_sentence(found, text, begin, len(text))
    return found


def _add_sentence(found: list[tuple[int, str]], text: str, begin: int, end: int) -> None:
    words = text[begin:end].lstrip()
    bare = words.rstrip()
    if bare and (bare[0].isalnum() or any(map(str.isalnum, bare))):
        found.append((end - len(words), bare.replace("\n", " ")))


def content_words(text: str) -> list[str]:
    """The words that carry meaning, in small letters, plural's *s* cut off."""
    words = [w for w in _WORD.findall(text.casefold()) if w not in _STOPWORDS and len(w) > 2]  # noqa: PLR2004  shorter ones say nothing
    return [w[:-1] if w[-1] == "s" and w[-2] != "s" and len(w) > 3 else w for w in words]  # noqa: PLR2004  as is, us


def english_share(texts: list[str]) -> float | None:
    """The share of English's small words among the first 4,000; ``None`` for too few to say anything."""
    words = [w.casefold() for text in texts for w in _WORD.findall(text)][:4000]
    return sum(w in _STOPWORDS for w in words) / len(words) if len(words) >= FEW_WORDS else None


FEW_WORDS = 30
"""Fewer say nothing about the language."""
