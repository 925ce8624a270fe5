"""``questions.yaml`` of a document template: what is asked, in this order."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from orchestrator.models.base import Noun


class Asked(Noun):
    """One question. ``many``: one answer a line; ``pattern`` is a regular expression that the whole answer matches."""

    key: str = Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")
    ask: str = ""
    help: str = ""
    required: bool = False
    many: bool = False
    pattern: str = ""
    each: str = ""
    questions: tuple[Asked, ...] = ()


class Questions(Noun):
    """``each`` questions hold others, asked again for each of them."""

    version: Literal[1]
    template: Literal["template.md.j2"]
    questions: tuple[Asked, ...] = Field(min_length=1)
