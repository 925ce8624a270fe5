"""The remote that a team already has, reached as its user reaches it: their transport, credentials and agent.

What a remote sends is hostile. Every object is checked by git on the way in, no hook runs, no tag or submodule comes
along, a pack is cut off at a size and a conversation at a time. Nothing is ever forced: git itself refuses a branch
that was rewound, in both directions. Not checked: what the objects say.

Codes: REM001 no such remote · REM002 not reached · REM003 the remote refuses · REM004 it sent what git refuses.
"""

from __future__ import annotations

import os
import re
import resource
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import RepositoryError
from orchestrator.models.ids import GitOid
from orchestrator.vcs.git import failed, program
from orchestrator.vcs.names import visible
from orchestrator.vcs.repository import Repository, work_tree

MAX_PACK_BYTES = 1 << 30
TIMEOUT_SECONDS = 300.0
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_OID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MAX_REFS = 10_000
_REFUSED = "!"
_PUSH_LINE = 3
_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "fetch.fsckObjects=true",
    "fetch.unpackLimit=1",
    "fetch.recurseSubmodules=false",
    "fetch.prune=false",
    "push.recurseSubmodules=no",
    "push.followTags=false",
    "push.gpgSign=false",
    "protocol.ext.allow=never",
    "gc.auto=0",
    "maintenance.auto=false",
)
_OURS = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES")


@dataclass(frozen=True, slots=True)
class Remote:
    """One of the repository's remotes. Nothing is asked of it before a method is called."""

    repository: Repository
    name: str
    max_pack_bytes: int = MAX_PACK_BYTES

    def refs(self, pattern: str) -> dict[str, GitOid]:
        """Full name → object of the references there that match. Raises ``RepositoryError`` REM002."""
        said = self._git("ls-remote", "--refs", "--", self.name, pattern)
        rows = [line.split("\t", 1) for line in said.decode(errors="surrogateescape").splitlines()[:_MAX_REFS]]
        return {row[1]: GitOid(row[0]) for row in rows if len(row) == 2 and _OID.fullmatch(row[0])}  # noqa: PLR2004  id and name

    def fetch(self, specs: Sequence[str]) -> None:
        """Bring references here, never forced; one that was rewound there stays as it was here.

        Raises ``RepositoryError`` REM002, REM004.
        """
        if any(spec.startswith("+") for spec in specs):
            raise ValueError("a forced refspec would silently lose what came before")
        plain = ("--no-tags", "--no-write-fetch-head", "--no-auto-maintenance", "--refmap=")
        with _largest_file(self.max_pack_bytes):
            self._git("fetch", *plain, "--", self.name, *specs, ok=(0, 1))

    def push(self, specs: Sequence[str]) -> None:
        """Send references, never forced. Raises ``RepositoryError`` REM002, and REM003 naming what was refused."""
        if any(spec.startswith("+") for spec in specs):
            raise ValueError("a forced refspec would silently lose what others sent")
        said = self._git("push", "--porcelain", "--atomic", "--no-verify", "--", self.name, *specs, ok=(0, 1))
        rows = [line.split("\t") for line in said.decode(errors="replace").splitlines()]
        refused = [row for row in rows if len(row) == _PUSH_LINE and row[0] == _REFUSED]
        if refused:
            told = [visible(f"{row[1].partition(':')[2]} {row[2]}") for row in refused]
            text = f"The remote {self.name} refuses what was sent: somebody was there first, or may not write."
            raise RepositoryError("REM003", text, "handrail review inbox, then look again", told)

    def _git(self, *args: str, ok: Sequence[int] = (0,)) -> bytes:
        settings = [part for setting in _SETTINGS for part in ("-c", setting)]
        argv = [program(), "--no-pager", f"--git-dir={self.repository.git_dir}", *settings, *args]
        done = _conversation(argv, self.name, work_tree(self.repository) or self.repository.git_dir)
        if done.returncode in ok:
            return done.stdout
        words = failed(args[0], done.stderr).details
        if done.returncode < 0 or any("index-pack" in w or "fsck" in w or "unpack" in w for w in words):
            text = f"The remote {self.name} sent what git refuses, or more than {self.max_pack_bytes} bytes at once."
            raise RepositoryError("REM004", text, "ask who can write to the remote", words)
        text = f"The remote {self.name} could not be reached, or did not answer. Nothing is lost."
        raise RepositoryError("REM002", text, f"git ls-remote {self.name}, then the same command again", words)


def open_remote(repository: Repository, name: str, max_pack_bytes: int = MAX_PACK_BYTES) -> Remote:
    """A remote by its name in the repository's own configuration, never by an address. Raises REM001."""
    known = repository.git.run("remote").stdout.decode(errors="replace").splitlines()
    if name not in known or not _NAME.fullmatch(name):
        there = ", ".join(visible(n) for n in known) or "none"
        raise RepositoryError("REM001", f"This repository has no remote {visible(name)}: {there}.", "git remote add")
    return Remote(repository, name, max_pack_bytes)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name not in _OURS}
    return {**kept, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"}


def _conversation(argv: Sequence[str], name: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """In a session of its own: nothing can ask at the terminal, and all of it ends when its time is over.

    An address such as ``../team.git`` is meant from ``folder``, as git means it.
    """
    pipe, closed = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(  # noqa: S603  an argument vector of ours, no shell
        argv, stdin=closed, stdout=pipe, stderr=pipe, env=_environment(), cwd=folder, start_new_session=True
    ) as process:
        try:
            out, err = process.communicate(timeout=TIMEOUT_SECONDS)
        except BaseException as problem:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            if not isinstance(problem, subprocess.TimeoutExpired):
                raise
            text = f"The remote {name} did not answer within {TIMEOUT_SECONDS:g} s. Nothing is lost."
            raise RepositoryError("REM002", text, "the same command again") from problem
    return subprocess.CompletedProcess(argv, process.returncode, out, err)


@contextmanager
def _largest_file(size: int) -> Iterator[None]:
    """Programs that are started inside cannot write a larger file; a pack is one file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    low = size if hard == resource.RLIM_INFINITY else min(size, hard)
    resource.setrlimit(resource.RLIMIT_FSIZE, (low, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
