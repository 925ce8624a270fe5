"""Signatures."""

from __future__ import annotations

from typing import Protocol

from orchestrator.models.attestation import PAYLOAD_TYPE, Signature


class Signer(Protocol):
    """Holds one private key, or reaches the program that does. Parses nothing (D12)."""

    @property
    def keyid(self) -> str: ...

    @property
    def public_key(self) -> str: ...

    def sign(self, payload: bytes, payload_type: str = PAYLOAD_TYPE) -> Signature:
        """A signature over the DSSE pre-authentication encoding, which binds the payload to its type."""
        ...

    def sign_message(self, message: bytes) -> bytes:
        """The 64 bytes of a plain ed25519 signature over exact bytes, for signed notes."""
        ...
