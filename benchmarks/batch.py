"""Runs per minute of a batch at 1, 2 and 4 jobs and on 1, 2 and 3 workers of a cluster, with the scripted agent.

    python benchmarks/batch.py [RUNS]

Each run is one step of the sample repository, up to the point where it waits for its reviewer: planned, worked on in
a sandbox, gated, accepted in a second sandbox. The peer is the same runs begun one after another, each as its own
``handrail run``, which is what a shell loop does. A rate is (a batch of RUNS more - a batch of one run for each job) /
RUNS, so that the start-up of the command and its processes, which a batch has once, stands apart; workers of a cluster
are there before. All that the machine's cores do meanwhile is counted, the container engine included: what a run costs
of them when it is alone says how many runs a minute the cores there are could do, and the efficiency is the share of
that which two at once do. It is not counted against twice one job, which is told beside it: one run keeps more than
one core at work. The share of the cores at work says how much of them nobody used.
Nothing else may run on the machine. Of a cluster also: how many jobs a second are sent, and how long a run rests when
its worker is killed, with a lease of 5 seconds.
"""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import sample
from clustered import LEASE_SECONDS, Clustered
from measuring import Cost, busy_seconds, cost, report
from postgres import Server

JOBS = (1, 2, 4)
WORKERS = (1, 2, 3)
_CORES = os.cpu_count() or 1
RECOVERY = f"recovery after a lost worker, lease {LEASE_SECONDS:g} s (s)"
GOALS = {
    "2 jobs, efficiency of the cores there are": (">=", 0.9),
    "1 job / shell loop": (">=", 1.0),
    "2 workers, efficiency of the cores there are": (">=", 0.9),
    "3 workers, efficiency of the cores there are": (">=", 0.9),
    "enqueued (runs/s)": (">=", 2000.0),
}


@dataclass(frozen=True)
class Rate:
    """``cpu_seconds`` of all cores for one run; ``begin_seconds`` is what comes before the runs."""

    per_minute: float
    cpu_seconds: float
    begin_seconds: float

    def of_the_cpu(self, one: Rate) -> float:
        """Of what the cores could do at what a run costs when it is alone."""
        return self.per_minute / (60 * _CORES / one.cpu_seconds)

    def at_work(self) -> float:
        """The share of the cores that is not idle meanwhile, at what a run costs beside the others."""
        return self.of_the_cpu(self)


Ready = Callable[[int], Callable[[], object]]


def main(runs: int = 24) -> None:
    with tempfile.TemporaryDirectory() as place:
        env = sample.environment(Path(place)) | {"XDG_STATE_HOME": f"{place}/state"}
        sample.image(env)
        sample.run(Path(place) / "warm", 1, env)
        loop = _loop(Path(place) / "loop", runs, env)
        figures = {"shell loop (runs/min)": 60 * runs / loop.wall_seconds}
        rates = {jobs: _rate(_batch(Path(place), jobs, env), jobs, runs) for jobs in JOBS}
        figures |= _told(rates, "jobs")
        figures["1 job / shell loop"] = rates[1].per_minute / figures["shell loop (runs/min)"]
        figures |= _cluster(Path(place), runs, env)
    report("batch", figures, GOALS)


def _rate(ready: Ready, side_by_side: int, runs: int) -> Rate:
    """``ready`` gives what does so many runs."""
    spent = list[tuple[float, float]]()
    for count in (side_by_side, side_by_side + runs):
        work = ready(count)
        before = busy_seconds()
        spent.append((cost(work).wall_seconds, busy_seconds() - before))
    (few, few_busy), (many, many_busy) = spent
    one = (many - few) / runs
    return Rate(60 / one, (many_busy - few_busy) / runs, few - side_by_side * one)


def _told(rates: dict[int, Rate], who: str) -> dict[str, float]:
    figures = {f"{count} {who} (runs/min)": rate.per_minute for count, rate in rates.items()}
    figures |= {f"{count} {who}, cpu of a run on all cores (s)": rate.cpu_seconds for count, rate in rates.items()}
    figures |= {f"{count} {who}, start-up (s)": rate.begin_seconds for count, rate in rates.items()}
    beside = {count: rate for count, rate in rates.items() if count > 1}
    figures |= {f"{n} {who}, efficiency of the cores there are": r.of_the_cpu(rates[1]) for n, r in beside.items()}
    figures |= {f"{n} {who}, share of the cores at work": r.at_work() for n, r in beside.items()}
    figures[f"2 {who} / twice one"] = rates[2].per_minute / rates[1].per_minute / 2
    return figures


def _cluster(place: Path, runs: int, env: dict[str, str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as apart, closing(Server(Path(apart))) as server:
        made, rates = Clustered(place / "cluster", server, env), dict[int, Rate]()
        for count in WORKERS:
            with made.workers(count):
                made.batch(f"warm{count}", count)
                rates[count] = _rate(partial(_specs, made), count, runs)
        figures = _told(rates, "workers")
        figures["enqueued (runs/s)"] = made.enqueue()
        figures[RECOVERY] = made.recovery()
    return figures


def _specs(made: Clustered, runs: int) -> Callable[[], object]:
    return lambda: made.batch(f"b{secrets.token_hex(4)}", runs)


def _loop(folder: Path, runs: int, env: dict[str, str]) -> Cost:
    jobs = [sample.set_up(folder / str(n), 1, env) for n in range(runs)]

    def work() -> None:
        for where, spec, script in jobs:
            _handrail(env, "run", str(spec), "--repo", str(where), "--script", str(script), expect=4)

    return cost(work)


def _batch(place: Path, jobs: int, env: dict[str, str]) -> Ready:
    """Repositories are made before anything is counted."""

    def ready(runs: int) -> Callable[[], object]:
        folder = place / f"jobs{jobs}-{runs}"
        made = [sample.set_up(folder / str(n), 1, env) for n in range(runs)]
        entries = [{"spec": str(spec), "repo": str(where), "script": str(script)} for where, spec, script in made]
        manifest, ceiling = folder / "batch.yaml", {"jobs": jobs}
        body = {"schema": "handrail.batch/1", "ceiling": ceiling, "defaults": {"agent": "scripted"}, "runs": entries}
        manifest.write_text(json.dumps(body))
        return lambda: _handrail(env, "run", "--batch", str(manifest), expect=4)

    return ready


def _handrail(env: dict[str, str], *argv: str, expect: int) -> None:
    agent = [] if "--batch" in argv else ["--agent", "scripted"]
    words = [*sample.HANDRAIL, *argv, *agent, "--approve-plan", "--no-input"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    if done.returncode != expect:
        raise RuntimeError(f"{argv} ended with {done.returncode}: {done.stderr[-2000:]}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
