"""A long diff is hundreds of thousands of small objects that stay: the collector would walk them again and again."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def settled() -> Iterator[None]:
    """No collection while something long is read, and none of what is there by then until :func:`release`."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was:
            gc.enable()


def release() -> None:
    """Whatever was settled may be collected."""
    gc.unfreeze()
