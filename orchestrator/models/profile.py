"""What a person confirmed about a repository at ``init``: where source and tests lie, how tests run."""

from __future__ import annotations

from pydantic import Field

from orchestrator.models.base import Noun
from orchestrator.models.environment import Services


class RepositoryProfile(Noun):
    """``test`` is an argument vector. Every value's origin is in ``detected_from`` (field → file).

    ``restricted`` are patterns of paths whose content only endpoints labelled ``local`` may see.
    """

    languages: tuple[str, ...] = ()
    source_roots: tuple[str, ...] = ()
    test_roots: tuple[str, ...] = ()
    test: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    services: Services = ()
    protected: tuple[str, ...] = ()
    restricted: tuple[str, ...] = ()
    detected_from: dict[str, str] = Field(default_factory=dict)
