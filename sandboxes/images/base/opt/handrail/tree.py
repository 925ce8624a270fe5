"""Files into and out of ``/work``: the member stream that ``supervisor.py`` describes."""

# ruff: noqa: PTH101, PTH102, PTH115, PTH211
# Paths are bytes, which pathlib cannot hold.

from __future__ import annotations

import os
import stat
import struct

from wire import CHUNK, Input, Refused, hasher, send

ROOT = b"/work"
MEMBER = struct.Struct(">cHIQ")
ROOT_UID = 0
AGENT_UID = 65534
FIFO, DEVICE, SOCKET, HARD_LINK, GIT, UNREADABLE, FOREIGN = range(1, 8)


class Unpacker:
    """Writes members under ``/work`` and remembers what it wrote."""

    def __init__(self, source: Input) -> None:
        self.source = source
        self.baseline: dict[bytes, tuple[bool, bytes]] = {}

    def run(self) -> None:
        """Read up to the end even after a failure, so that the host is never left writing."""
        problem = ""
        while True:
            kind, path_bytes, mode, size = MEMBER.unpack(self.source.exactly(MEMBER.size))
            if kind == b"Z":
                break
            path, content = self.source.exactly(path_bytes), self.source.pieces(size)
            if not problem:
                try:
                    self.member(kind, path, mode, content)
                except OSError as error:
                    problem = f"{error.strerror}: {os.fsdecode(path)}"
            for _ in content:
                pass
        if problem:
            raise Refused(problem)

    def member(self, kind: bytes, path: bytes, mode: int, content) -> None:  # noqa: ANN001  an iterator of bytes
        place = ROOT + b"/" + path if path else ROOT
        if kind == b"D":
            if path:
                os.mkdir(place, 0o755)
            os.chmod(place, mode)
        elif kind == b"L":
            target = b"".join(content)
            os.symlink(target, place)
            self.baseline[path] = (False, target)
        else:
            self.baseline[path] = (bool(mode & 0o100), write(place, mode, content))


def write(place: bytes, mode: int, content) -> bytes:  # noqa: ANN001  an iterator of bytes
    """A new file; its digest."""
    digest = hasher()
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        for piece in content:
            digest.update(piece)
            view = memoryview(piece)
            while view:
                view = view[os.write(descriptor, view) :]
    finally:
        os.close(descriptor)
    return digest.digest()


class Packer:
    """Walks the tree when no other process is alive and sends what may have changed."""

    def __init__(self, baseline: dict[bytes, tuple[bool, bytes]], caps: tuple[int, int, int]) -> None:
        self.baseline = baseline
        self.bytes_left, self.members_left, self.path_bytes = caps
        self.buffer = bytearray()
        self.device = os.lstat(ROOT).st_dev

    def run(self) -> None:
        waiting = [b""]
        while waiting:
            directory = waiting.pop()
            for entry in self.listing(directory):
                path = directory + b"/" + entry.name if directory else entry.name
                if entry.is_dir(follow_symlinks=False) and not self.is_git(path):
                    if entry.stat(follow_symlinks=False).st_dev == self.device:  # what is mounted is not the tree's
                        self.count(path)
                        waiting.append(path)
                elif path != b".git":
                    self.count(path)
                    self.entry(path, entry.stat(follow_symlinks=False))
        self.put(MEMBER.pack(b"Z", 0, 0, 0))
        self.flush()

    def is_git(self, path: bytes) -> bool:
        return path.rsplit(b"/", 1)[-1].lower() == b".git"

    def count(self, path: bytes) -> None:
        self.members_left -= 1
        if self.members_left < 0:
            raise Refused("members")
        if len(path) > self.path_bytes:
            raise Refused("path")

    def listing(self, directory: bytes) -> list:
        place = ROOT + b"/" + directory
        try:
            return self.scan(place)
        except PermissionError:
            pass
        try:
            os.chmod(place, 0o700)
            return self.scan(place)
        except OSError:
            self.member(b"R", directory, UNREADABLE)
            return []

    def scan(self, place: bytes) -> list:
        with os.scandir(place) as entries:
            return list(entries)

    def entry(self, path: bytes, info: os.stat_result) -> None:
        kind = stat.S_IFMT(info.st_mode)
        if self.is_git(path):
            self.member(b"R", path, GIT)
        elif info.st_uid not in {ROOT_UID, AGENT_UID}:
            self.member(b"R", path, FOREIGN)
        elif kind == stat.S_IFLNK:
            self.link(path, info)
        elif kind != stat.S_IFREG:
            self.member(b"R", path, {stat.S_IFIFO: FIFO, stat.S_IFSOCK: SOCKET}.get(kind, DEVICE))
        elif info.st_nlink > 1:
            self.member(b"R", path, HARD_LINK)
        elif info.st_uid == ROOT_UID:
            self.member(b"P", path, 0)
        else:
            self.file(path, info)

    def link(self, path: bytes, info: os.stat_result) -> None:
        target = os.readlink(ROOT + b"/" + path)
        if info.st_uid == ROOT_UID or self.baseline.get(path) == (False, target):
            self.member(b"P", path, 0)
        else:
            self.spend(len(target))
            self.member(b"L", path, 0o120000, len(target))
            self.put(target)

    def file(self, path: bytes, info: os.stat_result) -> None:
        """Compared by content: a write through ``mmap`` on a tmpfs changes no time stamp."""
        place = ROOT + b"/" + path
        runs = bool(info.st_mode & 0o100)
        try:
            descriptor = self.reader(place, info.st_mode)
        except OSError:
            self.member(b"R", path, UNREADABLE)
            return
        try:
            known = self.baseline.get(path)
            if known is not None and known == (runs, self.digest(descriptor)):
                self.member(b"P", path, 0)
                return
            self.spend(info.st_size)
            self.member(b"F", path, 0o755 if runs else 0o644, info.st_size)
            os.lseek(descriptor, 0, os.SEEK_SET)
            self.content(descriptor, info.st_size)
        finally:
            os.close(descriptor)

    def reader(self, place: bytes, mode: int) -> int:
        if not mode & 0o400:
            os.chmod(place, 0o600)
        return os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)

    def digest(self, descriptor: int) -> bytes:
        digest = hasher()
        while data := os.read(descriptor, CHUNK):
            digest.update(data)
        return digest.digest()

    def content(self, descriptor: int, size: int) -> None:
        while size:
            data = os.read(descriptor, min(size, CHUNK))
            if not data:
                raise Refused("short")
            size -= len(data)
            self.put(data)

    def spend(self, count: int) -> None:
        self.bytes_left -= count
        if self.bytes_left < 0:
            raise Refused("bytes")

    def member(self, kind: bytes, path: bytes, mode: int, size: int = 0) -> None:
        self.put(MEMBER.pack(kind, len(path), mode, size) + path)

    def put(self, data: bytes) -> None:
        self.buffer += data
        if len(self.buffer) >= CHUNK:
            self.flush()

    def flush(self) -> None:
        send(b"m", bytes(self.buffer))
        self.buffer.clear()
