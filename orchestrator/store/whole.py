"""Files that are there whole or not at all, also after a crash or a power cut.

Bytes go into a file beside the place (``.new-…``), reach the disk, and are moved there; then the folder reaches the
disk. A process that dies in between leaves the file beside: it holds a lock on it while it lives, so :func:`sweep`
takes away only what nobody writes any more.
"""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PREFIX = ".new-"


def write_whole(path: Path, data: bytes) -> None:
    """Create or replace ``path``, 0600; folders are made 0700. Durable on return. Raises ``OSError``."""
    make_folder(path.parent)
    with _beside(path.parent, data) as aside:
        aside.rename(path)
    sync_directory(path.parent)


def write_once(path: Path, data: bytes) -> bool:
    """As :func:`write_whole`, but what is there stays; whether it was written. Raises ``OSError``."""
    make_folder(path.parent)
    with _beside(path.parent, data) as aside:
        try:
            path.hardlink_to(aside)
        except FileExistsError:
            return False
    sync_directory(path.parent)
    return True


def make_folder(path: Path) -> None:
    """A folder and those above it, 0700; each that is new is on the disk on return. Raises ``OSError``."""
    if path.is_dir():
        return
    make_folder(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    sync_directory(path.parent)


def sync_directory(path: Path) -> None:
    """Bring a folder's entries to the disk. Raises ``OSError``."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sweep(folders: Iterable[Path]) -> None:
    """Take away what dead processes left beside in these folders. One that does not let itself be read is passed by."""
    for folder in folders:
        with suppress(OSError):
            for aside in folder.glob(f"{_PREFIX}*"):
                _take_away(aside)


@contextmanager
def _beside(folder: Path, data: bytes) -> Iterator[Path]:
    handle, aside = _locked(folder)
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
            yield aside
    finally:
        aside.unlink(missing_ok=True)


def _locked(folder: Path) -> tuple[int, Path]:
    """A new file and the lock on it; one that was swept between the two is made again."""
    while True:
        handle, name = tempfile.mkstemp(dir=folder, prefix=_PREFIX)
        fcntl.flock(handle, fcntl.LOCK_EX)
        if os.fstat(handle).st_nlink:
            return handle, Path(name)
        os.close(handle)


def _take_away(aside: Path) -> None:
    handle = os.open(aside, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            aside.unlink(missing_ok=True)
    finally:
        os.close(handle)
