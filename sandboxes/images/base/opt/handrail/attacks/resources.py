"""Attacks that use up: processes, memory, CPU, disk, inodes, descriptors, shared memory.

Each goes a bounded amount past the limit in its parameters, so that nothing is
flooded where the limit does not hold.
"""

from __future__ import annotations

import os
import resource
import signal
import time

from common import Held
from probe import cpu

MIB = 1 << 20
EXTRA = 64
TURNS = 3


def fork_bomb(parameters: dict) -> str:
    reader, writer = os.pipe()
    wanted, made = parameters["pids"] + EXTRA, []
    try:
        for _ in range(wanted):
            pid = os.fork()
            if pid == 0:
                os.close(writer)
                os.read(reader, 1)
                os._exit(0)
            made.append(pid)
    except BlockingIOError as error:
        raise Held(f"no more than {len(made)} processes: {error.strerror}") from error
    finally:
        os.close(writer)
        for pid in made:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return f"{wanted} processes were alive, {parameters['pids']} are allowed"


def memory_bomb(parameters: dict) -> str:
    kept = []
    for _ in range((parameters["memory_mib"] + EXTRA) // 8):
        kept.append(bytearray(b"\x01" * (8 * MIB)))
    return f"{len(kept) * 8} MiB were used, {parameters['memory_mib']} are allowed"


def cpu_spin(parameters: dict) -> str:
    """By what several processes get; on a busy machine, where nobody gets much, by whether a quota holds them back."""
    for _ in range(TURNS):
        before = throttled()
        if words := cpu(parameters["cpus"]):
            return f"{words}, {parameters['cpus']} CPUs are allowed"
        if before is not None and throttled() == before and not quota():
            return "no quota is set, and nothing was ever held back"
    raise Held(f"no more than {parameters['cpus']} CPUs; held back {throttled() or 'an untold number of'} times")


def _cgroup(name: str) -> str:
    for folder in ("cpu", "cpu,cpuacct", "."):
        try:
            with open(f"/sys/fs/cgroup/{folder}/{name}") as file:
                return file.read()
        except OSError:
            continue
    return ""


def throttled() -> int | None:
    """How often the kernel held this container back; ``None`` where it does not say."""
    found = [line.split()[1] for line in _cgroup("cpu.stat").splitlines() if line.startswith("nr_throttled ")]
    return int(found[0]) if found else None


def quota() -> bool:
    text = _cgroup("cpu.cfs_quota_us") or _cgroup("cpu.max")
    return not text.startswith(("-1", "max"))


def disk_fill(parameters: dict) -> str:
    """Both places that can be written, and a file of zeroes that takes no space until it is written."""
    piece, left = bytes(MIB), (parameters["disk_mib"] + 8) * MIB
    reasons = []
    for place in ("/work/src/fill", "/tmp/fill"):
        with open(place, "wb", buffering=0) as file:
            try:
                while left > 0:
                    left -= file.write(piece)
            except OSError as error:
                reasons.append(f"{place}: {error.strerror}")
    for place in ("/work/src/fill", "/tmp/fill"):
        os.unlink(place)
    if left > 0:
        raise Held("; ".join(reasons))
    return f"{parameters['disk_mib'] + 8} MiB were written, {parameters['disk_mib']} are allowed"


def giant_file(parameters: dict) -> str:
    """One file of 4 GiB of zeroes, without a block behind it."""
    with open("/work/src/giant", "wb") as file:
        os.ftruncate(file.fileno(), 4 << 30)
        size = os.fstat(file.fileno()).st_size
    os.unlink("/work/src/giant")
    return f"a file of {size >> 20} MiB, {parameters['disk_mib']} are allowed"


def inode_fill(parameters: dict) -> str:
    wanted, made = parameters["inodes"] + EXTRA, 0
    reasons = []
    for root in ("/work/src/many", "/tmp/many"):
        os.mkdir(root)
        try:
            while made < wanted:
                os.symlink("x", f"{root}/{made}")
                made += 1
        except OSError as error:
            reasons.append(f"{root}: {error.strerror}")
    if made < wanted:
        raise Held(f"no more than {made} files: {'; '.join(reasons)}")
    return f"{wanted} files were made, {parameters['inodes']} are allowed"


def descriptors(parameters: dict) -> str:
    wanted = parameters["open_files"] + EXTRA
    reasons = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted + 8, wanted + 8))
    except (OSError, ValueError) as error:
        reasons.append(f"raising the limit: {error}")
    opened = []
    try:
        for _ in range(wanted):
            opened.append(os.open("/dev/null", os.O_RDONLY))
    except OSError as error:
        raise Held(f"{len(opened)} descriptors: {error.strerror}; {'; '.join(reasons)}") from error
    return f"{len(opened)} descriptors were open, {parameters['open_files']} are allowed"


def shared_memory(_: dict) -> str:
    with open("/dev/shm/fill", "wb", buffering=0) as file:
        file.write(bytes(MIB))
    os.unlink("/dev/shm/fill")
    return "1 MiB was written to /dev/shm"


def zombies(_: dict) -> str:
    """Orphans that end at once: whoever is PID 1 must take them in."""
    for _ in range(24):
        pid = os.fork()
        if pid == 0:
            if os.fork() == 0:
                os._exit(0)
            os._exit(0)
        os.waitpid(pid, 0)
    time.sleep(0.3)
    dead = 0
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as file:
                dead += file.read().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            continue
    if dead <= 2:
        raise Held(f"{dead} of 24 orphans are left")
    return f"{dead} of 24 orphans stay as zombies"


def leave_daemon(_: dict) -> str:
    """A process that leaves session and terminal behind."""
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            for number in (0, 1, 2):
                os.close(number)
            os.execvp("sleep", ["sleep", "61"])
        os._exit(0)
    time.sleep(0.2)
    return "a daemon was left behind"


def survivors(_: dict) -> str:
    found = []
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/cmdline", "rb") as file:
                if file.read().startswith(b"sleep\x0061"):
                    found.append(name)
        except OSError:
            continue
    if not found:
        raise Held("no process is left of the command before")
    return f"processes {', '.join(found)} outlived their command"
