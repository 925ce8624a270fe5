"""What a model points out to a reviewer: read as hostile, and never a verdict."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from orchestrator.models.base import Noun

MOST = 12
_CHARACTERS = 64_000
_SHOWN = 10


class Place(Noun):
    """``path`` '' and ``line`` 0 mean the whole."""

    path: Annotated[str, StringConstraints(max_length=4096)] = ""
    line: int = Field(default=0, ge=0, le=10_000_000)
    text: Annotated[str, StringConstraints(min_length=1, max_length=600)]


class Places(Noun):
    """An answer."""

    places: tuple[Place, ...] = Field(max_length=MOST)


def schema() -> dict[str, Any]:
    """The JSON schema of an answer."""
    return Places.model_json_schema()


def read_places(text: str, paths: Collection[str]) -> tuple[tuple[Place, ...] | None, tuple[str, ...]]:
    """The places, or the sentences that say what is wrong. Not checked: whether what is said of them is true."""
    start, end = text.find("{"), text.rfind("}")
    if len(text) > _CHARACTERS or start < 0:
        return None, ("The answer is no JSON object of this form, or too long.",)
    try:
        found = Places.model_validate_json(text[start : end + 1]).places
    except ValidationError as error:
        where = (".".join(map(str, e["loc"])) + ": " + e["msg"] for e in error.errors(include_url=False)[:_SHOWN])
        return None, tuple(where)
    strange = sorted({place.path for place in found if place.path and place.path not in paths})
    if strange:
        return None, tuple(f"{path}: no file of this change" for path in strange[:_SHOWN])
    return found, ()
