"""What watching costs and what comes of it: a step watched and not, events written, a report of 1,000 steps, drift.

    python benchmarks/observe.py [ROUNDS] [TRIALS]

A step here is a sandbox with a tree, an agent that starts 120 short programs and works for about four seconds, and what
comes out; watched and unwatched take turns. The run of 1,000 steps is one real step, told a thousand times.
Drift is as in benchmarks/drift.py, with fewer trials.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import drift
import sample
from measuring import cost, process, report

from orchestrator.app.machine.sandboxing import base_image, engine
from orchestrator.app.project import open_project
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import RunId, StepId
from orchestrator.models.plan import Plan
from orchestrator.ports import Sandboxes, SandboxRequest
from orchestrator.testing.sandbox_suite import Tree

GRANT = Capabilities(write=("**",), limits=Limits(memory_mib=512, disk_mib=128, wall_seconds=120))
WORK = (
    "for n in $(seq 40); do ls / >/dev/null; cat /etc/hosts >/dev/null; true; /bin/true; done; sleep 3; git --version"
)
STEPS = 1000
GOALS = {
    "observation of a step (% of its wall time)": ("<=", 3.0),
    "false alarms, 10 recent runs": ("<=", 0.05),
    "report of 1,000 steps (s)": ("<=", 60.0),
}


def main(rounds: int, trials: int) -> None:
    figures = overhead(rounds)
    with tempfile.TemporaryDirectory() as name:
        figures |= records(Path(name))
    for recent in (5, 10):
        figures[f"false alarms, {recent} recent runs"] = drift.rate(trials, recent, drift.BEFORE)
        figures[f"detected, {recent} recent runs"] = drift.rate(trials, recent, drift.AFTER)
    figures["trials of drift"] = float(trials)
    report("observe", figures, GOALS)


def overhead(rounds: int) -> dict[str, float]:
    """Medians of steps that take turns; the share is of medians."""
    sandboxes = engine(base_image(), "runc")
    seconds: dict[bool, list[float]] = {True: [], False: []}
    try:
        step(sandboxes, watched=True)  # what only the first one pays
        for _ in range(rounds):
            for watched in (False, True):
                seconds[watched].append(cost(lambda w=watched: step(sandboxes, watched=w)).wall_seconds)
    finally:
        sandboxes.close()
    plain, seen = statistics.median(seconds[False]), statistics.median(seconds[True])
    return {
        "rounds": float(rounds),
        "step, not watched (s)": plain,
        "step, watched (s)": seen,
        "observation of a step (% of its wall time)": 100 * (seen - plain) / plain,
    }


def step(sandboxes: Sandboxes, *, watched: bool) -> None:
    """One attempt's sandbox."""
    tree = Tree()
    with sandboxes.open(SandboxRequest("observe", RunId("20000101-observe"), GRANT.limits, watched=watched)) as box:
        box.copy_in(tree.entries, tree.read, GRANT, ())
        box.execute(["sh", "-c", WORK], timeout_seconds=60)
        box.change_out()
        found = box.observed()
    if watched and "git" not in found.names():
        raise RuntimeError("nothing was observed")


def records(folder: Path) -> dict[str, float]:
    """Events a second into a run's store, and the report of a long run."""
    env = sample.environment(folder) | {"XDG_STATE_HOME": f"{folder}/state"}
    sample.image(env)
    sample.run(folder / "sample", 1, env)
    where = folder / "sample"
    with moved(env), open_project(where) as project:
        (run,) = project.index.runs()
        events = [event for _, event in project.index.events(run.id)]
        plan = Plan.model_validate_json(project.blobs.get(run.plan or run.spec))
        ids = [StepId(f"S{n:04d}") for n in range(1, STEPS + 1)]
        many = plan.model_copy(update={"steps": tuple(plan.steps[0].model_copy(update={"id": i}) for i in ids)})
        long = run.model_copy(update={"id": RunId("20000101-longrun"), "plan": project.blobs.put(many.to_bytes())})
        project.index.add_run(long)
        of_step = [e for e in events if e.step and e.kind is not EventKind.EXCHANGE]
        begun, count = time.perf_counter(), 0
        for number in ids:
            for event in of_step:
                project.index.emit(event.model_copy(update={"run": long.id, "step": number}))
                count += 1
        project.index.flush()
        written = count / (time.perf_counter() - begun)
    argv = [*sample.HANDRAIL, "report", long.id, "-o", f"{folder}/run.html", "--repo", str(where)]
    made = process(argv, env=env)
    return {
        "events written (events/s)": written,
        "events in the run of 1,000 steps": float(count),
        "report of 1,000 steps (s)": made.wall_seconds,
        "report of 1,000 steps (MiB)": (folder / "run.html").stat().st_size / (1 << 20),
    }


@contextmanager
def moved(env: dict[str, str]) -> Iterator[None]:
    """This process, with the folders of that environment."""
    names = ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HANDRAIL_KEY")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update({name: env[name] for name in names})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name)
            else:
                os.environ[name] = value


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 7, int(sys.argv[2]) if len(sys.argv) > 2 else 40)
