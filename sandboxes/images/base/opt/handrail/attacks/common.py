"""What the attacks share: the kernel's calls by number, and how an attack says that it was stopped."""

from __future__ import annotations

import ctypes
import os

LIBC = ctypes.CDLL(None, use_errno=True)
LIBC.syscall.restype = ctypes.c_long
AGENT = 65534
_X86 = {
    "keyctl": 250,
    "perf_event_open": 298,
    "name_to_handle_at": 303,
    "open_by_handle_at": 304,
    "setns": 308,
    "process_vm_readv": 310,
    "finit_module": 313,
    "bpf": 321,
    "userfaultfd": 323,
    "io_uring_setup": 425,
    "clone3": 435,
    "pivot_root": 155,
    "personality": 135,
    "syslog": 103,
    "migrate_pages": 256,
    "fanotify_init": 300,
    "kcmp": 312,
    "fsopen": 430,
    "pidfd_getfd": 438,
    "process_madvise": 440,
}
_ARM = {
    "keyctl": 219,
    "perf_event_open": 241,
    "name_to_handle_at": 264,
    "open_by_handle_at": 265,
    "setns": 268,
    "process_vm_readv": 270,
    "finit_module": 273,
    "bpf": 280,
    "userfaultfd": 282,
    "io_uring_setup": 425,
    "clone3": 435,
    "pivot_root": 41,
    "personality": 92,
    "syslog": 116,
    "migrate_pages": 238,
    "fanotify_init": 262,
    "kcmp": 272,
    "fsopen": 430,
    "pidfd_getfd": 438,
    "process_madvise": 440,
}
NUMBERS = _X86 if os.uname().machine == "x86_64" else _ARM


class Held(Exception):
    """The attack was stopped; the words say how."""


def failed(what: str) -> Held:
    """After a call of the C library: its error in words."""
    return Held(f"{what}: {os.strerror(ctypes.get_errno())}")


def call(name: str, *arguments: object) -> int:
    """A system call by its name: its result, -1 with ``errno`` set when it was refused."""
    ctypes.set_errno(0)
    whole = (ctypes.c_long(a) if isinstance(a, int) else a for a in arguments)
    return int(LIBC.syscall(ctypes.c_long(NUMBERS[name]), *whole))


def any_of(attempts: dict) -> str:
    """The names of the attempts that worked; raises :class:`Held` with each one's reason when none did."""
    worked, reasons = [], []
    for name, attempt in attempts.items():
        try:
            attempt()
            worked.append(name)
        except (OSError, Held) as stopped:
            reasons.append(f"{name}: {stopped.strerror if isinstance(stopped, OSError) else stopped}")
    if not worked:
        raise Held("; ".join(reasons))
    return ", ".join(worked)
