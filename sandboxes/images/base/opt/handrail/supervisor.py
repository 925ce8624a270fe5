"""PID 1 of a sandbox: takes a tree in, runs commands, gives the changed files back.

Runs as uid 65534 with Python's standard library alone. It speaks with the host
over its own stdin and stdout; all integers are big-endian::

    to it     A  <key 32 bytes>       tag everything from now on
              U  members … Z          take files in, as this user
              X  <timeout_seconds f64> <output_bytes u64> <argc u32> <envc u32> <strings u32> <stdin u64>
                 <live u8> argv and NAME=value strings, each ended by NUL; stdin
              I  <bytes u32> more stdin for a live command; none ends its stdin. The next waits for its answer i
              O  <bytes u64> <members u64> <path_bytes u32>   give files out, within these caps
              W  <wall_seconds u32>   begin its wall time anew, for one that was made ahead
              T                       end all processes and say what lies in /tmp, by folder
              Q                       end
    from it   kind u8, length u32, payload, with kind one of
              K ok   ! a refusal in words   o stdout   e stderr   x <exit i32> <flags u8>   m members   i taken
              t what lies in a folder: <files u32> <bytes u64> path

With a key every command's letter is followed by a tag of 16 bytes, and so is
every frame: see ``wire.py``.

A member is ``<kind c> <path_bytes u16> <mode u32> <size u64>``, then path and
content. Kinds: D directory, F file, L link, Z end; on the way out also
P present and unchanged, R refused.

Called with ``unpack`` it takes one stream of members in and ends. That form is
run as uid 0 without capabilities, for the files that must not be written later. With ``watch <seconds>`` after that
it stays, and tells which programs run (``watch.py``).
"""

# ruff: noqa: D103, PTH100, PTH112, PTH120, PTH123, PTH208
# Start-up counts: no pathlib. What a function does on a command is told by the drawing above.

from __future__ import annotations

import os
import select
import signal
import struct
import sys
import time
from contextlib import suppress

# Isolated mode leaves the program's own directory out.
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from tree import ROOT, Packer, Unpacker
from wire import CHUNK, Input, Refused, send

EXEC = struct.Struct(">dQIIIQB")
MORE = struct.Struct(">I")
CAPS = struct.Struct(">QQI")
EXITED = struct.Struct(">iB")
WALL = struct.Struct(">I")
LEFT = struct.Struct(">IQ")
MOST_LEFT, FOLDERS, DEPTH = 20_000, 64, 3
"""How many names in /tmp are looked at, folders are told, and levels are told apart."""
TRUNCATED, TIMED_OUT = 1, 2
GRACE_SECONDS = 30
KILL_SECONDS = 10
PR_SET_DUMPABLE = 4
SERVICES = "/services"
NOT_FOUND = 127


def dumpable(value: int) -> None:
    """While 0, nobody of the same uid can trace this process or open its ``/proc`` entries, the channel among them."""
    import ctypes  # noqa: PLC0415  the second process that uses this file does without

    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_DUMPABLE, value, 0, 0, 0) != 0:
        os._exit(70)


def end_all(main: int = 0) -> int | None:
    """Kill every process of this user in this PID namespace and reap it.

    The wait status of ``main`` if it was among them. Services are another user's and stay; an orphan of theirs
    becomes our child, so that with them nobody waits for just any child.
    """
    status = None
    give_up = time.monotonic() + KILL_SECONDS
    how = os.WNOHANG if os.path.isdir(SERVICES) else 0
    while time.monotonic() < give_up:
        with suppress(ProcessLookupError, PermissionError):
            os.kill(-1, signal.SIGKILL)
        try:
            pid, ended = os.waitpid(-1, how)
        except ChildProcessError:
            return status
        if pid == main and not os.WIFSTOPPED(ended):
            status = ended
        if pid == 0:
            if not own_processes():
                return status
            time.sleep(0.001)
    os._exit(71)


def start_relay(listener) -> None:  # noqa: ANN001  a socket; its module is loaded only where there is a broker
    """A child without the channel to the host: whatever happens to it stays inside."""
    if listener is None or os.fork() != 0:
        return
    try:
        os.setsid()
        null = os.open("/dev/null", os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        from relay import serve as carry  # noqa: PLC0415  the same

        carry(listener)
    finally:
        os._exit(73)


def relay_socket():  # noqa: ANN201  a socket or None
    """Where programs inside reach the broker, when there is one."""
    if not os.path.exists("/run/handrail/broker.sock"):  # noqa: PTH110  start-up counts
        return None
    from relay import listen  # noqa: PLC0415  the same

    return listen()


def own_processes() -> bool:
    """Whether any other process of this user lives."""
    own = str(os.getuid())
    for name in os.listdir("/proc"):
        if name.isdecimal() and name != "1":
            with suppress(OSError), open(f"/proc/{name}/status", encoding="utf-8", errors="replace") as file:
                fields = dict(line.split(":", 1) for line in file if ":" in line)
                if fields["Uid"].split()[0] == own and fields["State"].split()[0] not in {"Z", "X"}:
                    return True
    return False


def become(argv: list[bytes], env: dict[bytes, bytes], fds: tuple[int, int, int]) -> None:
    """In the child: turn into the command."""
    try:
        os.setsid()
        for number, descriptor in enumerate(fds):
            os.dup2(descriptor, number)
        dumpable(1)
        adjust = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(adjust, b"1000")
        os.close(adjust)
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        os.umask(0o022)
        os.chdir(ROOT)
        os.execvpe(argv[0], argv, env)  # noqa: S606  running what it is told is its task
    except OSError as error:
        os.write(2, f"{os.fsdecode(argv[0])}: {error.strerror}\n".encode())
    finally:
        os._exit(NOT_FOUND)


class Command:
    """One command with its pipes."""

    def __init__(
        self, argv: list[bytes], env: dict[bytes, bytes], stdin: bytes, cap: int, source: Input | None
    ) -> None:
        self.source = source
        theirs_in, self.stdin = os.pipe()
        self.stdout, theirs_out = os.pipe()
        self.stderr, theirs_err = os.pipe()
        self.left, self.truncated, self.pending = cap, False, memoryview(stdin)
        self.open = {self.stdout: b"o", self.stderr: b"e"}
        self.pid = os.fork()
        if self.pid == 0:
            become(argv, env, (theirs_in, theirs_out, theirs_err))
        for descriptor in (theirs_in, theirs_out, theirs_err):
            os.close(descriptor)
        os.set_blocking(self.stdin, False)
        self.poll = select.poll()
        for descriptor in (*self.open, 0):
            self.poll.register(descriptor, select.POLLIN)
        if self.pending:
            self.poll.register(self.stdin, select.POLLOUT)
        elif source is None:
            self.end_input()

    def end_input(self) -> None:
        os.close(self.stdin)
        self.stdin = -1

    def more(self) -> None:
        """A live command's host has something to say, or is gone."""
        if self.source is None or self.source.command() != b"I":
            os._exit(0)
        (length,) = MORE.unpack(self.source.exactly(MORE.size))
        data = self.source.exactly(length)
        if self.stdin >= 0 and not self.pending:
            self.poll.register(self.stdin, select.POLLOUT)
        self.pending = memoryview(bytes(self.pending) + data)
        if not length:
            self.source = None
        send(b"i")

    def read(self, descriptor: int) -> None:
        """Pass on what fits under the cap, drop the rest: a flood costs no memory."""
        data = os.read(descriptor, CHUNK)
        if not data:
            self.poll.unregister(descriptor)
            os.close(descriptor)
            del self.open[descriptor]
            return
        kept = data[: self.left]
        self.truncated |= len(kept) < len(data)
        self.left -= len(kept)
        if kept:
            send(self.open[descriptor], kept)

    def feed(self) -> None:
        try:
            self.pending = self.pending[os.write(self.stdin, self.pending[:CHUNK]) :]
        except BlockingIOError:
            return
        except BrokenPipeError:
            self.pending = self.pending[:0]
        if not self.pending:
            self.poll.unregister(self.stdin)
            if self.source is None:
                self.end_input()

    def until(self, deadline: float, wake: int) -> int | None:
        """Serve the pipes until the command ends: its wait status, or ``None`` at the deadline."""
        self.poll.register(wake, select.POLLIN)
        while (left := deadline - time.monotonic()) > 0:
            for descriptor, _ in self.poll.poll(left * 1000 + 1):
                if descriptor == 0:
                    self.more()
                elif descriptor == wake:
                    os.read(wake, CHUNK)
                elif descriptor in self.open:
                    self.read(descriptor)
                else:
                    self.feed()
            status = self.reap()
            if status is not None:
                return status
        return None

    def reap(self) -> int | None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return None
            if pid == self.pid and not os.WIFSTOPPED(status):
                return status
            if pid == 0:
                return None

    def finish(self) -> None:
        """Read what is left in the pipes; every writer is dead."""
        for descriptor in tuple(self.open):
            while descriptor in self.open:
                self.read(descriptor)
        if self.stdin >= 0:
            self.end_input()


def execute(source: Input, wake: int, listener) -> None:  # noqa: ANN001  a socket or None
    timeout, cap, argc, envc, length, stdin_bytes, live = EXEC.unpack(source.exactly(EXEC.size))
    strings = source.exactly(length).split(b"\0")
    stdin = source.exactly(stdin_bytes)
    env = dict(pair.split(b"=", 1) for pair in strings[argc : argc + envc])
    start_relay(listener)
    command = Command(strings[:argc], env, stdin, cap, source if live else None)
    status = command.until(time.monotonic() + timeout, wake)
    timed_out = status is None
    killed = end_all(command.pid)
    command.finish()
    status = status if status is not None else killed
    code = 137 if status is None else os.waitstatus_to_exitcode(status)
    code = 124 if timed_out else 128 - code if code < 0 else code
    send(b"x", EXITED.pack(code, TRUNCATED * command.truncated | TIMED_OUT * timed_out))


def limit_life(wall_seconds: int) -> None:
    """End at ``wall_seconds`` + 30 whatever the host does; a stray SIGALRM from inside ends nothing earlier."""
    last = time.monotonic() + wall_seconds + GRACE_SECONDS

    def ring(*_: object) -> None:
        if time.monotonic() >= last:
            os._exit(124)

    signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, wall_seconds + GRACE_SECONDS + 0.1, 1.0)


def serve(wall_seconds: int) -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    dumpable(0)
    limit_life(wall_seconds)
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    source = Input()
    listener = relay_socket()
    unpacker = Unpacker(source)
    while (command := source.command()) != b"Q":
        try:
            if command == b"A":
                source.agree()
                send(b"K")
            elif command == b"U":
                unpacker.run()
                send(b"K")
            elif command == b"X":
                execute(source, wake, listener)
            elif command == b"I":  # the command ended before it came
                source.exactly(*MORE.unpack(source.exactly(MORE.size)))
            elif command == b"W":
                limit_life(WALL.unpack(source.exactly(WALL.size))[0])
            elif command == b"O":
                caps = CAPS.unpack(source.exactly(CAPS.size))
                end_all()
                Packer(unpacker.baseline, caps).run()
                send(b"K")
            elif command == b"T":
                end_all()
                left_over()
                send(b"K")
            else:
                os._exit(72)
        except Refused as refusal:
            send(b"!", str(refusal).encode("utf-8", "backslashreplace")[:1024])


def left_over() -> None:
    """A frame for each folder of /tmp, as far as it can be read; what lies deeper than a few is counted above."""
    sums: dict[bytes, list[int]] = {}
    waiting, left = [(b"/tmp", b"/tmp", 0)], MOST_LEFT
    while waiting and left > 0:
        place, told, depth = waiting.pop()
        with suppress(OSError), os.scandir(place) as entries:
            for entry in entries:
                left -= 1
                info = entry.stat(follow_symlinks=False)
                if entry.is_dir(follow_symlinks=False):
                    deep = depth >= DEPTH or len(sums) >= FOLDERS
                    waiting.append((entry.path, told if deep else entry.path, depth + 1))
                else:
                    total = sums.setdefault(told, [0, 0])
                    total[0], total[1] = total[0] + 1, total[1] + info.st_size
                if left <= 0:
                    break
    for told, (files, size) in sums.items():
        send(b"t", LEFT.pack(files, size) + told[:4096])


def unpack(interval: str = "") -> None:
    source = Input()
    try:
        Unpacker(source).run()
        send(b"K")
    except Refused as refusal:
        send(b"!", str(refusal).encode("utf-8", "backslashreplace")[:1024])
        return
    if interval and source.command() == b"A":
        from watch import watch  # noqa: PLC0415  most that unpack do not stay

        watch(source, float(interval))


if __name__ == "__main__":
    os.umask(0)
    if sys.argv[1:2] == ["unpack"]:
        unpack(*sys.argv[3:4])
    else:
        serve(int(sys.argv[1]))
    os._exit(0)
