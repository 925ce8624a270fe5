"""The user's ``models.yaml``: endpoints, secrets for hosts, roles. Names and sources of keys, never a key.

Parsing only. Not checked: whether an endpoint answers, and whether a source has a value.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Any, Literal
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field, IPvAnyAddress, StringConstraints, model_validator

from orchestrator.models.base import Noun
from orchestrator.models.capabilities import Host, PathPrefix, SecretName
from orchestrator.models.endpoint import (
    Connections,
    Credential,
    CredentialKind,
    Endpoint,
    EndpointName,
    OwnHost,
    Price,
    ProviderTool,
    Secret,
    SecretSource,
    SourceKind,
    WireProtocol,
)
from orchestrator.models.spec import Problem
from orchestrator.models.strict_yaml import Document, Where, YamlProblem, parse, validate

SCHEMA = "handrail.models/1"


class Role(StrEnum):
    """Who may ask a model. A role that the file does not name has none."""

    PLANNER = "planner"
    CODER = "coder"
    REVIEWER_ASSISTANT = "reviewer-assistant"


_SOURCELESS = {CredentialKind.NONE}
_NEEDS_SOURCE = {CredentialKind.API_KEY, CredentialKind.OAUTH}
_LOOPBACK = re.compile(r"localhost|127(\.[0-9]{1,3}){3}|::1")
_KEY_WORDS = {"key", "api_key", "apikey", "token", "password", "secret", "value"}


def _base_url(value: str) -> str:
    parts = _split(value)
    plain = value.isascii() and value.isprintable() and " " not in value and "\\" not in value
    bare = not (parts.username or parts.password or parts.query or parts.fragment)
    if not plain or not bare or parts.scheme not in {"http", "https"} or not parts.hostname:
        raise ValueError("a base URL is http(s)://HOST[:PORT][/PATH], without user, query or fragment")
    return value.rstrip("/")


def _split(value: str) -> SplitResult:
    parts = urlsplit(value)
    parts.port  # noqa: B018  raises ValueError for what is no port
    return parts


def _absolute(value: str) -> str:
    if not value.startswith("/") or "\0" in value:
        raise ValueError("a file is named by its absolute path")
    return value


def _exact(value: str) -> str:
    if "*" in value:
        raise ValueError("a host of your own is named exactly")
    return value


_Text = Annotated[str, StringConstraints(min_length=1)]
_Variable = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
_Ring = Annotated[str, StringConstraints(pattern=r"^[^/\x00]+/[^/\x00]+$")]
_Model = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/@-]{0,127}$")]


class _Source(Noun):
    """Exactly one of them."""

    environment: _Variable | None = None
    file: Annotated[str, AfterValidator(_absolute)] | None = None
    keyring: _Ring | None = None
    command: tuple[_Text, ...] | None = Field(default=None, min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _one(cls, data: Any) -> Any:  # noqa: ANN401  plain YAML data
        if isinstance(data, dict) and len(data) != 1:  # pyright: ignore[reportUnknownArgumentType]
            raise ValueError("name one source: environment, file, keyring or command")
        return data  # pyright: ignore[reportUnknownVariableType]

    def made(self) -> SecretSource:
        for kind in SourceKind:
            value = getattr(self, kind.value)
            if value is not None:
                return SecretSource(kind=kind, value=(value,) if isinstance(value, str) else value)
        raise ValueError("name one source: environment, file, keyring or command")


class _Credential(Noun):
    kind: CredentialKind = CredentialKind.API_KEY
    source: _Source | None = None
    options: dict[_Text, _Text] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _paid(self) -> _Credential:
        if self.kind in _NEEDS_SOURCE and self.source is None:
            raise ValueError(f"{self.kind} needs a source")
        if self.kind in _SOURCELESS and self.source is not None:
            raise ValueError("without a credential there is nothing to read from a source")
        return self

    def made(self) -> Credential:
        return Credential(kind=self.kind, source=self.source.made() if self.source else None, options=self.options)


class _Endpoint(Noun):
    protocol: WireProtocol
    base_url: Annotated[str, AfterValidator(_base_url)]
    models: tuple[_Model, ...] = Field(min_length=1)
    credential: _Credential | None = None
    local: bool = False
    private: bool = False
    prices: dict[str, Price] = Field(default_factory=dict)
    provider_tools: tuple[ProviderTool, ...] = ()

    def made(self, name: str) -> Endpoint:
        given = self.model_dump(exclude={"credential", "prices"})
        credential = self.credential.made() if self.credential else Credential()
        return Endpoint(name=name, credential=credential, prices=self.prices, **given)


class _Secret(Noun):
    host: Host
    paths: tuple[PathPrefix, ...] = ("/",)
    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")] = "Authorization"
    prefix: Annotated[str, StringConstraints(pattern=r"^[\x20-\x7e]{0,64}$")] = "Bearer "
    source: _Source

    def made(self, name: str) -> Secret:
        given = self.model_dump(exclude={"source"})
        return Secret(name=name, source=self.source.made(), **given)


class _OwnHost(Noun):
    addresses: tuple[IPvAnyAddress, ...] = ()
    authority: Annotated[str, AfterValidator(_absolute)] | None = None

    def made(self, name: str) -> OwnHost:
        return OwnHost(name=name, addresses=self.addresses, authority=self.authority or "")


class _File(Noun):
    schema_: Literal["handrail.models/1"] = Field(alias="schema")
    endpoints: dict[EndpointName, _Endpoint] = Field(default_factory=dict)
    secrets: dict[SecretName, _Secret] = Field(default_factory=dict)
    hosts: dict[Annotated[Host, AfterValidator(_exact)], _OwnHost] = Field(default_factory=dict)
    roles: dict[Role, str] = Field(default_factory=dict[Role, str])

    def made(self) -> Connections:
        return Connections(
            endpoints=tuple(endpoint.made(name) for name, endpoint in self.endpoints.items()),
            secrets=tuple(secret.made(name) for name, secret in self.secrets.items()),
            hosts=tuple(host.made(name) for name, host in self.hosts.items()),
            roles={role.value: model for role, model in self.roles.items()},
        )


def read_connections(data: bytes, path: str) -> tuple[Connections | None, list[Problem]]:
    """What the file says, or every problem with its place.

    MDL001 not of the schema; MDL002 a key stands in the file; MDL003 a role or a price of a model that no endpoint
    has; MDL004 a plain or private address without the word that allows it.
    """
    try:
        document = parse(data)
    except YamlProblem as problem:
        return None, [
            Problem(code="MDL001", path=path, line=problem.line, column=problem.column, message=problem.message)
        ]
    found = [_at(document, path, *bad) for bad in _keys(document.data)]
    if found:
        return None, found
    file, found = validate(data, _File, path, "MDL001")
    if file is not None:
        found = [_at(document, path, *bad) for bad in (*_names(file), *_addresses(file))]
    return (file.made(), []) if file is not None and not found else (None, found)


_Bad = tuple[Where, str, str]


def _at(document: Document, path: str, where: Where, code: str, message: str) -> Problem:
    line, column = document.place(where)
    return Problem(code=code, path=path, line=line, column=column, message=message, hint=_HINTS.get(code, ""))


_HINTS = {
    "MDL002": "source: {environment: NAME}, {file: /PATH}, {keyring: SERVICE/USER} or {command: [PROGRAM, …]}",
    "MDL004": "private: true, when this address is meant",
}


def _keys(data: Any, where: Where = ()) -> Iterator[_Bad]:  # noqa: ANN401  plain YAML data
    """A value under a name that only a key would have. Its text is not repeated."""
    if not isinstance(data, dict) or len(where) > 4:  # noqa: PLR2004  endpoints, name, credential, source
        return
    for key, value in data.items():  # pyright: ignore[reportUnknownVariableType]
        below: Where = (*where, str(key))  # pyright: ignore[reportUnknownArgumentType]
        if len(below) > 2 and below[-2] != "options" and below[-1] in _KEY_WORDS and isinstance(value, str):  # noqa: PLR2004
            yield below, "MDL002", f"{'.'.join(map(str, below))}: a key never stands in this file"
        yield from _keys(value, below)


def _names(file: _File) -> Iterator[_Bad]:
    known = {f"{name}/{model}" for name, endpoint in file.endpoints.items() for model in endpoint.models}
    for role, model in file.roles.items():
        if model not in known:
            yield ("roles", role), "MDL003", f"{role}: no endpoint here has the model {model}"
    for name, endpoint in file.endpoints.items():
        for model in endpoint.prices:
            if model not in endpoint.models:
                yield ("endpoints", name, "prices", model), "MDL003", f"{name} has a price for {model}, which it lacks"


def _addresses(file: _File) -> Iterator[_Bad]:
    for name, endpoint in file.endpoints.items():
        parts = urlsplit(endpoint.base_url)
        where = ("endpoints", name, "base_url")
        if endpoint.private:
            continue
        if _LOOPBACK.fullmatch(parts.hostname or ""):
            yield where, "MDL004", f"{name} is on this machine, and nothing says that the broker may go there"
        elif parts.scheme == "http":
            yield where, "MDL004", f"{name} is plain http: prompts and key would be readable on the way"
