"""A project's own dependencies, by the digest of what they were built from (D5)."""

from __future__ import annotations

from orchestrator.models.base import Digest, Noun


class Environment(Noun):
    """``inputs`` maps each lock or requirements file to the digest of its bytes at the base commit."""

    recipe: str
    inputs: dict[str, Digest]
    image: str
    content: Digest
    packages: tuple[str, ...] = ()
