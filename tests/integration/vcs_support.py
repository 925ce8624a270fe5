"""A user's repository for the tests of version control, made with real git."""

from __future__ import annotations

import os
import subprocess
from datetime import UTC, datetime
from pathlib import Path

from orchestrator.ports import ChangeOut, OutMember
from orchestrator.vcs.trees import GitTrees

WHEN = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)


class UserRepository:
    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self.git("init", "-q", "-b", "main", *options)
        self.git("config", "user.name", "User")
        self.git("config", "user.email", "user@example.invalid")

    def git(self, *args: str, check: bool = True, stdin: bytes = b"") -> str:
        env = {"PATH": os.environ["PATH"], "HOME": str(self.folder.parent), "GIT_CONFIG_GLOBAL": "/dev/null"}
        done = subprocess.run(
            ["git", "-C", str(self.folder), *args], input=stdin, capture_output=True, check=False, env=env
        )
        if check and done.returncode:
            raise AssertionError(done.stderr.decode(errors="replace"))
        return done.stdout.decode(errors="replace").strip()

    def write(self, path: str, data: str | bytes) -> None:
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data.encode() if isinstance(data, str) else data)

    def commit(self, message: str = "x") -> str:
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD")


def anything(_path: str) -> bool:
    return True


def nothing_denied(_path: str) -> None:
    return None


def output(trees: GitTrees, base: str, changed: dict[str, str | bytes | OutMember], gone: tuple[str, ...] = ()):
    """What a sandbox gives back after these changes to a base."""
    members = tuple(
        value if isinstance(value, OutMember) else OutMember(path, "100644", _bytes(value))
        for path, value in changed.items()
    )
    before = {entry.path for entry in trees.entries(trees.tree_of(base)) if entry.mode != "160000"}
    return ChangeOut(frozenset((before | set(changed)) - set(gone)), members)


def _bytes(value: str | bytes) -> bytes:
    return value.encode() if isinstance(value, str) else value


def made(trees: GitTrees, base: str, changed: dict[str, str | bytes | OutMember], gone: tuple[str, ...] = ()):
    """The tree of these changes when everything is allowed."""
    built = trees.build(base, output(trees, base, changed, gone), anything, nothing_denied)
    assert built.denials == ()
    return built.tree
