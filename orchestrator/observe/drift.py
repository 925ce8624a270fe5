"""Recent runs against earlier ones: what is new, and whether the mix has shifted. Runs are the unit, not events."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import log2

from orchestrator.observe.profile import Dimension, RunProfile

MIN_RUNS = 5
ALPHA = 0.05
PERMUTATIONS = 999
_NOTHING = "(nothing)"
_EQUAL = 1e-12

Mix = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Shift:
    """``divergence`` in bits, 0 to 1; ``p`` of the permutation test, ``q`` after Benjamini-Hochberg."""

    dimension: Dimension
    divergence: float
    p: float
    q: float
    shifted: bool


@dataclass(frozen=True, slots=True)
class Drift:
    """``shifts`` is empty when there are too few runs, and ``sentence`` says so."""

    baseline: int
    recent: int
    novel: Mapping[Dimension, tuple[str, ...]]
    shifts: tuple[Shift, ...]
    sentence: str


def compare(baseline: Sequence[RunProfile], recent: Sequence[RunProfile], seed: int = 0) -> Drift:
    """All profiles are of one setting, which is not checked. The same input and seed give the same answer."""
    novel = {d: _novel(baseline, recent, d) for d in Dimension} if baseline else dict.fromkeys(Dimension, ())
    enough = min(len(baseline), len(recent)) >= MIN_RUNS
    shifts = _shifts(baseline, recent, seed) if enough else ()
    sentence = _sentence(shifts, novel) if enough else _few(len(baseline), len(recent), novel)
    return Drift(len(baseline), len(recent), novel, shifts, sentence)


def divergence(one: Mix, other: Mix) -> float:
    """Jensen-Shannon divergence of two distributions, in bits."""
    total = 0.0
    for key in sorted(one.keys() | other.keys()):
        a, b = one.get(key, 0.0), other.get(key, 0.0)
        middle = (a + b) / 2
        total += sum(x * log2(x / middle) / 2 for x in (a, b) if x > 0)
    return max(total, 0.0)


def corrected(values: Sequence[float]) -> tuple[float, ...]:
    """Benjamini-Hochberg: each p-value as a q-value, in the same order."""
    found, least = [0.0] * len(values), 1.0
    for rank, place in reversed(list(enumerate(sorted(range(len(values)), key=values.__getitem__), 1))):
        least = min(least, values[place] * len(values) / rank)
        found[place] = least
    return tuple(found)


def _novel(baseline: Sequence[RunProfile], recent: Sequence[RunProfile], dimension: Dimension) -> tuple[str, ...]:
    known = {value for run in baseline for value in run.counts[dimension]}
    return tuple(sorted({value for run in recent for value in run.counts[dimension]} - known))


def _shifts(baseline: Sequence[RunProfile], recent: Sequence[RunProfile], seed: int) -> tuple[Shift, ...]:
    noise = random.Random(seed)  # noqa: S311  # nosec B311  repeatable permutations, no secret
    tested = [_test(baseline, recent, dimension, noise) for dimension in Dimension]
    adjusted = corrected([p for _, p in tested])
    return tuple(
        Shift(dimension, distance, p, q, q <= ALPHA)
        for dimension, (distance, p), q in zip(Dimension, tested, adjusted, strict=True)
    )


def _test(
    baseline: Sequence[RunProfile], recent: Sequence[RunProfile], dimension: Dimension, noise: random.Random
) -> tuple[float, float]:
    mixes, size = [_mix(run.counts[dimension]) for run in (*baseline, *recent)], len(baseline)
    seen = divergence(_mean(mixes[:size]), _mean(mixes[size:]))
    if seen <= _EQUAL:  # no shuffling can be nearer
        return 0.0, 1.0
    as_far = 0
    for _ in range(PERMUTATIONS):
        noise.shuffle(mixes)
        as_far += divergence(_mean(mixes[:size]), _mean(mixes[size:])) >= seen - _EQUAL
    return seen, (as_far + 1) / (PERMUTATIONS + 1)


def _mix(counts: Mapping[str, int]) -> Mix:
    total = sum(counts.values())
    return {key: count / total for key, count in counts.items()} if total else {_NOTHING: 1.0}


def _mean(mixes: Sequence[Mix]) -> Mix:
    found: dict[str, float] = {}
    for mix in mixes:
        for key, share in mix.items():
            found[key] = found.get(key, 0.0) + share / len(mixes)
    return found


def _few(baseline: int, recent: int, novel: Mapping[Dimension, tuple[str, ...]]) -> str:
    return f"Too few runs for a test: {recent} against {baseline}, {MIN_RUNS} each are needed." + _news(novel)


def _sentence(shifts: Sequence[Shift], novel: Mapping[Dimension, tuple[str, ...]]) -> str:
    moved = [s.dimension.value for s in shifts if s.shifted]
    return (f"The mix has shifted: {', '.join(moved)}." if moved else "No shift was found.") + _news(novel)


def _news(novel: Mapping[Dimension, tuple[str, ...]]) -> str:
    count = sum(map(len, novel.values()))
    return f" Never seen before: {count}." if count else ""
