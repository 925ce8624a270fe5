"""How often the drift test cries wolf, and how often it sees a known shift.

    python benchmarks/drift.py [TRIALS]

A run is 20 to 60 calls of five programs; its own mix is drawn around the agent's (a Dirichlet of weight 20), so runs
differ more than chance. In a shift the share of one program rises from 5 % to 25 %.
"""

from __future__ import annotations

import random
import sys
from collections import Counter

from measuring import cost, report

from orchestrator.observe.drift import compare
from orchestrator.observe.profile import Dimension, RunProfile, Setting

BEFORE = {"read": 0.4, "edit": 0.3, "search": 0.2, "bash": 0.05, "test": 0.05}
AFTER = {"read": 0.3, "edit": 0.25, "search": 0.15, "bash": 0.25, "test": 0.05}


def main(trials: int) -> None:
    figures = {"trials": float(trials)}
    for recent in (5, 10):
        figures[f"false alarms, {recent} recent runs"] = rate(trials, recent, BEFORE)
        figures[f"detected, {recent} recent runs"] = rate(trials, recent, AFTER)
    noise = random.Random(1)  # noqa: S311 - repeatable, no secret
    before, after = runs(noise, 20, BEFORE), runs(noise, 10, AFTER)
    figures["one comparison, 20 + 10 runs (s)"] = cost(lambda: compare(before, after)).wall_seconds
    report("drift", figures, {f"false alarms, {n} recent runs": ("<=", 0.05) for n in (5, 10)})


def rate(trials: int, recent: int, mix: dict[str, float]) -> float:
    found = 0
    for trial in range(trials):
        noise = random.Random(trial)  # noqa: S311 - repeatable, no secret
        found += any(s.shifted for s in compare(runs(noise, 20, BEFORE), runs(noise, recent, mix), trial).shifts)
    return found / trials


def runs(noise: random.Random, count: int, mix: dict[str, float]) -> list[RunProfile]:
    return [_run(noise, mix) for _ in range(count)]


def _run(noise: random.Random, mix: dict[str, float]) -> RunProfile:
    own = [noise.gammavariate(20 * share, 1) for share in mix.values()]
    calls = Counter(noise.choices(list(mix), own, k=noise.randint(20, 60)))
    return RunProfile(
        "r", Setting("a", "m", "t"), {d: calls if d is Dimension.PROGRAM else Counter() for d in Dimension}
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)
