"""What a call is about to judge, read by git while everything that judges is loaded. A hint: nothing rests on it.

Begins before the words of the command are understood: one that is taken for another here costs time and nothing else.
"""

from __future__ import annotations

import os
import threading
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING

from orchestrator.errors import HandrailError
from orchestrator.vcs.ahead import contents
from orchestrator.vcs.repository import Repository, find

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.gates.scanners.team import Team

__all__ = ["BEGUN", "Found", "Reading", "begin", "staged_index"]


class Found:
    """The repository of one command: looked for once, by whichever thread asks first."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._lock = folder, threading.Lock()
        self._repository: Repository | None = None

    def __call__(self) -> Repository:
        """Raises as :func:`orchestrator.vcs.repository.find`, each time anew."""
        with self._lock:
            self._repository = self._repository or find(self.folder)
            return self._repository


class Reading(threading.Thread):
    """Reads, and tells whoever asks the scanners once both are there."""

    def __init__(self, found: Found, read: Callable[[], Sequence[bytes]]) -> None:
        super().__init__(daemon=True)
        self.found, self._read = found, read
        self._teams: SimpleQueue[Team | None] = SimpleQueue()
        self.start()

    def tell(self, team: Team) -> None:
        self._teams.put(team)

    def end(self) -> None:
        """Wait until nothing more is read, and nobody is told of it any more."""
        self._teams.put(None)
        self.join()

    def run(self) -> None:
        # Who asks by the rules is told what is wrong.
        with suppress(HandrailError, OSError, ValueError):
            read = self._read()
            team = self._teams.get()
            if team is not None:
                team.look_ahead(read)


BEGUN: list[Reading] = []
"""What began and nobody took yet."""


def begin(words: Sequence[str]) -> None:
    """Read what this call of ``handrail gate`` is probably about: the Python that its commits or the index hold."""
    base, head, folder = (_after(words, name) for name in ("--base", "--head", "--repo"))
    staged = "--staged" in words
    if "--patch" in words or not (base or staged):
        return
    found = Found(Path(folder))
    index = staged_index(found.folder) if staged else None
    read = lambda: contents(found(), ".py", base=base, head=head or "HEAD", staged=staged, index=index)  # noqa: E731
    BEGUN.append(Reading(found, read))


def _after(words: Sequence[str], name: str) -> str:
    """What was given last for this option."""
    given = ""
    for at, word in enumerate(words):
        if word == name:
            given = "".join(words[at + 1 : at + 2])
        elif word.startswith(f"{name}="):
            given = word.partition("=")[2]
    return given


def staged_index(folder: Path) -> Path | None:
    """Git tells a hook which index will be committed; the path may be relative to where the hook runs."""
    named = os.environ.get("GIT_INDEX_FILE", "")
    return (folder / named).absolute() if named else None
