"""The broker and the budgets of a run, put together. Nothing of the user's configuration is read here."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from orchestrator.models.base import Digest, RunId
from orchestrator.ports import Broker, Budgets

if TYPE_CHECKING:
    from orchestrator.store.index import SqliteIndex


def make_broker(store: Callable[[bytes], Digest]) -> Broker:
    """Leases of this host. ``store`` keeps a recording and gives its digest."""
    from orchestrator.broker.lease import ProcessBroker

    return ProcessBroker(store)


def make_budgets(index: SqliteIndex, run: RunId, tokens: int, cost_usd: float | None = None) -> Budgets:
    """What a run may spend in all; ``cost_usd`` ``None`` limits no money."""
    from orchestrator.store.budgets import SqliteBudgets

    return SqliteBudgets(index, run, tokens, cost_usd)
