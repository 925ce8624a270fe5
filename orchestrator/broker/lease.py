"""The parent's side: a process for each lease, spoken with over its pipes."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import subprocess  # nosec B404 # the process is our own program
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from orchestrator.broker.routes import PREFIXES
from orchestrator.broker.setup import (
    CA_FILE,
    CASSETTE,
    INSIDE,
    RELAY,
    REPLAY,
    SOCKET_FOLDER,
    DriftPolicy,
    Protection,
    Setup,
)
from orchestrator.errors import SandboxUnavailable
from orchestrator.models.base import Digest
from orchestrator.models.endpoint import SecretSource, SourceKind, WireProtocol
from orchestrator.models.traffic import Exchange, Traffic, Usage
from orchestrator.ports import BrokerGrant, Budgets

START_SECONDS = 30.0
CLOSE_SECONDS = 15.0
_ROOT = Path(__file__).resolve().parents[2]
_BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from orchestrator.broker.process import main; main()"
_ENVIRONMENT = (
    "PATH", "HOME", "LANG", "USER", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "DBUS_SESSION_BUS_ADDRESS",
    "GNUPGHOME", "SSH_AUTH_SOCK", "SSL_CERT_FILE", "SSL_CERT_DIR",
)  # fmt: skip
_TRUST = (
    "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "PIP_CERT", "GIT_SSL_CAINFO", "CARGO_HTTP_CAINFO",
    "NODE_EXTRA_CA_CERTS", "DENO_CERT", "AWS_CA_BUNDLE",
)  # fmt: skip


class ProcessBroker:
    """Implements :class:`~orchestrator.ports.Broker` with one process a lease on this host.

    ``store`` keeps a cassette and gives its digest. ``hosts`` and ``trust`` are as in
    :class:`~orchestrator.broker.setup.Setup`; ``weakened`` is for tests of attacks alone.
    """

    def __init__(
        self,
        store: Callable[[bytes], Digest],
        *,
        drift: DriftPolicy = DriftPolicy.LENIENT,
        hosts: Mapping[str, tuple[str, ...]] | None = None,
        trust: Path | None = None,
        weakened: frozenset[Protection] = frozenset(),
    ) -> None:
        self._store, self._drift = store, drift
        self._hosts, self._trust, self._weakened = dict(hosts or {}), trust, weakened

    @contextmanager
    def open(
        self, grant: BrokerGrant, budgets: Budgets, on_exchange: Callable[[Exchange], None]
    ) -> Iterator[ProcessLease]:
        """As the port says. Raises ``SandboxUnavailable``: ``BRK001`` it does not start, ``BRK002`` it ended early."""
        directory = Path(tempfile.mkdtemp(prefix="handrail-broker-"))
        lease = ProcessLease(directory, grant, budgets, on_exchange, self._store)
        try:
            (directory / SOCKET_FOLDER).mkdir(mode=0o755)
            (directory / SOCKET_FOLDER).chmod(0o755)
            if grant.replay is not None:
                (directory / REPLAY).write_bytes(grant.replay)
            lease.start(self._setup(directory, grant, lease.token))
            yield lease
        finally:
            lease.close()
            shutil.rmtree(directory, ignore_errors=True)

    def _setup(self, directory: Path, grant: BrokerGrant, token: str) -> Setup:
        return Setup(
            directory=str(directory),
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
            hosts=self._hosts,
            trust=str(self._trust) if self._trust else "",
            weakened=self._weakened,
        )


class ProcessLease:
    """Implements :class:`~orchestrator.ports.Lease`."""

    def __init__(
        self,
        directory: Path,
        grant: BrokerGrant,
        budgets: Budgets,
        on_exchange: Callable[[Exchange], None],
        store: Callable[[bytes], Digest],
    ) -> None:
        self._directory, self._grant, self._budgets = directory, grant, budgets
        self._on_exchange, self._store = on_exchange, store
        self.token = "hr-" + secrets.token_urlsafe(32)
        self._process: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._ready, self._turn = threading.Event(), threading.Lock()
        self._exchanges: list[Exchange] = []
        self._closed: dict[str, Any] | None = None
        self._failed: tuple[str, str] | None = None
        self._exhausted = ""
        self._traffic: Traffic | None = None

    @property
    def mount(self) -> str:
        return str(self._directory / SOCKET_FOLDER)

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
        """Of the process; 0 before it starts."""
        return self._process.pid if self._process else 0

    def start(self, setup: Setup) -> None:
        """Wait until the socket is there."""
        try:
            self._process = subprocess.Popen(  # noqa: S603 # nosec B603 # fixed arguments, our own program
                [sys.executable, "-I", "-c", _BOOT, str(_ROOT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env=_environment(setup),
                start_new_session=True,
            )
        except OSError as error:
            raise _unavailable("BRK001", str(error)) from error
        self._thread = threading.Thread(target=self._listen, args=(self._process,), daemon=True)
        self._thread.start()
        self._send(setup.model_dump(mode="json"))
        if not self._ready.wait(START_SECONDS) or self._failed is not None or self._process.poll() is not None:
            code, words = self._failed or ("BRK001", "it did not say that it is ready")
            raise _unavailable(code, words)

    def close(self) -> Traffic:
        """As the port says."""
        with self._turn:
            if self._traffic is None:
                self._traffic = self._close()
            return self._traffic

    def _close(self) -> Traffic:
        process = self._process
        if process is not None:
            self._send({"close": True})
            if self._thread is not None:
                self._thread.join(CLOSE_SECONDS)
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(1.0)
            if process.poll() is None:
                process.kill()
                process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
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
        """What was recorded, also by a process that broke."""
        place = self._directory / CASSETTE
        return self._store(place.read_bytes()) if place.exists() else None

    def _send(self, message: Mapping[str, Any]) -> None:
        process = self._process
        if process is not None and process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                process.stdin.write(json.dumps(message).encode() + b"\n")
                process.stdin.flush()

    def _listen(self, process: subprocess.Popen[bytes]) -> None:
        """The reader of the process's lines, in a thread of its own; what it cannot read ends the process."""
        try:
            for line in cast("Any", process.stdout):
                self._take(json.loads(line))
        except Exception as broken:  # noqa: BLE001  a thread's exception would be lost
            self._failed = ("BRK002", f"what it told cannot be read ({type(broken).__name__})")
            process.kill()
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
        elif "ready" in message:
            self._ready.set()


def _environment(setup: Setup) -> dict[str, str]:
    """Named variables alone, and those that a granted endpoint or secret says its key is in."""
    sources: list[SecretSource] = [e.credential.source for e in setup.endpoints if e.credential.source is not None]
    sources += [secret.source for secret in setup.secrets]
    named = [source.value[0] for source in sources if source.kind is SourceKind.ENVIRONMENT]
    return {name: os.environ[name] for name in (*_ENVIRONMENT, *named) if name in os.environ}


def _unavailable(code: str, words: str) -> SandboxUnavailable:
    return SandboxUnavailable(code, f"the broker cannot start: {words}", "`handrail doctor`")
