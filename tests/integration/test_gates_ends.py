"""Both ends of a difference are asked for in one go, and are what they are when each is asked after by itself."""

import shutil

import pytest
from cli_support import Desk
from vcs_support import UserRepository

from orchestrator.errors import RepositoryError
from orchestrator.vcs import outside
from orchestrator.vcs.git import EMPTY_TREES
from orchestrator.vcs.repository import find, resolve
from orchestrator.vcs.trees import GitTrees


@pytest.fixture(scope="module")
def user(tmp_path_factory):
    user = UserRepository(tmp_path_factory.mktemp("ends") / "user")
    for name in ("one", "two", "three"):
        user.write(f"{name}.py", f"{name} = 1\n")
        user.commit(name)
    user.git("tag", "-a", "-m", "annotated", "note", "HEAD~1")
    user.git("branch", "feature/x-1.0", "HEAD~2")
    user.git("checkout", "-q", "feature/x-1.0")
    user.write("side.py", "side = 1\n")
    user.commit("side")
    user.git("merge", "-q", "-m", "criss", "main~1")
    user.git("branch", "cross", "main")
    user.git("checkout", "-q", "cross")
    user.git("merge", "-q", "-m", "cross", "feature/x-1.0~1")
    user.git("checkout", "-q", "--orphan", "alone")
    user.commit("unrelated")
    user.git("checkout", "-q", "main")
    return user


NAMES = ("HEAD", "main", "HEAD~2", "note", "feature/x-1.0", "cross", "alone", "@", "main^", "main@{0}", "cross^2")


@pytest.mark.parametrize("base", NAMES)
def test_in_one_go_they_are_the_same_as_one_by_one(user, base):
    repository = find(user.folder)
    for head in NAMES:
        given, commit = resolve(repository, base), resolve(repository, head)
        expected = outside.merge_base(repository, given, commit) or given, commit
        assert outside.ends(repository, base, head) == expected, (base, head)


ODD = (
    *("", "-x", "--all", "^HEAD", "HEAD^@", "HEAD^!", "HEAD^-", "main..cross", "main...cross", ":/one", "HEAD:one.py"),
    *("nowhere", "HEAD\nmain", "HEAD main", "HEAD^{tree}", "HEAD^{/one}", "HEAD~99", "--output=/tmp/x", "refs/heads/*"),
)


def _one_by_one(repository, base, head):
    """As the names mean by themselves; a refusal by its code."""
    try:
        commit, given = resolve(repository, head), resolve(repository, base)
    except RepositoryError as error:
        return error.code
    return outside.merge_base(repository, given, commit) or given, commit


def _at_once(trees, base, head):
    try:
        return trees.began(base, head)
    except RepositoryError as error:
        return error.code


@pytest.mark.parametrize("odd", ODD)
def test_a_name_that_is_odd_means_what_it_means_by_itself(user, odd, tmp_path):
    with GitTrees.open(user.folder, tmp_path / "trees.git") as trees:
        for ends in ((odd, "HEAD"), ("HEAD", odd)):
            assert _at_once(trees, *ends) == _one_by_one(trees.repository, *ends)


def test_where_nobody_names_a_base_the_line_of_work_tells(user, tmp_path):
    repository = find(user.folder)
    asked = {head: outside.default_base(repository, head, resolve(repository, head)) for head in ("cross", "HEAD")}
    assert asked == {"cross": resolve(repository, "main"), "HEAD": resolve(repository, "HEAD~1")}
    only = UserRepository(tmp_path / "only")
    only.write("a.py", "a = 1\n")
    first = only.commit("first")
    assert outside.default_base(find(only.folder), "HEAD", first) == EMPTY_TREES["sha1"]


def test_an_upstream_comes_before_all_others(user, tmp_path):
    clone = UserRepository(tmp_path / "clone")
    clone.git("remote", "add", "origin", str(user.folder))
    clone.git("fetch", "-q", "origin")
    clone.git("checkout", "-q", "-b", "work", "--track", "origin/cross")
    clone.write("w.py", "w = 1\n")
    clone.commit("work")
    repository = find(clone.folder)
    assert outside.default_base(repository, "HEAD", resolve(repository, "HEAD")) == resolve(repository, "origin/cross")


def test_one_call_looks_for_its_repository_once(user, tmp_path, monkeypatch):
    said, folder = tmp_path / "said", tmp_path / "bin"
    folder.mkdir()
    (folder / "git").write_text(f'#!/bin/sh\necho "$@" >> {said}\nexec {shutil.which("git")} "$@"\n')
    (folder / "git").chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    desk = Desk(tmp_path / "desk", user.folder)
    assert desk.handrail("gate", "--base", "main~1", "--head", "cross", "--no-worker").code in {0, 3, 4}
    calls = said.read_text().splitlines()
    assert sum("--show-object-format" in call for call in calls) == 1
    assert sum("cross^{commit}" in call for call in calls) == 1
