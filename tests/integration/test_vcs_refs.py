from __future__ import annotations

import subprocess
import threading

import pytest
from vcs_support import WHEN, UserRepository, made

from orchestrator.errors import RepositoryError
from orchestrator.ports import RefUpdate
from orchestrator.vcs.trees import GitTrees

RUN = "refs/heads/handrail/r"


@pytest.fixture
def user(tmp_path):
    user = UserRepository(tmp_path / "user")
    user.write("a.py", "a = 1\n")
    user.write("b.py", "b = 1\n")
    user.commit()
    return user


@pytest.fixture
def trees(user, tmp_path):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        yield trees


def step(trees, parent, changed):
    return trees.commit(made(trees, parent, changed), parent, "Add it\n\nHandrail-Change: x", "scripted <x>\n", WHEN)


def test_a_commit_is_deterministic_and_says_who(user, trees):
    base = trees.resolve("HEAD")
    one = step(trees, base, {"a.py": "2\n"})
    assert one == step(trees, base, {"a.py": "2\n"})
    trees.update_refs([RefUpdate(RUN, one, None)])
    shown = user.git("log", "-1", "--format=%an|%ae|%cn|%ct|%P|%B", one)
    who = "scripted x|scripted-x@handrail.invalid|Handrail"
    assert shown == f"{who}|{int(WHEN.timestamp())}|{base}|Add it\n\nHandrail-Change: x"


def test_objects_come_with_the_reference_and_only_those(user, trees):
    base = trees.resolve("HEAD")
    unused = made(trees, base, {"never.py": "never\n"})
    tip = base
    for n in range(3):
        tip, old = step(trees, tip, {f"d/{n}.py": f"{n}\n"}), tip
        trees.update_refs([RefUpdate(RUN, tip, old if n else None)])
    assert user.git("fsck", "--strict", "--no-dangling") == ""
    assert user.git("rev-parse", RUN) == tip
    assert user.git("cat-file", "-t", unused, check=False) == ""


def test_another_process_that_goes_on_brings_only_what_is_new(user, trees, tmp_path):
    base = trees.resolve("HEAD")
    first = step(trees, base, {"c.py": "1\n"})
    trees.update_refs([RefUpdate(RUN, first, None)])
    with GitTrees.open(user.folder, tmp_path / "t.git") as again:
        second = step(again, first, {"c.py": "2\n"})
        assert {new.kind for new in again._store.missing([second], {first})} == {"commit", "tree", "blob"}
        assert len(again._store.missing([second], {first})) == 3
        again.update_refs([RefUpdate(RUN, second, first)])
    assert user.git("rev-parse", RUN) == second


def test_a_moved_reference_moves_nothing(user, trees):
    base = trees.resolve("HEAD")
    one = step(trees, base, {"a.py": "2\n"})
    user.git("branch", "there", base)
    for updates in (
        [RefUpdate(RUN, one, None), RefUpdate("refs/heads/there", one, None)],
        [RefUpdate(RUN, one, None), RefUpdate("refs/heads/there", one, one)],
        [RefUpdate(RUN, one, base)],
    ):
        with pytest.raises(RepositoryError) as caught:
            trees.update_refs(updates)
        assert caught.value.code == "REPO020"
        assert trees.ref(RUN) is None
        assert trees.ref("refs/heads/there") == base


def test_one_of_many_writers_wins(trees):
    base = trees.resolve("HEAD")
    commits = [step(trees, base, {"a.py": f"{n}\n"}) for n in range(6)]
    outcomes = []

    def write(commit):
        try:
            trees.update_refs([RefUpdate(RUN, commit, None)])
            outcomes.append("won")
        except RepositoryError as error:
            outcomes.append(error.code)

    threads = [threading.Thread(target=write, args=(commit,)) for commit in commits]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert outcomes.count("won") == 1
    assert set(outcomes) <= {"won", "REPO020", "REPO023"}
    assert trees.ref(RUN) in commits


def test_a_name_in_the_way_is_said(user, trees):
    base = trees.resolve("HEAD")
    user.git("branch", "handrail")
    with pytest.raises(RepositoryError) as caught:
        trees.update_refs([RefUpdate(RUN, base, None)])
    assert caught.value.code == "REPO023"
    assert any("refs/heads/handrail" in line for line in caught.value.details)


def test_a_reference_that_stands_for_another_is_not_moved(user, trees):
    base = trees.resolve("HEAD")
    user.git("symbolic-ref", "refs/heads/alias", "refs/heads/main")
    with pytest.raises(RepositoryError) as caught:
        trees.update_refs([RefUpdate("refs/heads/alias", step(trees, base, {"a.py": "2\n"}), base)])
    assert caught.value.code == "REPO024"
    assert trees.ref("refs/heads/main") == base


def test_a_branch_checked_out_anywhere_is_not_moved(user, trees, tmp_path):
    base = trees.resolve("HEAD")
    other = tmp_path / "other tree"
    user.git("worktree", "add", "-q", "-b", "side", str(other))
    assert trees.checked_out("refs/heads/main") == str(user.folder)
    assert trees.checked_out("refs/heads/side") == str(other)
    assert trees.checked_out("refs/heads/nope") is None
    for branch in ("main", "side"):
        with pytest.raises(RepositoryError) as caught:
            trees.update_refs([RefUpdate(f"refs/heads/{branch}", step(trees, base, {"a.py": "2\n"}), base)])
        assert caught.value.code == "REPO021"


def test_a_branch_in_the_middle_of_a_rebase_counts_as_checked_out(user, trees):
    base = user.git("rev-parse", "HEAD")
    user.git("checkout", "-q", "-b", "topic")
    user.write("a.py", "topic\n")
    user.commit()
    user.git("checkout", "-q", "main")
    user.write("a.py", "main\n")
    user.commit()
    user.git("rebase", "main", "topic", check=False)
    assert trees.checked_out("refs/heads/topic") is not None
    assert trees.ref("refs/heads/topic") != base


def test_the_users_next_commit_after_a_merge_does_not_revert_it(user, trees):
    base = trees.resolve("HEAD")
    one = step(trees, base, {"a.py": "a = 2\n"})
    trees.update_refs([RefUpdate(RUN, one, None)])
    verdict = trees.advance("refs/heads/main", RUN)
    assert verdict.move == "checked-out"
    assert verdict.sentence.endswith("git merge --ff-only handrail/r")
    user.write("b.py", "b = 2\n")
    user.git("merge", "-q", "--ff-only", "handrail/r")
    user.git("commit", "-q", "-a", "-m", "mine")
    assert user.git("show", "HEAD:a.py") == "a = 2"
    assert user.git("show", "HEAD:b.py") == "b = 2"
    assert user.git("diff", "--name-only", one, "HEAD") == "b.py"


def test_a_target_that_nobody_has_checked_out_is_fast_forwarded(user, trees):
    base = trees.resolve("HEAD")
    user.git("checkout", "-q", "-b", "elsewhere")
    one = step(trees, base, {"a.py": "a = 2\n"})
    trees.update_refs([RefUpdate(RUN, one, None)])
    assert trees.advance("refs/heads/main", RUN).move == "fast-forward"
    assert trees.ref("refs/heads/main") == one
    assert trees.advance("refs/heads/main", RUN).move == "already-there"
    assert trees.advance("refs/heads/nope", RUN).move == "no-target"
    user.write("a.py", "a = 2\n")
    user.git("commit", "-q", "-a", "-m", "mine")
    assert user.git("status", "--porcelain") == ""


def test_a_target_that_has_moved_on_is_left_alone(user, trees):
    base = trees.resolve("HEAD")
    trees.update_refs([RefUpdate(RUN, step(trees, base, {"a.py": "2\n"}), None)])
    user.write("b.py", "b = 3\n")
    moved = user.commit()
    user.git("checkout", "-q", "--detach")
    assert trees.advance("refs/heads/main", RUN).move == "diverged"
    assert trees.ref("refs/heads/main") == moved


def test_evidence_grows_and_comes_back(user, trees):
    ref = "refs/heads/handrail-evidence/aa"
    assert dict(trees.evidence(ref)) == {}
    first = trees.prepare_evidence(ref, {"runs/r1/a.json": b"1", "index": b"i"}, WHEN)
    assert trees.ref(ref) is None
    trees.update_refs([first])
    trees.update_refs([trees.prepare_evidence(ref, {"runs/r2/b.json": b"\0\xff", "index": b"j"}, WHEN)])
    assert dict(trees.evidence(ref)) == {"runs/r1/a.json": b"1", "runs/r2/b.json": b"\0\xff", "index": b"j"}
    assert dict(trees.evidence_below(ref, "runs/r2/")) == {"runs/r2/b.json": b"\0\xff"}
    assert dict(trees.evidence_below(ref, "absent")) == dict(trees.evidence_below(ref, "index")) == {}
    assert user.git("rev-list", "--count", ref) == "2"
    assert user.git("merge-base", ref, "main", check=False) == ""


def test_evidence_and_commit_go_together_or_not_at_all(trees):
    base = trees.resolve("HEAD")
    evidence = trees.prepare_evidence("refs/heads/e", {"x": b"1"}, WHEN)
    trees.update_refs([evidence])
    with pytest.raises(RepositoryError):
        trees.update_refs([RefUpdate(RUN, base, None), evidence])
    assert trees.ref(RUN) is None


@pytest.mark.parametrize("path", ["../x", "a/b/c", "a", "", "x\n", ".."])
def test_a_path_that_would_lose_evidence_is_refused(trees, path):
    trees.update_refs([trees.prepare_evidence("refs/heads/e", {"a/b": b"1"}, WHEN)])
    with pytest.raises(RepositoryError) as caught:
        trees.prepare_evidence("refs/heads/e", {path: b"2"}, WHEN)
    assert caught.value.code == "REPO025"


def test_many_objects_come_as_one_pack(user, trees):
    trees.update_refs([trees.prepare_evidence("refs/heads/e", {f"{n}": str(n).encode() for n in range(250)}, WHEN)])
    assert len(list((user.folder / ".git/objects/pack").glob("*.pack"))) == 1
    assert user.git("fsck", "--strict", "--no-dangling") == ""
    assert len(trees.evidence("refs/heads/e")) == 250


def test_appending_to_ten_thousand_files_reads_only_the_folders_on_the_way(user, trees):
    ref = "refs/heads/e"
    stream = ["commit refs/heads/e", "committer U <u@example.invalid> 0 +0000", "data 0"]
    stream += [f"M 100644 inline {n % 100:02d}/{n // 100:02d}/{n}.json\ndata 1\nx" for n in range(10_000)]
    user.git("fast-import", "--quiet", stdin="\n".join(stream).encode() + b"\n")
    update = trees.prepare_evidence(ref, {"07/07/new.json": b"new"}, WHEN)
    assert len(trees._store.reader._trees) <= 3
    assert len(trees._store.missing([update.new], {update.old})) == 5
    trees.update_refs([update])
    assert trees.evidence_below(ref, "07/07")["07/07/new.json"] == b"new"
    assert len(trees.evidence(ref)) == 10_001


def test_a_plain_clone_brings_the_evidence(user, trees, tmp_path):
    trees.update_refs([trees.prepare_evidence("refs/heads/handrail-evidence/aa", {"x": b"1"}, WHEN)])
    subprocess.run(["git", "clone", "-q", str(user.folder), str(tmp_path / "clone")], check=True)
    with GitTrees.open(tmp_path / "clone", tmp_path / "c.git") as clone:
        assert dict(clone.evidence("refs/remotes/origin/handrail-evidence/aa")) == {"x": b"1"}
