"""What every benchmark shares: timing whole processes, naming the machine, printing figures beside their goals."""

from __future__ import annotations

import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

RESULTS = Path(os.environ.get("HANDRAIL_BENCHMARK_RESULTS") or Path(__file__).with_name("results"))
_VERSIONS = {
    "engine": ("docker", "version", "--format", "{{.Server.Version}}"),
    "git": ("git", "version"),
    "ruff": (sys.executable, "-m", "ruff", "--version"),
}


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
        **{name: _version(argv) for name, argv in _VERSIONS.items()},
    }


def _version(argv: Sequence[str]) -> str:
    try:
        return subprocess.run(argv, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "none"


def cost(work: Callable[[], object]) -> Cost:
    """Of one call."""
    before, started = _cpu(), time.perf_counter()
    work()
    return Cost(time.perf_counter() - started, _cpu() - before)


def busy_seconds() -> float:
    """What all cores of this machine have done since it began, whoever asked for it: the container engine too."""
    user, nice, system, _idle, _waiting, irq, softirq, steal = map(
        int, Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]
    )
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


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
    """A table for people, then one JSON object on the last line; the same object is kept in ``results/``."""
    print(name)
    for figure, value in figures.items():
        op, goal = goals.get(figure, ("", 0.0))
        print(f"  {figure:42} {value:10.4f}" + (f"   goal {op} {goal}" if op else ""))
    document = json.dumps(
        {
            "benchmark": name,
            "date": datetime.now(UTC).date().isoformat(),
            "figures": {k: round(v, 5) for k, v in figures.items()},
            "goals": {k: {"op": op, "value": value} for k, (op, value) in goals.items()},
            "machine": machine(),
        }
    )
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / f"{name}.json").write_text(document + "\n")
    print(document)


def _cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
