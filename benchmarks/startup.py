"""How long `handrail` takes to say something, as a ratio to `python -c pass`.

    python benchmarks/startup.py [ROUNDS]

Bytecode is compiled first, as an installer does. The repository has 20 runs, 5 of
which wait for a person, so that the lists have something to list. Each round
times every command once, in turn, so that all see the same machine; the ratio is
of medians, and the first round is not counted.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from measuring import Cost, median, process, report

import orchestrator
from orchestrator.app.project import open_project
from orchestrator.models.decision import ReviewItem, SubjectKind
from orchestrator.models.ids import Digest, GitOid, RunId
from orchestrator.models.run import Run, RunStatus

GOALS = {"--version": 8.0, "--help": 8.0, "runs": 15.0, "review list": 15.0}
RUNS, ITEMS = 20, 5


def main(rounds: int) -> None:
    compileall.compile_dir(Path(orchestrator.__file__).parent, quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        env |= {"XDG_STATE_HOME": f"{folder}/state", "XDG_CONFIG_HOME": f"{folder}/config"}
        repository = Path(folder) / "repository"
        subprocess.run(["git", "init", "-q", str(repository)], check=True)
        _fill(repository, f"{folder}/state")
        script = Path(sys.executable).with_name("handrail")
        handrail = [str(script)] if script.exists() else [sys.executable, "-m", "orchestrator.cli"]
        commands = {"python": [sys.executable, "-c", "pass"]}
        commands |= {name: [*handrail, *name.split()] for name in GOALS}
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for turn in range(rounds + 1):
            for name, argv in commands.items():
                one = process(argv, env=env, cwd=repository)
                if turn:
                    costs[name].append(one)
    floor = median(costs["python"])
    figures = {"python -c pass (s)": floor.wall_seconds}
    for name in GOALS:
        here = median(costs[name])
        figures[name] = here.wall_seconds / floor.wall_seconds
        figures[f"{name} (cpu)"] = here.cpu_seconds / floor.cpu_seconds
    report("startup", figures, {name: ("<=", goal) for name, goal in GOALS.items()})


def _fill(repository: Path, state: str) -> None:
    os.environ["XDG_STATE_HOME"] = state
    digest, oid, when = Digest("sha256:" + "0" * 64), GitOid("0" * 40), datetime(2026, 1, 1, tzinfo=UTC)
    with open_project(repository) as project:
        for n in range(RUNS):
            run = Run(
                id=RunId(f"20260101-{n:06}"),
                repository=project.repository.id,
                spec_path="prd.md",
                spec=digest,
                spec_source=digest,
                workflow="prd-to-code",
                workflow_digest=digest,
                base_commit=oid,
                target_ref="refs/heads/main",
                run_ref=f"refs/heads/handrail/20260101-{n:06}",
                agent="scripted",
                settings=digest,
                status=RunStatus.WAITING if n < ITEMS else RunStatus.DONE,
                created_at=when,
                updated_at=when,
            )
            project.index.add_run(run)
            if n < ITEMS:
                project.index.add_item(_item(run))


def _item(run: Run) -> ReviewItem:
    return ReviewItem(
        id=f"R{run.id}",
        run=run.id,
        node="approve-plan",
        kind=SubjectKind.PLAN,
        subject=run.spec,
        document=run.spec,
        title="Plan for a sample",
        role="reviewer",
        created_at=run.created_at,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
