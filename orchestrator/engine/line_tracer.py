"""A program of its own, run inside a sandbox: which lines of which files a command runs.

It needs nothing but Python. ``run COMMAND…`` puts a ``sitecustomize`` with this very text on ``PYTHONPATH`` and becomes
the command, so that every Python process below it that reads that variable notes the lines it runs. ``report`` then
compiles the files and prints which lines are code and which of them were noted. Both are told what to look at on stdin.

Nothing in it is proof against the code under test, which runs as the same user and can write the notes itself.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
from collections.abc import Iterator
from types import CodeType, FrameType
from typing import Any

FOLDER = "/tmp/handrail-lines"  # noqa: S108 - inside the container, private to it
TOOL = 4
"""Of ``sys.monitoring``: 0 to 2 and 5 are those of debuggers, coverage, profilers and optimisers."""


def become(argv: list[str], asked: dict[str, Any]) -> None:
    """Make ready, then be the command: it is not a child, so that its exit code is this program's."""
    os.mkdir(FOLDER, 0o700)
    with open(f"{FOLDER}/sitecustomize.py", "w", encoding="utf-8") as program:
        program.write(asked["program"])
    with open(f"{FOLDER}/files", "w", encoding="utf-8") as files:
        json.dump(asked["files"], files)
    rest = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = f"{FOLDER}:{rest}" if rest else FOLDER
    try:
        os.execvp(argv[0], argv)  # noqa: S606 - no shell, the plan's own words
    except OSError as error:
        sys.exit(f"{argv[0]}: {error.strerror}")


class Notes:
    """Appends a line once for each line that is run: what a killed process ran is noted as well."""

    def __init__(self) -> None:
        with open(f"{FOLDER}/files", encoding="utf-8") as files:
            self._wanted = {path: number for number, path in enumerate(json.load(files))}
        self._known: dict[str, int] = {}
        self._seen: set[tuple[int, int]] = set()
        self._log = os.open(f"{FOLDER}/lines", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.write("began")

    def write(self, text: str) -> None:
        with contextlib.suppress(OSError):
            os.write(self._log, f"{text}\n".encode())

    def number(self, filename: str) -> int:
        """Of a file that is looked at, or -1."""
        found = self._known.get(filename)
        if found is None:
            found = self._known[filename] = self._wanted.get(os.path.realpath(filename), -1)
        return found

    def note(self, number: int, line: int) -> None:
        if (number, line) not in self._seen:
            self._seen.add((number, line))
            self.write(f"{number} {line}")


def follow(notes: Notes) -> None:
    """From here on, in every thread of this process."""
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None:
        _monitor(monitoring, notes)
        return

    def lines(number: int) -> Any:
        def inside(frame: FrameType, event: str, _: object) -> Any:
            if event == "line":
                notes.note(number, frame.f_lineno)
            return inside

        return inside

    def calls(frame: FrameType, _: str, __: object) -> Any:
        number = notes.number(frame.f_code.co_filename)
        return None if number < 0 else lines(number)

    sys.settrace(calls)
    threading.settrace(calls)


def _monitor(monitoring: Any, notes: Notes) -> None:
    def line(code: CodeType, number_of_line: int) -> object:
        number = notes.number(code.co_filename)
        if number >= 0:
            notes.note(number, number_of_line)
        return monitoring.DISABLE

    monitoring.use_tool_id(TOOL, "handrail")
    monitoring.register_callback(TOOL, monitoring.events.LINE, line)
    monitoring.set_events(TOOL, monitoring.events.LINE)


def hand_over() -> None:
    """Let a ``sitecustomize`` of the project's own run as it would have without this one."""
    here = os.path.dirname(os.path.realpath(__file__))
    sys.path[:] = [path for path in sys.path if os.path.realpath(path or ".") != here]
    sys.modules.pop("sitecustomize", None)
    with contextlib.suppress(ImportError):
        __import__("sitecustomize")


def executable(code: CodeType) -> Iterator[int]:
    """The lines for which there is code."""
    yield from (line for _, _, line in code.co_lines() if line)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from executable(constant)


def noted() -> list[set[int]] | None:
    """The lines of each file, or ``None`` when no process noted anything."""
    try:
        with open(f"{FOLDER}/lines", encoding="utf-8", errors="replace") as log:
            words = [line.split() for line in log if line.strip()]
        with open(f"{FOLDER}/files", encoding="utf-8") as files:
            found: list[set[int]] = [set() for _ in json.load(files)]
    except OSError:
        return None
    for number, *lines in words:
        if number.isdecimal() and int(number) < len(found):
            found[int(number)].update(int(line) for line in lines if line.isdecimal())
    return found


def report(changed: list[list[list[int]]], files: list[str]) -> dict[str, Any]:
    """Per file which of the changed lines are code, and which of those were noted, as ranges."""
    run = noted()
    if run is None:
        return {"began": False, "files": []}
    return {"began": True, "files": [_row(*one) for one in zip(files, changed, run, strict=True)]}


def _row(path: str, changed: list[list[int]], run: set[int]) -> dict[str, Any]:
    known: set[int] = set()
    with contextlib.suppress(OSError, SyntaxError, ValueError, RecursionError, MemoryError), open(path, "rb") as file:
        known = set(executable(compile(file.read(), path, "exec", dont_inherit=True)))
    code = {line for first, last in changed for line in range(first, last + 1) if line in known}
    return {"code": _ranges(code), "run": _ranges(code & run)}


def _ranges(lines: set[int]) -> list[tuple[int, int]]:
    found: list[tuple[int, int]] = []
    for line in sorted(lines):
        found[-1:] = [(found[-1][0], line)] if found and found[-1][1] == line - 1 else [*found[-1:], (line, line)]
    return found


def main() -> None:
    """As a program."""
    asked = json.load(sys.stdin)
    if sys.argv[1] == "run":
        become(sys.argv[2:], asked)
    else:
        json.dump(report(asked["changed"], asked["files"]), sys.stdout)


if __name__ == "__main__":
    main()
elif __name__ == "sitecustomize":
    follow(Notes())
    hand_over()
