"""Measures the diff screen in a process of its own: nothing else of a test run can spend CPU time in it.

Prints one JSON object: seconds of first paint and of a page (p95), one each a round, as a free core would need them.
"""

from __future__ import annotations

import asyncio
import json
import time

from review_support import House, sheet
from tui_support import app, long_diff, text_of

ROWS = 20_000
ROUNDS = 2
PAGES = 40
UNIT_SECONDS = 0.016
"""CPU seconds of :func:`unit` on a free core of the machine whose figures are in docs/benchmarks.md."""


def unit():
    """Known work of the same kind: small objects and short texts."""
    start = time.process_time()
    kept = [(n, f"value_{n}".split("_")) for n in range(ROWS) if f"value_{n}".isascii()]
    assert len(kept) == ROWS
    return time.process_time() - start


async def timed(pilot, key):
    """CPU seconds of a key, as a free core would need them."""
    before, start = unit(), time.process_time()
    await pilot.press(key)
    await pilot.pause()
    took = time.process_time() - start
    return took * UNIT_SECONDS / ((before + unit()) / 2)


async def opened_and_scrolled(house):
    """First paint, page p95."""
    screen = app(house)
    async with screen.run_test(size=(160, 48)) as pilot:
        await pilot.pause()
        first_paint = await timed(pilot, "enter")
        assert "value_30" in text_of(screen)
        pages = sorted([await timed(pilot, "pagedown") for _ in range(PAGES)])
        await pilot.press("G")
        assert f"value_{ROWS - 1}" in text_of(screen)
    return first_paint, pages[PAGES * 95 // 100]


def main():
    """Each round opens the same change anew."""
    text, hunks = long_diff(ROWS)
    house = House()
    house.add(sheet(house.change(text=text, hunks=hunks)))
    rounds = [asyncio.run(opened_and_scrolled(house)) for _ in range(ROUNDS)]
    print(json.dumps({"first_paint": [first for first, _ in rounds], "page_p95": [p95 for _, p95 in rounds]}))  # noqa: T201  read by the test


if __name__ == "__main__":
    main()
