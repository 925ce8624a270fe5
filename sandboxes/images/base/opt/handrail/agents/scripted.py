"""Replay a list of actions in the working directory; the half of the `scripted` agent that lives in the image.

Reads one JSON object ``{"actions": [...]}`` from stdin and writes one JSON object per line to stdout:
``{"kind": ..., "text": ..., "data": {...}}``. It decides nothing and checks no path: the container is the
boundary, and a script may try whatever a coding agent might. An action that is refused or fails is
told as an event and the next one follows. Standard library only, Python 3.9 or later.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

OUTPUT_TAIL_BYTES = 4096
DEFAULT_RUN_SECONDS = 120
DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
HUNK = re.compile(r"@@ -(\d+)(?:,\d+)? \+\d+(?:,\d+)? @@")


class Hunk:
    """Where a hunk begins in the old file, its old lines and its new lines, with their line ends."""

    def __init__(self, first: int) -> None:
        self.first = first
        self.old: list[str] = []
        self.new: list[str] = []

    def add(self, line: str) -> None:
        """Take one line of the diff."""
        if line[0] in " -":
            self.old.append(line[1:])
        if line[0] in " +":
            self.new.append(line[1:])


def tell(kind: str, text: str = "", **data: Any) -> None:  # noqa: ANN401 - whatever JSON can hold
    """Write one event."""
    print(json.dumps({"kind": kind, "text": text, "data": data}), flush=True)


def put(path: str, data: bytes) -> None:
    """Write a file in place, with its folders."""
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(data)


def write(action: dict[str, Any]) -> None:
    """Make or replace a file."""
    path = action["path"]
    data = base64.b64decode(action["base64"]) if "base64" in action else action["text"].encode()
    put(path, data)
    if "mode" in action:
        Path(path).chmod(int(action["mode"], 8))
    tell("file-written", path, path=path, bytes=len(data))


def patch(action: dict[str, Any]) -> None:
    """Apply a unified diff, or replace a text that occurs once."""
    if "diff" in action:
        for path, hunks in parse_diff(action["diff"]):
            apply_hunks(path, hunks)
            tell("file-written", path, path=path)
        return
    path, old = action["path"], action["old"]
    text = Path(path).read_bytes().decode()
    if text.count(old) != 1:
        raise ValueError(f"{path}: the old text occurs {text.count(old)} times, not once")
    put(path, text.replace(old, action["new"]).encode())
    tell("file-written", path, path=path)


def parse_diff(diff: str) -> list[tuple[str, list[Hunk]]]:
    """Paths and hunks of a unified diff."""
    files: list[tuple[str, list[Hunk]]] = []
    for line in diff.splitlines(keepends=True):
        header = HUNK.match(line)
        if line.startswith("+++ "):
            name = line[4:].split("\t")[0].strip()
            files.append((name[2:] if name.startswith("b/") else name, []))  # noqa: FURB188 - as it reads in a diff
        elif header and files:
            files[-1][1].append(Hunk(int(header[1])))
        elif files and files[-1][1] and line[:1] in {" ", "+", "-"} and not line.startswith("--- "):
            files[-1][1][-1].add(line)
    if not any(hunks for _, hunks in files):
        raise ValueError("the diff holds no hunk")
    return files


def apply_hunks(path: str, hunks: list[Hunk]) -> None:
    """Replace exactly what the diff names, at exactly its lines: no fuzz, no offset."""
    lines = Path(path).read_bytes().decode().splitlines(keepends=True) if Path(path).exists() else []
    for hunk in reversed(hunks):
        start = max(hunk.first - 1, 0) if hunk.old else hunk.first
        if lines[start : start + len(hunk.old)] != hunk.old:
            raise ValueError(f"{path}:{hunk.first}: the lines are not those of the diff")
        lines[start : start + len(hunk.old)] = hunk.new
    put(path, "".join(lines).encode())


def delete(action: dict[str, Any]) -> None:
    """Remove a file."""
    Path(action["path"]).unlink()
    tell("file-written", action["path"] + " (deleted)", path=action["path"], deleted=True)


def run(action: dict[str, Any]) -> None:
    """Run a program to its end or time-out; keep the end of what it prints."""
    argv = action["argv"]
    tell("tool-call", " ".join(argv), argv=argv)
    process = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # noqa: S603 - running what the script says is its purpose
    alarm = threading.Timer(action.get("timeout_seconds", DEFAULT_RUN_SECONDS), process.kill)
    alarm.daemon = True
    alarm.start()
    tail = b""
    while chunk := os.read(process.stdout.fileno(), 65536):
        tail = (tail + chunk)[-OUTPUT_TAIL_BYTES:]
    status = process.wait()
    alarm.cancel()
    tell("command", tail.decode(errors="replace"), argv=argv, exit_code=status)


def say(action: dict[str, Any]) -> None:
    """Speak."""
    tell("message", action["text"])


def sleep(action: dict[str, Any]) -> None:
    """Wait."""
    time.sleep(action["seconds"])


ACTIONS = {"write": write, "patch": patch, "delete": delete, "run": run, "say": say, "sleep": sleep}


def perform(action: dict[str, Any]) -> bool:
    """Do one action; a refusal or failure is an event. True when it was done."""
    verb = action.get("do")
    try:
        ACTIONS[verb](action)
    except OSError as error:
        if error.errno in DENIED and verb != "run":
            path = str(error.filename or action.get("path", ""))
            tell("message", f"sandbox: write to {path} is not granted to this step", path=path, denied=True)
        else:
            tell("message", f"{verb}: {error}", failed=True)
        return False
    except (ValueError, KeyError) as error:
        tell("message", f"{verb}: {error}", failed=True)
        return False
    return True


def main() -> None:
    """Do all actions in their order."""
    actions = json.load(sys.stdin)["actions"]
    tell("started", f"{len(actions)} actions")
    done = sum(perform(action) for action in actions)
    tell("finished", f"{done} of {len(actions)} actions done", done=done, failed=len(actions) - done)


if __name__ == "__main__":
    main()
