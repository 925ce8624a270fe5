"""What the native agent can do in its working directory: read, write, edit, search, run, done.

Nothing here checks a path or a command: the container is the boundary, and a refusal of it is told as what
it is. Results are data for the model: their size is capped, and characters that hide text are written out.
"""

from __future__ import annotations

import errno
import hashlib
import os
import select
import signal
import subprocess
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any

RESULT_CHARACTERS = 12_000
READ_LINES = 400
FILE_BYTES = 4 << 20
RUN_SECONDS = 120
RUN_SECONDS_MOST = 1800
SEARCH_SECONDS = 20
OUTPUT_BYTES = 64 << 10
DENIED = {errno.EACCES, errno.EPERM, errno.EROFS}
DENIED_WORDS = (
    "Permission denied",
    "Operation not permitted",
    "Read-only file system",
    "Network is unreachable",
    "name resolution",
    "Name or service not known",
    "Could not resolve host",
)
LISTED = 500

Tell = Callable[..., None]


class ToolFailed(Exception):
    """The words for the model."""


def _schema(words: str, needed: tuple[str, ...], **properties: dict[str, Any]) -> dict[str, Any]:
    form = {"type": "object", "properties": properties, "required": list(needed), "additionalProperties": False}
    return {"description": words, "parameters": form}


_STRING, _NUMBER = {"type": "string"}, {"type": "integer", "minimum": 1}
TOOLS: dict[str, dict[str, Any]] = {
    "read": _schema(
        f"Lines of a text file (at most {READ_LINES}, from line `start`), or the names in a folder.",
        ("path",),
        path=_STRING,
        start=_NUMBER,
    ),
    "write": _schema("Make or replace a whole file.", ("path", "content"), path=_STRING, content=_STRING),
    "edit": _schema(
        "Replace `old`, which must occur exactly once in the file, by `new`.",
        ("path", "old", "new"),
        path=_STRING,
        old=_STRING,
        new=_STRING,
    ),
    "search": _schema(
        "Lines that match an extended regular expression, below `path` (default: everywhere).",
        ("pattern",),
        pattern=_STRING,
        path=_STRING,
    ),
    "run": _schema(
        f"Run a shell command in the root of the tree; its output and exit code. Default time-out {RUN_SECONDS} s.",
        ("command",),
        command=_STRING,
        timeout_seconds=_NUMBER,
    ),
    "done": _schema("The step is done and checked. Say what was changed.", ("summary",), summary=_STRING),
}


def definitions() -> list[dict[str, Any]]:
    """In the form of chat completions."""
    return [{"type": "function", "function": {"name": name, **tool}} for name, tool in TOOLS.items()]


def action_schema() -> dict[str, Any]:
    """One call as a JSON object, for endpoints that know no tools."""
    form = {"type": "object", "required": ["tool", "arguments"], "additionalProperties": False}
    arguments = {"type": "object", "properties": {k: _STRING for t in TOOLS.values() for k in _names(t)}}
    return {**form, "properties": {"tool": {"enum": list(TOOLS)}, "arguments": arguments}}


def explained() -> str:
    """The tools in words, for the same endpoints."""
    lines = [f"- {name}: {tool['description']} Arguments: {', '.join(_names(tool))}." for name, tool in TOOLS.items()]
    return "\n".join(lines)


def _names(tool: dict[str, Any]) -> list[str]:
    return list(tool["parameters"]["properties"])


class Tools:
    """``tell`` gets the events. ``seconds_left`` bounds a command."""

    def __init__(self, tell: Tell, seconds_left: Callable[[], float]) -> None:
        self._tell, self._seconds_left = tell, seconds_left
        self._doing = {"read": self._read, "write": self._write, "edit": self._edit}
        self._doing |= {"search": self._search, "run": self._run}

    def use(self, name: str, arguments: dict[str, Any] | None) -> str:
        """Do one thing; what came of it, or why not, in words for the model."""
        try:
            checked = _checked(name, arguments)
            self._tell("tool-call", f"{name} {next(iter(checked.values()), '')}"[:400], tool=name)
            return clean(self._doing[name](checked))
        except ToolFailed as failure:
            return f"error: {failure}"
        except OSError as error:
            return self._refused(name, error, arguments or {})
        except ValueError as error:
            return f"error: {error}"

    def _refused(self, name: str, error: OSError, arguments: dict[str, Any]) -> str:
        path = str(error.filename or arguments.get("path", ""))
        if error.errno in DENIED:
            text = f"sandbox: {name} of {path} is not granted to this step"
            self._tell("message", text, path=path, denied=True)
            return f"denied: {text}. Asking again or another way does not change it."
        return f"error: {name} {path}: {error.strerror or error}"

    def _read(self, asked: dict[str, Any]) -> str:
        path, start = Path(asked["path"]), int(asked.get("start", 1))
        if path.is_dir():
            names = sorted(p.name + "/" * p.is_dir() for p in path.iterdir())
            more = f"\n… {len(names) - LISTED} more" if len(names) > LISTED else ""
            return "\n".join(names[:LISTED]) + more or "(empty)"
        with path.open("rb") as file:
            data = file.read(FILE_BYTES + 1)
        if len(data) > FILE_BYTES or b"\0" in data[:8192]:
            raise ToolFailed(f"{path} is no text, or larger than {FILE_BYTES >> 20} MiB")
        lines = data.decode(errors="replace").split("\n")
        chosen = lines[start - 1 : start - 1 + READ_LINES]
        left = len(lines) - (start - 1) - len(chosen)
        more = f"\n… {left} more lines; read again with start {start + len(chosen)}" if left > 0 else ""
        return "\n".join(chosen) + more

    def _write(self, asked: dict[str, Any]) -> str:
        path, data = Path(asked["path"]), asked["content"].encode()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        self._tell("file-written", str(path), path=str(path), bytes=len(data))
        return f"{path} has {len(data)} bytes now"

    def _edit(self, asked: dict[str, Any]) -> str:
        path = Path(asked["path"])
        text = path.read_bytes().decode()
        count = text.count(asked["old"]) if asked["old"] else 0
        if count != 1:
            raise ToolFailed(f"the old text occurs {count} times in {path}, not once; read the file, take more lines")
        data = text.replace(asked["old"], asked["new"]).encode()
        path.write_bytes(data)
        self._tell("file-written", str(path), path=str(path), bytes=len(data))
        return f"{path} is changed"

    def _search(self, asked: dict[str, Any]) -> str:
        argv = ["grep", "-rnIE", "--exclude-dir=.git", "-e", asked["pattern"], "--", asked.get("path", ".")]
        status, output = captured(argv, SEARCH_SECONDS)
        return output if status == 0 else "no line matches" if status == 1 else f"error: {output}"

    def _run(self, asked: dict[str, Any]) -> str:
        command = asked["command"]
        seconds = min(float(asked.get("timeout_seconds", RUN_SECONDS)), RUN_SECONDS_MOST, self._seconds_left())
        status, output = captured(["/bin/sh", "-c", command], max(seconds, 0.1))
        denied = {"denied": True} if status and any(words in output for words in DENIED_WORDS) else {}
        self._tell("command", output[-2000:], argv=["/bin/sh", "-c", command], exit_code=status, **denied)
        return f"exit code {status}\n{output}" if output else f"exit code {status}, no output"


def _checked(name: str, arguments: dict[str, Any] | None) -> dict[str, Any]:
    if name not in TOOLS:
        raise ToolFailed(f"there is no tool {name[:80]!r}; the tools are {', '.join(TOOLS)}")
    if arguments is None:
        raise ToolFailed("the arguments are no JSON object, or were cut off; make the call again, smaller")
    form = TOOLS[name]["parameters"]
    odd = [key for key in arguments if key not in form["properties"]]
    missing = [key for key in form["required"] if key not in arguments]
    if odd or missing:
        raise ToolFailed(f"{name} takes {', '.join(form['properties'])}; wrong: {', '.join(odd + missing)[:200]}")
    for key, value in arguments.items():
        wanted = int if form["properties"][key] is _NUMBER else str
        if not isinstance(value, wanted) or isinstance(value, bool) or (wanted is int and value < 1):
            raise ToolFailed(f"{key} must be a {'positive number' if wanted is int else 'text'}")
        if wanted is str and "\0" in value and key != "content":
            raise ToolFailed(f"{key} holds a NUL")
    return arguments


def captured(argv: list[str], seconds: float) -> tuple[int, str]:
    """Exit code (124 on time-out) and both outputs together, the middle left out when they are long.

    A process that it left behind ends with it, unless it left its session: that one ends with the sandbox.
    """
    process = subprocess.Popen(  # noqa: S603 - running what the model says is its purpose; the container is the boundary
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    deadline, output = time.monotonic() + seconds, Output()
    while time.monotonic() < deadline and output.take(process.stdout, deadline):
        if process.poll() is not None and not output.waiting(process.stdout):
            break
    late = _late(process, deadline)
    _end(process.pid)
    process.stdout.close()
    status = process.wait()
    words = output.words()
    return (124, f"{words}\nended after {seconds:.0f} s") if late else (status, words)


def _late(process: subprocess.Popen[bytes], deadline: float) -> bool:
    """Wait for the end; whether it did not come in time."""
    try:
        process.wait(max(deadline - time.monotonic(), 0))
    except subprocess.TimeoutExpired:
        return True
    return False


class Output:
    """The beginning and the end of what a command prints."""

    def __init__(self) -> None:
        self._head, self._tail, self._size = b"", b"", 0

    def take(self, pipe: IO[bytes], deadline: float) -> bool:
        """Wait a little for the next piece; False at the end."""
        left = min(deadline - time.monotonic(), 0.2)
        if not select.select([pipe], [], [], max(left, 0))[0]:
            return True
        piece = os.read(pipe.fileno(), 65536)
        self._size += len(piece)
        taken = OUTPUT_BYTES // 2 - len(self._head)
        self._head += piece[:taken]
        self._tail = (self._tail + piece[taken:])[-OUTPUT_BYTES // 2 :]
        return bool(piece)

    @staticmethod
    def waiting(pipe: IO[bytes]) -> bool:
        """Whether something can be read at once."""
        return bool(select.select([pipe], [], [], 0)[0])

    def words(self) -> str:
        """Text, with what was left out counted."""
        left = self._size - len(self._head) - len(self._tail)
        middle = f"\n… {left} bytes left out …\n".encode() if left else b""
        return (self._head + middle + self._tail).decode(errors="replace")


def _end(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def clean(text: str, most: int = RESULT_CHARACTERS) -> str:
    """Size-capped, with what is invisible or turns a line round written out as ``<U+202E>``."""
    if len(text) > most:
        half = most // 2
        text = f"{text[:half]}\n… {len(text) - 2 * half} characters left out …\n{text[-half:]}"
    if text.isascii() and "\x1b" not in text:
        return text
    return "".join(c if c in "\n\t" or not _hidden(c) else f"<U+{ord(c):04X}>" for c in text)


def labelled(label: str, text: str) -> str:
    """Data between marks that the data itself cannot hold: they carry its own digest."""
    mark = hashlib.sha256(text.encode(errors="replace")).hexdigest()[:16]
    return f"<<<DATA {mark} {clean(label, 200)}\n{text}\nDATA {mark}>>>"


def _hidden(character: str) -> bool:
    return unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}
