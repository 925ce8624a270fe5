"""What people do with a spec before anything is planned from it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.files import read_file
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.specs.check import Checked


def check_file(
    path: Path,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fix: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Checked:
    """Check one file; with ``fix`` what is mechanical is mended in it first.

    Raises ``UsageError``: SPEC001 or SPEC002 when it cannot be read, SPEC003 when it cannot be written,
    PRD050 for a code that no rule has.
    """
    from orchestrator.specs.check import check_spec, fixed

    data = read_file(path)
    checked = check_spec(data, str(path), select=select, ignore=ignore)
    if not fix:
        return checked
    mended, count = fixed(data, checked) if checked.lines else (data, 0)
    if mended != data:
        replace_file(path, mended)
        checked = check_spec(mended, str(path), select=select, ignore=ignore)
    say(f"{path}: {count} places mended.")
    return checked


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, with its mode kept. A link is followed, as an editor would. Raises SPEC003."""
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as problem:
        with contextlib.suppress(OSError):
            beside.unlink()
        text = f"{path} cannot be written: {problem.strerror}."
        raise UsageError("SPEC003", text, "look at its folder and its permissions") from problem
