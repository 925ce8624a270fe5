"""What a step did, as the host saw it from outside the agent: programs, commands of ours, files left, how it ended.

Names of programs and their arguments were chosen by an agent: they are cut and counted, and nothing is run by them.
"""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.models.base import Noun
from orchestrator.models.usage import Peaks

MAX_PROGRAMS = 256
"""How many different programs of an attempt are kept; what comes after them is counted."""


class Way(StrEnum):
    """How a program was seen."""

    SAMPLED = "sampled"
    """In the process table, read by another user's process in the container's process namespace."""
    OPENED = "opened"
    """Its file in a directory of programs was opened, to be run or to be read: the kernel told of each, none missed."""
    TOP = "top"
    """In the engine's own list of the container's processes, once a second."""


class Program(Noun):
    """A program, the first time that it was seen under this parent.

    ``name`` is that of the file, ``parent`` the name of the process that started it, both '' where it was not told.
    ``argv`` are the words of its process as they stood in the process table, cut.
    """

    name: str
    parent: str = ""
    argv: tuple[str, ...] = ()
    way: Way


class Cause(StrEnum):
    """Why a command of ours came to an end."""

    ENDED = "ended"
    FAILED = "failed"
    KILLED = "killed"
    TIMED_OUT = "timed-out"
    OUT_OF_MEMORY = "out-of-memory"


class Ran(Noun):
    """A command that the host itself started inside: its program and plain words, and how it ended."""

    argv: tuple[str, ...]
    exit_code: int
    cause: Cause
    seconds: float = Field(ge=0)
    truncated: bool = False


class Folder(Noun):
    """Files of one directory."""

    files: int = Field(ge=0)
    bytes: int = Field(default=0, ge=0)


class Account(Noun):
    """Of one attempt. ``seen`` processes were looked at, of ``created`` (threads among them; ``None``: not told).

    ``dropped`` programs came after :data:`MAX_PROGRAMS`. ``lost`` says that the sampling ended before the attempt did.
    ``read`` are the directories that were copied in, ``written`` those of the tree that came out changed, ``left``
    what lay in ``/tmp`` at the end; ``read`` and ``written`` have no bytes.
    """

    ways: tuple[Way, ...] = ()
    programs: tuple[Program, ...] = ()
    seen: int = Field(default=0, ge=0)
    created: int | None = Field(default=None, ge=0)
    dropped: int = Field(default=0, ge=0)
    lost: bool = False
    ran: tuple[Ran, ...] = ()
    out_of_memory: bool = False
    peaks: Peaks = Peaks.model_construct()
    read: dict[str, Folder] = Field(default_factory=dict)
    written: dict[str, Folder] = Field(default_factory=dict)
    left: dict[str, Folder] = Field(default_factory=dict)

    def names(self) -> tuple[str, ...]:
        """Of all programs, each once."""
        return tuple(sorted({program.name for program in self.programs}))
