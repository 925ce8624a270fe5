"""Files that a person names, and a copy that they edit."""

from __future__ import annotations

import os
import shlex
import subprocess
import tempfile
from pathlib import Path, PurePosixPath

from orchestrator.app.start import read_file
from orchestrator.errors import UsageError


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
