"""An address of a remote that is meant from the repository's own folder."""

import subprocess

import pytest

from orchestrator.vcs.remote import open_remote
from orchestrator.vcs.repository import find


def git(folder, *words):
    identity = ("-c", "user.name=A", "-c", "user.email=a@example.com")
    return subprocess.run(["git", *identity, *words], cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("below", [False, True], ids=["its folder", "a folder in it"])
def test_a_remote_beside_the_repository_is_reached_from_anywhere(tmp_path, monkeypatch, below):
    folder = tmp_path / "shop"
    (folder / "src").mkdir(parents=True)
    git(tmp_path, "init", "-q", "--bare", "team.git")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "commit", "-q", "--allow-empty", "-m", "first")
    git(folder, "remote", "add", "origin", "../team.git")
    monkeypatch.chdir(tmp_path)
    remote = open_remote(find(folder / "src" if below else folder), "origin")
    remote.push(["refs/heads/main:refs/heads/main"])
    head = git(folder, "rev-parse", "HEAD").strip()
    assert remote.refs("refs/heads/*") == {"refs/heads/main": head}
    remote.fetch(["refs/heads/main:refs/heads/there"])
    assert git(folder, "rev-parse", "there").strip() == head
