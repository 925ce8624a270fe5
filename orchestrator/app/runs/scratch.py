"""Where the owner of a run has its temporary files: one folder, whose name is on record before it is there.

Whoever owns the run next takes away what a dead owner left: it holds the run's lease, so nobody uses it any more. A
program that the dead one had started may still be writing there for a moment: it is tried again until it is gone, and
what does not go stays on record.
Sockets lie below it, so it is a short path in the system's temporary directory and not in the state folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from orchestrator.errors import StoreError
from orchestrator.store.whole import sweep, write_whole

_VARIABLE = "TMPDIR"
_NAME = "handrail-"
_TRIES, _EVERY_SECONDS = 40, 0.05


@contextmanager
def scratch(folder: Path) -> Iterator[Path]:
    """The temporary directory of this process and of those that it starts, until the context ends.

    ``folder`` is the run's, and its lease is held. Raises ``StoreError`` (STORE005).
    """
    record = folder / "scratch"
    left = _taken_away(_recorded(record))
    sweep([folder])  # an owner that died while it put the name on record
    place = _system() / f"{_NAME}{secrets.token_hex(4)}"
    try:
        write_whole(record, b"\0".join(map(os.fsencode, (place, *left))))
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
        there = _recorded(record)
        if there[:1] != [place]:  # an owner that had lost its run ends after its successor has begun
            _taken_away([place])
        elif not _taken_away(there):
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


def _taken_away(places: Sequence[Path]) -> list[Path]:
    """Which of them are still there. Only folders of ours and of this user go; links are not followed."""
    left = [p for p in places if p.name.startswith(_NAME) and p.is_dir() and p.lstat().st_uid == os.geteuid()]
    for _ in range(_TRIES):
        for place in left:
            shutil.rmtree(place, ignore_errors=True)  # a link at this place is refused by it
        left = [place for place in left if place.is_dir() and not place.is_symlink()]
        if not left:
            break
        time.sleep(_EVERY_SECONDS)
    return left


def _recorded(record: Path) -> list[Path]:
    try:
        return [Path(os.fsdecode(name)) for name in record.read_bytes().split(b"\0")]
    except FileNotFoundError:
        return []
