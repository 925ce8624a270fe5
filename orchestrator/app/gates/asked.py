"""What a call of the gates is asked to judge. Known before anything that judges is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.ids import Digest

__all__ = ["Asked", "read_decisions"]


@dataclass(frozen=True, slots=True)
class Asked:
    """What to judge. ``base`` empty: where the line of work began. ``patch`` and ``staged`` take the place of a head.

    ``identified``: the whole tree is digested, for output that names the change (with decisions it always is).
    ``index`` is the file that git names to a hook. With ``policy`` the base's policy and profile count: their gates
    beside those that are named, their protected paths and test roots. ``sbom`` lists what the change does to the
    packages. ``osv`` is an export of known vulnerabilities (``None``: as preferred). ``decisions`` are lines of signed
    decisions, ``trust`` the digest of the ``.handrail`` folder whose policy counts and says whose they may be.
    """

    base: str = ""
    head: str = "HEAD"
    staged: bool = False
    index: Path | None = None
    patch: bytes | None = None
    gates: Sequence[str] = ()
    decisions: Sequence[bytes] = ()
    identified: bool = False
    sbom: bool = False
    policy: bool = False
    osv: str | None = None
    trust: Digest | None = None


def read_decisions(path: Path) -> tuple[bytes, ...]:
    """The lines of a file of decisions. Raises ``UsageError`` GATE012 when it cannot be read or is empty."""
    try:
        lines = [line + b"\n" for line in path.read_bytes().split(b"\n") if line.strip()]
    except OSError as error:
        raise UsageError("GATE012", f"{path} cannot be read: {error.strerror}.", "name a file of decisions") from error
    if not lines:
        raise EvidenceInvalid("GATE012", f"{path} holds no decision.", "handrail review decisions ITEM")
    return tuple(lines)
