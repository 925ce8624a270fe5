"""Attacks on the kernel's doors and on PID 1."""

from __future__ import annotations

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.channel import FRAME
from orchestrator.sandbox.container import DockerSandbox
from orchestrator.sandbox.selftest.bench import Bench, Seen
from orchestrator.sandbox.selftest.inside import entry
from orchestrator.sandbox.selftest.model import Attack

_FORGED = FRAME.pack(b"o", 6) + b"forged" + FRAME.pack(b"x", 5) + bytes(5)
_SCRIPT = (
    "import os,sys,time\n"
    "try: os.write(os.open('/proc/1/fd/1', os.O_WRONLY), bytes.fromhex(sys.argv[1])); print('written')\n"
    "except OSError as e: print(e.strerror, file=sys.stderr)\n"
    "time.sleep(0.3); sys.exit(9)\n"
)


def _forge(box: DockerSandbox) -> Seen:
    """Put the frames of a command that ended well into PID 1's output, while one runs that fails."""
    try:
        done = box.execute(["python3", "-I", "-S", "-c", _SCRIPT, _FORGED.hex()], timeout_seconds=10)
    except SandboxUnavailable as noticed:
        return Seen(succeeded=False, words=f"the host noticed: {noticed.code} {noticed.message}")
    if done.exit_code == 0 or b"forged" in done.stdout:
        return Seen(succeeded=True, words="the host believed an answer that the command had forged")
    words = done.stderr.decode("utf-8", "replace").strip()[:100]
    return Seen(succeeded=False, words=f"the host got the true exit code {done.exit_code}; inside: {words}")


def _forged(bench: Bench) -> Seen:
    with bench.hardened() as box:
        return _forge(box)


def _forged_weakly(bench: Bench) -> Seen:
    with bench.weakened() as box:
        return _forge(box)


def _signalled(bench: Bench) -> Seen:
    try:
        return _outlived(bench)
    except SandboxUnavailable as ended:
        if bench.gvisor and ended.code == "SBX006":
            words = "gVisor lets PID 1 be ended: the whole sandbox ended, and the host got SBX006 in place of an answer"
            return Seen(succeeded=False, words=words)
        raise


def _outlived(bench: Bench) -> Seen:
    with bench.hardened() as box:
        seen = Bench.tried(box, ["supervision.signals"], {})["supervision.signals"]
        alive = box.execute(["echo", "alive"], timeout_seconds=10).stdout == b"alive\n"
    return Seen(seen.succeeded or not alive, seen.words, seen.broke)


def _signalled_weakly(bench: Bench) -> Seen:
    """A PID 1 that is an ordinary program, as most images have."""
    with bench.weakened(idle=True) as box:
        try:
            seen = bench.as_root(box.container, ["supervision.signals"], {})["supervision.signals"]
        except SandboxUnavailable as ended:
            return Seen(succeeded=ended.code == "SBX006", words="PID 1 ended, and the container with it")
    return seen


ATTACKS = (
    entry(12, "kernel.setuid_program", "setuid program of the image", "no-new-privileges, nosuid", "the uid stays"),
    entry(13, "kernel.namespaces", "new namespaces", "seccomp", "EPERM"),
    entry(14, "kernel.mount", "mount, unmask, pivot_root", "seccomp, no capability", "EPERM"),
    entry(15, "kernel.device_node", "make a device node", "no capability, nodev", "EPERM"),
    entry(16, "kernel.trace", "trace a sibling", "seccomp", "EPERM"),
    entry(17, "kernel.read_memory", "read a sibling's memory", "seccomp", "EPERM"),
    entry(18, "kernel.rare_calls", "bpf, perf, userfaultfd, keyctl", "seccomp", "EPERM"),
    entry(19, "kernel.io_uring", "io_uring", "seccomp", "EPERM"),
    entry(20, "kernel.odd_sockets", "AF_VSOCK, AF_ALG, AF_PACKET, AF_NETLINK, raw", "seccomp", "no socket"),
    entry(21, "kernel.host_doors", "sysrq, core_pattern, release_agent", "masked and read-only paths", "not opened"),
    entry(22, "kernel.foreign_namespaces", "setns, open_by_handle_at, modules", "seccomp, no capability", "EPERM"),
    entry(28, "kernel.fileless", "program that lies in no file", "seccomp holds for it too", "it gets nothing more"),
    entry(53, "kernel.regain", "take back ids and capabilities", "empty sets, no-new-privileges", "EPERM"),
    entry(54, "kernel.other_doors", "clone3, x32, int 0x80", "seccomp for one calling convention", "not reached"),
    entry(55, "supervision.memory", "read PID 1's memory and calls", "PID 1 cannot be dumped", "EACCES"),
    entry(68, "kernel.needless_calls", "calls that no build needs, a time namespace", "seccomp", "EPERM or ENOSYS"),
    entry(67, "supervision.limits", "lower PID 1's own limits", "seccomp: of the caller alone", "EPERM"),
    Attack(
        56,
        "kernel",
        "signals to PID 1",
        "PID 1 blocks or outlives each",
        "the next command runs; with gVisor the sandbox ends and the host knows",
        "PID 1 is an ordinary program",
        _signalled,
        _signalled_weakly,
    ),
    Attack(
        57,
        "kernel",
        "forge PID 1's answer to the host",
        "PID 1's channel cannot be opened, and answers carry a key",
        "the host knows the true exit code, or breaks off",
        "PID 1 belongs to the attacker and its answers carry no key",
        _forged,
        _forged_weakly,
    ),
)
