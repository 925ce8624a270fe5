"""From what a program calls a file to its path in the tree."""

from __future__ import annotations

import posixpath
from urllib.parse import unquote, urlsplit

__all__ = ["ROOT", "of_uri", "relative"]

ROOT = "/work"
"""Where the tree lies in the sandbox."""


def relative(path: str, folder: str = ROOT) -> str:
    """The path below the tree. Raises ``ValueError`` for a place outside of it."""
    whole = posixpath.normpath(posixpath.join(folder, path))
    if not path or not whole.startswith(ROOT + "/"):
        raise ValueError(f"{path[:200]!r} is no file of the tree")
    return whole.removeprefix(ROOT + "/")


def of_uri(uri: str, folder: str = ROOT) -> str:
    """An absolute place of a ``file:`` URI or of a reference in ``folder``. Raises ``ValueError`` for any other."""
    parts = urlsplit(uri)
    # A reference whose first part holds a colon looks like a scheme; only file: is one here.
    if parts.scheme == "file":
        if parts.netloc not in {"", "localhost"}:
            raise ValueError(f"{uri[:200]!r} is on another machine")
        return unquote(parts.path, errors="strict")
    if parts.netloc or "://" in uri:
        raise ValueError(f"{uri[:200]!r} is no file")
    return posixpath.join(folder, unquote(uri.partition("#")[0], errors="strict"))
