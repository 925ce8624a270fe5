"""Where models answer and how a request is paid for: names and sources, never a key.

Read from the user's own configuration only (D18): a repository that names an
endpoint would send the key's requests where it likes.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field, IPvAnyAddress, StringConstraints

from orchestrator.models.base import Noun
from orchestrator.models.capabilities import Host, PathPrefix, SecretName


class WireProtocol(StrEnum):
    """What a model endpoint speaks."""

    ANTHROPIC = "anthropic-messages"
    RESPONSES = "openai-responses"
    CHAT = "openai-chat"
    GEMINI = "gemini"


class CredentialKind(StrEnum):
    """How a request proves who pays. Each is added outside the sandbox."""

    NONE = "none"
    API_KEY = "api-key"
    OAUTH = "oauth"
    SIGV4 = "sigv4"
    GOOGLE_ADC = "google-adc"
    AZURE_AD = "azure-ad"


class SourceKind(StrEnum):
    ENVIRONMENT = "environment"
    FILE = "file"
    KEYRING = "keyring"
    COMMAND = "command"


class SecretSource(Noun):
    """Where a value is read when it is needed: a variable's name, an absolute path, ``service/user``, or an argv."""

    kind: SourceKind
    value: tuple[str, ...] = Field(min_length=1)


class Credential(Noun):
    """``options`` are the kind's public settings: region, service, token URL, scope, tenant."""

    kind: CredentialKind = CredentialKind.NONE
    source: SecretSource | None = None
    options: dict[str, str] = Field(default_factory=dict)


class Price(Noun):
    """US dollars for a million tokens."""

    input_usd: float = Field(ge=0, allow_inf_nan=False)
    output_usd: float = Field(ge=0, allow_inf_nan=False)
    cached_input_usd: float | None = Field(default=None, ge=0, allow_inf_nan=False)


EndpointName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,63}$")]


ProviderTool = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,63}$")]
"""``web_search``, ``code_execution``, ``mcp``, ``url-sources`` …: the type in a request, without its date."""


class Endpoint(Noun):
    """One upstream. ``base_url`` is http(s) and ends before the protocol's own path (``/v1/messages``, …).

    ``local`` says that no data leaves the user's own machines; it is the user's word. ``private`` lets
    the broker connect to a loopback or private address for this endpoint; nothing else may.
    ``provider_tools`` are what its provider may run for a request, on machines of its own, past every grant.
    """

    name: EndpointName
    protocol: WireProtocol
    base_url: str
    models: tuple[str, ...] = Field(min_length=1)
    credential: Credential = Credential()
    local: bool = False
    private: bool = False
    prices: dict[str, Price] = Field(default_factory=dict)
    provider_tools: tuple[ProviderTool, ...] = ()


class Secret(Noun):
    """A header that the broker adds to requests for one host (D7): ``value`` is ``prefix`` and the secret."""

    name: SecretName
    host: Host
    paths: tuple[PathPrefix, ...] = ("/",)
    header: Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$")] = "Authorization"
    prefix: str = "Bearer "
    source: SecretSource


class OwnHost(Noun):
    """A host of the user's own network: where a grant names it, it may have a loopback or private address.

    ``addresses`` are used instead of the resolver's, as in a hosts file. ``authority`` is the path of a PEM file of
    further certificate authorities, '' for none.
    """

    name: Host
    addresses: tuple[IPvAnyAddress, ...] = ()
    authority: str = ""


class Connections(Noun):
    """The user's whole configuration of models and secrets. ``roles`` maps a role to ``endpoint/model``."""

    endpoints: tuple[Endpoint, ...] = ()
    secrets: tuple[Secret, ...] = ()
    hosts: tuple[OwnHost, ...] = ()
    roles: dict[str, str] = Field(default_factory=dict)
