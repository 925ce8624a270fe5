"""What a change is to those who judge it: its files, its hunks, its identity (D1, D2)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.plain import Plain

__all__ = ["ChangeIdentity", "ChangeKind", "ChangedFile", "Hunk"]


class ChangeKind(StrEnum):
    ADDED = "added"
    MODIFIED = "modified"
    DELETED = "deleted"
    RENAMED = "renamed"
    MODE = "mode"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFile(Plain):
    """One path. ``old_*`` is ``None`` for an added file, ``new_*`` for a deleted one. Modes are git's six digits."""

    path: str
    old_path: str | None = None
    kind: ChangeKind
    old_mode: str | None = None
    new_mode: str | None = None
    old_blob: GitOid | None = None
    new_blob: GitOid | None = None
    added_lines: int = 0
    removed_lines: int = 0
    binary: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Hunk(Plain):
    """One contiguous difference.

    ``id`` is the digest over path, mode, old blob, enclosing definition and the
    exact bytes added and removed; ``definition`` is the enclosing qualified name, or ''.
    """

    id: Digest
    path: str
    definition: str
    old_start: int
    old_lines: int
    new_start: int
    new_lines: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeIdentity(Plain):
    """The triple that every verdict is of. ``manifest`` is SHA-256 over sorted (mode, path, sha256(blob)) (D3)."""

    target_ref: str
    tip: GitOid
    tree: GitOid
    manifest: Digest
