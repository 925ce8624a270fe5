"""One live sandbox: copy in, execute, change out, over the channel to its supervisor."""

from __future__ import annotations

import struct
import time
from collections.abc import Callable, Iterator, Mapping, Sequence

from orchestrator.errors import LimitReached, RepositoryError, SandboxUnavailable, UsageError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import GitOid
from orchestrator.models.observed import Account, Cause, Folder, Program, Ran
from orchestrator.models.usage import Peaks
from orchestrator.ports import ChangeOut, Execution, SandboxRequest, TreeEntry
from orchestrator.sandbox import layout, members
from orchestrator.sandbox.channel import Channel
from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.peaks import Watch, higher
from orchestrator.sandbox.profile import ENVIRONMENT, MIB, NODE_MODULES, PACKAGES, UNPACKER, WATCHER, WORK
from orchestrator.sandbox.services import START_SECONDS, Services
from orchestrator.sandbox.watching import Programs

MAX_STDIN_BYTES = 16 * MIB
TRANSFER_SECONDS = 120
GRACE_SECONDS = 20
_EXEC = struct.Struct(">dQIIIQB")
_MORE = struct.Struct(">I")
_LIVE_SECONDS = 0.2
_LIVE_BYTES = 64 << 10
_CAPS = struct.Struct(">QQI")
_EXITED = struct.Struct(">iB")
_LEFT = struct.Struct(">IQ")
_MAX_LEFT = 128
_WATCH_SECONDS = ("0.1", "0.25")
"""How often the process table is read when nothing was opened; with gVisor, where that costs more, less often."""
_KILLED = 137
_TRUNCATED, _TIMED_OUT = 1, 2
_PATH = "/usr/local/bin:/usr/bin:/bin"
_ENV = {
    "HOME": "/tmp",  # noqa: S108  inside the container, private to it
    "LANG": "C.UTF-8",
    "PATH": _PATH,
    "PYTHONDONTWRITEBYTECODE": "1",
    "TMPDIR": "/tmp",  # noqa: S108  the same
    "TZ": "UTC",
}


class DockerSandbox:
    """Implements :class:`~orchestrator.ports.Sandbox`. Made by ``DockerSandboxes.open``, which also ends it."""

    def __init__(
        self,
        engine: Engine,
        container: str,
        channel: Channel,
        request: SandboxRequest,
        *,
        enforced: bytes = b"",
        gvisor: bool = False,
    ) -> None:
        self._engine, self._container, self._channel, self._request = engine, container, channel, request
        self._enforced = enforced
        self._ends_at = time.monotonic() + request.limits.wall_seconds
        self._base: frozenset[str] = frozenset()
        self._fresh = True
        self._broken = False
        self._services: Services | None = None
        self._watch = Watch(engine, container) if request.watched else None
        self._programs = Programs(engine, container, listed=not gvisor) if request.watched else None
        self._watcher = [*WATCHER, _WATCH_SECONDS[gvisor]]
        self._ran: list[Ran] = []
        self._left: dict[str, Folder] = {}

    def begin_wall_time(self) -> None:
        """For a container that was made ahead: its time begins now."""
        with _Use(self):
            seconds = self._request.limits.wall_seconds
            self._channel.command(b"W", [struct.pack(">I", seconds)], self._deadline(TRANSFER_SECONDS))

    def start_services(self) -> None:
        """Begin with them, when there are any; the first command waits until they answer."""
        if self._request.services:
            deadline = self._deadline(START_SECONDS)
            self._services = Services(self._engine, self._container, self._request.services, deadline)

    def stop_services(self) -> None:
        """Idempotent."""
        if self._services is not None:
            self._services.close()

    def enforced(self) -> bytes:
        """As the port says: see :func:`orchestrator.sandbox.profile.enforced`."""
        return self._enforced

    def watch(self, tell: Callable[[Program], None]) -> None:
        """As the port says."""
        if self._programs is not None:
            self._programs.tell(tell)

    def observed(self) -> Account:
        """As the port says; nothing for one that was not to be watched."""
        programs = self._programs
        if self._watch is None or programs is None:
            return Account()
        programs.close()
        return Account(
            ways=programs.ways,
            programs=programs.programs,
            seen=programs.seen,
            created=programs.created,
            dropped=programs.dropped,
            lost=programs.lost,
            ran=tuple(_explained(ran, starved=programs.starved) for ran in self._ran),
            out_of_memory=programs.starved,
            peaks=higher(self._watch.close(), Peaks(pids=programs.most)),
            left=self._left,
        )

    def stop_watch(self) -> None:
        """Idempotent; for a container that is about to go."""
        if self._watch is not None and self._programs is not None:
            self._programs.abandon()
            self._watch.abandon()

    @property
    def container(self) -> str:
        """The engine's id of it."""
        return self._container

    def copy_in(
        self,
        entries: Sequence[TreeEntry],
        read: Callable[[Sequence[GitOid]], Iterator[bytes]],
        capabilities: Capabilities,
        protected: Sequence[str],
    ) -> None:
        """Once, before any command.

        Raises ``LimitReached`` (``SBX021``) for a tree that does not fit, ``RepositoryError`` (``SBX024``) for one with
        a ``node_modules`` of its own where the environment's belongs.
        """
        if not self._fresh:
            raise UsageError("SBX023", "a tree goes into a sandbox once, before any command", "open a fresh sandbox")
        self._fresh = False
        if self._request.node_modules and any(e.path.partition("/")[0] == "node_modules" for e in entries):
            hint = "take node_modules out of git, or the lock file out of the profile's requirements"
            raise RepositoryError("SBX024", "the tree has a node_modules of its own beside a lock file", hint)
        plan = (
            layout.plan_open(entries, capabilities)
            if self._request.open_tree
            else layout.plan(entries, capabilities, protected)
        )
        if self._request.image is not None and not self._request.open_tree:
            plan = plan.with_repository()
        if plan.root:
            self._as_root(plan.root, read)
        if plan.user:
            with _Use(self):
                self._channel.command(b"U", (), self._deadline(TRANSFER_SECONDS))
                self._unpack(self._channel, plan.user, read)
        self._base = plan.paths()

    def execute(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout_seconds: float,
        on_output: Callable[[bytes], None] | None = None,
        live_input: Callable[[], bytes | None] | None = None,
    ) -> Execution:
        """As the port says. The environment is fixed but for ``env``; nothing comes from host or image."""
        self._fresh = False
        self._await_services()
        if self._programs is not None:
            with _Use(self):
                self._programs.ready()
        allowed = min(timeout_seconds, self._ends_at - time.monotonic())
        if allowed <= 0:
            raise self._wall()
        message = self._message(
            argv, {**_ENV, **self._environment(), **(env or {})}, stdin, allowed, live=live_input is not None
        )
        with _Use(self):
            self._channel.command(b"X", message, self._deadline(TRANSFER_SECONDS))
            until = time.monotonic() + allowed + GRACE_SECONDS
            execution = self._collect(until, on_output, _Live(self._channel, live_input))
        self._ran.append(_ran(argv, execution))
        if execution.timed_out and allowed < timeout_seconds:
            raise self._wall()
        return execution

    def change_out(self) -> ChangeOut:
        """As the port says: what is neither file nor link is named in ``refused`` and counts as unchanged."""
        self._fresh = False
        self.stop_services()
        limits = self._request.limits
        max_bytes = limits.disk_mib * MIB
        receiver = members.Receiver(self._base, max_bytes=max_bytes, max_members=limits.inodes)
        deadline = self._deadline(TRANSFER_SECONDS)
        with _Use(self):
            caps = _CAPS.pack(max_bytes, limits.inodes, members.MAX_PATH_BYTES)
            self._channel.command(b"O", [caps], deadline)
            while True:
                kind, payload = self._channel.receive(deadline)
                if kind == b"m":
                    receiver.feed(payload)
                elif kind == b"!":
                    raise members.refusal(payload.decode("utf-8", "replace"))
                else:
                    self._expect(kind, b"K")
                    break
            if self._watch is not None:
                self._left = self._left_over(deadline)
        return receiver.result()

    def interrupt(self) -> None:
        """As the port says."""
        self.hang_up()

    def hang_up(self) -> None:
        """Close the channel, from any thread; the supervisor ends itself and with it the container."""
        self._broken = True
        self._channel.close()

    def break_off(self) -> None:
        """Nothing more can be asked of it: an answer may still be under way."""
        self._broken = True

    def check_usable(self) -> None:
        """Raises ``SandboxUnavailable`` (``SBX006``) after a failure, ``LimitReached`` (``SBX030``) past its time."""
        if self._broken:
            raise SandboxUnavailable("SBX006", "this sandbox is gone or broke off earlier", "open a fresh one")
        if time.monotonic() >= self._ends_at:
            raise self._wall()

    def past_wall(self) -> bool:
        """Whether the container's time is over."""
        return time.monotonic() >= self._ends_at

    def _wall(self) -> LimitReached:
        seconds = self._request.limits.wall_seconds
        return LimitReached(
            "SBX030", f"the sandbox's {seconds} s are over", "raise wall_seconds, or make the step smaller"
        )

    def _deadline(self, seconds: float) -> float:
        return min(time.monotonic() + seconds, self._ends_at + GRACE_SECONDS)

    def _left_over(self, deadline: float) -> dict[str, Folder]:
        """What lies in ``/tmp``; every process is dead."""
        self._channel.command(b"T", (), deadline)
        found: dict[str, Folder] = {}
        while (answer := self._channel.receive(deadline))[0] == b"t":
            files, size = _LEFT.unpack_from(answer[1])
            name = answer[1][_LEFT.size :].decode("utf-8", "replace")
            if len(found) < _MAX_LEFT:
                found["".join(c if c.isprintable() else "?" for c in name)] = Folder(files=files, bytes=size)
        self._expect(answer[0], b"K", answer[1])
        return found

    def _await_services(self) -> None:
        if self._services is not None:
            with _Use(self):
                self._services.await_ready(self._deadline(START_SECONDS))

    def _environment(self) -> dict[str, str]:
        request = self._request
        roots = [f"{WORK}/{root}" for root in request.import_roots]
        env = {name: value for service in request.services for name, value in service.environment().items()}
        if request.packages is not None:
            env |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": PACKAGES}
        if request.environment is None:
            return {**env, "PYTHONPATH": ":".join(roots)} if roots else env
        path = [f"{NODE_MODULES}/.bin"] if request.node_modules else []
        path += [f"{ENVIRONMENT}/bin", _PATH]
        return {**env, "PATH": ":".join(path), "PYTHONPATH": ":".join((*roots, ENVIRONMENT))}

    def _message(
        self, argv: Sequence[str], env: Mapping[str, str], stdin: bytes, allowed: float, *, live: bool
    ) -> list[bytes]:
        strings = [*argv, *(f"{name}={value}" for name, value in env.items())]
        if not argv or any("\0" in s for s in strings) or len(stdin) > MAX_STDIN_BYTES:
            raise UsageError("SBX023", "a command needs words without NUL and at most 16 MiB of input")
        packed = b"".join(s.encode("utf-8", "surrogateescape") + b"\0" for s in strings)
        cap = self._request.limits.output_kib * 1024
        return [_EXEC.pack(allowed, cap, len(argv), len(env), len(packed), len(stdin), live), packed, stdin]

    def _collect(self, deadline: float, on_output: Callable[[bytes], None] | None, live: _Live) -> Execution:
        began = time.monotonic()
        streams, left = {b"o": bytearray(), b"e": bytearray()}, self._request.limits.output_kib * 1024
        while True:
            live.feed_until_answer(deadline)
            kind, payload = self._channel.receive(deadline)
            if kind == b"i" and live.answered():
                continue
            if kind not in streams:
                self._expect(kind, b"x", payload, _EXITED.size)
                code, flags = _EXITED.unpack(payload)
                seconds, truncated = time.monotonic() - began, bool(flags & _TRUNCATED)
                out, err = bytes(streams[b"o"]), bytes(streams[b"e"])
                return Execution(code, out, err, seconds, truncated, bool(flags & _TIMED_OUT))
            if len(payload) > left:
                raise SandboxUnavailable(
                    "SBX008", "the sandbox's supervisor passed its output cap", "rebuild the image"
                )
            left -= len(payload)
            streams[kind] += payload
            if kind == b"o" and on_output is not None:
                on_output(payload)

    def _expect(self, kind: bytes, wanted: bytes, payload: bytes = b"", size: int = 0) -> None:
        if kind != wanted or len(payload) != size:
            raise SandboxUnavailable("SBX008", f"the sandbox's supervisor answered {kind!r}", "rebuild the image")

    def _as_root(self, places: Sequence[layout.Place], read: Callable[[Sequence[GitOid]], Iterator[bytes]]) -> None:
        watch = self._programs
        channel = self._engine.execute_as(0, self._container, self._watcher if watch else list(UNPACKER))
        try:
            with _Use(self):
                self._unpack(channel, places, read)
                if watch is not None:
                    watch.begin(channel)
        except BaseException:
            channel.close()
            raise
        if watch is None:
            channel.close()

    def _unpack(
        self, channel: Channel, places: Sequence[layout.Place], read: Callable[[Sequence[GitOid]], Iterator[bytes]]
    ) -> None:
        deadline = self._deadline(TRANSFER_SECONDS)
        channel.send(members.encode(places, read), deadline)
        kind, payload = channel.receive(deadline)
        if kind == b"!":
            words = payload.decode("utf-8", "replace")
            raise LimitReached("SBX021", f"the tree does not fit into the sandbox: {words}", "raise disk_mib or inodes")
        self._expect(kind, b"K")


def _ran(argv: Sequence[str], execution: Execution) -> Ran:
    """What the host started; of an argument that is no plain word (a program, a text) nothing is kept."""
    code = execution.exit_code
    cause = Cause.TIMED_OUT if execution.timed_out else Cause.KILLED if code >= _KILLED - 9 else Cause.FAILED
    words = tuple(word for word in argv[:8] if len(word) <= 120 and word.isprintable())  # noqa: PLR2004  a word
    ended = Cause.ENDED if code == 0 else cause
    seconds = round(execution.duration_seconds, 3)
    return Ran(argv=words, exit_code=code, cause=ended, seconds=seconds, truncated=execution.truncated)


def _explained(ran: Ran, *, starved: bool) -> Ran:
    """The kernel kills with the same signal whoever is out of memory: only the engine knows."""
    killed = starved and ran.exit_code == _KILLED and ran.cause is Cause.KILLED
    return ran.model_copy(update={"cause": Cause.OUT_OF_MEMORY}) if killed else ran


class _Live:
    """What is said to a running command: one piece at a time, each answered before the next."""

    def __init__(self, channel: Channel, source: Callable[[], bytes | None] | None) -> None:
        self._channel, self._source, self._waiting = channel, source, False

    def feed_until_answer(self, deadline: float) -> None:
        """Ask for more input until the supervisor has something to say."""
        while self._source is not None and not self._waiting and not self._channel.ready(_LIVE_SECONDS):
            data = self._source()
            if data is not None:
                if len(data) > _LIVE_BYTES:
                    raise UsageError("SBX023", f"live input comes in pieces of at most {_LIVE_BYTES >> 10} KiB")
                self._channel.command(b"I", [_MORE.pack(len(data)), data], deadline)
                self._waiting = True
                self._source = self._source if data else None
            if time.monotonic() >= deadline:
                return

    def answered(self) -> bool:
        """Whether an answer was due."""
        due, self._waiting = self._waiting, False
        return due


class _Use:
    """One exchange. Whatever interrupts it leaves the channel in an unknown state, so that it is the last."""

    def __init__(self, sandbox: DockerSandbox) -> None:
        self._sandbox = sandbox

    def __enter__(self) -> None:
        self._sandbox.check_usable()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        if error is None:
            return
        self._sandbox.break_off()
        if isinstance(error, SandboxUnavailable) and self._sandbox.past_wall():
            raise LimitReached("SBX030", "the sandbox's time is over", "raise wall_seconds") from error
