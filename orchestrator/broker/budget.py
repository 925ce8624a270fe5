"""Tokens and money of one lease, drawn from amounts that the parent has reserved durably (D9).

The parent reserves in chunks, so that a request waits for the disk only now and then. What a process that died
had reserved counts as spent; what it spent beyond, it could not have.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from orchestrator.broker.refusal import Refusal

Ask = Callable[[int, float], Awaitable[bool]]
_CHUNKS = 16
_CHUNK_TOKENS = 200_000


@dataclass(slots=True)
class Hold:
    """Set aside for one request while it runs."""

    tokens: int
    cost_usd: float


class Purse:
    """``ask`` has the parent reserve more. ``limit_usd`` ``None``: money is counted and not limited."""

    def __init__(
        self, limit_tokens: int, limit_usd: float | None, ask: Ask, on_exhausted: Callable[[str], None] = lambda _: None
    ) -> None:
        self._on_exhausted = on_exhausted
        self._limit_tokens, self._limit_usd, self._ask = limit_tokens, limit_usd, ask
        self._reserved_tokens, self._reserved_usd = 0, 0.0
        self._held_tokens, self._held_usd = 0, 0.0
        self._spent_tokens, self._spent_usd = 0, 0.0
        self._turn = asyncio.Lock()
        self.exhausted = ""

    async def hold(self, tokens: int, cost_usd: float) -> Hold:
        """Raises :class:`Refusal` (``BRK023``) when so much is not left, here or in the run."""
        hold = Hold(0, 0.0)
        await self.more(hold, tokens, cost_usd)
        return hold

    async def more(self, hold: Hold, tokens: int, cost_usd: float) -> None:
        """On top of a hold. Raises as :meth:`hold`."""
        async with self._turn:
            need_tokens = self._spent_tokens + self._held_tokens + tokens
            need_usd = self._spent_usd + self._held_usd + cost_usd
            if need_tokens > self._limit_tokens:
                left = self._limit_tokens - self._spent_tokens - self._held_tokens
                raise self._refusal(f"{tokens} tokens are asked for and {left} of {self._limit_tokens} are left")
            if self._limit_usd is not None and need_usd > self._limit_usd:
                left_usd = self._limit_usd - self._spent_usd - self._held_usd
                raise self._refusal(f"it may cost {cost_usd:.4f} USD, and {left_usd:.4f} of {self._limit_usd} are left")
            await self._reserve(need_tokens - self._reserved_tokens, need_usd - self._reserved_usd)
            self._held_tokens += tokens
            self._held_usd += cost_usd
            hold.tokens += tokens
            hold.cost_usd += cost_usd

    def settle(self, hold: Hold, tokens: int, cost_usd: float) -> None:
        """What the request really took, in place of its hold."""
        self._held_tokens -= hold.tokens
        self._held_usd -= hold.cost_usd
        self._spent_tokens += tokens
        self._spent_usd += cost_usd
        hold.tokens, hold.cost_usd = 0, 0.0

    @property
    def left_tokens(self) -> int:
        """Of the lease's limit."""
        return self._limit_tokens - self._spent_tokens - self._held_tokens

    @property
    def spent(self) -> tuple[int, float]:
        """Tokens and US dollars, with what is still held."""
        return self._spent_tokens + self._held_tokens, self._spent_usd + self._held_usd

    async def _reserve(self, tokens: int, cost_usd: float) -> None:
        if tokens <= 0 and cost_usd <= 0:
            return
        limit_usd = self._limit_usd or 0.0
        chunk = max(tokens, min(self._limit_tokens // _CHUNKS, _CHUNK_TOKENS))
        chunk = max(0, min(chunk, self._limit_tokens - self._reserved_tokens))
        money = max(cost_usd, min(limit_usd / _CHUNKS, limit_usd - self._reserved_usd), 0.0)
        if not await self._ask(chunk, money):
            chunk, money = max(tokens, 0), max(cost_usd, 0.0)
            if not await self._ask(chunk, money):
                raise self._refusal("the run's budget has not that much left")
        self._reserved_tokens += chunk
        self._reserved_usd += money

    def _refusal(self, why: str) -> Refusal:
        if not self.exhausted:
            self.exhausted = f"the budget is used up: {why}"
            self._on_exhausted(self.exhausted)
        return Refusal("BRK023", 403, f"the budget is used up: {why}", "raise the limit, or ask for less at once")
