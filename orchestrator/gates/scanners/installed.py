"""Versions of the scanners that are installed beside Handrail, read from the names of their folders.

``importlib.metadata`` gives the same answers, and to import it costs more than to judge a small file:
it brings the parts of Python that read mail, zip files and CSV.
"""

from __future__ import annotations

import os
import re
import sys
from functools import cache
from pathlib import Path

__all__ = ["NotInstalled", "folder_of", "version"]

_SUFFIX = ".dist-info"
_SEPARATORS = re.compile(r"[-_.]+")


class NotInstalled(Exception):
    """No package of this name is installed in this environment."""


@cache
def _folders() -> dict[str, Path]:
    """Normalised name → folder with its metadata; of several the first on Python's path, as an import has it."""
    found: dict[str, Path] = {}
    for place in sys.path:
        try:
            names = sorted(os.listdir(place or "."))  # noqa: PTH208 - its paths are made for all that is installed
        except OSError:
            continue
        for name in names:
            if name.endswith(_SUFFIX):
                found.setdefault(_normal(name.partition("-")[0]), Path(place, name))
    return found


def _normal(name: str) -> str:
    return _SEPARATORS.sub("_", name).lower()


def folder_of(package: str) -> Path | None:
    """The folder with an installed package's metadata. ``None`` for one that is not there, or not as a wheel."""
    return _folders().get(_normal(package))


def version(package: str) -> str:
    """As :func:`importlib.metadata.version` says. Raises :class:`NotInstalled`."""
    folder = folder_of(package)
    if folder is not None:
        return folder.name.removesuffix(_SUFFIX).partition("-")[2]
    from importlib import metadata  # noqa: PLC0415 - only for what no wheel installed

    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError as error:
        raise NotInstalled(package) from error
