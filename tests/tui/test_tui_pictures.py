"""Pictures of the screens as text and styles, dark, light and without colour.

To accept a change: ``HANDRAIL_PICTURES=write pytest tests/tui/test_tui_pictures.py``, then look at the difference.
"""

from __future__ import annotations

import os
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from desk_support import office
from review_support import SubjectKind
from test_tui_work import ASKS, asked
from tui_support import app

from orchestrator.tui.app import HandrailApp

FOLDER = Path(__file__).with_name("pictures")
SIZES = [(80, 24), (160, 48)]
SCENES = {
    "inbox": (None, ()),
    "plan": ("item-0", ("full_stop", "full_stop")),
    "change": ("item-1", ("full_stop", "right_square_bracket", "j", "j", "j")),
    "findings": ("item-1", ("f", "l")),
    "gates": ("item-1", ("F", "l")),
    "waive": ("item-1", ("F", "w", *"A test key.")),
    "narrow": ("item-0", ("full_stop", "n")),
    "work": ("work", ()),
    "answers": ("work", ("a", *"7", "tab", *"perhaps", "enter")),
    "reject": ("item-1", ("r", *"Keep the limit.")),
    "help": ("item-1", ("question_mark",)),
    "run": ("desk", ("o", "full_stop")),
    "proof": ("desk", ("o", "p")),
}


def picture(application):
    """The letters, then for each line where which style begins, then the styles."""
    width, height = application.size
    strips = application.screen._compositor.render_strips()[:height]
    names, lines = {}, []
    for strip in strips:
        column, runs = 0, []
        for segment in strip:
            style = str(segment.style or "none")
            name = names.setdefault(style, f"s{len(names)}")
            if not runs or runs[-1][1] != name:
                runs.append((column, name))
            column += segment.cell_length
        lines.append(" ".join(f"{at}:{name}" for at, name in runs))
    letters = [strip.text.ljust(width)[:width].rstrip() for strip in strips]
    return "\n".join([*letters, "-- styles", *lines, "-- names", *(f"{n} {s}" for s, n in names.items()), ""])


def compared(name, found):
    path = FOLDER / f"{name}.txt"
    if os.environ.get("HANDRAIL_PICTURES") == "write":
        FOLDER.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    assert found.split("\n") == path.read_text(encoding="utf-8").split("\n")


def opened(stack, item, folder):
    if item == "work":
        return app(asked(SubjectKind.ANSWERS, asks=ASKS, facts={"stock": 3, "seen": ("rome", "oslo")}), "item-0")
    if item != "desk":
        return app(item=item)
    _, reviews, desk = stack.enter_context(office(folder, budget_tokens=5000))
    return HandrailApp(reviews, desk=desk)


@pytest.mark.parametrize("colours", [True, False], ids=["colours", "none"])
@pytest.mark.parametrize("size", SIZES, ids=["80x24", "160x48"])
@pytest.mark.parametrize("scene", SCENES)
async def test_screen(scene, size, colours, tmp_path, monkeypatch):
    if not colours:
        monkeypatch.setenv("NO_COLOR", "1")
    item, keys = SCENES[scene]
    name = f"{scene}-{size[0]}x{size[1]}"
    with ExitStack() as stack:
        screen = opened(stack, item, tmp_path / "shop")
        async with screen.run_test(size=size) as pilot:
            await pilot.pause()
            await pilot.press(*keys)
            for field in screen.screen.query("Input"):
                field.cursor_blink = False
            await pilot.pause()
            found = picture(screen)
            if not colours:
                hues = re.findall(r"#(..)(..)(..)", found.split("-- names")[1])
                assert all(red == green == blue for red, green, blue in hues)
                compared(f"{name}-none", found)
                return
            compared(f"{name}-dark", found)
            screen.theme = "textual-light"
            await pilot.pause()
            compared(f"{name}-light", picture(screen))


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*-dark.txt")), ids=lambda p: p.stem)
def test_nothing_is_told_by_colour_alone(path):
    """Letter for letter the same with and without colours."""
    letters = [
        (path.with_name(path.name.replace("-dark", look))).read_text(encoding="utf-8").split("-- styles")[0]
        for look in ("-dark", "-light", "-none")
    ]
    assert letters[0] == letters[1] == letters[2]
