"""Text with its letters as ``re.IGNORECASE`` takes them for those of ASCII, so that plain words can be looked for.

To look for a word takes a hundredth of what an alternative of many words takes that ignores case. Pure.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate

__all__ = ["folded", "lines_at", "places"]

_SMALL_CHARACTERS, _KEPT = 64 * 1024, 128
_ALSO = ("\u0131", "i"), ("\u0130", "i"), ("\u017f", "s"), ("\u212a", "k")
"""Letters outside ASCII that stand for one of ASCII there: i without and with its dot, long s, the sign for kelvin."""


def folded(text: str) -> str:
    """As long as the text, place by place."""
    if not text.isascii():
        for letter, plain in _ALSO:
            text = text.replace(letter, plain)
    return text.lower()


def places(text: str, words: tuple[str, ...]) -> Sequence[int]:
    """Where any of these words, in small letters of ASCII, stands in a text, also within a longer one; in order.

    Of the last small texts it is remembered.
    """
    return _small(text, words) if len(text) <= _SMALL_CHARACTERS else _places(text, words)


def _places(text: str, words: tuple[str, ...]) -> Sequence[int]:
    low = folded(text)
    return tuple(sorted(place for word in words for place in _of(word, low)))


_small = lru_cache(maxsize=_KEPT)(_places)


def lines_at(places: Iterable[int], lengths: Iterable[int]) -> Iterator[int]:
    """The lines, from 1 and each once, in which these places are; ``lengths`` of the lines with their ends."""
    ends = list(accumulate(lengths))
    return (index + 1 for index in dict.fromkeys(bisect_right(ends, place) for place in places))


def _of(word: str, low: str) -> Iterator[int]:
    place = low.find(word)
    while place >= 0:
        yield place
        place = low.find(word, place + 1)
