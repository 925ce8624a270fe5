"""TOML of a change, read in a time that grows with its length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["toml"]

_DOTS = 2000
"""Of one line. Python's reader takes time by the square of a name's parts: a quarter of an hour for half a million."""


def toml(text: str) -> Mapping[str, Any]:
    """Raises ``ValueError`` for what is none, and for a line with more dots than any real one has."""
    if any(line.count(".") > _DOTS for line in text.split("\n")):
        raise ValueError(f"not readable TOML (a line with more than {_DOTS} dots)")
    import tomllib  # noqa: PLC0415 - few changes hold any

    try:
        return tomllib.loads(text)
    except ValueError as error:
        raise ValueError(f"not readable TOML ({error})") from error
