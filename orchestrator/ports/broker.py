"""The only way out of a sandbox: a grant becomes a lease, a socket with a token behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from orchestrator.models.capabilities import DataClass, Egress
from orchestrator.models.endpoint import Endpoint, OwnHost, Secret, WireProtocol
from orchestrator.models.ids import RunId
from orchestrator.models.traffic import Exchange, Traffic


@dataclass(frozen=True, slots=True)
class BrokerGrant:
    """What one attempt may send out.

    ``key`` is the idempotency key (run, step, attempt). ``models`` are patterns
    over ``endpoint/model``; ``endpoints`` and ``secrets`` are those of the user's configuration that
    the grant names; ``hosts`` are the user's own. ``record`` asks for a cassette; ``replay`` is one.
    """

    key: str
    run: RunId
    endpoints: tuple[Endpoint, ...] = ()
    models: tuple[str, ...] = ()
    egress: tuple[Egress, ...] = ()
    secrets: tuple[Secret, ...] = ()
    hosts: tuple[OwnHost, ...] = ()
    data: DataClass = DataClass.OPEN
    egress_kib: int = 0
    tokens: int = 0
    cost_usd: float | None = None
    record: bool = False
    replay: bytes | None = None


class Lease(Protocol):
    """A live way out. Ends with its context; what was reserved and not settled counts as spent (D9)."""

    @property
    def mount(self) -> str:
        """What holds the socket and is mounted read-only into the sandbox: a host's folder, or a volume by its name."""
        ...

    @property
    def token(self) -> str:
        """What an agent sends as its API key: worth nothing outside this lease."""
        ...

    @property
    def urls(self) -> Mapping[WireProtocol, str]:
        """Base URLs as the agent sees them, at the relay on 127.0.0.1; each ends before the protocol's own path."""
        ...

    @property
    def proxy(self) -> str:
        """The relay as an HTTP proxy for granted hosts, or '' when none is granted."""
        ...

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables with which common programs use ``proxy`` and trust it; empty when no host is granted."""
        ...

    def close(self) -> Traffic:
        """Stop relaying and settle; idempotent. Raises ``LimitReached`` never: see ``exhausted``."""
        ...

    @property
    def exhausted(self) -> str:
        """Why the budget refused a request ('' when it did not): exit 7 for the run."""
        ...


class Budgets(Protocol):
    """A run's tokens and money, reserved durably before they are spent."""

    def reserve(self, key: str, tokens: int, cost_usd: float) -> bool:
        """Set an amount aside under ``key``, on top of earlier ones; ``False`` when the run has not that much left."""
        ...

    def settle(self, key: str, tokens: int, cost_usd: float) -> None:
        """What was really spent under ``key``: replaces all its reservations."""
        ...

    def past(self, share: float, key: str, tokens: int, cost_usd: float) -> str:
        """The ceiling of which this share is used, in words; '' while there is none.

        ``tokens`` and ``cost_usd`` were really spent under ``key`` so far; other keys count with what they set aside.
        """
        ...


class Broker(Protocol):
    """Opens leases. ``on_exchange`` is called from another thread, once a request."""

    def open(
        self, grant: BrokerGrant, budgets: Budgets, on_exchange: Callable[[Exchange], None]
    ) -> AbstractContextManager[Lease]:
        """Raises ``SandboxUnavailable`` (BRK family) when the broker cannot start."""
        ...


class BrokerProcess(Protocol):
    """A broker's process while it runs, wherever that is. It ends when its pipe closes (D9)."""

    @property
    def folder(self) -> str:
        """Its own folder, as the process sees it."""
        ...

    @property
    def mount(self) -> str:
        """What a sandbox gets at ``/run/handrail``: a host's folder, or a volume of the engine by its name."""
        ...

    @property
    def machine(self) -> str:
        """The name of the user's machine as seen from there; '' when it runs on it and reads keys by itself."""
        ...

    @property
    def pid(self) -> int:
        """On this machine; 0 for one in a container."""
        ...

    def send(self, data: bytes) -> None:
        """To its stdin; nothing when it is gone."""
        ...

    def lines(self) -> Iterator[bytes]:
        """Of its stdout, to its end. Hostile when it runs beside an agent."""
        ...

    def kill(self) -> None:
        """At once, from any thread."""
        ...
