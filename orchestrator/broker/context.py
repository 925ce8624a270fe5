"""What the requests of one lease share."""

from __future__ import annotations

from dataclasses import dataclass, field

from orchestrator.broker.budget import Purse
from orchestrator.broker.credentials import Signer, make_signer
from orchestrator.broker.ledger import Ledger
from orchestrator.broker.secrets import Masker
from orchestrator.broker.setup import Setup
from orchestrator.broker.upstream import Upstreams
from orchestrator.models.endpoint import Endpoint


@dataclass(slots=True)
class Context:
    """Lives as long as the lease."""

    setup: Setup
    upstreams: Upstreams
    purse: Purse
    ledger: Ledger
    masker: Masker
    signers: dict[str, Signer] = field(default_factory=dict[str, Signer])

    def signer(self, endpoint: Endpoint) -> Signer:
        """One for each endpoint: tokens are kept while they are valid."""
        if endpoint.name not in self.signers:
            self.signers[endpoint.name] = make_signer(endpoint, self.masker)
        return self.signers[endpoint.name]
