from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from review_support import House, sheet
from tui_support import app, long_diff, text_of

FIRST_PAINT, PAGE_P95 = 0.25, 0.05
MEASURE = Path(__file__).with_name("speed_measure.py")


def test_a_long_diff_opens_and_scrolls(record_property):
    done = subprocess.run([sys.executable, str(MEASURE)], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    for name, seconds in found.items():
        record_property(f"{name}_cpu_ms", [round(one * 1000) for one in seconds])
        print(name, [f"{one * 1000:.0f} ms" for one in seconds])  # noqa: T201  the figures are the result
    assert min(found["first_paint"]) <= FIRST_PAINT
    assert min(found["page_p95"]) <= PAGE_P95


async def test_one_line_of_a_megabyte_opens():
    text, hunks = long_diff(1)
    text = text.replace(b"value_0", b"value_0" + b"\xe9x\t" * 300_000)
    house = House()
    house.add(sheet(house.change(text=text, hunks=hunks)))
    screen = app(house)
    async with screen.run_test(size=(80, 24)) as pilot:
        start = time.process_time()
        await pilot.press("enter")
        await pilot.pause()
        assert "\\xe9x" in text_of(screen)
        await pilot.press("pagedown", "pagedown")
        assert time.process_time() - start < 10
