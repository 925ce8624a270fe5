"""The parent's side: a process for each lease, spoken with over its pipes."""

from __future__ import annotations

import json
import os
import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

from orchestrator.broker.custodian import Custodian
from orchestrator.broker.local import local_process
from orchestrator.broker.routes import PREFIXES
from orchestrator.broker.setup import (
    CA_FILE,
    CASSETTE,
    INSIDE,
    MAX_CASSETTE_BYTES,
    RELAY,
    REPLAY,
    DriftPolicy,
    Protection,
    Setup,
)
from orchestrator.errors import SandboxUnavailable
from orchestrator.models.endpoint import SecretSource, SourceKind, WireProtocol
from orchestrator.models.ids import Digest
from orchestrator.models.traffic import Exchange, Traffic, Usage
from orchestrator.ports import BrokerGrant, BrokerProcess, Budgets

START_SECONDS = 30.0
CLOSE_SECONDS = 15.0
_ENVIRONMENT = (
    "PATH", "HOME", "LANG", "USER", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "DBUS_SESSION_BUS_ADDRESS",
    "GNUPGHOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip
_TRUST = (
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO",
    "NODE_EXTRA_CA_CERTS", "DENO_CERT", "AWS_CA_BUNDLE",
)  # fmt: skip


Start = Callable[[Mapping[str, str]], AbstractContextManager[BrokerProcess]]


class ProcessBroker:
    """Implements :class:`~orchestrator.ports.Broker` with one process a lease.

    ``start`` gets the environment of a process and gives it running: here, or in a container.

    ``store`` keeps a cassette and gives its digest. ``hosts`` are as in
    :class:`~orchestrator.broker.setup.Setup`, ``trust`` is a file of further certificate authorities;
    ``weakened`` is for tests of attacks alone.
    """

    def __init__(
        self,
        store: Callable[[bytes], Digest],
        *,
        drift: DriftPolicy = DriftPolicy.LENIENT,
        hosts: Mapping[str, tuple[str, ...]] | None = None,
        trust: Path | None = None,
        weakened: frozenset[Protection] = frozenset(),
        start: Start = local_process,
    ) -> None:
        self._store, self._drift, self._start = store, drift, start
        self._hosts, self._trust, self._weakened = dict(hosts or {}), trust, weakened

    @contextmanager
    def open(
        self, grant: BrokerGrant, budgets: Budgets, on_exchange: Callable[[Exchange], None]
    ) -> Iterator[ProcessLease]:
        """As the port says. Raises ``SandboxUnavailable``: ``BRK001`` it does not start, ``BRK002`` it ended early."""
        with self._start(_environment(grant)) as process:
            lease = ProcessLease(process, grant, budgets, on_exchange, self._store)
            try:
                lease.start(self._setup(process, grant, lease.token))
                yield lease
            finally:
                lease.close()

    def _setup(self, process: BrokerProcess, grant: BrokerGrant, token: str) -> Setup:
        return Setup(
            directory=process.folder,
            machine=process.machine,
            token=token,
            endpoints=grant.endpoints,
            models=grant.models,
            egress=grant.egress,
            secrets=grant.secrets,
            data=grant.data,
            egress_kib=grant.egress_kib,
            tokens=grant.tokens,
            cost_usd=grant.cost_usd,
            record=grant.record,
            replay=grant.replay is not None,
            drift=self._drift,
            hosts={**self._hosts, **{h.name: tuple(map(str, h.addresses)) for h in grant.hosts if h.addresses}},
            own=frozenset(h.name for h in grant.hosts),
            trust=self._authorities(process, grant),
            weakened=self._weakened,
        )

    def _authorities(self, process: BrokerProcess, grant: BrokerGrant) -> str:
        """What is trusted beside the system's own: in a container also what this machine's user says it is."""
        named = [*([self._trust] if self._trust else []), *(Path(h.authority) for h in grant.hosts if h.authority)]
        if process.machine and os.environ.get("SSL_CERT_FILE"):
            named.append(Path(os.environ["SSL_CERT_FILE"]))
        try:
            return "\n".join(place.read_text(encoding="ascii", errors="ignore") for place in named)
        except OSError as error:
            raise _unavailable("BRK001", f"the certificate authorities cannot be read: {error}") from error


class ProcessLease:
    """Implements :class:`~orchestrator.ports.Lease`."""

    def __init__(
        self,
        process: BrokerProcess,
        grant: BrokerGrant,
        budgets: Budgets,
        on_exchange: Callable[[Exchange], None],
        store: Callable[[bytes], Digest],
    ) -> None:
        self._process, self._grant, self._budgets = process, grant, budgets
        self._on_exchange, self._store = on_exchange, store
        self.token = "hr-" + secrets.token_urlsafe(32)
        self._custodian = Custodian(grant, self._send) if process.machine else None
        self._carried: list[str] = []
        self._thread: threading.Thread | None = None
        self._ready, self._turn = threading.Event(), threading.Lock()
        self._sending, self._is_ready = threading.Lock(), False
        self._exchanges: list[Exchange] = []
        self._closed: dict[str, Any] | None = None
        self._failed: tuple[str, str] | None = None
        self._exhausted = ""
        self._traffic: Traffic | None = None

    @property
    def mount(self) -> str:
        return self._process.mount

    @property
    def urls(self) -> Mapping[WireProtocol, str]:
        granted = {endpoint.protocol for endpoint in self._grant.endpoints}
        return {protocol: f"http://{RELAY}{prefix}" for protocol, prefix in PREFIXES.items() if protocol in granted}

    @property
    def proxy(self) -> str:
        return f"http://handrail:{self.token}@{RELAY}" if self._grant.egress else ""

    @property
    def environment(self) -> Mapping[str, str]:
        if not self._grant.egress:
            return {}
        authority = f"{INSIDE}/{CA_FILE}"
        proxies = dict.fromkeys(("HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"), self.proxy)
        direct = dict.fromkeys(("NO_PROXY", "no_proxy"), "127.0.0.1,localhost")
        return {**proxies, **direct, **dict.fromkeys(_TRUST, authority), "NODE_USE_ENV_PROXY": "1"}

    @property
    def exhausted(self) -> str:
        return self._exhausted

    @property
    def pid(self) -> int:
        """Of the process; 0 for one in a container."""
        return self._process.pid

    def start(self, setup: Setup) -> None:
        """Wait until the socket is there."""
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        replay = self._grant.replay
        if replay is not None and not self._process.machine:
            (Path(self._process.folder) / REPLAY).write_bytes(replay)
        self._send(setup.model_dump(mode="json"))
        if replay is not None and self._process.machine:
            self._send({"recording": replay.decode()})
        if not self._ready.wait(START_SECONDS) or not self._is_ready:
            code, words = self._failed or ("BRK001", "it did not say that it is ready")
            raise _unavailable(code, words)

    def close(self) -> Traffic:
        """As the port says."""
        with self._turn:
            if self._traffic is None:
                self._traffic = self._close()
            return self._traffic

    def _close(self) -> Traffic:
        self._send({"close": True})
        if self._thread is not None:
            self._thread.join(CLOSE_SECONDS)
            if self._thread.is_alive():
                self._process.kill()
        if self._custodian is not None:
            self._custodian.close()
        cassette = self._cassette()
        if self._closed is None:
            return Traffic(exchanges=tuple(self._exchanges), usage=Usage(settled=False), cassette=cassette)
        tokens, cost_usd = self._closed["spent"]
        self._budgets.settle(self._grant.key, int(tokens), float(cost_usd))
        return Traffic(
            exchanges=tuple(self._exchanges),
            usage=Usage.model_validate(self._closed["usage"]),
            models=tuple(self._closed["models"]),
            dropped=int(self._closed["dropped"]),
            cassette=cassette,
        )

    def _cassette(self) -> Digest | None:
        """What was recorded; by a process of this machine also when it broke."""
        if self._process.machine:
            return self._store("".join(self._carried).encode()) if self._carried else None
        place = Path(self._process.folder) / CASSETTE
        return self._store(place.read_bytes()) if place.exists() else None

    def _send(self, message: Mapping[str, Any]) -> None:
        with self._sending:
            self._process.send(json.dumps(message).encode() + b"\n")

    def _listen(self) -> None:
        """The reader of the process's lines, in a thread of its own; what it cannot read ends the process."""
        try:
            for line in self._process.lines():
                self._take(json.loads(line))
        except Exception as broken:  # noqa: BLE001  a thread's exception would be lost
            self._failed = ("BRK002", f"what it told cannot be read ({type(broken).__name__})")
            self._process.kill()
        finally:
            self._ready.set()

    def _take(self, message: Mapping[str, Any]) -> None:
        if "exchange" in message:
            exchange = Exchange.model_validate(message["exchange"])
            self._exchanges.append(exchange)
            self._on_exchange(exchange)
        elif "reserve" in message:
            number, tokens, cost_usd = message["reserve"]
            self._send({"reserved": [number, self._budgets.reserve(self._grant.key, int(tokens), float(cost_usd))]})
        elif "exhausted" in message:
            self._exhausted = str(message["exhausted"])
        elif "closed" in message:
            self._closed = message["closed"]
            self._exhausted = self._exhausted or str(message["closed"]["exhausted"])
        elif "failed" in message:
            code, words = message["failed"]
            self._failed = (str(code), str(words))
        elif "ask" in message and self._custodian is not None:
            number, what, of = message["ask"]
            self._custodian.take((int(number), str(what), of))
        elif "cassette" in message:
            self._carry(str(message["cassette"]))
        elif "ready" in message:
            self._is_ready = True
            self._ready.set()

    def _carry(self, piece: str) -> None:
        """Raises ``ValueError`` for more than a recording can be."""
        self._carried.append(piece)
        if sum(map(len, self._carried)) > MAX_CASSETTE_BYTES:
            raise ValueError("the recording is too large")


def _environment(grant: BrokerGrant) -> dict[str, str]:
    """Named variables alone, and those that a granted endpoint or secret says its key is in."""
    sources: list[SecretSource] = [e.credential.source for e in grant.endpoints if e.credential.source is not None]
    sources += [secret.source for secret in grant.secrets]
    named = [source.value[0] for source in sources if source.kind is SourceKind.ENVIRONMENT]
    return {name: os.environ[name] for name in (*_ENVIRONMENT, *named) if name in os.environ}


def _unavailable(code: str, words: str) -> SandboxUnavailable:
    return SandboxUnavailable(code, f"the broker cannot start: {words}", "`handrail doctor`")
