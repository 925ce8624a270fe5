"""Whether the thirtieth step costs what the third does, what it all leaves on disk, and how long `verify` takes.

    python benchmarks/long_run.py [STEPS]

Step times are read from the run's own events (merge to merge). Growth is the
median of the last third over the median of the first third; 1.0 is flat.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import sample
from measuring import process, report

GOALS = {"growth per step, last third / first third": ("<=", 1.2), "bytes kept per step (KiB)": ("<=", 256.0)}


def main(steps: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = sample.environment(folder) | {"XDG_STATE_HOME": f"{folder}/state"}
        sample.image(env)
        state = folder / "state" / "handrail"
        whole = sample.run(folder / "sample", steps, env)
        times = _step_seconds(folder / "sample", env)
        branch = _git(folder / "sample", "for-each-ref", "--format=%(refname)", "refs/heads/handrail/2*").strip()
        verify = process([*sample.HANDRAIL, "verify", branch, "--repo", str(folder / "sample")], env=env)
        third = len(times) // 3
        figures = {
            "steps": float(steps),
            "whole run, wall (s)": whole.wall_seconds,
            "whole run, cpu (s)": whole.cpu_seconds,
            "step, median (s)": statistics.median(times),
            "growth per step, last third / first third": statistics.median(times[-third:])
            / statistics.median(times[:third]),
            "bytes kept per step (KiB)": _kib(state, "runs.db*", "checkpoints.db*") / steps,
            "checkpoints, whole (KiB)": _kib(state, "checkpoints.db*"),
            "verify, wall (s)": verify.wall_seconds,
            "verify, cpu (s)": verify.cpu_seconds,
        }
    report("long_run", figures, GOALS)


def _step_seconds(repository: Path, env: dict[str, str]) -> list[float]:
    runs = json.loads(_handrail(repository, env, "runs", "--json"))["runs"]
    lines = _handrail(repository, env, "events", runs[0]["id"]).splitlines()
    events = [json.loads(line)["event"] for line in lines]
    ends = [datetime.fromisoformat(e["at"]) for e in events if e["kind"] == "step-merged"]
    return [(after - before).total_seconds() for before, after in pairwise(ends)]


def _handrail(repository: Path, env: dict[str, str], *argv: str) -> str:
    whole = [*sample.HANDRAIL, *argv, "--repo", str(repository)]
    return subprocess.run(whole, env=env, check=True, capture_output=True, text=True).stdout


def _git(folder: Path, *argv: str) -> str:
    return subprocess.run(["git", *argv], cwd=folder, check=True, capture_output=True, text=True).stdout


def _kib(state: Path, *patterns: str) -> float:
    return sum(p.stat().st_size for pattern in patterns for p in state.rglob(pattern)) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
