"""Runs per minute of a batch at 1, 2 and 4 jobs and on 1, 2 and 3 workers of a cluster, with the scripted agent.

    python benchmarks/batch.py [RUNS]

Each run is one step of the sample repository, up to the point where it waits for its reviewer: planned, worked on in
a sandbox, gated, accepted in a second sandbox. The peer is the same runs begun one after another, each as its own
``handrail run``, which is what a shell loop does. Start-up of the batch and of its processes is counted; workers of a
cluster are there before. Of a cluster also: how many jobs a second are sent, and how long a run rests when its worker
is killed, with a lease of 5 seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from contextlib import closing
from pathlib import Path

import sample
from clustered import LEASE_SECONDS, Clustered
from measuring import Cost, cost, report
from postgres import Server

JOBS = (1, 2, 4)
WORKERS = (1, 2, 3)
RECOVERY = f"recovery after a lost worker, lease {LEASE_SECONDS:g} s (s)"
GOALS = {
    "2 jobs, efficiency of 2 cores": (">=", 0.9),
    "1 job / shell loop": (">=", 1.0),
    "2 workers, efficiency of 2 cores": (">=", 0.9),
    "enqueued (runs/s)": (">=", 2000.0),
}


def main(runs: int = 8) -> None:
    with tempfile.TemporaryDirectory() as place:
        env = sample.environment(Path(place)) | {"XDG_STATE_HOME": f"{place}/state"}
        sample.image(env)
        sample.run(Path(place) / "warm", 1, env)
        loop = _loop(Path(place) / "loop", runs, env)
        figures = {"shell loop (runs/min)": 60 * runs / loop.wall_seconds}
        for jobs in JOBS:
            found = _batch(Path(place) / f"jobs{jobs}", runs, jobs, env)
            figures[f"{jobs} jobs (runs/min)"] = 60 * runs / found.wall_seconds
        two, one = figures["2 jobs (runs/min)"], figures["1 jobs (runs/min)"]
        figures["2 jobs, efficiency of 2 cores"] = two / one / 2
        figures["1 job / shell loop"] = one / figures["shell loop (runs/min)"]
        figures |= _cluster(Path(place), runs, env)
    report("batch", figures, GOALS)


def _cluster(place: Path, runs: int, env: dict[str, str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as apart, closing(Server(Path(apart))) as server:
        made, figures = Clustered(place / "cluster", server, env), dict[str, float]()
        with made.workers(1):
            made.batch("warm", 1)
        for count in WORKERS:
            with made.workers(count):
                found = made.batch(f"w{count}", runs)
            figures[f"{count} workers (runs/min)"] = 60 * runs / found.wall_seconds
        figures["2 workers, efficiency of 2 cores"] = (
            figures["2 workers (runs/min)"] / figures["1 workers (runs/min)"] / 2
        )
        figures["enqueued (runs/s)"] = made.enqueue()
        figures[RECOVERY] = made.recovery()
    return figures


def _loop(folder: Path, runs: int, env: dict[str, str]) -> Cost:
    jobs = [sample.set_up(folder / str(n), 1, env) for n in range(runs)]

    def work() -> None:
        for where, spec, script in jobs:
            _handrail(env, "run", str(spec), "--repo", str(where), "--script", str(script), expect=4)

    return cost(work)


def _batch(folder: Path, runs: int, jobs: int, env: dict[str, str]) -> Cost:
    made = [sample.set_up(folder / str(n), 1, env) for n in range(runs)]
    entries = [{"spec": str(spec), "repo": str(where), "script": str(script)} for where, spec, script in made]
    manifest = folder / "batch.yaml"
    body = {"schema": "handrail.batch/1", "ceiling": {"jobs": jobs}, "defaults": {"agent": "scripted"}, "runs": entries}
    manifest.write_text(json.dumps(body))
    return cost(lambda: _handrail(env, "run", "--batch", str(manifest), expect=4))


def _handrail(env: dict[str, str], *argv: str, expect: int) -> None:
    agent = [] if "--batch" in argv else ["--agent", "scripted"]
    words = [*sample.HANDRAIL, *argv, *agent, "--approve-plan", "--no-input"]
    done = subprocess.run(words, env=env, capture_output=True, text=True, check=False)
    if done.returncode != expect:
        raise RuntimeError(f"{argv} ended with {done.returncode}: {done.stderr[-2000:]}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
