"""A directory of packages that stands in for every index: environments are built from it, steps see it read-only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from orchestrator.errors import UsageError

_ENDINGS = (".whl", ".tar.gz", ".tgz", ".zip")
_HINT = "fill a folder by `pip download -d FOLDER -r requirements.txt` and `npm pack`, and name that"


def check_packages(folder: Path) -> Path:
    """The whole path of a folder of plain package files.

    Whatever lies in it becomes readable to agents, so that anything else in it is refused.
    Raises ``UsageError`` (``ENV032``).
    """
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        raise UsageError("ENV032", f"{folder} cannot be read: {error.strerror}.", _HINT) from error
    closed = [e.name for e in entries if not e.stat(follow_symlinks=False).st_mode & stat.S_IROTH]
    if not folder.stat().st_mode & stat.S_IXOTH or closed:
        raise UsageError("ENV032", f"{folder} is not readable to the sandbox's user.", f"chmod -R a+rX {folder}")
    strange = sorted(e.name for e in entries if not e.is_file(follow_symlinks=False) or not e.name.endswith(_ENDINGS))
    if strange or not entries:
        what = f"holds {', '.join(strange[:5])}, which is no package" if strange else "is empty"
        raise UsageError("ENV032", f"{folder} {what}.", _HINT)
    return folder.resolve()
