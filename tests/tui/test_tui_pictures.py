"""Pictures of the screens. To accept a change: ``pytest tests/tui --snapshot-update``, then look at each."""

from __future__ import annotations

import pytest
from tui_support import app

SIZES = [(80, 24), (160, 48)]
SCENES = {
    "inbox": (None, ()),
    "plan": ("item-0", ("full_stop", "full_stop")),
    "change": ("item-1", ("full_stop", "right_square_bracket", "j", "j", "j")),
    "findings": ("item-1", ("f", "l")),
    "reject": ("item-1", ("r", *"Keep the limit.")),
}


@pytest.mark.parametrize("size", SIZES, ids=["80x24", "160x48"])
@pytest.mark.parametrize("scene", SCENES)
def test_screen(scene, size, snap_compare):
    item, keys = SCENES[scene]

    async def act(pilot):
        await pilot.pause()
        await pilot.press(*keys)
        for field in pilot.app.screen.query("Input"):
            field.cursor_blink = False
        await pilot.pause()

    assert snap_compare(app(item=item), terminal_size=size, run_before=act)
