"""One process advances a run: a lock that the kernel drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import RunBusy
from orchestrator.store.whole import make_folder


@contextmanager
def lease(directory: Path) -> Iterator[None]:
    """Hold the run's folder. Raises ``RunBusy`` (RUN002) at once when another process holds it."""
    make_folder(directory)
    handle = os.open(directory / "lease", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as problem:
            holder = os.pread(handle, 32, 0).decode(errors="replace").strip()
            raise RunBusy(
                "RUN002", f"Process {holder or '?'} is advancing this run.", "wait for it, or end it and resume"
            ) from problem
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
        yield
    finally:
        os.close(handle)


def is_held(directory: Path) -> bool:
    """Whether a live process advances the run. By the next moment it may not be so any more."""
    try:
        handle = os.open(directory / "lease", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
