"""Start a coding agent, and tell what it does as one JSON object per line.

Reads one JSON object from stdin::

    {"name", "version", "argv": [...], "env": {...}, "files": {"below HOME": "text"}, "prompt": "...",
     "words": "claude", "output_bytes": 1000000}

and writes ``{"kind": ..., "text": ..., "data": {...}}`` lines as the `scripted` agent does. It reads the agent's own
output, so that nothing outside the container has to (lines are cut, counted and capped here). It decides
nothing and checks nothing: the container is the boundary. Standard library only, Python 3.9 or later.

The agent gets the prompt on stdin, a HOME of its own, and a throw-away repository with one commit in the tree where the
host has made room for it; what becomes of that is never read.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))

HOME = Path("/tmp/home")  # noqa: S108 - inside the container, private to it
WORK = Path("/work")
MAX_LINE_BYTES = 8 << 20
TEXT_CHARACTERS = 2000
RESERVED_BYTES = 64 << 10
STDERR_BYTES = 4000
GIT_SECONDS = 60
NOT_FOUND = 127
SIGNALLED = 128
JOIN_SECONDS = 5
SPOKEN = {"message", "tool-call", "command"}
GIT_CONFIG = """[user]
\tname = agent
\temail = agent@sandbox.invalid
[safe]
\tdirectory = *
[init]
\tdefaultBranch = main
[core]
\thooksPath = /dev/null
\tfsmonitor = false
[gc]
\tauto = 0
"""


class Teller:
    """Writes events while the budget lasts; the last of it is kept for how it ended."""

    def __init__(self, output_bytes: int) -> None:
        self.left = output_bytes
        self.dropped = 0

    def tell(self, kind: str, text: str = "", **data: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
        """Write one event."""
        cut = (
            text
            if len(text) <= TEXT_CHARACTERS
            else text[: TEXT_CHARACTERS // 2] + " … " + text[-TEXT_CHARACTERS // 2 :]
        )
        short = {k: v[:TEXT_CHARACTERS] if isinstance(v, str) else v for k, v in data.items() if v is not None}
        line = json.dumps({"kind": kind, "text": cut, "data": short}).encode() + b"\n"
        if len(line) > self.left - (RESERVED_BYTES if kind in SPOKEN else 0):
            self.dropped += 1
            return
        self.left -= len(line)
        sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()


def repository() -> None:
    """One commit of everything, where the host has made a folder for it."""
    if not (WORK / ".git").is_dir():
        return
    commands = (["git", "init", "-q"], ["git", "add", "-A"], ["git", "commit", "-q", "--allow-empty", "-m", "base"])
    for argv in commands:
        try:
            done = subprocess.run(argv, cwd=WORK, stdin=subprocess.DEVNULL, capture_output=True, timeout=GIT_SECONDS)  # noqa: PLW1510, S603 - our own words; its end is looked at
        except (OSError, subprocess.TimeoutExpired):
            return
        if done.returncode != 0:
            return


def prepare(task: dict[str, Any]) -> None:
    """HOME and what the agent finds in it."""
    HOME.mkdir(exist_ok=True)
    os.environ["HOME"] = str(HOME)
    (HOME / ".gitconfig").write_text(GIT_CONFIG)
    for name, text in task["files"].items():
        place = HOME / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (HOME / "prompt.txt").write_text(task["prompt"])
    repository()


def lines(stream: Any):  # noqa: ANN201, ANN401 - a pipe; a generator of bytes
    """Lines of the agent's output; one without an end is cut."""
    pending, skipping = b"", False
    while chunk := os.read(stream.fileno(), 1 << 16):
        *whole, pending = (pending + chunk).split(b"\n")
        for line in whole:
            if not skipping:
                yield line
            skipping = False
        if len(pending) > MAX_LINE_BYTES:
            pending, skipping = b"", True
    if pending and not skipping:
        yield pending


class Tail(threading.Thread):
    """The end of what the agent says on stderr."""

    def __init__(self, stream: Any) -> None:  # noqa: ANN401 - a pipe
        super().__init__(daemon=True)
        self.stream, self.text = stream, b""

    def run(self) -> None:
        """Until the pipe's end."""
        while chunk := os.read(self.stream.fileno(), 1 << 16):
            self.text = (self.text + chunk)[-STDERR_BYTES:]


def run(task: dict[str, Any], teller: Teller) -> int:
    """The agent from start to end: its exit status as a shell gives it."""
    words = importlib.import_module("words." + task["words"]).Words()
    environment = {**os.environ, "HOME": str(HOME), **task["env"]}
    with (HOME / "prompt.txt").open("rb") as prompt:
        try:
            agent = subprocess.Popen(  # noqa: S603 - running it is the purpose
                task["argv"],
                cwd=WORK,
                env=environment,
                stdin=prompt,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            teller.tell("failed", f"{task['argv'][0]}: {error.strerror}", exit_code=NOT_FOUND)
            return NOT_FOUND
    teller.tell("started", f"{task['name']} {task['version']}")
    tail = Tail(agent.stderr)
    tail.start()
    with agent:
        follow(agent, words, teller)
        tail.join(JOIN_SECONDS)
    code = SIGNALLED - agent.returncode if agent.returncode < 0 else agent.returncode
    end(words, code, tail.text.decode(errors="replace"), teller)
    return code


def follow(agent: Any, words: Any, teller: Teller) -> None:  # noqa: ANN401 - a process, any of the modules' classes
    """Every line as what it says, until the agent's output ends."""
    for line in lines(agent.stdout):
        try:
            for kind, text, data in words.line(line):
                teller.tell(kind, text, **data)
        except (KeyError, TypeError, ValueError, AttributeError, IndexError, RecursionError):
            teller.dropped += 1


def end(words: Any, code: int, stderr: str, teller: Teller) -> None:  # noqa: ANN401 - any of the modules' classes
    """Say once how it ended."""
    if teller.dropped:
        teller.tell("message", f"{teller.dropped} lines of the agent's output are not told", dropped=teller.dropped)
    if code == 0 and words.final is not None and not words.error:
        teller.tell("finished", words.final, exit_code=0)
        return
    last = " ".join(stderr.split())[-TEXT_CHARACTERS // 2 :]
    name = f" ({signal.Signals(code - SIGNALLED).name})" if code - SIGNALLED in set(signal.Signals) else ""
    how = f"ended with {code}{name}" if code else "ended without a last word"
    teller.tell("failed", ": ".join(part for part in (how, words.error or last) if part), exit_code=code)


def main() -> int:
    """Everything."""
    task = json.load(sys.stdin)
    tempfile.tempdir = "/tmp"  # noqa: S108 - inside the container
    prepare(task)
    return run(task, Teller(task["output_bytes"]))


if __name__ == "__main__":
    sys.exit(main())
