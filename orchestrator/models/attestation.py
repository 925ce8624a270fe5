"""in-toto Statement v1 and the DSSE v1.0.2 envelope it travels in."""

from __future__ import annotations

from typing import Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class ResourceDescriptor(_Wire):
    """Subjects match by digest only. Digest keys: ``gitCommit``, ``gitTree``, ``sha256`` …, values in hex."""

    name: str | None = None
    digest: dict[str, str] = Field(min_length=1)


class Statement(_Wire):
    type_: Literal["https://in-toto.io/Statement/v1"] = Field(default=STATEMENT_TYPE, alias="_type")
    subject: tuple[ResourceDescriptor, ...] = Field(min_length=1)
    predicateType: str  # noqa: N815  the standard's own spelling
    predicate: dict[str, Any]


class Signature(_Wire):
    """``sig`` is canonical base64 of the raw signature."""

    keyid: str
    sig: str


class Envelope(_Wire):
    """``payload`` is canonical base64 of the exact statement bytes that were signed."""

    payload: str
    payloadType: Literal["application/vnd.in-toto+json"] = PAYLOAD_TYPE  # noqa: N815  the standard's own spelling
    signatures: tuple[Signature, ...] = Field(min_length=1)
