"""What the parent tells the broker's process before anything else: one line of JSON on its stdin."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.models.base import Noun
from orchestrator.models.capabilities import DataClass, Egress
from orchestrator.models.endpoint import Endpoint, Secret

SOCKET_FOLDER = "socket"
SOCKET = "broker.sock"
CA_FILE = "ca.pem"
CASSETTE = "cassette.jsonl"
REPLAY = "replay.jsonl"
LOCK = "lock"
MAX_CASSETTE_BYTES = 512 * 1024 * 1024
INSIDE = "/run/handrail"
"""Where the socket's folder is mounted."""
RELAY_PORT = 4180
RELAY = f"127.0.0.1:{RELAY_PORT}"


class Protection(StrEnum):
    """What a test may switch off, to see that an attack then succeeds. Nothing in the product does."""

    TOKEN = "token"  # noqa: S105  a name, no secret
    GRANTS = "grants"
    HOSTS = "hosts"
    ADDRESSES = "addresses"
    SERVER_NAME = "server-name"
    FRAMING = "framing"
    MASKING = "masking"
    BUDGET = "budget"
    PROVIDER = "provider"


class DriftPolicy(StrEnum):
    """What a replay does with a request that differs from the recorded one."""

    LENIENT = "lenient"
    STRICT = "strict"


class Setup(Noun):
    """A lease as its process sees it.

    ``directory`` is the lease's own folder on the host. ``hosts`` are addresses that are used instead of the
    resolver's, as in a hosts file; they are judged like any other, but for those of ``own``: hosts of the user's, which
    may be private. ``trust`` holds further
    certificate authorities for upstreams as PEM, '' for none. ``machine`` is the name of the user's machine for a
    broker that runs in a container, '' for one that runs there: it then asks its parent for keys, and carries
    recordings over its pipe.
    """

    directory: str
    token: str
    endpoints: tuple[Endpoint, ...] = ()
    models: tuple[str, ...] = ()
    egress: tuple[Egress, ...] = ()
    secrets: tuple[Secret, ...] = ()
    data: DataClass = DataClass.OPEN
    egress_kib: int = 0
    tokens: int = 0
    cost_usd: float | None = None
    record: bool = False
    replay: bool = False
    drift: DriftPolicy = DriftPolicy.LENIENT
    hosts: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    own: frozenset[str] = frozenset()
    trust: str = ""
    machine: str = ""
    weakened: frozenset[Protection] = frozenset()

    def holds(self, protection: Protection) -> bool:
        """Whether a protection is on, as all are outside of tests."""
        return protection not in self.weakened
