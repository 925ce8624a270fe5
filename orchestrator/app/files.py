"""Files that a person names, and a copy that they edit."""

from __future__ import annotations

import os
import shlex
import stat
import subprocess
import tempfile
from pathlib import Path, PurePosixPath

from orchestrator.errors import UsageError

_FILE_BYTES = 64 << 20


def read_file(path: Path) -> bytes:
    """Raises ``UsageError``: SPEC001 when the file cannot be read, SPEC002 when it is no file or above 64 MiB."""
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _FILE_BYTES:
            text = f"{path} is no plain file of at most {_FILE_BYTES >> 20} MiB."
            raise UsageError("SPEC002", text, "name a file")
        return path.read_bytes()
    except (OSError, ValueError) as problem:
        why = problem.strerror if isinstance(problem, OSError) else problem
        raise UsageError("SPEC001", f"{path} cannot be read: {why}.", "check the path") from problem


def write_new(path: Path, data: bytes) -> None:
    """A file that was not there. Raises ``UsageError`` (CLI005) when it is, or cannot be written."""
    try:
        with path.open("xb") as file:
            file.write(data)
    except OSError as problem:
        raise UsageError("CLI005", f"{path} cannot be written: {problem.strerror}.", "name a new file") from problem


def edit_copy(path: str, data: bytes) -> bytes:
    """What the person's editor leaves of a copy of ``data``, in a folder that only they can read.

    The editor is ``$VISUAL`` or ``$EDITOR``, split as a shell would and run without one. Only the suffix of ``path``
    is used for the name. Raises ``UsageError`` (REV043) when there is no editor, or it fails.
    """
    words = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "")
    if not words:
        raise UsageError("REV043", "No editor is set.", "set EDITOR, or give the edited file with --from")
    suffix = "".join(c for c in PurePosixPath(path).suffix if c.isascii() and (c.isalnum() or c == "."))
    with tempfile.TemporaryDirectory(prefix="handrail-edit-") as folder:
        copy = Path(folder) / f"copy{suffix}"
        copy.write_bytes(data)
        try:
            ended = subprocess.run([*words, str(copy)], check=False).returncode  # noqa: S603  the person's own editor
        except OSError as problem:
            raise UsageError("REV043", f"{words[0]} cannot be run: {problem.strerror}.", "set EDITOR") from problem
        if ended:
            raise UsageError("REV043", f"The editor ended with {ended}, so nothing is changed.", "edit again")
        return read_file(copy)
