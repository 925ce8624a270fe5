"""How a request proves who pays: headers that are added outside the sandbox."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from functools import lru_cache
from typing import Protocol
from urllib.parse import urlsplit

from orchestrator.broker.refusal import Refusal
from orchestrator.broker.secrets import Masker, unusable
from orchestrator.broker.sigv4 import Keys, Scope, authorization
from orchestrator.broker.tokens import Fetch, Grants, TokenSource
from orchestrator.broker.upstream import Origin, Outgoing
from orchestrator.broker.vault import Vault
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

    def refused(self, signed: list[tuple[str, str]], /) -> bool:
        """The upstream answered 401 to these headers; whether new ones may do better."""
        ...


class _Fixed:
    """What is read afresh for each request cannot do better the second time."""

    def refused(self, _: list[tuple[str, str]], /) -> bool:
        """Never."""
        return False


class NoSigner(_Fixed):
    """For a model on the user's own machine."""

    async def headers(self, _: Outgoing, __: Origin, /) -> list[tuple[str, str]]:
        """None."""
        return []


class KeySigner(_Fixed):
    """An API key, in the header that the protocol's owner reads, or in ``options.header`` after ``options.prefix``."""

    def __init__(self, endpoint: Endpoint, masker: Masker, vault: Vault) -> None:
        self._endpoint, self._masker, self._vault = endpoint, masker, vault

    async def headers(self, _: Outgoing, __: Origin, /) -> list[tuple[str, str]]:
        """Reads the key each time: a rotated one is used at once."""
        source = self._endpoint.credential.source
        if source is None:
            raise Refusal("BRK040", 502, "the endpoint's credential names no source", "handrail doctor")
        value = await self._vault.read(source)
        self._masker.learn(value)
        options = self._endpoint.credential.options
        name, prefix = _KEY_HEADER[self._endpoint.protocol]
        if "header" in options:
            name, prefix = options["header"].lower(), options.get("prefix", "")
        if not value.isascii() or not value.isprintable():
            raise Refusal("BRK040", 502, "the endpoint's key is not one line of plain characters")
        return [(name, prefix + value)]


class BearerSigner:
    """A token that is renewed outside (OAuth, Google, Azure)."""

    def __init__(self, tokens: TokenSource, extra: list[tuple[str, str]]) -> None:
        self._tokens, self._extra = tokens, extra

    async def headers(self, _: Outgoing, __: Origin, /) -> list[tuple[str, str]]:
        """``Authorization: Bearer`` and what the kind's options ask for."""
        return [("authorization", f"Bearer {await self._tokens.token()}"), *self._extra]

    def refused(self, signed: list[tuple[str, str]], /) -> bool:
        """A token may have been withdrawn before its end: once it is asked for anew."""
        self._tokens.refuse(dict(signed).get("authorization", "").removeprefix("Bearer "))
        return True


class AwsSigner(_Fixed):
    """SigV4 over host, date, payload and type; the keys are JSON as AWS's ``credential_process`` prints it."""

    def __init__(self, endpoint: Endpoint, masker: Masker, vault: Vault) -> None:
        self._credential, self._masker, self._vault = endpoint.credential, masker, vault

    async def headers(self, request: Outgoing, origin: Origin, /) -> list[tuple[str, str]]:
        """Signs exactly what will be sent."""
        keys = await self._keys()
        options = self._credential.options
        if not options.get("region") or not options.get("service"):
            raise unusable("its options region and service are missing")
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        added = [("x-amz-date", stamp), ("x-amz-content-sha256", hashlib.sha256(request.body).hexdigest())]
        added += [("x-amz-security-token", keys.session_token)] if keys.session_token else []
        kept = [(name, value) for name, value in request.headers if name == "content-type"]
        scope = Scope(options["region"], options["service"], stamp)
        signed = [("host", origin.authority), *kept, *added]
        value = authorization(keys, scope, (request.method, request.target), signed, request.body)
        return [*added, ("authorization", value)]

    async def _keys(self) -> Keys:
        if self._credential.source is None:
            raise unusable("it names no source")
        try:
            told = json.loads(await self._vault.read(self._credential.source))
            parts = (told["AccessKeyId"], told["SecretAccessKey"], told.get("SessionToken") or "")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise unusable("its source gives no JSON with AccessKeyId and SecretAccessKey") from None
        if not all(isinstance(part, str) and part.isascii() for part in parts):
            raise unusable("its keys are no texts")
        keys = Keys(*parts)
        for part in (keys.secret_access_key, keys.session_token):
            self._masker.learn(part)
        return keys


def make_signer(endpoint: Endpoint, masker: Masker, fetch: Fetch, vault: Vault) -> Signer:
    """Of an endpoint's credential kind."""
    grants = Grants(endpoint.credential, fetch, masker, vault)
    project = endpoint.credential.options.get("quota_project")
    match endpoint.credential.kind:
        case CredentialKind.NONE:
            return NoSigner()
        case CredentialKind.API_KEY:
            return KeySigner(endpoint, masker, vault)
        case CredentialKind.OAUTH:
            beta = endpoint.credential.options.get("anthropic_beta")
            return BearerSigner(TokenSource(grants.oauth, masker), [("anthropic-beta", beta)] if beta else [])
        case CredentialKind.SIGV4:
            return AwsSigner(endpoint, masker, vault)
        case CredentialKind.GOOGLE_ADC:
            extra = [("x-goog-user-project", project)] if project else []
            return BearerSigner(TokenSource(grants.google, masker), extra)
        case CredentialKind.AZURE_AD:
            return BearerSigner(TokenSource(grants.azure, masker), [])


def base(endpoint: Endpoint) -> tuple[str, Origin]:
    """Path and origin of a ``base_url``. Raises :class:`Refusal` (``BRK004``) for one that cannot work."""
    return place_of(endpoint.base_url, private=endpoint.private)


@lru_cache(maxsize=64)
def place_of(url: str, *, private: bool) -> tuple[str, Origin]:
    """Path and origin of a URL of the user's configuration."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _bad_url("it cannot be read") from None
    tls = parts.scheme == "https"
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise _bad_url("it must be http(s)://HOST[:PORT][/PATH]")
    if parts.username is not None or parts.password is not None:
        raise _bad_url("a URL holds no password")
    if not tls and not private:
        raise _bad_url("http is only for endpoints marked private")
    return parts.path.rstrip("/"), Origin(parts.hostname, port or (443 if tls else 80), tls, private)


def _bad_url(why: str) -> Refusal:
    return Refusal("BRK004", 502, f"a URL of this endpoint's configuration cannot be used: {why}", "`handrail doctor`")
