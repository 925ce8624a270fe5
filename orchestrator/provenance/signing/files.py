"""Files that only their owner may read or write: keys and the trust store."""

from __future__ import annotations

import os
import secrets
import stat
from pathlib import Path
from typing import Final

from orchestrator.errors import StoreError, UsageError

_PRIVATE: Final = 0o077


def read_private(path: Path, family: str, cap_bytes: int) -> bytes:
    """The bytes of a regular file that is ours alone.

    Raises ``UsageError``: ``family`` + 002 absent, 003 a link or no file,
    004 another owner, 005 wider permissions than 0600, 006 too large.
    NOT checked: the directories above it, and access control lists.
    """
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except FileNotFoundError:
        raise UsageError(f"{family}002", f"{path} does not exist", "handrail init") from None
    except OSError as error:
        raise UsageError(
            f"{family}003",
            f"{path} cannot be opened as a plain file: {error.strerror}",
            "name the file itself, no link",
        ) from None
    try:
        _refuse_foreign(os.fstat(handle), path, family)
        data = _read(handle, cap_bytes + 1)
    finally:
        os.close(handle)
    if len(data) > cap_bytes:
        raise UsageError(f"{family}006", f"{path} is larger than {cap_bytes} bytes", "it is another file")
    return data


def _read(handle: int, most_bytes: int) -> bytes:
    data = b""
    while len(data) < most_bytes and (more := os.read(handle, most_bytes - len(data))):
        data += more
    return data


def _refuse_foreign(status: os.stat_result, path: Path, family: str) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UsageError(f"{family}003", f"{path} is not a plain file", "name the file itself")
    if status.st_uid != os.geteuid():
        raise UsageError(f"{family}004", f"{path} belongs to another user", f"chown {os.geteuid()} {path}")
    if status.st_mode & _PRIVATE:
        mode = stat.S_IMODE(status.st_mode)
        raise UsageError(f"{family}005", f"{path} has mode {mode:04o}: others can reach it", f"chmod 600 {path}")


def write_new(path: Path, data: bytes, family: str, mode: int = 0o600) -> None:
    """Create, whole or not at all; never replace (``family`` + 001). Durable on return."""
    temporary = _temporary(path, data, family, mode)
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise UsageError(f"{family}001", f"{path} exists already", "choose another path, or move it away") from None
    finally:
        temporary.unlink()
    _sync_directory(path.parent)


def replace(path: Path, data: bytes, family: str) -> None:
    """Create or replace in one move, mode 0600. Durable on return."""
    _temporary(path, data, family, 0o600).replace(path)
    _sync_directory(path.parent)


def _temporary(path: Path, data: bytes, family: str, mode: int) -> Path:
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, mode)
        with os.fdopen(handle, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise StoreError(
            f"{family}007", f"{path} cannot be written: {error.strerror}", "check the directory and the space on it"
        ) from None
    return temporary


def _sync_directory(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
