"""Audits of generated histories: equal to a fresh scan of the whole tree at each commit, and the same after a kill."""

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter

import pytest

from orchestrator.app.gates.auditing import _Judge, audit
from orchestrator.app.project import open_project
from orchestrator.app.trees import open_trees
from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_in_turn
from orchestrator.gates.scanners.team import Team
from orchestrator.models.change import ChangeIdentity
from orchestrator.ports import Candidate
from orchestrator.vcs.git import EMPTY_TREES

LINES = (
    "eval(name)",
    "subprocess.run('ls ' + name, shell=True)",
    "yaml.load(name)",
    *["name.strip()", "len(name)"] * 4,
)
HEAD = "import subprocess\n\nimport yaml\n\n\n"


def module(body, number):
    return f'"""Version {number}."""\n\n{HEAD}' + "\n\n".join(
        f"def work_{n}(name):\n    return {line}\n" for n, line in enumerate(body)
    )


def history(folder, commits, modules=8, seed=3):
    """Each commit changes one module, or takes one away and brings it back."""
    noise = random.Random(seed)  # noqa: S311 - the same history each time, no secret
    bodies = {f"src/m{n}.py": [noise.choice(LINES) for _ in range(3)] for n in range(modules)}
    stream = []
    for number in range(commits):
        name = noise.choice(sorted(bodies))
        bodies[name][noise.randrange(3)] = noise.choice(LINES)
        stream.append(f"commit refs/heads/main\ncommitter A <a@example.invalid> {1700000000 + number} +0000\ndata 1\nx")
        text = module(bodies[name], number)
        gone = noise.random() < 0.1 and number
        stream.append(f"D {name}" if gone else f"M 100644 inline {name}\ndata {len(text)}\n{text}")
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    argv = ["git", "-C", str(folder), "fast-import", "--quiet", "--done"]
    subprocess.run(argv, input=("\n".join(stream) + "\ndone\n").encode(), check=True)


def alike(row):
    return row["path"], row["rule"], row["message"]


def standing(found, order, at):
    """What the audit says was there after a commit."""
    rows = [r for r in found.findings if r["introduced"] and order[r["introduced"]["commit"]] <= at]
    return Counter(alike(r) for r in rows if r["fixed"] is None or order[r["fixed"]["commit"]] > at)


def whole(trees, oid, gates):
    files = trees.changed_files(EMPTY_TREES[trees.repository.object_format], oid)
    change = ChangeIdentity(target_ref="", tip=oid, tree=oid, manifest="sha256:" + "0" * 64)
    reports = run_in_turn(gates, Candidate(change, files, trees.blob, (), ()))
    return Counter(alike(f.model_dump(mode="json")) for r in reports for f in r.findings)


def equals_a_fresh_scan(folder, commits, sampled):
    history(folder, commits)
    with open_project(folder) as project, open_trees(project) as trees, Team() as team:
        found = audit(project, base="", head="HEAD")
        gates = default_gates(found.gates, worker=team)
        order = {c.oid: n for n, c in enumerate(trees.walk(trees.resolve("HEAD"), None))}
        assert (found.commits, found.broken) == (commits, [])
        for oid in sorted(order)[:: len(order) // sampled]:
            assert standing(found, order, order[oid]) == whole(trees, oid, gates), order[oid]
        assert found.standing


@pytest.fixture(autouse=True)
def own_state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def test_what_stands_after_a_commit_equals_a_fresh_full_scan(tmp_path):
    equals_a_fresh_scan(tmp_path / "repository", 40, 6)


@pytest.mark.soak
def test_what_stands_after_each_of_two_hundred_commits_equals_a_fresh_full_scan(tmp_path):
    equals_a_fresh_scan(tmp_path / "repository", 1000, 200)


def command(folder, state):
    argv = [sys.executable, "-m", "orchestrator.cli", "audit", "--json", "--gate", "ruff", "--repo", str(folder)]
    env = os.environ | {"XDG_STATE_HOME": str(state)}
    return subprocess.Popen(argv, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def told(running):
    out, err = running.communicate()
    assert running.returncode == 3, err
    return json.loads(out)


@pytest.mark.slow
def test_a_killed_audit_goes_on_and_tells_the_same(tmp_path):
    history(tmp_path / "repository", 400)
    killed = command(tmp_path / "repository", tmp_path / "killed")
    # The first of four parts is kept when this line is written.
    assert "commits" in killed.stderr.readline()
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    resumed = told(command(tmp_path / "repository", tmp_path / "killed"))
    fresh = told(command(tmp_path / "repository", tmp_path / "fresh"))
    assert 0 < resumed.pop("resumed") < 400
    assert fresh.pop("resumed") == 0
    assert resumed == fresh


def test_an_audit_that_is_told_to_stop_begins_with_nothing_more(tmp_path):
    history(tmp_path / "repository", 5)
    with open_project(tmp_path / "repository") as project, open_trees(project) as trees, Team() as team:
        commits = list(trees.walk(trees.resolve("HEAD"), None))
        stopped = _Judge(trees, team, ("bandit", "flow"))
        stopped.stop()
        stopped.prepare(commits)
        assert team.pid is None
        _Judge(trees, team, ("bandit", "flow")).prepare(commits)
        assert team.pid is not None
