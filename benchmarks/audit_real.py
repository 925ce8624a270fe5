"""`handrail audit` on real histories: what it takes, whether a kill changes anything, whether a fresh scan agrees.

    python benchmarks/audit_real.py [VERSIONS] [SAMPLE] [COMMITS]

*Published*: VERSIONS published versions of well-known packages, one commit each (:mod:`histories`). The audit is
killed with SIGKILL when it has kept its first part, goes on, and must tell what one that was left alone tells. At
SAMPLE commits what stands is compared with a fresh scan of the whole tree by the same gates.

*Own*: the last COMMITS commits of this repository, merges included.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import histories
from measuring import Cost, cost, report

from orchestrator.app.auditing import Audit, audit
from orchestrator.app.project import open_project
from orchestrator.app.trees import open_trees
from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_in_turn
from orchestrator.gates.team import Team
from orchestrator.models.base import Digest
from orchestrator.models.change import ChangeIdentity
from orchestrator.ports import Candidate
from orchestrator.vcs.git import EMPTY_TREES

ROOT = Path(__file__).parents[1]
GOAL = 170.0
_SOURCE = (".py", ".pyi", ".pyw")

Told = dict[str, Any]
Key = tuple[str, str, str]


def main(versions: int, sample: int, commits: int) -> None:
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        published = histories.write(folder / "published", versions)
        alone, took = _measured(folder / "published", folder / "alone")
        resumed = _killed(folder / "published", folder / "killed")
        same = {k: v for k, v in alone.items() if k != "resumed"} == {
            k: v for k, v in resumed.items() if k != "resumed"
        }
        places = [n * published // sample for n in range(sample)]
        equal = list(_equal(folder / "published", folder / "alone", places))
        figures = {
            **_figures("published", folder / "published", alone, took, published),
            "published, commits that the killed audit had kept": float(resumed["resumed"]),
            "published, the killed audit tells the same": float(same),
            "published, commits compared with a fresh scan": float(len(equal)),
            "published, commits at which both agree": float(sum(equal)),
        }
        if commits:
            own = _own(folder / "own", commits)
            told, took = (
                _measured(folder / "own", folder / "state", "--base", own)
                if own
                else _measured(folder / "own", folder / "state")
            )
            figures |= _figures("own", folder / "own", told, took, int(told["commits"]))
    goals = {
        "published, the killed audit tells the same": (">=", 1.0),
        "own, commits per second": (">=", GOAL),
    }
    report("audit_real", figures, {name: goal for name, goal in goals.items() if name in figures})


def _figures(name: str, repository: Path, told: Told, took: Cost, commits: int) -> dict[str, float]:
    sources = _git(
        repository, "log", "-m", "--first-parent", "--format=", "--name-only", "--diff-filter=AM"
    ).splitlines()
    python = sum(source.endswith(_SOURCE) for source in sources)
    return {
        f"{name}, commits": float(commits),
        f"{name}, Python files that they change": float(python),
        f"{name}, audit (s)": took.wall_seconds,
        f"{name}, audit, cpu (s)": took.cpu_seconds,
        f"{name}, commits per second": commits / took.wall_seconds,
        f"{name}, commits per cpu second": commits / took.cpu_seconds,
        f"{name}, changed Python files per cpu second": python / took.cpu_seconds,
        f"{name}, findings ever": float(len(told["findings"])),
        f"{name}, findings that stand": float(sum(bool(f["stands"]) for f in told["findings"])),
        f"{name}, commits without a verdict": float(len(told["broken"])),
    }


def _git(repository: Path, *words: str) -> str:
    argv = ["git", "-C", str(repository), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _own(folder: Path, commits: int) -> str:
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(ROOT), str(folder)], check=True)
    told = _git(folder, "rev-list", "--first-parent", f"--max-count={commits + 1}", "HEAD").split()
    return told[-1] if len(told) > commits else ""


def _start(repository: Path, state: Path, *words: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-m", "orchestrator.cli", "audit", "--json", "--repo", str(repository), *words]
    env = os.environ | {"XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(state / "config")}
    return subprocess.Popen(argv, env=env, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _told(running: subprocess.Popen[str]) -> Told:
    out, err = running.communicate()
    if running.returncode not in {0, 1, 3, 4}:
        raise RuntimeError(f"the audit ended with {running.returncode}: {err[-2000:]}")
    told: Told = json.loads(out)
    return told


def _measured(repository: Path, state: Path, *words: str) -> tuple[Told, Cost]:
    kept: list[Told] = []
    took = cost(lambda: kept.append(_told(_start(repository, state, *words))))
    return kept[0], took


def _killed(repository: Path, state: Path) -> Told:
    running = _start(repository, state)
    if running.stderr is None or "commits" not in running.stderr.readline():
        raise RuntimeError("the audit said nothing of its progress")
    os.kill(running.pid, signal.SIGKILL)
    running.communicate()
    return _told(_start(repository, state))


def _equal(repository: Path, state: Path, places: list[int]) -> Iterator[bool]:
    """At the commits of these numbers, counted from the first. ``state``: where an audit has kept all that it found."""
    os.environ["XDG_STATE_HOME"] = str(state)
    with open_project(repository) as project, open_trees(project) as trees, Team(kept_bytes=2**30) as team:
        told = audit(project, base="", head="HEAD")
        gates = default_gates(told.gates, worker=team)
        oids = _git(repository, "rev-list", "--reverse", "HEAD").split()
        order = {oid: number for number, oid in enumerate(oids)}
        for place in places:
            oid = trees.resolve(oids[place])
            files = trees.changed_files(EMPTY_TREES[trees.repository.object_format], oid)
            change = ChangeIdentity(target_ref="", tip=oid, tree=oid, manifest=Digest("sha256:" + "0" * 64))
            reports = run_in_turn(gates, Candidate(change, files, trees.blob, (), ()))
            whole = Counter(_key(told, f.model_dump(mode="json")) for r in reports for f in r.findings)
            yield _standing(told, order, place) == whole


def _key(told: Audit, row: Mapping[str, Any]) -> Key:
    """Rule, message, and the first name of a file that was renamed."""
    path, met = str(row["path"]), set[str]()
    while path in told.former and path not in met:
        met.add(path)
        path = told.former[path]
    return path, str(row["rule"]), str(row["message"])


def _standing(told: Audit, order: Mapping[str, int], at: int) -> Counter[Key]:
    rows = [r for r in told.findings if r["introduced"] and order[r["introduced"]["commit"]] <= at]
    return Counter(_key(told, r) for r in rows if r["fixed"] is None or order[r["fixed"]["commit"]] > at)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(200, 200, 600)[len(given) :])
