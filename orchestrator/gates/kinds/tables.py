"""Tables and lists out of data that a stranger wrote: of another kind, they are empty."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

__all__ = ["items_of", "json_table", "record_of", "strings_of", "table_of", "tables_of"]


def json_table(text: str) -> Mapping[str, Any]:
    """Raises ``ValueError`` for what is no JSON or no object."""
    try:
        data: Any = json.loads(text)
    except ValueError as error:
        raise ValueError(f"not readable JSON ({error})") from error
    if not isinstance(data, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - the file's content is wrong, not a caller's type
    return data  # pyright: ignore[reportUnknownVariableType]


def record_of(data: Any) -> Mapping[str, Any]:  # noqa: ANN401 - a stranger's data
    """The data if it is a table, else an empty one."""
    return cast("Mapping[str, Any]", data) if isinstance(data, dict) else {}


def table_of(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """The table under a key."""
    return record_of(data.get(key))


def items_of(data: Any) -> list[Any]:  # noqa: ANN401 - a stranger's data
    """All that a list holds."""
    return list(cast("Sequence[Any]", data)) if isinstance(data, list) else []


def tables_of(data: Any) -> list[Mapping[str, Any]]:  # noqa: ANN401 - a stranger's data
    """The tables in a list."""
    return [record_of(t) for t in items_of(data) if isinstance(t, dict)]


def strings_of(data: Any) -> Sequence[str]:  # noqa: ANN401 - a stranger's data
    """The texts in a list."""
    return [t for t in items_of(data) if isinstance(t, str)]
