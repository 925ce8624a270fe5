"""Access tokens that the broker fetches and renews (RFC 6749, RFC 7523): they never enter the sandbox.

Asked for only at the token URL of the user's own configuration or key file; no metadata service is ever asked.
"""

from __future__ import annotations

import asyncio
import base64
import json
import math
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any, cast

from orchestrator.broker.secrets import Masker, unusable
from orchestrator.broker.vault import Vault
from orchestrator.models.endpoint import Credential, SourceKind

Fetch = Callable[[str, Mapping[str, str]], Awaitable[tuple[int, bytes]]]
"""POST a form to a URL; status and body."""
_EARLY_SECONDS = 60.0
_SHORTEST_SECONDS = 30.0
_LONGEST_SECONDS = 86_400.0
_UNSAID_SECONDS = 300.0
_WORD = re.compile(r"[\x21-\x7e]{1,16384}")
_JWT_SECONDS = 600
_GOOGLE_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_GOOGLE_TOKENS = "https://oauth2.googleapis.com/token"
_AZURE_SCOPE = "https://cognitiveservices.azure.com/.default"
_AZURE_LOGIN = "https://login.microsoftonline.com"


class TokenSource:
    """A bearer token, renewed a minute before its end, or when it was refused.

    ``obtain`` gives one and its seconds; it is told the token that was refused, or nothing.
    """

    def __init__(self, obtain: Callable[[str], Awaitable[tuple[str, float]]], masker: Masker) -> None:
        self._obtain, self._masker = obtain, masker
        self._token, self._until, self._refused = "", 0.0, ""
        self._turn = asyncio.Lock()

    async def token(self) -> str:
        """Raises :class:`Refusal` (``BRK040``)."""
        async with self._turn:
            if time.monotonic() >= self._until:
                self._token, seconds = await self._obtain(self._refused)
                self._masker.learn(self._token)
                self._refused = ""
                self._until = time.monotonic() + max(seconds - _EARLY_SECONDS, _SHORTEST_SECONDS)
            return self._token

    def refuse(self, token: str) -> None:
        """The upstream took this one for no good: the next is a new one, unless somebody has renewed it already."""
        if token == self._token:
            self._until, self._refused = 0.0, token


class Grants:
    """The ways to a token. ``fetch`` goes out by the rules of the endpoint, ``vault`` holds what does not."""

    def __init__(self, credential: Credential, fetch: Fetch, masker: Masker, vault: Vault) -> None:
        self._credential, self._fetch, self._masker, self._vault = credential, fetch, masker, vault

    async def oauth(self, refused: str) -> tuple[str, float]:
        """A refresh token in a file of the user's own, replaced there when the server rotates it.

        Brokers of parallel steps take turns: whoever comes second finds the fresh token in the file.
        """
        source = self._credential.source
        if source is None or source.kind is not SourceKind.FILE:
            raise unusable("oauth keeps its tokens in a file of mode 0600")
        path = Path(source.value[0])
        async with self._vault.turn(path):
            kept = _json(await self._vault.read(source))
            left = _number(kept, "expires_at") - time.time()
            known = kept.get("access_token")
            if known and known != refused and left > _EARLY_SECONDS:
                return _token(kept), min(left, _LONGEST_SECONDS)
            form = {"grant_type": "refresh_token", "refresh_token": self._secret(kept, "refresh_token")}
            options = self._credential.options
            form |= {name: options[name] for name in ("client_id", "scope") if name in options}
            if "client_secret" in kept:
                form["client_secret"] = self._secret(kept, "client_secret")
            told = await self._ask(self._option("token_url"), form)
            seconds = _seconds(told)
            kept |= {"access_token": told["access_token"], "expires_at": int(time.time() + seconds)}
            if told.get("refresh_token"):
                kept["refresh_token"] = self._secret(told, "refresh_token")
            await self._vault.replace(path, json.dumps(kept))
            return _token(told), seconds

    async def google(self, _: str = "") -> tuple[str, float]:
        """From a service account's key (a signed assertion) or a user's stored login; never from a metadata server."""
        kept = _json(await self._value())
        scope = self._credential.options.get("scope", _GOOGLE_SCOPE)
        place = self._credential.options.get("token_url") or str(kept.get("token_uri") or _GOOGLE_TOKENS)
        if kept.get("type") == "service_account":
            assertion = _assertion(kept, scope, place)
            form = {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}
        elif kept.get("type") == "authorized_user":
            form = {name: self._secret(kept, name) for name in ("client_id", "client_secret", "refresh_token")}
            form["grant_type"] = "refresh_token"
        else:
            raise unusable("its file is neither a service account's nor a user's")
        told = await self._ask(place, form)
        return _token(told), _seconds(told)

    async def azure(self, _: str = "") -> tuple[str, float]:
        """Client credentials of an application in a tenant."""
        options = self._credential.options
        login = options.get("authority", _AZURE_LOGIN).rstrip("/")
        secret = await self._value()
        self._masker.learn(secret)
        form = {
            "grant_type": "client_credentials",
            "client_id": self._option("client_id"),
            "client_secret": secret,
            "scope": options.get("scope", _AZURE_SCOPE),
        }
        told = await self._ask(f"{login}/{self._option('tenant')}/oauth2/v2.0/token", form)
        return _token(told), _seconds(told)

    async def _ask(self, place: str, form: Mapping[str, str]) -> dict[str, Any]:
        status, body = await self._fetch(place, form)
        told = _json(body.decode(errors="replace"))
        if status != 200 or not isinstance(told.get("access_token"), str):  # noqa: PLR2004  OK
            error = str(told.get("error", ""))[:64]
            raise unusable(f"the token's server answered {status} {error if error.isidentifier() else ''}".strip())
        self._masker.learn(_token(told))
        return told

    async def _value(self) -> str:
        if self._credential.source is None:
            raise unusable("it names no source")
        return await self._vault.read(self._credential.source)

    def _option(self, name: str) -> str:
        if not self._credential.options.get(name):
            raise unusable(f"its option {name} is missing")
        return self._credential.options[name]

    def _secret(self, kept: Mapping[str, Any], name: str) -> str:
        value = kept.get(name)
        if not isinstance(value, str) or not value:
            raise unusable(f"it has no {name}")
        self._masker.learn(value)
        return value


def _token(told: Mapping[str, Any]) -> str:
    """It goes into a header: one word of visible ASCII (RFC 6750's b68token is narrower; servers are not)."""
    value = told.get("access_token")
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise unusable("its access token is not one word of plain characters")
    return value


def _seconds(told: Mapping[str, Any]) -> float:
    """``expires_in``, within bounds: a token is asked for again once a day, and not more than twice a minute."""
    value = _number(told, "expires_in") if "expires_in" in told else _UNSAID_SECONDS
    return min(max(value, _SHORTEST_SECONDS), _LONGEST_SECONDS)


def _number(told: Mapping[str, Any], name: str) -> float:
    """A number, or digits in a text as some servers write; nothing is 0."""
    value = told.get(name) or 0
    try:
        number = float(value) if isinstance(value, int | float | str) else math.nan
    except (ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise unusable(f"its {name} is no number")
    return number


def _json(text: str) -> dict[str, Any]:
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise unusable("what holds it is not a JSON object")
    return cast("dict[str, Any]", told)


def _assertion(kept: Mapping[str, Any], scope: str, audience: str) -> str:
    """A JWT (RFC 7515, RS256) signed with the account's key."""
    from cryptography.hazmat.primitives import hashes, serialization  # noqa: PLC0415  slow to load
    from cryptography.hazmat.primitives.asymmetric import padding, rsa  # noqa: PLC0415  the same

    now = int(time.time())
    claims = {"iss": kept.get("client_email"), "scope": scope, "aud": audience, "iat": now, "exp": now + _JWT_SECONDS}
    head = {"alg": "RS256", "typ": "JWT", "kid": kept.get("private_key_id")}
    signed = b".".join(_base64url(json.dumps(part).encode()) for part in (head, claims))
    try:
        key = serialization.load_pem_private_key(str(kept.get("private_key")).encode(), None)
    except ValueError:
        raise unusable("its private key cannot be read") from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise unusable("its private key is not RSA")
    signature = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    return (signed + b"." + _base64url(signature)).decode()


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")
