"""Attacks by network. Those on the broker are a file of their own."""

from __future__ import annotations

from orchestrator.sandbox.selftest.bench import Inside
from orchestrator.sandbox.selftest.inside import entry

_NONE = "no network interface but loopback"
_WORLD = "the addresses are the container's own, with listeners"
_HOST = Inside("network.host_services", alone=True, host_network=True)

ATTACKS = (
    entry(31, "network.direct", "TCP and UDP to an address", _NONE, "ENETUNREACH", _WORLD),
    entry(32, "network.name_tunnel", "data in questions to a resolver", _NONE, "ENETUNREACH", _WORLD),
    entry(33, "network.metadata", "the cloud's metadata, the host's gateway", _NONE, "ENETUNREACH", _WORLD),
    entry(60, _HOST, "the host's loopback and abstract sockets", "own network namespace", "refused", "host network"),
)
