"""What runs may still spend: set aside before it is spent, replaced by what was spent (D9)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from orchestrator.errors import StoreError
from orchestrator.models.ids import RunId
from orchestrator.ports import Budgets
from orchestrator.store.database import Statements
from orchestrator.store.index import StoredIndex

_TABLE = (
    "CREATE TABLE IF NOT EXISTS spending (run TEXT NOT NULL, key TEXT NOT NULL, tokens INTEGER NOT NULL, "
    "cost_usd REAL NOT NULL, settled INTEGER NOT NULL, PRIMARY KEY (run, key)) STRICT, WITHOUT ROWID"
)
_ADD = (
    "INSERT INTO spending VALUES (?, ?, ?, ?, 0) ON CONFLICT (run, key) DO UPDATE SET "
    "tokens = spending.tokens + excluded.tokens, cost_usd = spending.cost_usd + excluded.cost_usd, settled = 0"
)
_REPLACE = (
    "INSERT INTO spending VALUES (?, ?, ?, ?, 1) ON CONFLICT (run, key) DO UPDATE SET "
    "tokens = excluded.tokens, cost_usd = excluded.cost_usd, settled = 1"
)
_SUMS = "SELECT coalesce(sum(tokens), 0), coalesce(sum(cost_usd), 0.0) FROM spending WHERE run = ?"
_CENT_DUST = 1e-9
"""Sums of binary fractions differ from the limit by less than this when they are equal to it."""


class StoredBudgets:
    """Implements :class:`orchestrator.ports.Budgets` for one run.

    ``tokens`` and ``cost_usd`` are the run's ceilings over all its keys; ``cost_usd`` ``None`` counts money and
    limits it not. Several processes may reserve at once: a reservation is one immediate transaction, durable when
    it returns. A key that was reserved and never settled, because its process died, counts as spent.
    Raises ``StoreError`` (``STORE011``, ``STORE012``, and ``STORE016`` for an amount that is none).
    """

    def __init__(self, index: StoredIndex, run: RunId, tokens: int, cost_usd: float | None = None) -> None:
        self._index, self._run = index, run
        self._tokens, self._cost_usd = tokens, cost_usd
        index.ensure_table("spending", _TABLE)

    def reserve(self, key: str, tokens: int, cost_usd: float) -> bool:
        """As the port says; nothing is set aside when it answers ``False``."""
        _check(tokens, cost_usd)
        with self._index.transaction() as db:
            spent_tokens, spent_usd = self._sums(db)
            if spent_tokens + tokens > self._tokens:
                return False
            if self._cost_usd is not None and spent_usd + cost_usd > self._cost_usd + _CENT_DUST:
                return False
            db.execute(_ADD, (self._run, key, tokens, float(cost_usd)))
        return True

    def settle(self, key: str, tokens: int, cost_usd: float) -> None:
        """As the port says."""
        _check(tokens, cost_usd)
        with self._index.transaction() as db:
            db.execute(_REPLACE, (self._run, key, tokens, float(cost_usd)))

    def past(self, share: float, key: str, tokens: int, cost_usd: float) -> str:
        """As the port says."""
        with self._index.transaction() as db:
            others = db.execute(f"{_SUMS} AND key != ?", (self._run, key)).fetchone()
        tokens, cost_usd = tokens + int(others[0]), cost_usd + float(others[1])
        if tokens >= share * self._tokens:
            return f"the {self._tokens} tokens of the whole"
        if self._cost_usd is not None and cost_usd >= share * self._cost_usd:
            return f"the {self._cost_usd:g} USD of the whole"
        return ""

    def spent(self) -> tuple[int, float]:
        """Tokens and US dollars of the run, with what is set aside."""
        with self._index.transaction() as db:
            return self._sums(db)

    def _sums(self, db: Statements) -> tuple[int, float]:
        row: tuple[Any, ...] = db.execute(_SUMS, (self._run,)).fetchone()
        return int(row[0]), float(row[1])


class SharedBudgets:
    """Implements :class:`orchestrator.ports.Budgets` for a run in a batch with a ceiling of its own: both must hold.

    What one set aside before another refused stays set aside until the key is settled, which ends its lease.
    """

    def __init__(self, parts: Sequence[Budgets]) -> None:
        self._parts = parts

    def reserve(self, key: str, tokens: int, cost_usd: float) -> bool:
        """As the port says."""
        return all(part.reserve(key, tokens, cost_usd) for part in self._parts)

    def settle(self, key: str, tokens: int, cost_usd: float) -> None:
        """As the port says."""
        for part in self._parts:
            part.settle(key, tokens, cost_usd)

    def past(self, share: float, key: str, tokens: int, cost_usd: float) -> str:
        """As the port says: of the first that is."""
        return next((words for part in self._parts if (words := part.past(share, key, tokens, cost_usd))), "")


def _check(tokens: int, cost_usd: float) -> None:
    if tokens < 0 or cost_usd < 0 or not math.isfinite(cost_usd):
        raise StoreError("STORE016", f"{tokens} tokens and {cost_usd} USD are no amount to set aside.", "report this")
