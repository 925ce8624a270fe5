"""What ``kill -9`` does to runs: at every durable boundary, and at random moments of whole runs.

    python benchmarks/kills.py [KILLS] [FIRST_SEED] [PROCESSES] [MINUTES]

A run of three steps, two of them side by side, with reviews, merges and evidence, in real containers. At every
boundary of the crash matrix (``tests/integration/durable_registry.py``), before it and after it; then at random, two
dozen times a run at most, until so many kills are done or so many minutes are over: half of them at a random boundary,
half by the clock as well. Each run then goes on to its end, and must have come to what it comes to undisturbed: the
same tree, the same number of commits, one decision for each review, evidence that verifies, no container, no process
and no temporary file left.
"""

from __future__ import annotations

import itertools
import multiprocessing
import random
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path

from measuring import report

sys.path.append(str(Path(__file__).resolve().parents[1] / "tests" / "integration"))

import crash_support
from durable_registry import REACHED

_A_RUN = 24
_OF_THE_MATRIX = 8
GOALS = {"runs that did not end as undisturbed": ("<=", 0.0)}


@dataclass(frozen=True)
class Found:
    """Of one run, or of the few that a part of the matrix takes. ``wrong`` is '' where all was as it must be."""

    kills: int
    wrong: str = ""


def main(kills: int = 40, first_seed: int = 1000, processes: int = 1, minutes: int = 600) -> None:
    points = sorted(itertools.product(REACHED, ("before", "after")))
    began, until = time.perf_counter(), time.monotonic() + 60 * minutes
    parts = [points[n : n + _OF_THE_MATRIX] for n in range(0, min(len(points), kills), _OF_THE_MATRIX)]
    with ProcessPoolExecutor(processes, multiprocessing.get_context("spawn")) as pool:
        tried = [_told(found) for found in pool.map(at_boundaries, parts)]
        random_ones = list(_until(pool, kills, itertools.count(first_seed), processes, until))
    wrong = [found.wrong for found in (*tried, *random_ones) if found.wrong]
    figures = {
        "boundaries, each before and after": sum(map(len, parts)) / 2,
        "kills at boundaries": float(sum(found.kills for found in tried)),
        "kills at random": float(sum(found.kills for found in random_ones)),
        "runs killed at random": float(len(random_ones)),
        "first seed": float(first_seed),
        "runs that did not end as undisturbed": float(len(wrong)),
        "hours": (time.perf_counter() - began) / 3600,
    }
    report("kills", figures, GOALS)


def _until(pool: ProcessPoolExecutor, kills: int, seeds: Iterable[int], at_once: int, end: float) -> Iterator[Found]:
    """Runs one after another, ``at_once`` side by side, until they have been killed so often, or the clock says so."""
    open_, left, more = set[Future[Found]](), kills, iter(seeds)
    while open_ or (left > 0 and time.monotonic() < end):
        while left > 0 and len(open_) < at_once and time.monotonic() < end:
            open_.add(pool.submit(at_random, next(more)))
        done, open_ = wait(open_, return_when=FIRST_COMPLETED)
        for one in done:
            found = one.result()
            left -= max(1, found.kills)
            yield _told(found)


def _told(found: Found) -> Found:
    """Hours are long: each is told as it comes."""
    print(f"{found.kills} kills", found.wrong, file=sys.stderr, flush=True)
    return found


def at_random(seed: int) -> Found:
    """One run, killed until it ends or has been killed often enough."""
    kills = 0
    try:
        with tempfile.TemporaryDirectory() as name, crash_support.scene(Path(name)) as here:
            chance = random.Random(seed)  # noqa: S311  no secret
            kills = crash_support.killed_again_and_again(here, chance, _A_RUN)
            crash_support.finish(here)
            crash_support.sound(here)
    except Exception:  # noqa: BLE001  whatever it is, it is told with its seed, and the next run begins
        return Found(kills, f"seed {seed}\n{traceback.format_exc()}")
    return Found(kills)


def at_boundaries(points: list[tuple[str, str]]) -> Found:
    """A part of the matrix."""
    try:
        with tempfile.TemporaryDirectory() as name:
            crash_support.matrix(Path(name), points, 0)
    except Exception:  # noqa: BLE001  as above
        return Found(len(points), f"{points}\n{traceback.format_exc()}")
    return Found(len(points))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
