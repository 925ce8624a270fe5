"""The type names of in-toto Statement v1 and DSSE v1.0.2, and a signature as their envelope carries it."""

from __future__ import annotations

from typing import Final

from orchestrator.models.base import Noun

STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"


class Signature(Noun):
    """``sig`` is canonical base64 of the raw signature."""

    keyid: str
    sig: str
