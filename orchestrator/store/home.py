"""Where this user's state lies. Imports nothing but ``os``: it is asked before anything else is loaded."""

from __future__ import annotations

import os

__all__ = ["state_home"]


def state_home() -> str:
    """``$XDG_STATE_HOME/handrail``, by default below ``~/.local/state``. Raises ``RuntimeError`` without a home."""
    base = os.environ.get("XDG_STATE_HOME", "")
    if not base.startswith("/"):
        base = os.path.expanduser("~/.local/state")  # noqa: PTH111 - pathlib takes longer than the rest of the question
        if not base.startswith("/"):
            raise RuntimeError("Could not determine home directory.")
    return f"{base}/handrail"
