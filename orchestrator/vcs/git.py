"""The one place that runs the git program.

Every run is made harmless in the same way, whatever the repository's own
configuration says: no system or user configuration, no hooks, no file system
monitor, no pager, no prompt, no transport, no lazy fetch, no replace
references, no grafts, no attributes of any file or tree, a fixed locale, an environment
of our own, a time-out. Not prevented: git still *reads* the repository's own
configuration when it is pointed at the user's repository, so an extension that
this git does not know is an error there.
"""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import IO, NamedTuple

from orchestrator.errors import LimitReached, RepositoryError
from orchestrator.models.ids import GitOid

MINIMUM_VERSION = (2, 38)
"""The first git with ``merge-tree --write-tree``."""

EMPTY_TREES = {
    "sha1": GitOid("4b825dc642cb6eb9a060e54bf8d69288fbee4904"),
    "sha256": GitOid("6ef19b41225c5369f1c104d45d8d85efa9b057b53b14b4b9b939dd74decc5321"),
}

_SETTINGS = (
    "core.hooksPath=/dev/null",
    "core.fsmonitor=false",
    "core.attributesFile=/dev/null",
    "core.excludesFile=/dev/null",
    "core.useReplaceRefs=false",
    "core.commitGraph=false",
    "core.symlinks=false",
    "core.autocrlf=false",
    "core.fsync=all",
    "core.fsyncMethod=batch",
    "core.quotePath=false",
    "core.pager=cat",
    "safe.bareRepository=explicit",
    "safe.directory=*",
    "protocol.allow=never",
    "commit.gpgSign=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "diff.renameLimit=1000",
)


def environment(object_format: str = "sha1") -> dict[str, str]:
    """All that git sees of the environment; nothing of the host's is passed on."""
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": "/nonexistent",
        "XDG_CONFIG_HOME": "/nonexistent",
        "LC_ALL": "C",
        "TZ": "UTC",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_ATTR_SOURCE": EMPTY_TREES[object_format],
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_GRAFT_FILE": "/dev/null",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_ALLOW_PROTOCOL": "none",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_ASKPASS": "/bin/false",
        "GIT_SSH_COMMAND": "/bin/false",
        "GIT_OPTIONAL_LOCKS": "0",
        "GIT_PAGER": "cat",
        "GIT_COMMITTER_NAME": "Handrail",
        "GIT_COMMITTER_EMAIL": "handrail@handrail.invalid",
        "GIT_AUTHOR_NAME": "Handrail",
        "GIT_AUTHOR_EMAIL": "handrail@handrail.invalid",
    }


def program() -> str:
    """The git program's path. Raises ``RepositoryError`` REPO005 (none) or REPO006 (too old)."""
    found = shutil.which("git")
    if found is None:
        raise RepositoryError("REPO005", "git is not installed, or not on PATH.", "install git 2.38 or newer")
    this = os.stat(found)  # noqa: PTH116 - for each question to git
    _check(found, (this.st_dev, this.st_ino, this.st_size, this.st_mtime_ns))
    return found


@lru_cache(maxsize=4)
def _check(found: str, _: tuple[int, ...]) -> None:
    """Ask a program for its version, once for as long as it is the same file."""
    done = subprocess.run([found, "version"], capture_output=True, check=False, env=environment(), timeout=30)  # noqa: S603 - a fixed argument vector
    require_version(done.stdout.decode(errors="replace"))


def require_version(words: str) -> None:
    """``words`` are what ``git version`` said. Raises ``RepositoryError`` REPO006 below 2.38."""
    match = re.search(r"(\d+)\.(\d+)", words)
    if match is None or (int(match[1]), int(match[2])) < MINIMUM_VERSION:
        said = words.strip() or "a git of unknown version"
        raise RepositoryError("REPO006", f"{said} is too old: 2.38 is needed.", "install a newer git")


def failed(action: str, stderr: bytes) -> RepositoryError:
    """REPO014: git ended with an error nobody expected. Its own words become the details."""
    words = stderr.decode(errors="backslashreplace")
    lines = tuple("".join(c if c.isprintable() else "?" for c in line) for line in words.splitlines()[:20])
    return RepositoryError("REPO014", f"git failed at {action}.", "run `git fsck` in the repository", lines)


def _too_slow(action: str, seconds: float) -> RepositoryError:
    return RepositoryError("REPO015", f"git {action} took longer than {seconds:g} s.")


class Completed(NamedTuple):
    returncode: int
    stdout: bytes
    stderr: bytes


@dataclass(frozen=True, slots=True)
class Git:
    """git, pointed at one repository by its git directory and never by a work tree."""

    git_dir: Path
    object_format: str = "sha1"
    settings: Sequence[str] = ()
    extra: Mapping[str, str] = field(default_factory=dict[str, str])

    def argv(self, args: Sequence[str]) -> list[str]:
        """The whole argument vector, safe settings included."""
        settings = [part for setting in (*_SETTINGS, *self.settings) for part in ("-c", setting)]
        return [program(), "--no-pager", f"--git-dir={self.git_dir}", *settings, *args]

    def env(self) -> dict[str, str]:
        return {**environment(self.object_format), **self.extra}

    def run(self, *args: str, stdin: bytes = b"", timeout_seconds: float = 60, ok: Sequence[int] = (0,)) -> Completed:
        """Run to the end. Raises ``RepositoryError`` REPO014 for another exit code, REPO015 past the time."""
        try:
            done = subprocess.run(  # noqa: S603 - an argument vector of ours, no shell
                self.argv(args),
                input=stdin,
                capture_output=True,
                check=False,
                env=self.env(),
                cwd="/",
                timeout=timeout_seconds,
            )
        except subprocess.TimeoutExpired as error:
            raise _too_slow(args[0], timeout_seconds) from error
        if done.returncode not in ok:
            raise failed(args[0], done.stderr)
        return Completed(done.returncode, done.stdout, done.stderr)

    def capped(self, *args: str, max_bytes: int, timeout_seconds: float) -> bytes:
        """Standard output, as long as it stays under a size. Raises ``LimitReached`` DIF001 (size) or DIF002 (time)."""
        with self.streamed(*args, timeout_seconds=timeout_seconds) as (_, pipe):
            return _read_all(pipe, max_bytes, time.monotonic() + timeout_seconds)

    @contextmanager
    def streamed(
        self, *args: str, timeout_seconds: float, ok: Sequence[int] = (0,)
    ) -> Iterator[tuple[subprocess.Popen[bytes], IO[bytes]]]:
        """The process and its output, unbuffered, to be read to its end; killed when the context ends with an error.

        Raises ``RepositoryError`` REPO014 for another exit code, REPO015 when it does not end ``timeout_seconds`` after
        its output has been read. What it says beside its output never stops it.
        """
        with tempfile.TemporaryFile() as stderr, self._spawn(args, stderr) as process:
            if process.stdout is None:
                raise failed(args[0], b"no standard output")
            try:
                yield process, process.stdout
                process.wait(timeout=timeout_seconds)
            except subprocess.TimeoutExpired as error:
                process.kill()
                raise _too_slow(args[0], timeout_seconds) from error
            except BaseException:
                process.kill()
                raise
            if process.returncode not in ok:
                stderr.seek(0)
                raise failed(args[0], stderr.read(65536))

    def _spawn(self, args: Sequence[str], stderr: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(  # noqa: S603 - an argument vector of ours, no shell
            self.argv(args),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=self.env(),
            cwd="/",
            bufsize=0,
        )


def _read_all(pipe: IO[bytes], max_bytes: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    while chunk := read_some(pipe, deadline):
        size += len(chunk)
        if size > max_bytes:
            raise LimitReached(
                "DIF001", f"The difference is larger than {max_bytes} bytes.", "split the step into smaller ones"
            )
        parts.append(chunk)
    return b"".join(parts)


def read_some(pipe: IO[bytes], deadline: float) -> bytes:
    """The next bytes of a pipe, empty at its end. Raises ``LimitReached`` DIF002 when ``deadline`` passes first."""
    left = deadline - time.monotonic()
    poll = select.poll()
    poll.register(pipe, select.POLLIN)
    if left <= 0 or not poll.poll(left * 1000):
        raise LimitReached("DIF002", "git did not answer in time.", "try again on a less busy machine")
    return os.read(pipe.fileno(), 1 << 18)
