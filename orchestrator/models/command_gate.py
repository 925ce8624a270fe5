"""A check that a team adds without Python: a program of its own, run in a sandbox, declared in the signed policy."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated, Self

from pydantic import AfterValidator, Field, model_validator

from orchestrator.models.base import Noun
from orchestrator.models.capabilities import Limits
from orchestrator.models.found import Disposition

FILES = "{files}"
"""The word of a command that stands for the changed files, each as an argument of its own."""

_NAME = re.compile(r"[a-z][a-z0-9-]{1,39}")
_IMAGE = re.compile(r"|sha256:[0-9a-f]{64}")


def _name(value: str) -> str:
    if not _NAME.fullmatch(value):
        raise ValueError("a gate's name has 2 to 40 small letters, digits and hyphens, and begins with a letter")
    return value


def _image(value: str) -> str:
    if not _IMAGE.fullmatch(value):
        raise ValueError("an image is sha256: and 64 hexadecimal digits")
    return value


def _place(value: str) -> str:
    parts = value.split("/")
    if not value.isprintable() or {"", ".", "..", ".git"} & set(parts):
        raise ValueError("a path is relative to the top of the tree and has plain components")
    return value


def _word(value: str) -> str:
    if "\0" in value:
        raise ValueError("a word of a command holds no NUL")
    return value


class CommandOutput(StrEnum):
    """What the program writes on stdout: SARIF 2.1.0, or ``path:line[:column]: text [rule]`` on each line."""

    SARIF = "sarif"
    LINES = "lines"


class KnownWeakness(Noun):
    """A file that is laid beside the tree. A run that does not report ``rule`` in it is broken, whatever it says."""

    path: Annotated[str, AfterValidator(_place)]
    text: str
    rule: str = Field(min_length=1)


class CommandGate(Noun):
    """How the program is run and read.

    It sees the whole tree at ``/work``, which it cannot write, without a network. ``files`` are patterns of the paths
    that it judges: a change without one starts nothing. ``settings`` are patterns of its own configuration, which is
    taken from the base on both sides, so that no change sets its own rules. With ``environment`` it has the packages
    of the base's lock files; ``image`` is an image's id, else the sandbox's own with ``layers``. Exit codes that are
    neither ``clean_exits`` nor ``finding_exits`` are broken runs, and so is one of ``finding_exits`` with no finding.
    ``error``, ``warning`` and ``note`` say where results of these levels go. ``limits`` are of each of two containers.
    """

    name: Annotated[str, AfterValidator(_name)]
    argv: tuple[Annotated[str, AfterValidator(_word)], ...] = Field(min_length=1)
    files: tuple[str, ...] = Field(min_length=1)
    settings: tuple[str, ...] = ()
    output: CommandOutput = CommandOutput.SARIF
    clean_exits: tuple[int, ...] = (0,)
    finding_exits: tuple[int, ...] = (1,)
    known_weakness: KnownWeakness | None = None
    environment: bool = False
    image: Annotated[str, AfterValidator(_image)] = ""
    layers: tuple[str, ...] = ()
    error: Disposition = Disposition.AGENT
    warning: Disposition = Disposition.AGENT
    note: Disposition = Disposition.NOTE
    limits: Limits = Limits(memory_mib=2048, wall_seconds=300, output_kib=16 * 1024)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if not self.argv[0] or self.argv[0] == FILES:
            raise ValueError("a command begins with a program")
        if set(self.clean_exits) & set(self.finding_exits) or not self.clean_exits:
            raise ValueError("an exit code says either that there are findings or that there are none")
        return self

    @property
    def by_file(self) -> bool:
        """Whether the changed files are named to the program; otherwise it looks at the whole tree."""
        return FILES in self.argv
