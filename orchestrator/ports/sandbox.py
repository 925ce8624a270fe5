"""Containers and the environments that are mounted into them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Protocol

from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.environment import Environment, Service
from orchestrator.models.ids import Digest, GitOid, RunId
from orchestrator.models.observed import Account, Program
from orchestrator.ports.trees import ChangeOut, TreeEntry


@dataclass(frozen=True, slots=True)
class Prepared:
    """What a project's sandboxes are given (D5). ``digest`` is the stored :class:`Environment`'s.

    ``folder`` is a host directory, to be mounted read-only; ``node_modules`` says that it holds one.
    """

    digest: Digest
    folder: str | None = None
    node_modules: bool = False
    services: tuple[Service, ...] = ()


@dataclass(frozen=True, slots=True)
class SandboxRequest:
    """What a container is made for.

    ``key`` is the idempotency key (run, step, attempt, purpose). ``environment``
    is the host directory to mount read-only; ``node_modules`` mounts the folder of that
    name in it at the top of the tree as well. ``services`` are started beside the commands.
    ``packages`` is a host directory of packages to mount read-only. ``open_tree`` makes the whole copy
    writable, for commands whose tree is thrown away (acceptance). ``import_roots``
    are directories of the tree from which Python imports the project's own packages.
    ``broker`` is what a lease mounts, with its socket: a relay inside then answers on 127.0.0.1.
    ``image`` is the id of an image that stands on the engine's own and adds a layer (a coding agent's program).
    ``watched`` has what it takes of the machine and which programs run in it sampled.
    """

    key: str
    run: RunId
    limits: Limits
    environment: str | None = None
    open_tree: bool = False
    import_roots: tuple[str, ...] = ()
    broker: str | None = None
    image: str | None = None
    node_modules: bool = False
    services: tuple[Service, ...] = ()
    packages: str | None = None
    watched: bool = False

    def furnished(self, prepared: Prepared | None) -> SandboxRequest:
        """With a project's environment, when there is one."""
        if prepared is None:
            return self
        folder, services = prepared.folder, prepared.services
        return replace(self, environment=folder, node_modules=prepared.node_modules, services=services)


@dataclass(frozen=True, slots=True)
class Execution:
    """How a command ended.

    ``exit_code`` is the process's, 124 on time-out, 137 when killed;
    ``truncated`` says that output passed its cap.
    """

    exit_code: int
    stdout: bytes
    stderr: bytes
    duration_seconds: float
    truncated: bool = False
    timed_out: bool = False


class Sandbox(Protocol):
    """One live container.

    Every method raises ``SandboxUnavailable`` when it is gone and
    ``LimitReached`` past its wall time.
    """

    def copy_in(
        self,
        entries: Sequence[TreeEntry],
        read: Callable[[Sequence[GitOid]], Iterator[bytes]],
        capabilities: Capabilities,
        protected: Sequence[str],
    ) -> None:
        """Put a tree at ``/work``: what may not be read is left out, what may not be written is owned by root."""
        ...

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
        """Run in ``/work`` as the unprivileged user; all its processes are ended with it.

        ``on_output`` gets stdout as it comes. ``live_input`` is asked a few times a second for more
        stdin: at most 64 KiB, ``None`` for nothing now, ``b""`` for its end; without it stdin ends after ``stdin``.
        """
        ...

    def enforced(self) -> bytes:
        """The protections that hold of it, as canonical JSON that names nothing of this machine; empty: not known."""
        ...

    def watch(self, tell: Callable[[Program], None]) -> None:
        """Before :meth:`copy_in`: ``tell`` of each program when it is first seen, from a thread; when ``watched``."""
        ...

    def observed(self) -> Account:
        """What it did so far, when ``watched``; sampling ends with this. ``left`` only after :meth:`change_out`."""
        ...

    def interrupt(self) -> None:
        """End it now, from any thread: whoever waits for it gets ``SandboxUnavailable``."""
        ...

    def change_out(self) -> ChangeOut:
        """End all processes and read the tree back, within caps. Raises ``AgentFailed`` past a cap."""
        ...


class Sandboxes(Protocol):
    """A container engine that has been probed."""

    @property
    def image(self) -> str:
        """The image's digest."""
        ...

    def open(self, request: SandboxRequest) -> AbstractContextManager[Sandbox]:
        """A fresh container. Raises ``SandboxUnavailable`` / ``SandboxUnsafe``.

        It is gone when the context ends with an error; when it ends well, its idle supervisor may go a moment later.
        """
        ...

    def warm(self, request: SandboxRequest) -> None:
        """Have one for such a request made ahead, in the background, where its mounts are nobody else's. No promise."""
        ...


class Environments(Protocol):
    """Builds and caches a project's dependencies (D5)."""

    def prepare(self, files: Mapping[str, bytes]) -> tuple[Environment, str] | None:
        """The environment of these lock or requirements files and the directory where it lies.

        ``None`` when none of them names a dependency. Raises ``SandboxUnavailable``
        when it cannot be built.
        """
        ...
