"""One example: a file that a change brings, and the same file as it may be."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Shown", "described"]

_LINES, _COLUMNS = 24, 100


class Shown(NamedTuple):
    """``bad`` has a finding of the code, ``good`` has none of it; both are read as UTF-8 but for ``encoding``.

    ``base`` is the file before the change, on both sides. ``bad_path`` and ``good_path`` where the name is what
    matters. ``times``: how often the text of the bad side stands there; where ``of_base`` says so it is the base that
    is so long, and the good side adds to it.
    ``mode``: of the bad side, as git writes it. ``deleted``: the bad change removes the file. ``told``: an example in
    words, where it takes more than a file to have such a finding.
    """

    path: str
    bad: str
    good: str
    base: str | None = None
    bad_path: str = ""
    good_path: str = ""
    encoding: str = "utf-8"
    times: int = 1
    of_base: bool = False
    mode: str = ""
    deleted: bool = False
    told: bool = False


def described(shown: Shown) -> str:
    """Both sides, each below the name of its file; what does not show is written as its number."""
    before = "" if shown.base is None or shown.told else _part("Before", shown.path, shown.base, shown.times)
    times = 1 if shown.of_base else shown.times
    bad = "the file is deleted" if shown.deleted else shown.bad
    how = f", mode {shown.mode}" if shown.mode else f", in {shown.encoding}" if shown.encoding != "utf-8" else ""
    good = f"(all of it)\n{shown.good}" if shown.of_base else shown.good
    parts = (
        _part("Bad", (shown.bad_path or shown.path) + how, bad, times),
        _part("Good", shown.good_path or shown.path, good),
    )
    return "".join((before, *parts)).rstrip()


def _part(side: str, path: str, text: str, times: int = 1) -> str:
    lines = [_line(line) for line in text.rstrip("\n").split("\n")[:_LINES]]
    often = f", {times:,} times" if times > 1 else ""
    body = "\n".join(f"    {line}".rstrip() for line in lines)
    return f"{side} ({path}{often}):\n\n{body or '    (empty)'}\n\n"


def _line(line: str) -> str:
    shown = "".join(c if c.isprintable() else f"<U+{ord(c):04X}>" for c in line)
    return shown if len(shown) <= _COLUMNS else f"{shown[:_COLUMNS]}… ({len(shown)} characters)"
