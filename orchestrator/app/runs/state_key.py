"""The key that the state at rest is sealed with, from a file or from a command; by default there is none."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from orchestrator.app.private_file import read_private
from orchestrator.errors import StoreError
from orchestrator.store.sealing import KEY_BYTES

FILE = "HANDRAIL_STATE_KEY"
COMMAND = "HANDRAIL_STATE_KEY_COMMAND"
_SECONDS = 60
_MAX_BYTES = 4096


def state_key() -> bytes | None:
    """32 bytes, written as 64 hexadecimal digits in the file or on the command's standard output.

    The command is words, not a shell's text; it gets this process's environment and no input. Raises ``StoreError``:
    STORE033 for what is no key, STORE034 for what cannot be read, or a file that others may read.
    """
    file, command = os.environ.get(FILE, ""), os.environ.get(COMMAND, "")
    if file and command:
        text = f"{FILE} and {COMMAND} both name a key for the state."
        raise StoreError("STORE034", text, "unset one of them")
    if file:
        return _parsed(_read(Path(file)), file)
    return _parsed(_said(command), command) if command else None


def _read(path: Path) -> bytes:
    make = f"make one: (umask 077; openssl rand -hex 32 > {path})"
    return read_private(
        path,
        most_bytes=_MAX_BYTES,
        unreadable=lambda why: StoreError("STORE034", f"The key for the state cannot be read: {path}: {why}.", make),
        exposed=lambda hint: StoreError("STORE034", f"Others may read the key for the state, {path}.", hint),
    )


def _said(command: str) -> bytes:
    try:
        argv = shlex.split(command)
        done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, timeout=_SECONDS, check=True)  # noqa: S603  the user's own words, no shell
    except (OSError, ValueError, subprocess.SubprocessError) as problem:
        text = f"The command for the state's key failed: {type(problem).__name__}."
        raise StoreError("STORE034", text, f"try the words of {COMMAND} by hand") from problem
    return done.stdout[:_MAX_BYTES]


def _parsed(data: bytes, source: str) -> bytes:
    try:
        key = bytes.fromhex(data.decode("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        text = f"{source} holds no key for the state: {KEY_BYTES * 2} hexadecimal digits are one."
        raise StoreError("STORE033", text, "make one: openssl rand -hex 32")
    return key
