"""The syntax tree of one file's bytes, parsed once for all that look at it.

Only the worker process parses: a hostile file can exhaust the parser.
"""

from __future__ import annotations

import ast
import warnings

__all__ = ["parsed"]


class _Last:
    data: bytes | None = None
    tree: ast.Module | None = None


def parsed(data: bytes) -> ast.Module:
    """The tree, the same one as long as no other file was asked for. Raises what :func:`ast.parse` does."""
    if _Last.tree is None or _Last.data != data:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = ast.parse(data)
        _Last.data, _Last.tree = data, tree
    return _Last.tree
