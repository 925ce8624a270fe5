"""What every benchmark shares: timing whole processes, naming the machine, printing figures beside their goals."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """Wall and CPU seconds. CPU is of this process and of the children it waited for, not of the container engine."""

    wall_seconds: float
    cpu_seconds: float


def machine() -> dict[str, object]:
    """Enough to judge a figure by."""
    model = next(
        (
            line.split(":", 1)[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    return {
        "cpu": model,
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": round(os.getloadavg()[0], 2),
    }


def cost(work: Callable[[], object]) -> Cost:
    """Of one call."""
    before, started = _cpu(), time.perf_counter()
    work()
    return Cost(time.perf_counter() - started, _cpu() - before)


def process(
    argv: Sequence[str], env: Mapping[str, str] | None = None, cwd: Path | None = None, expect: int = 0
) -> Cost:
    """Of one whole process; raises when it does not end as expected."""

    def work() -> None:
        done = subprocess.run(argv, env=env, cwd=cwd, capture_output=True, text=True, check=False)
        if done.returncode != expect:
            raise RuntimeError(f"{argv} ended with {done.returncode}: {done.stderr[-2000:]}")

    return cost(work)


def median(costs: Sequence[Cost]) -> Cost:
    """Per figure."""
    return Cost(
        statistics.median(c.wall_seconds for c in costs),
        statistics.median(c.cpu_seconds for c in costs),
    )


def report(name: str, figures: Mapping[str, float], goals: Mapping[str, tuple[str, float]]) -> None:
    """A table for people, then one JSON object on the last line."""
    print(f"{name}")
    for figure, value in figures.items():
        op, goal = goals.get(figure, ("", 0.0))
        print(f"  {figure:42} {value:10.4f}" + (f"   goal {op} {goal}" if op else ""))
    print(
        json.dumps(
            {
                "benchmark": name,
                "figures": {k: round(v, 5) for k, v in figures.items()},
                "goals": {k: {"op": op, "value": value} for k, (op, value) in goals.items()},
                "machine": machine(),
            }
        )
    )


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
