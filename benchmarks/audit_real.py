"""`handrail audit` on a history that people made, and whether what it says stands is what a fresh scan finds.

    python benchmarks/audit_real.py [VERSIONS] [SAMPLE]

VERSIONS published versions of well-known packages, one commit each (:mod:`histories`). The audit begins with nothing
kept. At SAMPLE commits what it says stands there is compared with what the same gates find in the whole tree. That
scan shares nothing with the audit but the rules.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import histories
from audit import GOAL
from measuring import Cost, cost, report

from orchestrator.app.project import open_project
from orchestrator.app.trees import open_trees
from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_in_turn
from orchestrator.gates.scanners.team import Team
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.ids import Digest
from orchestrator.ports import Candidate
from orchestrator.vcs.git import EMPTY_TREES

_ENDS = {0, 1, 3, 4}

Told = dict[str, Any]
Key = tuple[str, str, str]


def main(versions: int, sample: int) -> None:
    with tempfile.TemporaryDirectory() as made:
        repository = Path(made) / "published"
        histories.write(repository, versions)
        told, took = _audited(repository, Path(made) / "state")
        agreeing = list(_agreements(repository, told, sample))
        changed = _git(repository, "log", "--format=", "--name-only", "--diff-filter=AM").splitlines()
    commits = float(told["commits"])
    figures = {
        "commits": commits,
        "files that they change": float(len(changed)),
        "audit (s)": took.wall_seconds,
        "audit, cpu (s)": took.cpu_seconds,
        "commits per second": commits / took.wall_seconds,
        "commits per cpu second": commits / took.cpu_seconds,
        "changed files per cpu second": len(changed) / took.cpu_seconds,
        "findings ever": float(len(told["findings"])),
        "findings that stand": float(sum(bool(f["stands"]) for f in told["findings"])),
        "commits without a verdict": float(len(told["broken"])),
        "commits compared with a fresh scan": float(len(agreeing)),
        "share of them that agree": sum(agreeing) / len(agreeing),
    }
    report("audit_real", figures, {"commits per second": (">=", GOAL), "share of them that agree": (">=", 1.0)})


def _git(repository: Path, *words: str) -> str:
    argv = ["git", "-C", str(repository), *words]
    return subprocess.run(argv, capture_output=True, text=True, check=True).stdout


def _audited(repository: Path, state: Path) -> tuple[Told, Cost]:
    env = os.environ | {"XDG_STATE_HOME": str(state), "XDG_CONFIG_HOME": str(state)}
    argv = [sys.executable, "-m", "orchestrator.cli", "audit", "--json", "--repo", str(repository)]
    done: list[subprocess.CompletedProcess[str]] = []
    took = cost(lambda: done.append(subprocess.run(argv, env=env, capture_output=True, text=True, check=False)))
    if done[0].returncode not in _ENDS:
        raise RuntimeError(f"the audit ended with {done[0].returncode}: {done[0].stderr[-2000:]}")
    told: Told = json.loads(done[0].stdout)
    return told, took


def _agreements(repository: Path, told: Told, sample: int) -> Iterator[bool]:
    """At commits that lie evenly over a history without branches, the last one among them."""
    oids = _git(repository, "rev-list", "--reverse", "HEAD").split()
    order = {oid: number for number, oid in enumerate(oids)}
    with open_project(repository) as project, open_trees(project) as trees, Team(kept_bytes=2**30) as team:
        gates = default_gates(told["gates"], worker=team)
        for place in (len(oids) * (n + 1) // sample - 1 for n in range(min(sample, len(oids)))):
            oid = trees.resolve(oids[place])
            files = trees.changed_files(EMPTY_TREES[trees.repository.object_format], oid)
            change = ChangeIdentity(target_ref="", tip=oid, tree=oid, manifest=Digest("sha256:" + "0" * 64))
            reports = run_in_turn(gates, Candidate(change, files, trees.blob, (), ()))
            whole = Counter(_key(f.model_dump(mode="json")) for r in reports for f in r.findings)
            standing = _standing(told, order, place)
            if standing != whole:
                print(f"{oid}: only told {standing - whole}, only found {whole - standing}", file=sys.stderr)
            yield standing == whole


def _key(row: Mapping[str, Any]) -> Key:
    return str(row["path"]), str(row["rule"]), str(row["message"])


def _standing(told: Told, order: Mapping[str, int], at: int) -> Counter[Key]:
    rows = [r for r in told["findings"] if r["introduced"] and order[r["introduced"]["commit"]] <= at]
    return Counter(_key(r) for r in rows if r["fixed"] is None or order[r["fixed"]["commit"]] > at)


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    main(*given, *(200, 200)[len(given) :])
