"""Git for the sandbox's self-test: a repository to judge by, and git used as carelessly as people do.

:func:`careless` is what this product never does: git run in a folder that an
attacker wrote. It shows that an attack works where nothing holds it, and is
called on folders of the self-test alone.
"""

from __future__ import annotations

import os
import subprocess  # nosec B404 # git is a program
from collections.abc import Mapping
from pathlib import Path

from orchestrator.vcs.git import environment, failed, program

_SECONDS = 20
_IDENTITY = ("-c", "user.name=selftest", "-c", "user.email=selftest@example.invalid")


def make_repository(folder: Path, files: Mapping[str, bytes]) -> None:
    """A new repository with one commit that holds these files. Raises ``RepositoryError`` when git would not."""
    for path, data in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    _harmless(folder, "init", "--quiet", "--initial-branch=main")
    _harmless(folder, "add", "--all")
    _harmless(folder, *_IDENTITY, "commit", "--quiet", "--message=base")


def careless(folder: Path, *arguments: str) -> str:
    """What git says in a folder whose own settings it obeys. Errors are part of what it says."""
    env = {"PATH": os.defpath, "HOME": str(folder), "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}
    done = _run(folder, env, arguments)
    return (done.stdout + done.stderr).decode("utf-8", "replace")


def _harmless(folder: Path, *arguments: str) -> None:
    done = _run(folder, environment(), arguments)
    if done.returncode != 0:
        raise failed("make a repository for the self-test", done.stderr)


def _run(folder: Path, env: Mapping[str, str], arguments: tuple[str, ...]) -> subprocess.CompletedProcess[bytes]:
    argv = [program(), "-C", str(folder), *arguments]
    return subprocess.run(argv, env=dict(env), capture_output=True, check=False, timeout=_SECONDS)  # noqa: S603  # nosec B603
