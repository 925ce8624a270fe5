"""What the requests of one lease share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from orchestrator.broker.addresses import is_here, resolve
from orchestrator.broker.budget import Purse
from orchestrator.broker.cassette import Sender
from orchestrator.broker.credentials import Signer, make_signer, place_of
from orchestrator.broker.ledger import Ledger
from orchestrator.broker.refusal import Refusal
from orchestrator.broker.secrets import Masker, unusable
from orchestrator.broker.setup import Protection, Setup
from orchestrator.broker.tokens import Fetch
from orchestrator.broker.upstream import Cut, Outgoing, Resolve, Upstreams
from orchestrator.broker.vault import Vault
from orchestrator.models.endpoint import Endpoint

if TYPE_CHECKING:
    from orchestrator.broker.certificates import Authority

_TOKEN_BYTES = 256 * 1024


@dataclass(slots=True)
class Context:
    """Lives as long as the lease."""

    setup: Setup
    upstreams: Upstreams
    sender: Sender
    purse: Purse
    ledger: Ledger
    masker: Masker
    vault: Vault
    signers: dict[str, Signer] = field(default_factory=dict[str, Signer])
    sent: dict[str, int] = field(default_factory=dict[str, int])
    authority: Authority | None = None

    def certificates(self) -> Authority:
        """The lease's own; there is one when a host is granted."""
        if self.authority is None:
            raise Refusal("BRK031", 403, "no host is granted to this step")
        return self.authority

    def left(self, host: str, allowed_kib: int) -> int:
        """Bytes that a rule of so many KiB and the step's own sum leave for this host."""
        step = self.setup.egress_kib * 1024 - self.ledger.egress_bytes
        if not self.setup.holds(Protection.BUDGET):
            return 1 << 40
        return min(allowed_kib * 1024 - self.sent.get(host, 0), step)

    def spend(self, host: str, size: int) -> None:
        """Bytes of heads and bodies, to or from a host."""
        self.sent[host] = self.sent.get(host, 0) + size
        self.ledger.count_egress(size)

    @staticmethod
    def covers(prefixes: Iterable[str], path: str) -> bool:
        """Whether one of the prefixes ends at a component of the path, as in a rule of egress."""
        return any(path == p or path.startswith(p if p.endswith("/") else p + "/") for p in prefixes)

    def signer(self, endpoint: Endpoint) -> Signer:
        """One for each endpoint: tokens are kept while they are valid."""
        if endpoint.name not in self.signers:
            self.signers[endpoint.name] = make_signer(endpoint, self.masker, self._fetch(endpoint), self.vault)
        return self.signers[endpoint.name]

    def resolver(self, *, private: bool = False) -> Resolve:
        """To a pinned address; ``private`` as in :func:`~orchestrator.broker.addresses.resolve`."""
        setup = self.setup

        async def pinned(host: str, port: int) -> str:
            mine = private or host in setup.own
            here = is_here(host) or (host in setup.own and any(is_here(a) for a in setup.hosts.get(host, ())))
            there = setup.machine if mine and setup.machine and here else host
            lenient = mine or not setup.holds(Protection.ADDRESSES)
            return await resolve(there, port, private=lenient, table=setup.hosts)

        return pinned

    def _fetch(self, endpoint: Endpoint) -> Fetch:
        """Token requests go by the endpoint's own rules, are no exchanges of the sandbox, and are never recorded."""

        async def post(url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
            path, origin = place_of(url, private=endpoint.private)
            headers = (("content-type", "application/x-www-form-urlencoded"), ("accept", "application/json"))
            outgoing = Outgoing("POST", path or "/", headers, urlencode(form).encode())
            try:
                async with await self.upstreams.request(origin, self.resolver(private=origin.private), outgoing) as got:
                    return got.status, await got.whole(_TOKEN_BYTES)
            except Cut as cut:
                raise unusable(f"the token's server {cut.words}") from None

        return post
