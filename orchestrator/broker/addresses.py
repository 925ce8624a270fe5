"""Names to addresses, by the broker alone. What is not public is refused after resolving, and the address is pinned.

Every address that a name resolves to must be public: a name that mixes is refused whole. The address that
was judged is the one that is connected to, so a second answer of the resolver changes nothing (DNS rebinding).
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
from collections.abc import Mapping

from orchestrator.broker.refusal import Refusal

RESOLVE_SECONDS = 10.0
_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"({_LABEL}\.)+{_LABEL}")
_NUMERIC = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
_MAX_NAME = 253
_PORT = re.compile(r"[1-9][0-9]{0,4}")
_MAX_PORT = 65535
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


def parse_host(text: str) -> str:
    """A lower-case DNS name of at least two labels. Raises :class:`Refusal` (``BRK030``) for anything else.

    Refused: addresses in every notation, ``user@``, a trailing dot, empty labels, underscores, anything
    outside ASCII (a client sends the ``xn--`` form), and names above 253 characters.
    """
    host = text.lower()
    if not text.isascii() or len(host) > _MAX_NAME or not _NAME.fullmatch(host) or _NUMERIC.fullmatch(host):
        raise Refusal("BRK030", 400, "the host is not a DNS name", "a name such as docs.example; never an address")
    return host


def parse_authority(text: str, default_port: int = 0) -> tuple[str, int]:
    """``HOST:PORT``; without ``default_port`` the port must be there. Raises :class:`Refusal` (``BRK030``)."""
    host, colon, port = text.partition(":")
    if not colon and default_port:
        return parse_host(host), default_port
    if not _PORT.fullmatch(port) or int(port) > _MAX_PORT:
        raise Refusal("BRK030", 400, "the port is not a number from 1 to 65535", "HOST:PORT")
    return parse_host(host), int(port)


def is_public(address: Address) -> bool:
    """Whether an address is of the public internet, with every address that is embedded in it."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = [address.sixtofour, *(address.teredo or ())]
        if address in _NAT64:
            return is_public(ipaddress.IPv4Address(int(address) & 0xFFFFFFFF))
        if any(one is not None and not is_public(one) for one in inner):
            return False
        if address.ipv4_mapped is not None or address.is_site_local or int(address) >> 32 == 0:
            return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def is_here(host: str) -> bool:
    """Whether a host of the user's configuration is the machine itself."""
    with contextlib.suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


async def resolve(
    host: str, port: int, *, private: bool = False, table: Mapping[str, tuple[str, ...]] | None = None
) -> str:
    """The address to connect to. ``private`` lets loopback and private ones through (an endpoint of the user's own).

    Raises :class:`Refusal`: ``BRK034`` an address that is not public, ``BRK035`` none at all.
    """
    found = (table or {}).get(host) or await _ask(host, port)
    addresses = [ipaddress.ip_address(text.partition("%")[0]) for text in found]
    if not addresses:
        raise Refusal("BRK035", 502, f"{host} has no address")
    if not private and not all(is_public(address) for address in addresses):
        raise Refusal("BRK034", 403, f"{host} resolves to an address that is not public")
    return str(addresses[0])


async def _ask(host: str, port: int) -> tuple[str, ...]:
    with contextlib.suppress(ValueError):
        return (str(ipaddress.ip_address(host)),)
    try:
        async with asyncio.timeout(RESOLVE_SECONDS):
            rows = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError, TimeoutError):
        raise Refusal("BRK035", 502, f"{host} cannot be resolved") from None
    return tuple(dict.fromkeys(str(row[4][0]) for row in rows))
