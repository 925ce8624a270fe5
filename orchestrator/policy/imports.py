"""Where Python finds a project's own packages when nothing installs them."""

from __future__ import annotations

from collections.abc import Collection, Iterable


def import_roots(source_roots: Iterable[str], paths: Collection[str]) -> tuple[str, ...]:
    """Directories, relative to the tree, from which the packages in ``source_roots`` are imported.

    ``.`` is left out: ``python -m`` looks there anyway. ``paths`` are the files of the tree.
    """
    known, found = frozenset(paths), dict[str, None]()
    for root in source_roots:
        folder = root.rstrip("/")
        while f"{folder}/__init__.py" in known:
            folder = folder.rpartition("/")[0]
        if folder not in {"", "."} and folder not in known:
            found[folder] = None
    return tuple(found)
