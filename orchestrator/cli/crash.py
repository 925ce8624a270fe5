"""Where a traceback goes: into a file, never onto the terminal."""

from __future__ import annotations

import os
import platform
import secrets
import traceback

from orchestrator import __version__


def write_report(error: Exception) -> str:
    """What to tell the person: where the report lies, or that it could not be written. Never raises.

    The report holds the traceback with its lines of code and no values of variables.
    """
    from orchestrator.store.layout import state_home

    words = f"handrail {__version__}, Python {platform.python_version()}, {platform.system()}\n"
    try:
        folder = state_home() / "crashes"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{secrets.token_hex(6)}.txt"
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(words + "".join(traceback.format_exception(error)))
    except (OSError, RuntimeError) as problem:
        return f"make the state folder writable, to see the traceback next time ({type(problem).__name__})"
    return f"read {path}, and report it if it is not plain what to do"
