"""Tries, inside a sandbox, what its limits and protections must prevent.

Prints ``trying NAME`` before each, then ``held NAME`` or ``broken NAME what was
seen``: where a limit ends the whole sandbox, the first line is the last.
Arguments: memory_mib pids cpus disk_mib inodes, then the names to try.
"""

# ruff: noqa: D103, PTH102, PTH108, PTH123, PTH211
# Small checks named by what they try, and plain system calls: pathlib would add its start-up time to every container.

from __future__ import annotations

import ctypes
import errno
import os
import signal
import socket
import sys
import time

MIB = 1024 * 1024
SPIN_SECONDS = 0.5
SPINNERS = 3
BURSTS, BURST_SECONDS = 5, 0.008
OUT_OF_MEMORY = 9
CPU_STATS = ("/sys/fs/cgroup/cpu.stat", "/sys/fs/cgroup/cpu/cpu.stat", "/sys/fs/cgroup/cpu,cpuacct/cpu.stat")
LIBC = ctypes.CDLL(None, use_errno=True)
CLONE_NEWUSER = 0x10000000
PR_GET_NO_NEW_PRIVS = 39
HARMLESS = 3
"""A first argument with which none of the calls below changes anything when it is let through."""
AF_ALG, AF_VSOCK = 38, 40
SYSCALLS = {
    "x86_64": {
        "ptrace": 101,
        "keyctl": 250,
        "bpf": 321,
        "userfaultfd": 323,
        "io_uring_setup": 425,
        "perf_event_open": 298,
    },
    "aarch64": {
        "ptrace": 117,
        "keyctl": 219,
        "bpf": 280,
        "userfaultfd": 282,
        "io_uring_setup": 425,
        "perf_event_open": 241,
    },
}


def child(work) -> int:  # noqa: ANN001  a function without arguments
    """Run in a process of its own; its wait status."""
    pid = os.fork()
    if pid == 0:
        try:
            work()
        finally:
            os._exit(OUT_OF_MEMORY)
    return os.waitpid(pid, 0)[1]


def memory(limit_mib: int) -> str:
    def eat() -> None:
        kept = [bytearray(b"\x01" * 8 * MIB) for _ in range(limit_mib // 8 + 8)]
        os._exit(0 if kept else 1)

    status = child(eat)
    if os.WIFSIGNALED(status) or os.waitstatus_to_exitcode(status) == OUT_OF_MEMORY:
        return ""
    return f"{limit_mib + 64} MiB could be used"


def pids(limit: int) -> str:
    reader, writer = os.pipe()
    made = []
    try:
        for _ in range(limit + 8):
            pid = os.fork()
            if pid == 0:
                os.close(writer)
                os.read(reader, 1)
                os._exit(0)
            made.append(pid)
    except BlockingIOError:
        return ""
    finally:
        os.close(writer)
        for pid in made:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
    return f"{len(made)} processes could be started"


def cpu(cpus: float) -> str:
    """By the kernel's account; where that says too much, by the work done: gVisor counts also what it waited.

    On a machine that is starved nobody gets more than a limit allows, so that little use shows nothing: the kernel must
    also have counted periods in which it held these processes to a limit. Where it tells them (not gVisor).
    """
    before = periods()
    used, took, _ = spun()
    if before is not None and periods() == before:
        return f"the kernel held nothing to a limit while {SPINNERS} processes span"
    if used <= cpus * took * 1.4 + 0.05:
        return ""
    fastest = 0.0
    for _ in range(BURSTS):
        time.sleep(0.12)
        fastest = max(fastest, turns(BURST_SECONDS) / BURST_SECONDS)
    _, took, done = spun()
    worth = done / fastest
    return "" if worth <= cpus * took * 1.6 + 0.05 else f"{worth:.2f} s of CPU in {took:.2f} s"


def periods() -> int | None:
    """In how many periods the kernel has held this container's processes to a CPU limit, or ``None``."""
    for place in CPU_STATS:
        try:
            with open(place) as file:
                told = dict(line.split() for line in file)
        except OSError:
            continue
        if "nr_periods" in told:
            return int(told["nr_periods"])
    return None


def turns(seconds: float) -> int:
    """How often a loop goes round in this time."""
    until, count = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        count += 1
    return count


def spun() -> tuple[float, float, int]:
    """Several processes at once: their CPU seconds, how long it took, and the turns that they made."""
    before, began = sum(os.times()[2:4]), time.monotonic()
    reader, writer = os.pipe()
    spinners = []
    for _ in range(SPINNERS):
        pid = os.fork()
        if pid == 0:
            os.write(writer, turns(SPIN_SECONDS).to_bytes(8, "big"))
            os._exit(0)
        spinners.append(pid)
    for pid in spinners:
        os.waitpid(pid, 0)
    os.close(writer)
    data = os.read(reader, 8 * SPINNERS)
    os.close(reader)
    done = sum(int.from_bytes(data[n : n + 8], "big") for n in range(0, len(data), 8))
    return sum(os.times()[2:4]) - before, time.monotonic() - began, done


def disk(limit_mib: int) -> str:
    place = "/work/fill"
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT, 0o600)
    piece = bytes(MIB)
    try:
        for _ in range(limit_mib + 8):
            os.write(descriptor, piece)
    except OSError as error:
        return "" if error.errno in {errno.ENOSPC, errno.EFBIG} else str(error)
    finally:
        os.close(descriptor)
        os.unlink(place)
    return f"{limit_mib + 8} MiB could be written"


def inodes(limit: int) -> str:
    os.mkdir("/work/many")
    try:
        for number in range(limit + 8):
            os.symlink("x", f"/work/many/{number}")
    except OSError as error:
        return "" if error.errno == errno.ENOSPC else str(error)
    return f"{limit + 8} files could be made"


def network() -> str:
    with open("/proc/net/dev") as file:
        others = {line.split(":")[0].strip() for line in file if ":" in line} - {"lo"}
    if others:
        return f"there are interfaces {sorted(others)}"
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return "a packet left" if probe.connect_ex(("192.0.2.1", 80)) in {0, errno.EINPROGRESS, errno.EAGAIN} else ""


def status() -> dict[str, str]:
    with open("/proc/self/status") as file:
        return dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)


def capabilities() -> str:
    seen = status()
    # a kernel without ambient capabilities has no line for them
    sets = {name: int(seen[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")}
    sets["CapAmb"] = int(seen.get("CapAmb", "0"), 16)
    return f"{sets}" if any(sets.values()) or os.getuid() == 0 else ""


def privileges() -> str:
    return "" if LIBC.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 else "no-new-privileges is off"


def rootfs() -> str:
    """By the mount table: not every kernel says it by ``statvfs``."""
    with open("/proc/self/mounts") as file:
        mounts = {fields[1]: fields[3].split(",") for fields in map(str.split, file)}
    loose = []
    for place in ("/", "/etc", "/usr", "/opt/handrail"):
        below = max((m for m in mounts if m in {"/", place} or place.startswith(m + "/")), key=len)
        if "ro" not in mounts[below]:
            loose.append(place)
    return f"{loose} can be written" if loose else ""


def seccomp() -> str:
    loose = []
    for family in (socket.AF_NETLINK, socket.AF_PACKET, AF_ALG, AF_VSOCK):
        try:
            socket.socket(family, socket.SOCK_SEQPACKET if family == AF_ALG else socket.SOCK_RAW).close()
            loose.append(str(family))
        except OSError:
            pass
    for name, number in SYSCALLS.get(os.uname().machine, {}).items():
        ctypes.set_errno(0)
        if LIBC.syscall(number, HARMLESS, 0, 0, 0, 0) != -1 or ctypes.get_errno() not in {errno.EPERM, errno.ENOSYS}:
            loose.append(name)
    if LIBC.unshare(CLONE_NEWUSER) == 0:
        loose.append("unshare")
    return f"{loose} are not refused" if loose else ""


def supervisor() -> str:
    """The memory of PID 1 must be out of reach for its own uid: it holds the key that makes its answers its own."""
    try:
        os.close(os.open("/proc/1/mem", os.O_RDONLY))
    except OSError:
        return ""
    return "/proc/1/mem can be opened"


def main() -> None:
    memory_mib, pid_count, cpus, disk_mib, inode_count = sys.argv[1:6]
    checks = {
        "capabilities": capabilities,
        "no-new-privileges": privileges,
        "read-only-root": rootfs,
        "network": network,
        "seccomp": seccomp,
        "supervisor": supervisor,
        "pids": lambda: pids(int(pid_count)),
        "cpu": lambda: cpu(float(cpus)),
        "disk": lambda: disk(int(disk_mib)),
        "inodes": lambda: inodes(int(inode_count)),
        "memory": lambda: memory(int(memory_mib)),
    }
    for name in sys.argv[6:]:
        print(f"trying {name}", flush=True)
        try:
            seen = checks[name]()
        except Exception as error:  # noqa: BLE001  whatever a check dies of, it did not hold
            seen = f"{type(error).__name__}: {error}"
        print(f"broken {name} {seen}" if seen else f"held {name}", flush=True)


if __name__ == "__main__":
    main()
