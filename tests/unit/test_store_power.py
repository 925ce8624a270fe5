"""The power goes off: what was written whole is there whole, and what was not is not there at all.

A recorder keeps what a disk must have after each fsync: the bytes of a file that was synced, the names in a folder
that was synced. Everything else may be lost, and here it is. SQLite brings its own files to the disk in the same way
when ``synchronous`` is FULL; that is looked at, not tried again.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from orchestrator.models.decision import Verdict
from orchestrator.models.review import Draft
from orchestrator.store.blobs import StoredBlobs
from orchestrator.store.drafting import Drafts
from orchestrator.store.index import SqliteIndex
from orchestrator.store.lease import lease
from orchestrator.store.whole import sweep, write_once, write_whole

Image = dict[str, bytes]


class Disk:
    """What would be left below ``root`` if the power went off now, and what it was after every call."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.bytes: dict[int, bytes] = {}
        self.names: dict[int, dict[str, int]] = {}
        self.moments: list[Image] = []

    def synced(self, handle: int) -> None:
        inode = os.fstat(handle).st_ino
        path = Path(f"/proc/self/fd/{handle}").readlink()
        if path.is_dir():
            self.names[inode] = {entry.name: entry.inode() for entry in os.scandir(path)}
        else:
            self.bytes[inode] = path.read_bytes()
        self.look()

    def look(self) -> None:
        self.moments.append(self.left())

    def left(self) -> Image:
        return dict(self._below(self.root.stat().st_ino, ""))

    def _below(self, folder: int, prefix: str) -> Iterator[tuple[str, bytes]]:
        for name, inode in self.names.get(folder, {}).items():
            if inode in self.names:
                yield from self._below(inode, f"{prefix}{name}/")
            elif inode in self.bytes or not self._is_folder(prefix + name):
                yield prefix + name, self.bytes.get(inode, b"")

    def _is_folder(self, name: str) -> bool:
        return (self.root / name).is_dir()


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    root = tmp_path / "disk"
    root.mkdir()
    made = Disk(root)

    def recorded(real: Callable[..., object]) -> Callable[..., object]:
        def done(*args: object, **more: object) -> object:
            found = real(*args, **more)
            made.look()
            return found

        return done

    fsync = os.fsync

    def synced(handle: int) -> None:
        fsync(handle)
        made.synced(handle)

    monkeypatch.setattr(os, "fsync", synced)
    for name in ("rename", "link", "unlink", "mkdir"):
        monkeypatch.setattr(os, name, recorded(getattr(os, name)))
    return made


def whole_or_absent(disk: Disk, name: str, *allowed: bytes) -> None:
    assert len(disk.moments) > 2
    assert all(image.get(name, allowed[0]) in allowed for image in disk.moments)


def test_a_large_blob_is_there_whole_when_put_returns(disk: Disk) -> None:
    index = SqliteIndex(disk.root / "runs.db")
    data = os.urandom(300_000)
    digest = StoredBlobs(index, disk.root / "a/b/blobs").put(data)
    hexadecimal = digest.removeprefix("sha256:")
    name = f"a/b/blobs/{hexadecimal[:2]}/{hexadecimal[2:]}"
    assert disk.left()[name] == data
    whole_or_absent(disk, name, data)
    index.close()


def test_a_file_that_is_replaced_is_the_old_or_the_new_one(disk: Disk) -> None:
    path = disk.root / "folder/file"
    write_whole(path, b"old")
    assert disk.left()["folder/file"] == b"old"
    write_whole(path, b"new and longer")
    assert disk.left()["folder/file"] == b"new and longer"
    whole_or_absent(disk, "folder/file", b"old", b"new and longer")
    assert [p.name for p in path.parent.iterdir()] == ["file"]


def test_the_first_of_a_file_that_is_written_once_stays(disk: Disk) -> None:
    path = disk.root / "holder"
    assert (write_once(path, b"one"), write_once(path, b"two")) == (True, False)
    assert disk.left()["holder"] == b"one"
    assert [p.name for p in path.parent.iterdir()] == ["holder"]


def test_a_draft_is_there_when_it_is_kept(disk: Disk) -> None:
    draft = Draft(item="R1", verdict=Verdict.APPROVE, at=datetime(2026, 1, 1, tzinfo=UTC))
    Drafts(disk.root).keep(draft)
    assert disk.left()["drafts/R1.json"] == draft.to_bytes()


def test_the_folder_of_a_run_is_there_when_its_lease_is_held(disk: Disk) -> None:
    with lease(disk.root / "runs/one"):
        folder = disk.names[(disk.root / "runs").stat().st_ino]
        assert folder == {"one": (disk.root / "runs/one").stat().st_ino}


def test_databases_wait_for_the_disk(tmp_path: Path) -> None:
    index = SqliteIndex(tmp_path / "runs.db")
    assert index.read("PRAGMA synchronous") == [(2,)]
    assert index.read("PRAGMA journal_mode") == [("wal",)]
    index.close()


def test_only_what_nobody_writes_any_more_is_swept(tmp_path: Path) -> None:
    import fcntl

    dead, living = tmp_path / ".new-dead", tmp_path / ".new-living"
    for path in (dead, living, tmp_path / "kept"):
        path.write_bytes(b"half")
    with living.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        sweep((tmp_path, tmp_path / "none"))
    assert sorted(p.name for p in tmp_path.iterdir()) == [".new-living", "kept"]
