"""`handrail gate` on a repository that nobody set up: what is judged, what it prints, what its exit code is."""

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path

import jsonschema
import junit_schema
import pytest
from cli_support import Desk
from vcs_support import UserRepository

from orchestrator.app.gates.asked import Asked
from orchestrator.app.gates.gating import Judged, gate
from orchestrator.app.project import open_project
from orchestrator.errors import RepositoryError
from orchestrator.gates.catalog import default_gates
from orchestrator.gates.reports import annotations, junit, sarif
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team, ruleset
from orchestrator.models.found import Disposition, Result
from orchestrator.policy.verdicts import worst
from orchestrator.store.answers import KeptAnswers, read_key
from orchestrator.testing.gate_suite import FileSpec, candidate_of

BAD = "import subprocess\n\n\ndef run(name):\n    return subprocess.run('ls ' + name, shell=True)\n"
CLEAN = "def add(one, other):\n    return one + other\n"


@pytest.fixture(scope="module")
def team():
    with Team() as shared:
        yield shared


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = UserRepository(tmp_path / "repository")
    made.write("src/sums.py", CLEAN)
    made.commit("first")
    return made


def judged(repository, team, **asked):
    with open_project(repository.folder) as project:
        return gate(project, Asked(**asked), project=project, worker=team)


def rules(found):
    return {f.rule for f in found.findings}


def test_what_is_staged_is_judged_and_not_the_work_tree(repository, team):
    repository.write("src/run.py", BAD)
    repository.git("add", "-A")
    repository.write("src/run.py", CLEAN)
    before = (repository.folder / ".git/index").read_bytes()
    found = judged(repository, team, staged=True)
    assert (found.result, "B602" in rules(found)) == (Result.FAILED, True)
    assert (repository.folder / ".git/index").read_bytes() == before
    repository.git("fsck", "--strict")
    repository.git("add", "-A")
    assert judged(repository, team, staged=True).result is Result.PASSED


def test_a_new_path_that_the_tree_has_in_other_letters_is_a_persons(repository, team):
    for path, alike in (("src/Sums.py", True), ("Src/other.py", True), ("src/other.py", False)):
        repository.write(path, CLEAN)
        repository.git("add", path)
        found = judged(repository, team, staged=True)
        assert ("NAME" in rules(found), found.result is Result.NEEDS_PERSON) == (alike, alike), path
        repository.git("rm", "-q", "--cached", path)


@pytest.mark.usefixtures("repository")
def test_a_first_commit_is_judged_before_and_after_it_is_made(team, tmp_path):
    made = UserRepository(tmp_path / "fresh")
    made.write("src/run.py", BAD)
    made.git("add", "-A")
    patch = f"{made.git('diff', '--cached')}\n".encode()
    for asked in ({"staged": True}, {"patch": patch}):
        found = judged(made, team, **asked)
        assert (found.result, "B602" in rules(found)) == (Result.FAILED, True)
    told = Desk(tmp_path, made.folder).handrail("gate", "--staged")
    assert (told.code, "src/run.py:5" in told.out) == (3, True), told
    made.commit("first")
    assert judged(made, team).result is Result.FAILED


def test_an_empty_patch_has_no_verdict(repository, team):
    with pytest.raises(RepositoryError, match="REPO051 The patch is empty"):
        judged(repository, team, patch=b"\n")


def test_the_index_that_git_names_to_a_hook_is_the_one_that_is_judged(repository, team, tmp_path):
    repository.write("src/run.py", BAD)
    other = tmp_path / "other-index"
    other.write_bytes((repository.folder / ".git/index").read_bytes())
    repository.git("add", "-A")
    assert judged(repository, team, staged=True, index=other).result is Result.PASSED
    assert judged(repository, team, staged=True).result is Result.FAILED


def test_an_unresolved_merge_has_no_verdict(repository, team):
    repository.git("checkout", "-qb", "side")
    repository.write("src/sums.py", "one = 1\n")
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("src/sums.py", "two = 2\n")
    repository.commit()
    repository.git("merge", "side", check=False)
    with pytest.raises(RepositoryError, match="REPO050"):
        judged(repository, team, staged=True)


def test_a_patch_is_judged_on_its_base(repository, team):
    repository.write("src/run.py", BAD)
    repository.git("add", "-A")
    patch = repository.git("diff", "--cached").encode() + b"\n"
    repository.git("reset", "-q", "--hard")
    found = judged(repository, team, patch=patch)
    assert (found.result, {f.path for f in found.findings}) == (Result.FAILED, {"src/run.py"})
    assert repository.git("status", "--porcelain") == ""


@pytest.mark.parametrize(
    "patch",
    [
        b"",
        b"no patch at all\n",
        b"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-absent\n+y\n",
        b"--- /dev/null\n+++ b/../../escape.py\n@@ -0,0 +1 @@\n+x = 1\n",
        b"--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+x\n",
    ],
    ids=["empty", "noise", "does not apply", "leaves the tree", "git's own files"],
)
def test_a_patch_that_cannot_be_applied_is_refused(repository, team, patch):
    with pytest.raises(RepositoryError, match="REPO051"):
        judged(repository, team, patch=patch)


def test_without_a_base_it_is_where_the_line_of_work_began(repository, team):
    start = repository.git("rev-parse", "HEAD")
    repository.git("checkout", "-qb", "work")
    repository.write("src/run.py", BAD)
    repository.commit()
    repository.write("src/more.py", CLEAN)
    repository.commit()
    found = judged(repository, team)
    assert (found.base, found.result) == (start, Result.FAILED)


def test_what_the_base_gained_since_is_not_the_changes(repository, team):
    repository.git("checkout", "-qb", "work")
    repository.write("src/more.py", CLEAN)
    repository.commit()
    repository.git("checkout", "-q", "main")
    repository.write("tests/test_sums.py", "def test_it():\n    assert add(1, 1) == 2\n")
    repository.commit()
    found = judged(repository, team, base="main", head="work")
    assert (found.result, found.findings) == (Result.PASSED, ())


def test_a_first_commit_is_new_from_top_to_bottom(repository, team):
    repository.git("checkout", "-q", "--orphan", "fresh")
    repository.write("src/run.py", BAD)
    repository.commit()
    repository.git("branch", "-D", "main")
    assert judged(repository, team).result is Result.FAILED


# --- formats ---


@pytest.fixture(scope="module")
def bad(team):
    specs = [FileSpec("src/run,\n::error::x.py", BAD.encode()), FileSpec("Makefile", b"all:\n")]
    reports = run_gates(default_gates(worker=team), candidate_of(specs))
    return Judged(worst(r.result for r in reports), reports, frozenset(), "0" * 40, {})


def test_every_finding_says_what_to_do(bad):
    log = sarif.to_sarif(bad.reports)
    results = [r for run in log["runs"] for r in run["results"]]
    assert results
    assert all(r["properties"]["hint"] for r in results)


def test_sarif_holds_its_structure(bad):
    schema = json.loads((Path(__file__).parents[1] / "data/sarif-2.1.0-used.json").read_text())
    jsonschema.validate(sarif.to_sarif(bad.reports), schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"version": "2.1.0", "runs": [{"tool": {}}]}, schema)


def test_a_lifted_finding_is_suppressed_in_sarif_and_no_other(bad):
    persons = sorted(f.rule for f in bad.findings if f.disposition is Disposition.PERSON)
    assert "PROTECTED" in persons
    log = sarif.to_sarif(bad.reports, {f.fingerprint for f in bad.findings})
    hidden = [r["ruleId"] for run in log["runs"] for r in run["results"] if "suppressions" in r]
    assert sorted(hidden) == persons


def test_junit_can_be_read_and_counts(bad):
    assert junit_schema.problems(junit.to_junit(bad.reports).encode()) == []
    root = ET.fromstring(junit.to_junit(bad.reports))  # noqa: S314 - our own document
    suite = next(s for s in root if s.get("name") == "bandit")
    assert suite.get("failures") == "1"
    assert [c.find("failure") is not None for c in suite] == [True, False]
    assert "Try: pass a list" in suite[0].find("failure").text


def test_a_path_cannot_write_a_command_of_its_own(bad):
    lines = annotations.to_github(bad.reports).splitlines()
    assert all(re.match(r"::(error|warning|notice) (file|title)=", line) for line in lines)
    assert not any(line.startswith("::error::") for line in lines)
    table = annotations.to_markdown(bad.result, bad.reports).splitlines()
    assert all(line.startswith(("|", "#")) or not line for line in table)


OSV = {
    "id": "GHSA-1",
    "affected": [{"package": {"ecosystem": "PyPI", "name": "flask"}, "versions": ["3.0.0"]}],
}


def test_known_vulnerabilities_come_from_the_export_that_is_preferred(repository, team, tmp_path, monkeypatch):
    export = tmp_path / "osv"
    export.mkdir()
    (export / "1.json").write_text(json.dumps(OSV))
    repository.write("requirements.txt", "flask==3.0.0\n")
    repository.git("add", "-A")
    asked = {"staged": True, "gates": ("dependencies",)}
    assert "DEP-VULNERABLE" not in rules(judged(repository, team, **asked))
    assert "DEP-VULNERABLE" in rules(judged(repository, team, **asked, osv=str(export)))
    monkeypatch.setenv("HANDRAIL_OSV", str(export))
    assert "DEP-VULNERABLE" in rules(judged(repository, team, **asked))
    monkeypatch.setenv("HANDRAIL_OSV", str(tmp_path / "none"))
    assert judged(repository, team, **asked).result is Result.ERROR


# --- kept answers ---


def kept(tmp_path, rules_=None):
    return KeptAnswers(tmp_path / "answers.db", read_key(tmp_path / "c" / "key"), rules_ or ruleset())


@pytest.fixture(scope="module")
def once(tmp_path_factory):
    """Answers about ``BAD`` as one call leaves them."""
    folder = tmp_path_factory.mktemp("once")
    answers = kept(folder)
    with Team(answers=answers) as team:
        (wanted,) = default_gates(["bandit"], worker=team)
        assert wanted.check(candidate_of([FileSpec("a.py", BAD.encode())])).result is Result.FAILED
    answers.close()
    return folder


CLEARED = b'{"error": "", "issues": [], "skipped": "", "definitions": [], "executes": true}'


@pytest.mark.parametrize("harm", ["none", "forged", "cut short", "moved", "no database", "other rules", "other key"])
def test_a_poisoned_answer_never_makes_a_pass(once, tmp_path, harm):
    folder = shutil.copytree(once, tmp_path / "state")
    path = folder / "answers.db"
    database = sqlite3.connect(path)
    rows = database.execute("SELECT name, sealed FROM answers").fetchall()
    harmed = {
        "forged": [(sealed[:32] + CLEARED, name) for name, sealed in rows],
        "cut short": [(sealed[:40], name) for name, sealed in rows],
        "moved": [(sealed, rows[i - 1][0]) for i, (_, sealed) in enumerate(rows)],
    }
    with database:
        database.executemany("UPDATE answers SET sealed = ? WHERE name = ?", harmed.get(harm, ()))
    database.close()
    if harm == "no database":
        path.write_bytes(b"not a database" * 100)
    if harm == "other key":
        (folder / "c" / "key").unlink()
    answers = kept(folder, "sha256:" + "0" * 64 if harm == "other rules" else None)
    with Team(answers=answers) as team:
        (gate_,) = default_gates(["bandit"], worker=team)
        report = gate_.check(candidate_of([FileSpec("a.py", BAD.encode())]))
        asked = team.pid is not None
    answers.close()
    assert report.result is Result.FAILED
    assert asked is (harm != "none")


def test_the_key_is_made_for_this_user_alone(tmp_path):
    path = tmp_path / "folder" / "key"
    key = read_key(path)
    assert read_key(path) == key
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    assert read_key(path) is None
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    assert read_key(path) is None


# --- the command itself ---


@pytest.mark.slow
def test_the_command_on_a_repository_that_nobody_set_up(repository, tmp_path):
    desk = Desk(tmp_path, repository.folder)
    assert desk.handrail("gate").code == 0
    repository.write("src/run.py", BAD)
    repository.git("add", "-A")
    told = desk.handrail("gate", "--staged", "--report", f"junit={tmp_path}/gate.xml")
    assert told.code == 3
    assert "src/run.py:5:1 B602 [agent] CWE-78" in told.out
    assert "       |     ^^^^^^" in told.out
    assert ET.parse(tmp_path / "gate.xml").getroot().tag == "testsuites"  # noqa: S314 - our own document
    repository.git("reset", "-q", "--hard")
    repository.write("Makefile", "all:\n")
    repository.commit()
    answer = desk.handrail("gate", "--json")
    body = answer.json
    assert (answer.code, body["result"], [f["disposition"] for f in body["findings"]]) == (
        4,
        "NEEDS_PERSON",
        ["person"],
    )
    assert {a["path"] for a in body["accounted"]} == {"Makefile"}


@pytest.mark.parametrize(
    ("argv", "code"),
    [
        (["--staged", "--patch"], "GATE013"),
        (["--report", "pdf=x"], "GATE014"),
        (["--base", "nothing"], "REPO003"),
        (["--gate", "nonsense"], "GATE010"),
        (["--decisions", "absent"], "GATE012"),
        (["explain", "X999"], "GATE011"),
    ],
)
@pytest.mark.slow
def test_bad_calls_are_refused(repository, tmp_path, argv, code):
    answer = Desk(tmp_path, repository.folder).handrail("gate", *argv)
    assert answer.code == 2, answer
    assert code in answer.err
    assert "Try: " in answer.err


@pytest.mark.slow
def test_as_a_hook_it_holds_back_the_commit(repository, tmp_path):
    """`git commit -a` shows its hook another index than the repository's own."""
    hook = repository.folder / ".git/hooks/pre-commit"
    state = f"XDG_STATE_HOME={tmp_path}/state XDG_CONFIG_HOME={tmp_path}/config PYTHONPATH={Path(__file__).parents[2]}"
    hook.write_text(f"#!/bin/sh\n{state} exec {sys.executable} -m orchestrator.cli gate --staged\n")
    hook.chmod(0o755)
    repository.write("src/sums.py", BAD)
    done = subprocess.run(
        ["git", "commit", "-qam", "x"],
        cwd=repository.folder,
        capture_output=True,
        text=True,
        check=False,
        env=os.environ,
    )
    assert done.returncode != 0
    assert "B602" in done.stdout + done.stderr
