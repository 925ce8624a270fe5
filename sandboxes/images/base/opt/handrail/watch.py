"""Tells the host which programs run in the container, without asking any of them.

Runs as uid 0 without capabilities: the agent's user can neither end nor trace it nor open its pipes. It looks at the
process table soon after a file in a directory of programs was opened for the first time (the kernel's inotify tells of
each, and misses none), and else every ``interval`` seconds. Each program is told once for each parent; a flood of them
becomes a number. Frames to the host, as in ``supervisor.py``::

    p  {"programs": [[name, parent, argv, way], ...]}
    s  {"ways": [...], "seen": n, "created": n, "dropped": n, "pids": n, "oom": n}   the answer to S, the last

where ``created``, ``pids`` (the most at once) and ``oom`` (ended for want of memory) are null if the kernel is silent.
"""

# ruff: noqa: D103, PTH123, PTH208
# Start-up counts: no pathlib.

from __future__ import annotations

import json
import os
import select
import struct
import sys
import time
from contextlib import suppress

from wire import Input, send

PLACES = (b"/usr/local/sbin", b"/usr/local/bin", b"/usr/sbin", b"/usr/bin", b"/sbin", b"/bin", b"/opt/env/bin")
AGENT_UID = "65534"
IN_OPEN, IN_ISDIR, IN_Q_OVERFLOW, IN_ONLYDIR, IN_NONBLOCK = 0x20, 0x40000000, 0x4000, 0x01000000, 0o4000
EVENT = struct.Struct("iIII")
MAX_PROGRAMS, MAX_WORDS, MAX_WORD, MAX_PROCESSES = 256, 16, 200, 4096
SETTLING = (0.003, 0.03)
"""Seconds after an opening at which the table is read: the program is only there once it was loaded."""
MOST_LINKS = 4
CALM_SECONDS = 0.005
"""How long openings may wait that bring no news: a loop of the same programs costs hardly anything."""
YOUNG_SECONDS = 1.0
NAME_BYTES = 15
"""What the kernel keeps of a program's name."""


class Openings:
    """Files that were opened in the directories of programs. ``descriptor`` is -1 where the kernel has no inotify."""

    def __init__(self) -> None:
        import ctypes  # noqa: PLC0415  the unpacking before does without

        libc = ctypes.CDLL(None, use_errno=True)
        self.descriptor = libc.inotify_init1(IN_NONBLOCK)
        if self.descriptor >= 0:
            held = [libc.inotify_add_watch(self.descriptor, place, IN_OPEN | IN_ONLYDIR) for place in PLACES]
            if max(held) < 0:
                os.close(self.descriptor)
                self.descriptor = -1

        self.others = other_names()

    def names(self) -> set[str]:
        """Since the last call; of a file with few links to it also the names of these."""
        found: set[str] = set()
        try:
            while data := os.read(self.descriptor, 65536):
                while data:
                    _, mask, _, length = EVENT.unpack_from(data)
                    name = data[EVENT.size : EVENT.size + length].rstrip(b"\0")
                    data = data[EVENT.size + length :]
                    if name and not mask & (IN_ISDIR | IN_Q_OVERFLOW):
                        found.add(os.fsdecode(name))
        except BlockingIOError:
            pass
        return found.union(*(self.others.get(name, ()) for name in found))


def other_names() -> dict[str, list[str]]:
    """Name of a file → links to it: ``sh`` of ``dash``. One that many links lead to does many things, and has none."""
    found: dict[str, list[str]] = {}
    for place in {os.path.realpath(place) for place in PLACES}:
        with suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                if entry.is_symlink():
                    file = os.fsdecode(os.path.realpath(entry.path))
                    found.setdefault(file.rsplit("/", 1)[-1], []).append(os.fsdecode(entry.name))
    return {name: links for name, links in found.items() if len(links) <= MOST_LINKS}


def clean(text: str) -> str:
    """Printable and short: an agent chose it."""
    return "".join(c if c.isprintable() else "?" for c in text[:MAX_WORD])


def read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(4096)


def last_pid() -> int | None:
    """The newest process of this process namespace: what the kernel has given out, threads among them."""
    try:
        return int(read("/proc/loadavg").split()[4])
    except (OSError, ValueError, IndexError):
        return None


def counted(*places: tuple[str, str]) -> int | None:
    """A number of the container's own cgroup: the file's one number, or that behind a word in it."""
    for place, word in places:
        try:
            lines = read(f"/sys/fs/cgroup/{place}").decode().splitlines()
            return next(int(line.split()[-1]) for line in lines if line.startswith(word))
        except (OSError, ValueError, StopIteration, IndexError):
            continue
    return None


class Table:
    """The process table as it was read last."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.since: dict[str, float] = {}
        self.seen = 0

    def scan(self, now: float):  # noqa: ANN201  a generator of (name, parent, argv)
        """Processes of the agent's user that are new, or that have become another program."""
        there = [name for name in os.listdir("/proc") if name.isdecimal() and name != "1"][:MAX_PROCESSES]
        for gone in self.names.keys() - set(there):
            del self.names[gone], self.since[gone]
        for pid in there:
            if now - self.since.setdefault(pid, now) < YOUNG_SECONDS or pid not in self.names:
                yield from self.look(pid)

    def look(self, pid: str):  # noqa: ANN201  the same
        try:
            status, words = read(f"/proc/{pid}/status"), read(f"/proc/{pid}/cmdline").split(b"\0")
        except OSError:
            return
        fields = dict(line.split(":\t", 1) for line in os.fsdecode(status).splitlines() if ":\t" in line)
        if fields.get("Uid", "").split("\t")[0] != AGENT_UID:
            self.names[pid] = ""
            return
        argv = [os.fsdecode(word) for word in words[: MAX_WORDS + 1] if word]
        name = whole(fields.get("Name", ""), argv)
        if self.names.get(pid) == name:
            return
        self.seen += pid not in self.names
        self.names[pid] = name
        yield clean(name), clean(self.names.get(fields.get("PPid", ""), "")), [clean(w) for w in argv[:MAX_WORDS]]


def whole(name: str, argv: list[str]) -> str:
    """The kernel's name of the program, which is cut; in full where the first word says the same."""
    base = argv[0].rsplit("/", 1)[-1] if argv else ""
    return base if base and base[:NAME_BYTES] == name[:NAME_BYTES] else name


class Told:
    """What the host knows already."""

    def __init__(self) -> None:
        self.known: set[tuple[str, str, str]] = set()
        self.dropped = 0
        self.waiting: list[list[object]] = []

    def tell(self, name: str, parent: str, argv: list[str], way: str) -> bool:
        """Whether it is news."""
        key = (name, parent, way)
        if not name or key in self.known:
            return False
        if len(self.known) >= MAX_PROGRAMS:
            self.dropped += 1
            return False
        self.known.add(key)
        self.waiting.append([name, parent, argv, way])
        return True

    def flush(self) -> None:
        while self.waiting:
            send(b"p", json.dumps({"programs": self.waiting[:16]}).encode("utf-8", "backslashreplace"))
            del self.waiting[:16]


def watch(source: Input, interval: float) -> None:
    """Until the host asks for the sum, or is gone."""
    source.agree()
    openings, table, told, first = Openings(), Table(), Told(), last_pid()
    send(b"K")
    poll = select.poll()
    poll.register(0, select.POLLIN)
    if openings.descriptor >= 0:
        poll.register(openings.descriptor, select.POLLIN)
    looks: list[float] = []
    due = time.monotonic() + interval
    over = False
    while not over:
        ready = dict(poll.poll(max(min([*looks[:1], due]) - time.monotonic(), 0.0) * 1000 + 0.5))
        now = time.monotonic()
        if openings.descriptor in ready:
            news = [name for name in openings.names() if told.tell(clean(name), "", [], "opened")]
            if news:
                looks = [now + later for later in SETTLING]
            else:
                time.sleep(CALM_SECONDS)
        over = 0 in ready and source.command() == b"S"
        if over or now >= min([*looks[:1], due]):
            due, looks = now + interval, [then for then in looks if then > now]
            for name, parent, argv in table.scan(now):
                told.tell(name, parent, argv, "sampled")
        told.flush()
    newest = last_pid()
    created = None if first is None or newest is None or newest < first or first == 0 else newest - first
    ways = ["sampled", "opened"] if openings.descriptor >= 0 else ["sampled"]
    summary = {
        "ways": ways,
        "seen": table.seen,
        "created": created,
        "dropped": told.dropped,
        "pids": counted(("pids/pids.peak", ""), ("pids.peak", "")),
        "oom": counted(("memory/memory.oom_control", "oom_kill "), ("memory.events", "oom_kill ")),
    }
    send(b"s", json.dumps(summary).encode())
    sys.stdout.flush()
