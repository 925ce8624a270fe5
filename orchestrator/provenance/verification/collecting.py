"""Fewer looks for cyclic garbage while very many nouns are made that hold no cycles.

Python's collector looks at all that lives, again and again, as objects are made: over 60,000 statements that took two
fifths of the time. It still looks at what is young, so cycles that hostile evidence makes it leave behind are freed.
"""

from __future__ import annotations

import gc
from collections.abc import Generator
from contextlib import contextmanager
from typing import Final

_YOUNG: Final = 100_000
_SELDOM: Final = 100


@contextmanager
def fewer_collections() -> Generator[None]:
    """For the whole process, until the block ends; then as it was before."""
    before = gc.get_threshold()
    gc.set_threshold(_YOUNG, _SELDOM, _SELDOM)
    try:
        yield
    finally:
        gc.set_threshold(*before)
