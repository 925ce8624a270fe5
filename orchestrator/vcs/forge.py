"""Opening a pull request by the program that its user has for their forge: ``gh``, or ``glab``.

They are the user's own, with the user's own login; nothing of theirs is read here. What they print is shown escaped.
Codes: PRQ001 neither is installed · PRQ002 it refused.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import HandrailError, UsageError
from orchestrator.vcs.names import visible
from orchestrator.vcs.repository import Repository

_TIMEOUT_SECONDS = 120
_GITLAB = "gitlab"


@dataclass(frozen=True, slots=True)
class Request:
    """``head`` and ``base`` are branch names on the remote."""

    head: str
    base: str
    title: str
    body: str


def program(repository: Repository, remote: str) -> tuple[str, Path]:
    """Name and path of the program to use. Raises ``UsageError`` PRQ001."""
    asked = repository.git.run("config", "--get", f"remote.{remote}.url", ok=(0, 1)).stdout.decode(errors="replace")
    order = ("glab", "gh") if _GITLAB in asked.lower() else ("gh", "glab")
    for name in order:
        found = shutil.which(name)
        if found is not None:
            return name, Path(found)
    hint = "install one of them, or handrail merge --push"
    raise UsageError("PRQ001", "Neither gh nor glab is installed, so no pull request can be opened from here.", hint)


def open_request(repository: Repository, tool: tuple[str, Path], asked: Request) -> str:
    """What the program says, which is usually the address. Raises ``HandrailError`` PRQ002 with its words."""
    name, path = tool
    argv = [str(path), *(_gh(asked) if name == "gh" else _glab(asked))]
    with subprocess.Popen(  # noqa: S603  the user's own program, an argument vector
        argv,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=repository.folder,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(asked.body.encode(), timeout=_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise _refused(name, f"did not end within {_TIMEOUT_SECONDS} s", asked, b"") from None
    if process.returncode:
        raise _refused(name, f"ended with {process.returncode}", asked, err)
    return visible(out.decode(errors="replace").strip().replace("\n", " "))


def _gh(asked: Request) -> list[str]:
    words = ["pr", "create", "--head", asked.head, "--base", asked.base]
    return [*words, "--title", asked.title, "--body-file", "-"]


def _glab(asked: Request) -> list[str]:
    words = ["mr", "create", "--source-branch", asked.head, "--target-branch", asked.base, "--yes"]
    return [*words, "--title", asked.title, "--description", asked.body]


def _refused(name: str, why: str, asked: Request, err: bytes) -> HandrailError:
    told = [visible(line) for line in err.decode(errors="replace").splitlines()[:20]]
    text = f"{name} {why}. The branch {asked.head} is on the remote."
    return HandrailError("PRQ002", text, f"open it by hand from {asked.head} to {asked.base}", told)
