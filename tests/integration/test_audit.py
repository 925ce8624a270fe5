"""A history judged commit by commit: equal to judging each commit by itself, and resumable."""

import shutil

import pytest
from cli_support import Desk
from vcs_support import UserRepository

from orchestrator.app.gates.auditing import audit
from orchestrator.app.project import open_project
from orchestrator.app.runs.contents import LastRead
from orchestrator.app.trees import open_trees
from orchestrator.errors import RepositoryError
from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team
from orchestrator.models.change import ChangeIdentity
from orchestrator.ports import Candidate
from orchestrator.render.audit_page import audit_page
from orchestrator.vcs.repository import find

BAD = "import subprocess\n\n\ndef run(name):\n    return subprocess.run('ls ' + name, shell=True)\n"
CLEAN = "def add(one, other):\n    return one + other\n"


@pytest.fixture
def repository(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    made = UserRepository(tmp_path / "repository")
    made.write("a.py", CLEAN)
    made.write("b.py", BAD)
    made.commit("first")
    made.write("a.py", BAD)
    made.commit("weak")
    made.git("mv", "b.py", "c.py")
    made.commit("renamed")
    made.write("a.py", CLEAN)
    made.commit("mended")
    made.git("checkout", "-qb", "side", "HEAD~2")
    made.write("d.py", "x = eval(input())\n")
    made.commit("side")
    made.git("checkout", "-q", "main")
    made.git("merge", "-q", "--no-ff", "-m", "merged", "side")
    return made


def audited(repository, **more):
    with open_project(repository.folder) as project:
        return audit(project, base="", head="HEAD", **more)


def told(found, rule):
    return {
        (f["path"], f["introduced"] and f["introduced"]["subject"], f["fixed"] and f["fixed"]["subject"], f["stands"])
        for f in found.findings
        if f["rule"] == rule
    }


def test_who_introduced_what_and_what_stands(repository):
    found = audited(repository)
    assert (found.commits, found.broken) == (6, [])
    assert told(found, "B602") == {("a.py", "weak", "mended", False), ("c.py", "first", None, True)}
    assert told(found, "HR101") == {("d.py", "side", None, True)}


def test_each_commit_equals_a_fresh_full_scan(repository):
    found = audited(repository)
    with open_project(repository.folder) as project, open_trees(project) as trees, Team() as team:
        for commit in trees.walk(trees.resolve("HEAD"), None):
            if len(commit.parents) > 1:
                continue
            files = commit.files[0]
            change = ChangeIdentity(target_ref="", tip=commit.oid, tree=commit.oid, manifest="sha256:" + "0" * 64)
            reports = run_gates(default_gates(found.gates, worker=team), Candidate(change, files, trees.blob, (), ()))
            wanted = sorted(f.fingerprint for r in reports for f in r.findings)
            mine = [f for f in found.findings if f["introduced"] and f["introduced"]["commit"] == commit.oid]
            if commit.subject != "first":  # whose file was renamed since: the row shows where it stands now
                assert sorted(f["fingerprint"] for f in mine) == wanted, commit.subject


def test_a_second_audit_judges_only_what_is_new(repository):
    first = audited(repository)
    repository.write("e.py", BAD)
    repository.commit("more")
    again = audited(repository)
    assert (again.commits, again.resumed) == (7, 6)
    assert [f for f in again.findings if f["path"] != "e.py"] == first.findings


def test_the_page_holds_no_markup_of_the_history(repository):
    from orchestrator.cli.audit import body

    repository.write("<script>x.py", BAD)
    repository.git("add", "-A")
    repository.git("commit", "-qm", "<b>", "--author", "& Eve & <e@example.invalid>")
    page = audit_page(body(audited(repository)))
    assert "&lt;script&gt;x.py" in page
    assert "<script" not in page
    assert "&amp; Eve" in page
    assert "src=" not in page


@pytest.mark.slow
def test_the_command(repository, tmp_path):
    answer = Desk(tmp_path, repository.folder).handrail("audit", "HEAD~1..HEAD", "--json")
    assert answer.code == 3
    assert {"result", "findings", "commits", "broken", "secrets"} <= set(answer.json)


def test_a_content_is_read_once_and_the_oldest_is_let_go(repository):
    with open_project(repository.folder) as project, open_trees(project) as trees:
        first, second, third = (e.oid for e in trees.entries(trees.tree_of(trees.resolve("HEAD"))))
        contents = [trees.blob(oid) for oid in (first, second, third)]
        read = LastRead(trees.blob, trees.blobs, kept_bytes=len(contents[1]) + len(contents[2]))
        assert list(read.ready([first, second, third])) == contents
        objects = repository.folder / ".git" / "objects"
        shutil.rmtree(objects)
        objects.mkdir()
        # Nothing can be read any more: what is told now was kept.
        assert [read(second), read(third)] == contents[1:]
        with pytest.raises(RepositoryError):
            read(first)


def test_nobody_is_named_for_what_lies_before_the_end_of_a_shallow_clone(repository, tmp_path):
    from orchestrator.cli.audit import body

    clone = UserRepository(tmp_path / "clone")
    clone.git("fetch", "-q", "--depth", "1", f"file://{repository.folder}", "main")
    clone.git("reset", "-q", "--hard", "FETCH_HEAD")
    clone.write("late.py", BAD)
    clone.git("-c", "user.name=Late Author", "commit", "-q", "--allow-empty", "-m", "empty")
    clone.git("add", "-A")
    clone.git("-c", "user.name=Late Author", "commit", "-q", "-m", "late")
    found = audited(clone)
    assert set(found.cut) == {clone.git("rev-parse", "HEAD~2")}
    early = {f["path"] for f in found.findings if f["introduced"]["commit"] in found.cut}
    assert "c.py" in early
    assert "late.py" not in early
    page = audit_page(body(found))
    assert "or before: the clone is cut off there" in page
    assert "Late Author" in page
    assert "<td>User</td>" not in page
    told_ = Desk(tmp_path, clone.folder).handrail("audit")
    assert "or before it, where this clone is cut off" in told_.out
    assert "git fetch --unshallow" in told_.err
    assert body(audited(repository))["cut"] == []


@pytest.mark.parametrize("said", [b"\xff\xfe\0", b"deadbeef\n", b"../../etc\n", b""])
def test_what_lies_where_the_end_of_a_shallow_clone_stands_may_be_anything(repository, said):
    (repository.folder / ".git/shallow").write_bytes(said)
    assert find(repository.folder).cut == frozenset()
