"""What a model answered, before anything is believed of it."""

from __future__ import annotations

import json
from typing import Any

MAX_CHARACTERS = 1 << 20


def first_object(text: str) -> Any:  # noqa: ANN401  JSON
    """The first JSON object of an answer: small models wrap it into words or a fence. ``None`` when there is none.

    Raises ``ValueError`` with a sentence for one that is cut off, too deep, or in an answer of above 1 MiB.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError("The answer is longer than any answer can be.")
    start = text.find("{")
    try:
        return json.JSONDecoder().raw_decode(text, start)[0] if start >= 0 else None
    except (ValueError, RecursionError):
        raise ValueError("The answer holds no whole JSON object.") from None
