"""Which key signs here: named by flag, by the environment, or the user's own default."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import UsageError
from orchestrator.store.layout import config_home

if TYPE_CHECKING:
    from orchestrator.provenance.signing.keys import KeySigner

VARIABLE = "HANDRAIL_KEY"


def default_path() -> Path:
    """Of the key that is used when none is named."""
    return Path(os.environ.get(VARIABLE) or config_home() / "keys" / "default.pem")


def signer(path: Path | None) -> KeySigner:
    """Raises ``UsageError`` (KEY010) when there is no key yet.

    Otherwise as :mod:`orchestrator.provenance.signing.signers` does.
    """
    from orchestrator.provenance.signing.signers import open_signer

    where = path or default_path()
    if not where.exists():
        raise UsageError("KEY010", f"There is no signing key at {where}.", "handrail key new")
    return open_signer(where)
