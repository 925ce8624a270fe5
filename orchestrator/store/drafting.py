"""Decisions that could not be signed or stored, kept as files: they must outlive a database that is busy or full."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import ValidationError

from orchestrator.errors import StoreError, UsageError
from orchestrator.models.review import Draft
from orchestrator.store.whole import sweep, write_whole

_ITEM = re.compile(r"[A-Za-z0-9_-]{1,80}")
_MAX_BYTES = 1 << 20


class Drafts:
    """One per item, in a folder that only its user reads. The later one of an item stays."""

    def __init__(self, root: Path) -> None:
        self._root = root / "drafts"

    def keep(self, draft: Draft) -> None:
        """Durable when this returns. Raises ``StoreError`` STORE017."""
        try:
            write_whole(self._path(draft.item), draft.to_bytes())
        except OSError as problem:
            text = f"Your decision cannot be kept in {self._root}: {problem.strerror}."
            raise StoreError("STORE017", text, "make room, and decide again") from problem

    def all(self) -> tuple[Draft, ...]:
        """Oldest first. Raises ``StoreError`` STORE018 for a file that is none."""
        sweep((self._root,))
        paths = self._root.glob("*.json") if self._root.is_dir() else ()
        return tuple(sorted((self._read(path) for path in paths), key=lambda draft: draft.at))

    def of(self, item: str) -> Draft:
        """Raises ``UsageError`` REV044 when there is none."""
        path = self._path(item)
        if not path.is_file():
            raise UsageError("REV044", f"There is no draft of a decision on {item!r}.", "handrail review drafts")
        return self._read(path)

    def drop(self, item: str) -> None:
        """Harmless when there is none."""
        self._path(item).unlink(missing_ok=True)

    def _path(self, item: str) -> Path:
        if not _ITEM.fullmatch(item):
            raise UsageError("REV044", f"{item!r} is no review item.", "handrail review drafts")
        return self._root / f"{item}.json"

    def _read(self, path: Path) -> Draft:
        try:
            with path.open("rb") as file:
                return Draft.model_validate_json(file.read(_MAX_BYTES))
        except (OSError, ValidationError) as problem:
            raise StoreError("STORE018", f"{path} is no draft.", "look at it, or delete it") from problem
