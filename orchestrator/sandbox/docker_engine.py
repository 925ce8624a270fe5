"""Implements :class:`~orchestrator.ports.Sandboxes` on Docker Engine 20.10 (API 1.41) or newer.

Not checked: the kernel's and the engine's own faults. What a container is made
of stands in :mod:`~orchestrator.sandbox.profile`.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from orchestrator.errors import SandboxUnavailable, SandboxUnsafe
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.ports import Sandbox, SandboxRequest
from orchestrator.sandbox import probe, programs
from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.container import DockerSandbox
from orchestrator.sandbox.drift import require_as_asked
from orchestrator.sandbox.layers import stands_on
from orchestrator.sandbox.owner import Owner
from orchestrator.sandbox.pool import IDLE_SECONDS, Made, Pool
from orchestrator.sandbox.profile import Profile, check_limits, container_spec, enforced, is_gvisor
from orchestrator.sandbox.reap import reap
from orchestrator.sandbox.removal import Remover
from orchestrator.sandbox.sidecar import Program, Sidecar, sidecar

AUTO = "auto"
START_SECONDS = 60
"""Within which PID 1 must answer."""


class DockerSandboxes:
    """Containers from one image.

    ``image`` is the id or digest of a local image; it is never pulled.
    ``programs_source`` holds the programs that run inside (the supervisor among
    them), ``seccomp`` is the profile's file, ``state`` a directory for copies
    and probe results, ``runtime`` an engine runtime (default: the engine's own; ``AUTO``: gVisor where the
    engine has it and its probe passes). ``pool_size`` containers of each kind that was opened are made ahead,
    for a process that opens many; the others only where they are ordered. ``accepted`` protections may be missing.
    May be used by several threads; one sandbox belongs to one thread.
    """

    def __init__(
        self,
        image: str,
        *,
        programs_source: Path,
        seccomp: Path,
        state: Path,
        runtime: str | None = None,
        base_url: str | None = None,
        pool_size: int = 0,
        accepted: Iterable[str] = (),
    ) -> None:
        self._reference, self._runtime, self._base_url = image, runtime, base_url
        self._source, self._seccomp, self._state = programs_source, seccomp, state
        self._connected: tuple[Engine, Profile] | None = None
        self._accepted, self._missing = frozenset(accepted), frozenset[str]()
        self._probed = False
        self._admitted: set[str] = set()
        self.choice = ""
        """Where the runtime was left to us: which it is and why."""
        self._live: set[DockerSandbox] = set()
        self._aborted = False
        self._lock = threading.RLock()
        self._pool = Pool(pool_size, self._make_ahead, self._remove)
        self._remover = Remover(self._remove)

    @property
    def image(self) -> str:
        """The image's id, ``sha256:…``. Connects."""
        return self.connect().image

    @property
    def missing(self) -> frozenset[str]:
        """Accepted protections that do not hold here. Known once probed."""
        return self._missing

    @property
    def programs(self) -> Digest:
        """The digest of the programs that are mounted inside. Connects."""
        return self.connect().programs_digest

    @property
    def calls(self) -> int:
        """Round trips to the engine so far."""
        return self._connected[0].calls if self._connected else 0

    def connect(self) -> Profile:
        """Reach the engine, find image and runtime, remove what dead owners left. Idempotent.

        Raises ``SandboxUnavailable``: ``SBX001`` not reachable, ``SBX002`` too
        old, ``SBX003`` unknown runtime, ``SBX004`` no such image, ``SBX012``
        programs or seccomp profile unreadable.
        """
        with self._lock:
            if self._connected is None:
                self._connected = self._connect()
            return self._connected[1]

    def reach(self) -> None:
        """As :meth:`connect`, and the engine answers now. Raises as it does."""
        with self._lock:
            known = self._connected is not None
            self.connect()
        if known:
            self._engine.ping()

    def probe(self) -> None:
        """Try the limits unless they are known to hold. Raises ``SandboxUnsafe`` (``SBX011``, exit 8)."""
        with self._lock:
            if not self._probed:
                self._probe()
            self._probed = True

    @contextmanager
    def open(self, request: SandboxRequest) -> Generator[DockerSandbox]:
        """As the port says; also raises ``UsageError`` (``SBX020``) for limits that cannot hold together.

        An image of the request's own must stand on the base, layer by layer (``SBX016``), and is probed as the base is.
        """
        check_limits(request.limits, request.services)
        self.probe()
        if request.image is not None:
            self._admit(request.image)
        with self._opened(request) as sandbox:
            yield sandbox

    @contextmanager
    def variant(self, image: str) -> Generator[DockerSandboxes]:
        """The same, with another image. Its limits are not tried: it is for the self-test, which tries an image."""
        made = DockerSandboxes(
            image,
            programs_source=self._source,
            seccomp=self._seccomp,
            state=self._state,
            runtime=self._runtime,
            base_url=self._base_url,
            accepted=self._accepted,
        )
        made._probed = True
        try:
            yield made
        finally:
            made.close()

    def reap(self) -> tuple[str, ...]:
        """Remove containers of provably dead owners; their ids."""
        self.connect()
        return reap(self._engine)

    def abort(self) -> None:
        """End every live sandbox now, from any thread; whoever waits for one gets ``SandboxUnavailable``.

        So does whoever opens one from now on: one may just be under way in another thread.
        """
        self._aborted = True
        for sandbox in tuple(self._live):
            sandbox.hang_up()

    def warm(self, request: SandboxRequest) -> None:
        """As the port says; of a pool as many as its size."""
        if request.broker is None:  # a lease's mount is nobody else's
            self.probe()
            self._pool.warm(request)

    def made_ahead(self) -> int:
        """How many containers wait to be used."""
        return self._pool.waiting()

    def close(self) -> None:
        """Remove what was made ahead, wait for what is being removed, and drop the connection to the engine."""
        self._pool.close()
        self._remover.close()
        if self._connected is not None:
            self._connected[0].close()
        self._connected = None

    @contextmanager
    def sidecar(self, program: Program) -> Generator[Sidecar]:
        """A broker's process in a container beside the sandboxes. Raises as :meth:`open`."""
        with sidecar(lambda: (self._engine, self.connect()), program) as made:
            yield made

    def mounts_sockets(self) -> bool:
        """Whether a host's socket, mounted, answers inside. Tried once for an engine, runtime and image, then known."""
        self.probe()
        with self._lock:
            subject = sha256(canonical([_subject(self._engine, self.connect()), "sockets"]))
            if probe.known(self._state, subject):
                return True
            if probe.refused(self._state, subject) is not None:
                return False
            held = probe.reaches_socket(self._opened_with)
            if held:
                probe.remember(self._state, subject)
            else:
                probe.refuse(self._state, subject, "a host's socket does not answer inside")
            return held

    @contextmanager
    def _opened_with(self, folder: str) -> Generator[DockerSandbox]:
        with self._opened(replace(probe.REQUEST, broker=folder), pooled=False) as sandbox:
            yield sandbox

    @property
    def _engine(self) -> Engine:
        self.connect()
        if self._connected is None:
            raise SandboxUnavailable("SBX001", "the connection to the engine was closed meanwhile")
        return self._connected[0]

    def _connect(self) -> tuple[Engine, Profile]:
        seccomp = _seccomp(self._seccomp)
        place, digest = programs.install(self._source, self._state)
        engine = Engine(self._base_url)
        try:
            runtime = str(engine.info["DefaultRuntime"]) if self._runtime in {None, AUTO} else str(self._runtime)
            _check_runtime(runtime, engine.runtimes())
            profile = Profile(engine.image_id(self._reference), place, digest, seccomp, runtime)
            if self._runtime == AUTO:
                profile = self._preferred(engine, profile)
            reap(engine)
        except BaseException:
            engine.close()
            raise
        return engine, profile

    def _admit(self, image: str) -> None:
        with self._lock:
            if image in self._admitted:
                return
            base = self._engine.image_layers(self.image)
            if self._engine.image_id(image) != image or not stands_on(self._engine.image_layers(image), base):
                hint = "add the agent again: `handrail agent add NAME`"
                raise SandboxUnsafe("SBX016", f"the image {image[:19]} does not stand on the sandbox's own", hint)
            self._probe_this(image)
            self._admitted.add(image)

    def _preferred(self, engine: Engine, profile: Profile) -> Profile:
        """With gVisor where the engine has it, unless it was tried here and did not hold."""
        names = sorted(filter(is_gvisor, engine.runtimes()))
        if not names:
            self.choice = f"{profile.runtime}: the engine has no gVisor, a second boundary around each step"
            return profile
        better = replace(profile, runtime=names[0])
        refused = probe.refused(self._state, _subject(engine, better))
        self.choice = f"{names[0]}: gVisor, preferred" if refused is None else _not_held(profile, names[0], refused)
        return better if refused is None else profile

    def _fall_back(self, problem: SandboxUnsafe) -> bool:
        """Take the engine's own runtime when gVisor was only preferred; it is remembered and said."""
        engine, profile = self._engine, self.connect()
        default = str(engine.info["DefaultRuntime"])
        if self._runtime != AUTO or not is_gvisor(profile.runtime) or is_gvisor(default):
            return False
        words = "; ".join(problem.details) or problem.message
        probe.refuse(self._state, _subject(engine, profile), words)
        plain = replace(profile, runtime=default)
        self.choice = _not_held(plain, profile.runtime, words)
        self._connected = (engine, plain)
        return True

    def _probe(self) -> None:
        try:
            self._probe_this()
        except SandboxUnsafe as problem:
            if not self._fall_back(problem):
                raise
            self._probe_this()

    def _probe_this(self, image: str | None = None) -> None:
        subject = _subject(self._engine, self.connect())
        subject = subject if image is None else sha256(canonical([subject, image]))
        opened = partial(self._opened, replace(probe.REQUEST, image=image), pooled=False)
        fit = sha256(canonical([subject, "tools"]))
        preferred = self._runtime == AUTO and is_gvisor(self.connect().runtime)
        if preferred and not probe.known(self._state, fit):
            probe.require_tools(opened)
            probe.remember(self._state, fit)
        if probe.known(self._state, subject):
            return
        self._missing |= self._tried(subject, opened, frozenset() if preferred else self._accepted)

    def _tried(
        self, subject: Digest, opened: Callable[[], AbstractContextManager[Sandbox]], accepted: frozenset[str]
    ) -> frozenset[str]:
        """Which of the accepted protections are missing; known, or found now."""
        under = sha256(canonical([subject, sorted(accepted)]))
        known = probe.admitted(self._state, under) if accepted else None
        if known is not None:
            return known
        missing = probe.run(opened, inodes_on_the_way_out=is_gvisor(self.connect().runtime), accepted=accepted)
        if missing:
            probe.admit(self._state, under, missing)
        else:
            probe.remember(self._state, subject)
        return missing

    @contextmanager
    def _opened(self, request: SandboxRequest, *, pooled: bool = True) -> Generator[DockerSandbox]:
        made = self._pool.take(request) if pooled and request.broker is None else None
        pooled = made is not None
        made = made or self._make(request)
        try:
            profile = self.connect()
            held, gvisor = enforced(profile, request), is_gvisor(profile.runtime)
            sandbox = DockerSandbox(self._engine, made.container, made.channel, request, enforced=held, gvisor=gvisor)
            self._live.add(sandbox)
            try:
                if self._aborted:
                    raise SandboxUnavailable("SBX009", "all sandboxes of this process were told to end")
                if pooled:
                    sandbox.begin_wall_time()
                sandbox.start_services()
                yield sandbox
            finally:
                sandbox.stop_watch()
                sandbox.stop_services()
                self._live.discard(sandbox)
        except BaseException:
            self._remove(made)
            raise
        self._remover.order(made)

    def _make(self, request: SandboxRequest, wall_seconds: int | None = None) -> Made:
        """Create, inspect, attach, start: in this order, so that nothing runs in what was not looked at."""
        engine = self._engine
        spec = container_spec(self.connect(), request, Owner.this(), wall_seconds)
        container = engine.create(spec)
        try:
            require_as_asked(spec, engine.inspect(container), "sandbox", self._accepted)
            channel = engine.attach(container)
            try:
                engine.start(container)
                channel.agree(time.monotonic() + START_SECONDS)
            except BaseException:
                channel.close()
                raise
        except BaseException:
            engine.remove(container)
            raise
        return Made(container, channel, time.monotonic())

    def _make_ahead(self, request: SandboxRequest) -> Made:
        """One that has answered: from then on it has nothing to say until it is asked."""
        made = self._make(request, IDLE_SECONDS)
        try:
            made.channel.greet(time.monotonic() + START_SECONDS)
        except BaseException:
            self._remove(made)
            raise
        return made

    def _remove(self, made: Made) -> None:
        try:
            made.channel.close()
        finally:
            self._engine.remove(made.container)


def _subject(engine: Engine, profile: Profile) -> Digest:
    """Of everything on which a probe's result depends; the way to the engine too: a proxy may drop settings."""
    names = ("Version", "ApiVersion", "KernelVersion", "Arch")
    cgroups = [engine.info.get(k) for k in ("CgroupVersion", "CgroupDriver", "SecurityOptions", "Name")]
    made = engine.runtimes().get(profile.runtime)
    versions = [engine.version.get(n) for n in names]
    return sha256(canonical([engine.address, versions, cgroups, made, profile.digest()]))


def _not_held(plain: Profile, name: str, words: str) -> str:
    return f"{plain.runtime}: the engine has gVisor ({name}), and it is not fit here: {words}"


def _check_runtime(runtime: str, known: Mapping[str, object]) -> None:
    if runtime not in known:
        names = ", ".join(sorted(known))
        raise SandboxUnavailable("SBX003", f"the engine has no runtime {runtime!r}", f"one of: {names}")


def _seccomp(path: Path) -> str:
    """Compact text: the engine wants the profile itself, not a path."""
    try:
        return json.dumps(json.loads(path.read_bytes()), separators=(",", ":"))
    except (OSError, ValueError) as error:
        raise SandboxUnavailable(
            "SBX012", f"the seccomp profile cannot be read: {error}", "reinstall handrail"
        ) from error
