"""What people say to a step while it runs."""

from __future__ import annotations

from orchestrator.engine.context import RunContext
from orchestrator.models.ids import StepId


class Steers:
    """Implements :class:`orchestrator.ports.Steering` for one attempt: what comes after it was made."""

    def __init__(self, ctx: RunContext, step: StepId) -> None:
        self._ctx, self._step = ctx, step
        self._seen = len(ctx.index.steers(ctx.run.id, step))

    def messages(self) -> tuple[str, ...]:
        """Those that have come since the last call, oldest first."""
        rows = self._ctx.index.steers(self._ctx.run.id, self._step)[self._seen :]
        self._seen += len(rows)
        return tuple(self._ctx.blobs.get(digest).decode(errors="replace") for digest in rows)


def earlier(ctx: RunContext, step: StepId) -> tuple[str, ...]:
    """Everything that was said so far: the next attempt is told, whether the last one heard it or not."""
    rows = ctx.index.steers(ctx.run.id, step)
    return tuple(f"A person says: {ctx.blobs.get(digest).decode(errors='replace')}" for digest in rows)
