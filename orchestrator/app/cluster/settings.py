"""Which cluster this machine belongs to: a file that one variable names. No variable, no cluster."""

from __future__ import annotations

import os
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.private_file import read_private
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.models.cluster import Cluster

FILE = "HANDRAIL_CLUSTER"
_MAX_BYTES = 65_536
_NEEDED = ("psycopg", "psycopg_pool", "procrastinate", "langgraph.checkpoint.postgres")


def cluster() -> Cluster | None:
    """``None`` on a machine of its own.

    Raises ``UsageError``: CLU001 the file cannot be read, or others may read it (it holds a login); CLU002 what is
    wrong in it, each with its place; CLU004 this installation lacks the extra.
    """
    named = os.environ.get(FILE, "")
    if not named:
        return None
    from orchestrator.models.cluster import Cluster
    from orchestrator.models.strict_yaml import validate

    if not all(_is_there(name) for name in _NEEDED):
        raise UsageError("CLU004", "This installation cannot work in a cluster.", "pip install 'handrail[cluster]'")
    found, problems = validate(_read(Path(named)), Cluster, named, "CLU002")
    if found is None:
        raise UsageError(
            "CLU002",
            f"{named} describes no cluster.",
            "docs/how-to/run-a-cluster.md",
            [str(problem) for problem in problems],
        )
    return found


def required() -> Cluster:
    """As :func:`cluster`. Raises ``UsageError`` (CLU005) on a machine of its own."""
    found = cluster()
    if found is None:
        text = "This machine belongs to no cluster."
        raise UsageError("CLU005", text, f"name a file with {FILE}; see docs/how-to/run-a-cluster.md")
    return found


def _is_there(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _read(path: Path) -> bytes:
    named = f"{FILE} names {path}, which cannot be read"
    return read_private(
        path,
        most_bytes=_MAX_BYTES,
        unreadable=lambda why: UsageError("CLU001", f"{named}: {why}.", "docs/how-to/run-a-cluster.md shows one"),
        exposed=lambda hint: UsageError("CLU001", f"Others may read {path}, and it holds a login.", hint),
    )
