"""Attacks on PID 1, whose word the host takes for how a command ended and what changed."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import time

from common import Held, any_of, call, failed

SECONDS = 0.3
"""In which a signal arrives."""


def memory(_: dict) -> str:
    """Of PID 1: its memory, its environment, its calls."""

    def opened(name: str, flags: int):
        def work() -> None:
            descriptor = os.open(f"/proc/1/{name}", flags)
            try:
                if name != "mem" and not os.read(descriptor, 16):
                    raise Held("empty")
            finally:
                os.close(descriptor)

        return work

    def vm() -> None:
        class Vector(ctypes.Structure):
            _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

        target = ctypes.create_string_buffer(16)
        here, there = Vector(ctypes.addressof(target), 8), Vector(ctypes.addressof(target), 8)
        if call("process_vm_readv", 1, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) < 0:
            raise failed("process_vm_readv")

    names = {"mem": os.O_RDWR, "syscall": os.O_RDONLY, "io": os.O_RDONLY}
    return any_of({**{name: opened(name, flags) for name, flags in names.items()}, "process_vm_readv": vm})


def forge(parameters: dict) -> str:
    """Writes to PID 1's output what the host waits for: a command that ended well."""
    descriptor = os.open("/proc/1/fd/1", os.O_WRONLY)
    os.write(descriptor, bytes.fromhex(parameters["forged"]))
    return "a forged answer was written to PID 1's output"


def limits(_: dict) -> str:
    """Lower what PID 1 may use: whoever has its uid may, in most kernels. Here to what it has already."""

    def lowered() -> None:
        resource.prlimit(1, resource.RLIMIT_CORE, (0, 0))

    return any_of({"prlimit": lowered})


def signals(_: dict) -> str:
    """Every signal that ends or stops a process; whether PID 1 took it is seen by what follows."""
    for number in (signal.SIGSTOP, signal.SIGTSTP, signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGALRM):
        os.kill(1, number)
    for number in (signal.SIGCHLD, signal.SIGUSR1, signal.SIGSEGV, signal.SIGPIPE, signal.SIGHUP):
        os.kill(1, number)
    time.sleep(SECONDS)
    with open("/proc/1/stat") as file:
        state = file.read().rpartition(")")[2].split()[0]
    if state in {"T", "t", "Z", "X"}:
        return f"PID 1 is in state {state}"
    raise Held(f"PID 1 goes on in state {state}")
