"""Which requirement of yesterday is which of today, by what they say: words weighed by how rare they are.

An exact text keeps its id wherever it moves. Of the others the most alike pair
is joined first; neighbours that agree help. Below :data:`LIKENESS` nothing is
joined: a new id costs less than a wrong one.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LIKENESS = 0.5
"""Share of the weight of the words that two texts must have in common."""
CLEAR = 0.08
"""A pair that is not this much better than the next best one is joined, and said to be a guess."""
_NEIGHBOUR = 0.1
_COMMON = 60
_WORD = re.compile(r"[^\W_]+(?:[.,][0-9]+)*")


@dataclass(frozen=True, slots=True)
class Match:
    """``old`` and ``new`` are places in the two lists. ``clear`` is false for a guess."""

    old: int
    new: int
    clear: bool


def match(old: Sequence[str], new: Sequence[str], fixed: Mapping[int, int]) -> list[Match]:
    """Pairs of texts that are likely the same requirement, edited.

    ``fixed`` maps places in ``new`` to places in ``old`` that are joined already. Linear in
    the texts but for words that fewer than 60 of them share.
    """
    if not old or not new:
        return []
    kept = set(fixed.values())
    olds = {i: _words(text) for i, text in enumerate(old) if i not in kept}
    news = {j: _words(text) for j, text in enumerate(new) if j not in fixed}
    weight = _weights([*map(_words, old), *map(_words, new)])
    scores = {
        (i, j): _alike(olds[i], news[j], weight) + _NEIGHBOUR * _beside(i, j, fixed) for i, j in _offers(olds, news)
    }
    best = sorted(
        (pair for pair in scores if scores[pair] >= LIKENESS), key=lambda p: (-scores[p], abs(p[0] - p[1]), p)
    )
    rivals = _rivals(scores)
    made: list[Match] = []
    taken_old: set[int] = set()
    taken_new: set[int] = set()
    for i, j in best:
        if i in taken_old or j in taken_new:
            continue
        beside = (*rivals["old", i], *rivals["new", j])
        rival = max((scores[a, b] for a, b in beside if (a, b) != (i, j) and a not in taken_old), default=0.0)
        made.append(Match(i, j, scores[i, j] - rival >= CLEAR))
        taken_old.add(i)
        taken_new.add(j)
    return made


def _rivals(scores: Mapping[tuple[int, int], float]) -> Mapping[tuple[str, int], list[tuple[int, int]]]:
    """The pairs that each old and each new text is in."""
    found: defaultdict[tuple[str, int], list[tuple[int, int]]] = defaultdict(list)
    for pair in scores:
        found["old", pair[0]].append(pair)
        found["new", pair[1]].append(pair)
    return found


def _words(text: str) -> Counter[str]:
    return Counter(word.casefold() for word in _WORD.findall(text))


def _weights(texts: Sequence[Counter[str]]) -> dict[str, float]:
    seen = Counter(word for words in texts for word in words)
    return {word: math.log(1 + len(texts) / count) for word, count in seen.items()}


def _alike(a: Counter[str], b: Counter[str], weight: Mapping[str, float]) -> float:
    total = sum(weight[w] * n for w, n in a.items()) + sum(weight[w] * n for w, n in b.items())
    return 2 * sum(weight[w] * n for w, n in (a & b).items()) / total if total else 0.0


def _beside(i: int, j: int, fixed: Mapping[int, int]) -> int:
    return int(fixed.get(j - 1) == i - 1 >= 0 or fixed.get(j + 1) == i + 1)


def _offers(olds: Mapping[int, Counter[str]], news: Mapping[int, Counter[str]]) -> set[tuple[int, int]]:
    places: defaultdict[str, list[int]] = defaultdict(list)
    for i, words in olds.items():
        for word in words:
            places[word].append(i)
    few = len(olds) <= _COMMON
    return {(i, j) for j, words in news.items() for w in words for i in places[w] if few or len(places[w]) <= _COMMON}
