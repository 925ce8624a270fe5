"""Attacks on the kernel's doors: privileges, namespaces, tracing, rare system calls. None changes anything it opens."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import signal
import socket
import stat
from contextlib import suppress

from common import AGENT, LIBC, NUMBERS, Held, any_of, call, failed

CLONE_NEWUSER, CLONE_NEWNS, CLONE_NEWNET, CLONE_NEWUTS = 0x10000000, 0x20000, 0x40000000, 0x04000000
MS_RDONLY, MS_BIND, MS_REMOUNT = 1, 4096, 32
PTRACE_ATTACH, PTRACE_SEIZE = 16, 0x4206
AF_ALG, AF_VSOCK = 38, 40
CLONE_NEWTIME, READ_IMPLIES_EXEC, SYSLOG_SIZE_BUFFER = 0x80, 0x0400000, 10
HOST_DOORS = (
    "/proc/sysrq-trigger",
    "/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sys/kernel/hotplug",
    "/proc/sys/vm/panic_on_oom",
    "/proc/sys/fs/binfmt_misc/register",
    "/proc/kcore",
    "/proc/kmsg",
    "/sys/kernel/uevent_helper",
    "/sys/power/state",
)


def _without_privileges() -> None:
    """A weakened container runs as root; what is to be tried is the agent's way up."""
    with suppress(OSError):
        os.setgroups([])
        os.setgid(AGENT)
        os.setuid(AGENT)


def setuid_program(_: dict) -> str:
    """``/work/suid`` belongs to root and has the setuid bit: the host put it there."""
    _without_privileges()
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.dup2(writer, 1)
        os.execv("/work/suid", ["id", "-u"])
    os.close(writer)
    uid = os.read(reader, 64).decode().strip()
    os.waitpid(pid, 0)
    if uid != "0":
        raise Held(f"the program runs as uid {uid}")
    return "the agent became uid 0"


def regain(_: dict) -> str:
    """Ids and capabilities that were given up, asked for again."""

    def capset() -> None:
        header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
        data[0] = data[1] = 1 << 21
        if LIBC.capset(header, data) != 0:
            raise failed("capset")

    def root() -> None:
        os.setresuid(0, 0, 0)

    def groups() -> None:
        os.setgroups([0])

    return any_of({"capset": capset, "setresuid": root, "setgroups": groups})


def _in_child(work) -> None:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            work()
            os.write(writer, b"+")
        except (Held, OSError) as stopped:
            os.write(writer, str(stopped).encode())
        os._exit(0)
    os.close(writer)
    words = os.read(reader, 500).decode()
    os.close(reader)
    os.waitpid(pid, 0)
    if words != "+":
        raise Held(words or "the process was ended")


def namespaces(_: dict) -> str:
    def unshare(flag: int):
        def work() -> None:
            if LIBC.unshare(flag) != 0:
                raise failed("unshare")

        return lambda: _in_child(work)

    def clone() -> None:
        pid = LIBC.syscall(ctypes.c_long(56 if os.uname().machine == "x86_64" else 220), CLONE_NEWUSER | 17, 0, 0, 0, 0)
        if pid == 0:
            os._exit(0)
        if pid < 0:
            raise failed("clone")
        os.waitpid(pid, 0)

    attempts = {"user": CLONE_NEWUSER, "mount": CLONE_NEWNS, "network": CLONE_NEWNET, "uts": CLONE_NEWUTS}
    return any_of({**{name: unshare(flag) for name, flag in attempts.items()}, "clone": clone})


def mount(_: dict) -> str:
    os.makedirs("/tmp/m/old", exist_ok=True)

    def mounted(source: bytes, target: bytes, kind: bytes, flags: int) -> None:
        if LIBC.mount(source, target, kind, flags, None) != 0:
            raise failed("mount")

    def pivot() -> None:
        if call("pivot_root", b"/tmp/m", b"/tmp/m/old") != 0:
            raise failed("pivot_root")

    def unmask() -> None:
        if LIBC.umount2(b"/proc/kcore", 2) != 0:
            raise failed("umount")

    return any_of(
        {
            "tmpfs": lambda: mounted(b"x", b"/tmp/m", b"tmpfs", 0),
            "bind": lambda: mounted(b"/work", b"/tmp/m", b"", MS_BIND),
            "proc": lambda: mounted(b"proc", b"/tmp/m", b"proc", 0),
            "remount": lambda: mounted(b"", b"/", b"", MS_REMOUNT | MS_BIND),
            "unmask": unmask,
            "pivot_root": pivot,
        }
    )


def device_node(_: dict) -> str:
    """A node for the kernel's log, made and opened; nothing is read."""
    os.mknod("/work/src/node", stat.S_IFCHR | 0o600, os.makedev(1, 11))
    try:
        os.close(os.open("/work/src/node", os.O_RDONLY | os.O_NONBLOCK))
    finally:
        os.unlink("/work/src/node")
    return "the kernel's log was opened through a node of the attacker's own"


def _sleeper() -> int:
    pid = os.fork()
    if pid == 0:
        signal.pause()
        os._exit(0)
    return pid


def trace(_: dict) -> str:
    pid = _sleeper()

    def ptrace(request: int):
        def work() -> None:
            if LIBC.ptrace(request, pid, 0, 0) != 0:
                raise failed("ptrace")

        return work

    try:
        return any_of({"attach": ptrace(PTRACE_ATTACH), "seize": ptrace(PTRACE_SEIZE)})
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def read_memory(_: dict) -> str:
    pid = _sleeper()
    secret = ctypes.create_string_buffer(b"sibling's")
    target = ctypes.create_string_buffer(16)

    class Vector(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    here, there = Vector(ctypes.addressof(target), 9), Vector(ctypes.addressof(secret), 9)
    try:
        if call("process_vm_readv", pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) < 0:
            raise failed("process_vm_readv")
        return f"read {target.value!r}"
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _reaches(name: str, *arguments: object, wrong: frozenset[int]):
    """An argument that the kernel refuses for its value shows that the call got there."""

    def work() -> None:
        done = call(name, *arguments)
        if done < 0 and ctypes.get_errno() not in wrong:
            raise failed(name)
        if done > 2:
            with suppress(OSError):
                os.close(done)

    return work


def rare_calls(_: dict) -> str:
    invalid = frozenset({errno.EINVAL, errno.EFAULT, errno.E2BIG})
    return any_of(
        {
            "bpf": _reaches("bpf", 0, None, 0, wrong=invalid),
            "perf_event_open": _reaches("perf_event_open", None, 0, -1, -1, 0, wrong=invalid),
            "userfaultfd": _reaches("userfaultfd", 1, wrong=frozenset()),
            "keyctl": _reaches("keyctl", 0, -3, 1, wrong=frozenset()),
        }
    )


def io_uring(_: dict) -> str:
    return any_of({"io_uring_setup": _reaches("io_uring_setup", 1, None, wrong=frozenset({errno.EFAULT}))})


def odd_sockets(_: dict) -> str:
    def opened(family: int, kind: int):
        return lambda: socket.socket(family, kind).close()

    return any_of(
        {
            "AF_VSOCK": opened(AF_VSOCK, socket.SOCK_STREAM),
            "AF_ALG": opened(AF_ALG, socket.SOCK_SEQPACKET),
            "AF_PACKET": opened(socket.AF_PACKET, socket.SOCK_RAW),
            "AF_NETLINK": opened(socket.AF_NETLINK, socket.SOCK_RAW),
            "raw IP": opened(socket.AF_INET, socket.SOCK_RAW),
        }
    )


def host_doors(_: dict) -> str:
    """Opened for writing and closed again: nothing is written."""

    def opened(place: str):
        return lambda: os.close(os.open(place, os.O_RDONLY if place in {"/proc/kcore", "/proc/kmsg"} else os.O_WRONLY))

    attempts = {place: opened(place) for place in HOST_DOORS}
    for root, _, files in os.walk("/sys/fs/cgroup"):
        attempts |= {f"{root}/{name}": opened(f"{root}/{name}") for name in files if name == "release_agent"}
        if root.count("/") > 5:
            break
    return any_of(attempts)


def foreign_namespaces(_: dict) -> str:
    def enter() -> None:
        descriptor = os.open("/proc/self/ns/uts", os.O_RDONLY)
        try:
            if call("setns", descriptor, 0) != 0:
                raise failed("setns")
        finally:
            os.close(descriptor)

    def by_handle() -> None:
        handle = (ctypes.c_uint32 * 34)(128)
        mount_id = ctypes.c_int()
        call("name_to_handle_at", -100, b"/work", handle, ctypes.byref(mount_id), 0)
        if call("open_by_handle_at", -100, handle, 0) < 0:
            raise failed("open_by_handle_at")

    module = _reaches("finit_module", -1, b"", 0, wrong=frozenset({errno.EBADF, errno.ENOEXEC}))
    return any_of({"setns": enter, "open_by_handle_at": by_handle, "finit_module": module})


def fileless(_: dict) -> str:
    """A program that lies in no file system asks for a user namespace: it must not get more than one from a disk."""
    program = shutil.which("python3") or "/usr/bin/python3"
    descriptor = os.memfd_create("x", 0)
    with open(program, "rb") as file:
        while data := file.read(1 << 20):
            os.write(descriptor, data)
    code = f"import ctypes,sys; sys.exit(ctypes.CDLL(None).unshare({CLONE_NEWUSER}) != 0)"
    pid = os.fork()
    if pid == 0:
        os.execve(descriptor, ["python3", "-I", "-S", "-c", code], {})
    ended = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    if ended != 0:
        raise Held("the program runs, and is refused what every other is")
    return "a program without a file got a user namespace"


def other_doors(_: dict) -> str:
    """Numbers of other calling conventions, which a filter by number can overlook."""

    def clone3() -> None:
        arguments = (ctypes.c_uint64 * 11)(CLONE_NEWUSER, 0, 0, 0, 17)
        pid = call("clone3", arguments, 88)
        if pid == 0:
            os._exit(0)
        if pid < 0:
            raise failed("clone3")
        os.waitpid(pid, 0)

    def x32() -> None:
        ctypes.set_errno(0)
        if LIBC.syscall(ctypes.c_long(0x40000000 | NUMBERS["keyctl"]), 0, -3, 1) < 0:
            raise failed("x32")

    attempts = {"clone3": clone3}
    if os.uname().machine == "x86_64":
        attempts |= {"x32": lambda: _in_child(x32), "int 0x80": lambda: _in_child(_int80)}
    return any_of(attempts)


def _int80() -> None:
    """``keyctl`` by its 32-bit number, which the 64-bit profile never names. It gives the number of a keyring."""
    import mmap

    code = bytes.fromhex("53 b820010000 31db b9fdffffff ba01000000 31f6 31ff cd80 5b c3")
    page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(code)
    done = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
    if done <= 0:
        raise Held(f"int 0x80: {os.strerror(-done)}")


def needless_calls(_: dict) -> str:
    """Calls that no build and no test needs, each with arguments that change nothing where it is let through.

    One that is let through fails by its arguments, or not at all; one that is stopped is not permitted or not there.
    """

    def tried(name: str, *arguments: object):
        def work() -> None:
            if call(name, *arguments) == -1 and ctypes.get_errno() in {errno.EPERM, errno.ENOSYS}:
                raise failed(name)

        return work

    def time_namespace() -> None:
        if os.fork() == 0:
            os._exit(0 if LIBC.unshare(CLONE_NEWTIME) == 0 else 1)
        if os.wait()[1] != 0:
            raise Held("unshare: no time namespace")

    own = os.getpid()
    return any_of(
        {
            "read implies execute": tried("personality", READ_IMPLIES_EXEC),
            "kcmp": tried("kcmp", own, own, 0, 0, 0),
            "pidfd_getfd": tried("pidfd_getfd", -1, 0, 0),
            "process_madvise": tried("process_madvise", -1, 0, 0, 0, 0),
            "migrate_pages": tried("migrate_pages", own, 0, 0, 0),
            "fanotify": tried("fanotify_init", 0, 0),
            "fsopen": tried("fsopen", 0, 0),
            "syslog": tried("syslog", SYSLOG_SIZE_BUFFER, 0, 0),
            "time namespace": time_namespace,
        }
    )
