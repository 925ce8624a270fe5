"""Where the owner of a run has its temporary files: one folder, whose name is on record before it is there.

Whoever owns the run next takes away what a dead owner left: it holds the run's lease, so nobody uses it any more.
Sockets lie below it, so it is a short path in the system's temporary directory and not in the state folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import StoreError
from orchestrator.store.whole import sweep, write_whole

_VARIABLE = "TMPDIR"
_NAME = "handrail-"


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """The temporary directory of this process and of those that it starts, until the context ends.

    ``folder`` is the run's, and its lease is held. Raises ``StoreError`` (STORE005).
    """
    record = folder / "scratch"
    _take_away(record)
    sweep([folder])  # an owner that died while it put the name on record
    place = _system() / f"{_NAME}{secrets.token_hex(4)}"
    try:
        write_whole(record, os.fsencode(place))
        place.mkdir(mode=0o700)
    except OSError as problem:
        text = f"Cannot write {place}: {problem.strerror}."
        raise StoreError("STORE005", text, "make room, and check the folder's owner and mode") from problem
    before = tempfile.tempdir, os.environ.get(_VARIABLE)
    tempfile.tempdir = os.environ[_VARIABLE] = str(place)
    try:
        yield place
    finally:
        _restore(*before)
        shutil.rmtree(place, ignore_errors=True)
        if _recorded(record) == place:  # an owner that had lost its run ends after its successor has begun
            record.unlink(missing_ok=True)


def _system() -> Path:
    """As :mod:`tempfile` finds it, but without the file that it tries a folder with: who is killed then leaves it."""
    named = (os.environ.get(name) for name in (_VARIABLE, "TEMP", "TMP"))
    for folder in filter(None, (tempfile.tempdir, *named, "/tmp", "/var/tmp")):  # noqa: S108  where it looks too
        if Path(folder).is_absolute() and Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK):
            return Path(folder)
    return Path(tempfile.gettempdir())


def _restore(directory: str | None, variable: str | None) -> None:
    tempfile.tempdir = directory
    if variable is None:
        os.environ.pop(_VARIABLE, None)
    else:
        os.environ[_VARIABLE] = variable


def _take_away(record: Path) -> None:
    """What is on record, if it is a folder of ours and of this user; links are not followed."""
    place = _recorded(record)
    if place is None:
        return
    if place.name.startswith(_NAME) and place.is_dir() and place.lstat().st_uid == os.geteuid():
        shutil.rmtree(place, ignore_errors=True)  # a link at this place is refused by it
    record.unlink(missing_ok=True)


def _recorded(record: Path) -> Path | None:
    try:
        return Path(os.fsdecode(record.read_bytes()))
    except FileNotFoundError:
        return None
