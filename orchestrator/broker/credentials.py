"""How a request proves who pays: headers that are added outside the sandbox."""

from __future__ import annotations

from typing import Protocol
from urllib.parse import urlsplit

from orchestrator.broker.refusal import Refusal
from orchestrator.broker.secrets import Masker, read_secret
from orchestrator.broker.upstream import Origin, Outgoing
from orchestrator.models.endpoint import CredentialKind, Endpoint, WireProtocol

_KEY_HEADER = {
    WireProtocol.ANTHROPIC: ("x-api-key", ""),
    WireProtocol.RESPONSES: ("authorization", "Bearer "),
    WireProtocol.CHAT: ("authorization", "Bearer "),
    WireProtocol.GEMINI: ("x-goog-api-key", ""),
}


class Signer(Protocol):
    """Gives the headers of one request."""

    async def headers(self, request: Outgoing, origin: Origin, /) -> list[tuple[str, str]]:
        """Raises :class:`Refusal` (``BRK040``)."""
        ...


class NoSigner:
    """For a model on the user's own machine."""

    async def headers(self, _: Outgoing, __: Origin, /) -> list[tuple[str, str]]:
        """None."""
        return []


class KeySigner:
    """An API key, in the header that the protocol's owner reads, or in ``options.header`` after ``options.prefix``."""

    def __init__(self, endpoint: Endpoint, masker: Masker) -> None:
        self._endpoint, self._masker = endpoint, masker

    async def headers(self, _: Outgoing, __: Origin, /) -> list[tuple[str, str]]:
        """Reads the key each time: a rotated one is used at once."""
        source = self._endpoint.credential.source
        if source is None:
            raise Refusal("BRK040", 502, "the endpoint's credential names no source", "handrail doctor")
        value = await read_secret(source)
        self._masker.learn(value)
        options = self._endpoint.credential.options
        name, prefix = _KEY_HEADER[self._endpoint.protocol]
        if "header" in options:
            name, prefix = options["header"].lower(), options.get("prefix", "")
        if not value.isascii() or not value.isprintable():
            raise Refusal("BRK040", 502, "the endpoint's key is not one line of plain characters")
        return [(name, prefix + value)]


def make_signer(endpoint: Endpoint, masker: Masker) -> Signer:
    """Of an endpoint's credential kind."""
    match endpoint.credential.kind:
        case CredentialKind.NONE:
            return NoSigner()
        case CredentialKind.API_KEY:
            return KeySigner(endpoint, masker)
        case CredentialKind.OAUTH | CredentialKind.SIGV4 | CredentialKind.GOOGLE_ADC | CredentialKind.AZURE_AD:
            raise Refusal("BRK040", 502, f"the credential kind {endpoint.credential.kind} is not there yet")


def base(endpoint: Endpoint) -> tuple[str, str, int, bool]:
    """Path, host, port and whether TLS of a ``base_url``. Raises ``ValueError`` for one that cannot work."""
    parts = urlsplit(endpoint.base_url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("it must be http(s)://HOST[:PORT][/PATH]")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a URL holds no password")
    tls = parts.scheme == "https"
    if not tls and not endpoint.private:
        raise ValueError("http is only for endpoints marked private")
    return parts.path.rstrip("/"), parts.hostname, parts.port or (443 if tls else 80), tls
