from __future__ import annotations

import os
import subprocess

import pytest
from vcs_support import WHEN, UserRepository, made

from orchestrator.errors import RepositoryError, StoreError
from orchestrator.vcs import git as git_program
from orchestrator.vcs.repository import find, repository_id
from orchestrator.vcs.trees import GitTrees


def code(caught) -> str:
    assert caught.value.message
    return caught.value.code


@pytest.fixture
def user(tmp_path):
    user = UserRepository(tmp_path / "My Project")
    user.write("a.py", "a = 1\n")
    user.commit()
    return user


def test_not_a_repository(tmp_path):
    for folder in (tmp_path, tmp_path / "absent"):
        with pytest.raises(RepositoryError) as caught:
            GitTrees.open(folder, tmp_path / "t.git")
        assert code(caught) == "REPO001"


def test_an_empty_repository_has_no_commit(tmp_path):
    user = UserRepository(tmp_path / "u")
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        for ask in (lambda: trees.resolve("HEAD"), trees.target_ref):
            with pytest.raises(RepositoryError) as caught:
                ask()
            assert code(caught) == "REPO002"


def test_a_revision_that_a_shallow_clone_left_behind(user, tmp_path):
    left = user.commit("first")
    user.write("b.py", "B = 1\n")
    user.commit("second")
    subprocess.run(["git", "clone", "-q", "--depth=1", f"file://{user.folder}", tmp_path / "shallow"], check=True)
    with GitTrees.open(tmp_path / "shallow", tmp_path / "t.git") as trees, pytest.raises(RepositoryError) as caught:
        trees.resolve(left)
    assert "git fetch --unshallow" in str(caught.value.hint)


@pytest.mark.parametrize("rev", ["nope", "", "-q", "--all", "HEAD~9", "a\nb", "0" * 40, "HEAD:a.py"])
def test_an_unknown_revision(user, tmp_path, rev):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees, pytest.raises(RepositoryError) as caught:
        trees.resolve(rev)
    assert code(caught) == "REPO003"


def test_a_detached_head_resolves_but_names_no_branch(user, tmp_path):
    user.git("checkout", "-q", "--detach")
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        assert trees.resolve("HEAD") == user.git("rev-parse", "HEAD")
        with pytest.raises(RepositoryError) as caught:
            trees.target_ref()
    assert code(caught) == "REPO004"


def test_no_git_and_an_old_git(monkeypatch):
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(RepositoryError) as caught:
        git_program.program()
    assert code(caught) == "REPO005"
    for words in ("git version 2.37.9", "git version 1.9", "nonsense", ""):
        with pytest.raises(RepositoryError) as caught:
            git_program.require_version(words)
        assert code(caught) == "REPO006"
    git_program.require_version("git version 2.38.0.windows.1")


@pytest.mark.parametrize(
    "name", ["main", "refs/heads/a..b", "refs/heads/a\nb", "refs/heads/a b", "refs/", "-d", "refs/x.lock"]
)
def test_a_bad_reference_name(user, tmp_path, name):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees, pytest.raises(RepositoryError) as caught:
        trees.ref(name)
    assert code(caught) == "REPO008"


def test_a_bare_repository_is_fine(user, tmp_path):
    bare = tmp_path / "bare.git"
    subprocess.run(["git", "clone", "-q", "--bare", str(user.folder), str(bare)], check=True)
    with GitTrees.open(bare, tmp_path / "t.git") as trees:
        assert trees.resolve("HEAD") == user.git("rev-parse", "HEAD")
        assert trees.file(trees.resolve("HEAD"), "a.py") == b"a = 1\n"
    assert repository_id(bare).startswith("bare-")


def test_each_worktree_and_subfolder_is_the_same_repository(user, tmp_path):
    other = tmp_path / "other"
    user.git("worktree", "add", "-q", "-b", "side", str(other))
    (other / "sub").mkdir()
    assert repository_id(user.folder) == repository_id(other) == repository_id(other / "sub")
    assert repository_id(user.folder).startswith("my-project-")
    with GitTrees.open(other / "sub", tmp_path / "t.git") as trees:
        assert trees.target_ref() == "refs/heads/side"
        assert made(trees, trees.resolve("HEAD"), {"b": "1"})


def test_a_repository_that_borrows_its_objects(user, tmp_path):
    borrower = tmp_path / "borrower"
    subprocess.run(["git", "clone", "-q", "--shared", str(user.folder), str(borrower)], check=True)
    with GitTrees.open(borrower, tmp_path / "t.git") as trees:
        assert trees.file(trees.resolve("HEAD"), "a.py") == b"a = 1\n"


def test_a_sha256_repository_goes_in_and_out(tmp_path):
    user = UserRepository(tmp_path / "u", "--object-format=sha256")
    user.write("d/a.py", "a = 1\n")
    user.commit()
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        base = trees.resolve("HEAD")
        tree = made(trees, base, {"d/b.py": "b\n"})
        user.write("d/b.py", "b\n")
        user.git("add", "-A")
        assert tree == user.git("write-tree")
        assert len(trees.diff(base, tree).files) == 1
        trees.update_refs([trees.prepare_evidence("refs/heads/e", {"x/y": b"1"}, WHEN)])
    assert user.git("fsck", "--strict") == ""


def _tree(user, rows: bytes) -> str:
    return user.git("hash-object", "-t", "tree", "-w", "--stdin", "--literally", stdin=rows)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (b"100644 a\nb", "REPO010"),
        (b"100644 a\xff", "REPO010"),
        (b"100644 .GIT", "REPO010"),
        (b"100644 ..", "REPO010"),
        (b"100664 old", "REPO011"),
        (b"0100644 padded", "REPO011"),
    ],
)
def test_a_tree_that_cannot_go_in_and_out_is_refused_before_the_start(user, tmp_path, row, expected):
    blob = bytes.fromhex(user.git("rev-parse", "HEAD:a.py"))
    tree = _tree(user, row + b"\0" + blob)
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees, pytest.raises(RepositoryError) as caught:
        trees.entries(tree)
    assert code(caught) == expected


def test_names_of_a_folder_are_those_that_lie_in_it(user, tmp_path):
    blob = user.git("rev-parse", "HEAD:a.py")
    inner = _tree(user, b"100644 b.py\0" + bytes.fromhex(blob))
    tree = _tree(user, b"100644 a.py\0" + bytes.fromhex(blob) + b"40000 src\0" + bytes.fromhex(inner))
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        told = {folder: trees.names(tree, folder) for folder in ("", "src", "a.py", "src/none", "none")}
    assert told == {"": ("a.py", "src"), "src": ("b.py",), "a.py": (), "src/none": (), "none": ()}


def test_a_blob_over_the_limit_is_refused(user, tmp_path):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        trees._max_blob_bytes = 5
        with pytest.raises(RepositoryError) as caught:
            trees.entries(trees.tree_of(trees.resolve("HEAD")))
    assert code(caught) == "REPO012"


def test_a_missing_blob_is_named(user, tmp_path):
    oid = user.git("rev-parse", "HEAD:a.py")
    place = user.folder / ".git/objects" / oid[:2] / oid[2:]
    place.unlink()
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        with pytest.raises(RepositoryError) as caught:
            trees.entries(trees.tree_of(trees.resolve("HEAD")))
        assert code(caught) == "REPO013"
        with pytest.raises(RepositoryError) as caught:
            trees.blob(oid)
        assert code(caught) == "REPO013"


def test_wrong_kinds_are_named(user, tmp_path):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        base = trees.resolve("HEAD")
        for ask in (
            lambda: trees.blob(base),
            lambda: list(trees.blobs([base])),
            lambda: trees.tree_of(user.git("rev-parse", "HEAD:a.py")),
        ):
            with pytest.raises(RepositoryError) as caught:
                ask()
            assert code(caught) == "REPO016"


def test_a_git_process_that_dies_is_an_error_and_then_replaced(user, tmp_path):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        base = trees.resolve("HEAD")
        oid = trees.entries(trees.tree_of(base))[0].oid
        process = trees._store.reader._process
        process.kill()
        process.wait()
        with pytest.raises(RepositoryError) as caught:
            trees.blob(oid)
        assert code(caught) == "REPO014"
        assert trees.blob(oid) == b"a = 1\n"


def test_no_process_is_left_when_it_is_closed(user, tmp_path):
    trees = GitTrees.open(user.folder, tmp_path / "t.git")
    trees.resolve(user.git("rev-parse", "HEAD"))
    process = trees._store.reader._process
    trees.close()
    assert process.poll() is not None


def test_a_private_folder_that_cannot_be_made_is_an_error(user, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError) as caught:
        GitTrees.open(user.folder, tmp_path / "file" / "t.git")
    assert code(caught) == "TRE002"


def test_objects_that_cannot_be_written_are_an_error(user, tmp_path):
    with GitTrees.open(user.folder, tmp_path / "t.git") as trees:
        objects = tmp_path / "t.git" / "objects"
        objects.rename(tmp_path / "gone")
        (tmp_path / "t.git" / "objects").mkdir()
        (objects / "info").mkdir()
        (objects / "info" / "alternates").write_text(str(user.folder / ".git/objects") + "\n")
        base = trees.resolve("HEAD")
        for n in range(256):
            (objects / f"{n:02x}").write_text("in the way")
        with pytest.raises(StoreError) as caught:
            made(trees, base, {"n": "1"})
        assert code(caught) == "TRE001"


def test_nothing_of_the_hosts_environment_is_passed_on(monkeypatch):
    monkeypatch.setenv("GIT_DIR", "/elsewhere")
    monkeypatch.setenv("CANARY_SECRET", "x")
    assert not set(git_program.environment()) & (
        set(os.environ) - {"PATH", "HOME", "LC_ALL", "TZ", "GIT_TERMINAL_PROMPT", "XDG_CONFIG_HOME", "GIT_PAGER"}
    )


def test_a_relative_folder_is_fine(user, monkeypatch):
    monkeypatch.chdir(user.folder)
    from pathlib import Path

    assert find(Path()).folder == user.folder
