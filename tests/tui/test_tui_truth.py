"""What a change screen must not hide, and that every key does what its command says."""

from __future__ import annotations

import pytest
from desk_support import office
from review_support import HUNKS, House, SubjectKind, hunk, sheet
from test_tui_work import asked
from tui_support import app, shop, text_of

from orchestrator.models.change import ChangedFile, ChangeKind
from orchestrator.review.diff import RowKind
from orchestrator.tui import commands
from orchestrator.tui.app import HandrailApp
from orchestrator.tui.keymap import SCREENS

OPENED = {"inbox": (None, ()), "plan": ("item-0", ()), "change": ("item-1", ()), "run": ("desk", ("o",))}
OPENED["gates"] = ("item-1", ("F",))
OPENED["drafts"] = ("desk", ("D",))
OPENED["work"] = ("work", ())
OPENED["proof"] = ("desk", ("o", "p"))


@pytest.mark.parametrize("name", SCREENS)
async def test_every_key_of_a_screen_runs_its_command_there(name, tmp_path):
    item, keys = OPENED[name]
    if item == "desk":
        with office(tmp_path / "shop") as (_, reviews, desk):
            await every_key(HandrailApp(reviews, desk=desk), keys, name)
    elif item == "work":
        await every_key(app(asked(SubjectKind.WORK), "item-0"), keys, name)
    else:
        await every_key(app(item=item), keys, name)


async def every_key(screen, keys, name):
    async with screen.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        await pilot.press(*keys)
        await pilot.pause()
        active = screen.screen.active_bindings
        for command in SCREENS[name]:
            for key in command.keys.split(","):
                bound = active[key]
                wanted = {command.action} | ({"select"} if command in {commands.OPEN, commands.DRAFT_SEND} else set())
                assert bound.enabled
                assert bound.binding.action in wanted, (key, bound.binding.action)
                action = command.action.split("(")[0]
                assert hasattr(bound.node, f"action_{bound.binding.action.split('(')[0]}"), (key, action)


def kinds():
    names = {"path": "tool", "added_lines": 1, "removed_lines": 0}
    return [
        (ChangedFile(kind=ChangeKind.ADDED, new_mode="120000", **names), "(a symbolic link)"),
        (ChangedFile(kind=ChangeKind.ADDED, new_mode="160000", **names), "(a submodule)"),
        (ChangedFile(kind=ChangeKind.ADDED, new_mode="100755", **names), "(executable)"),
        (ChangedFile(kind=ChangeKind.MODE, old_mode="100644", new_mode="100755", **names), "(mode 100644 -> 100755)"),
        (ChangedFile(kind=ChangeKind.RENAMED, old_path="old/name", **names), "(was old/name)"),
        (ChangedFile(kind=ChangeKind.MODIFIED, binary=True, **names), "(binary)"),
    ]


@pytest.mark.parametrize(("file", "words"), kinds(), ids=lambda v: v if isinstance(v, str) else v.kind.value)
async def test_what_a_diff_does_not_make_plain_is_spelled_out(file, words):
    text = b"diff --git a/tool b/tool\n@@ -0,0 +1 @@\n+x\n"
    house = House()
    house.add(sheet(house.change(text=text, hunks=(hunk("tool", (0, 0), (1, 1)),), files=(file,))))
    screen = app(house, "item-1")
    async with screen.run_test(size=(120, 30)) as pilot:
        await pilot.pause()
        assert words in text_of(screen)


async def test_the_three_riskiest_hunks_come_before_the_diff():
    screen = app(shop(), "item-1")
    async with screen.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        rows = screen.screen.main.rows
        first = [row for row in rows[: rows.index(next(r for r in rows if r.kind is RowKind.FILE))] if row.hunk]
        assert [row.hunk for row in first] == [HUNKS[2].id, HUNKS[0].id, HUNKS[1].id]


async def test_a_file_that_is_too_large_starts_folded_and_is_not_looked_at():
    files = tuple(
        ChangedFile(path=name, kind=ChangeKind.MODIFIED, added_lines=lines, removed_lines=0)
        for name, lines in (("shop/search.py", 9000), (".github/workflows/ci.yml", 1))
    )
    house = House()
    house.add(sheet(house.change(files=files)))
    screen = app(house, "item-1")
    async with screen.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        assert "9000 changed lines folded, NOT looked at" in text_of(screen)
        await pilot.press("full_stop", "Y")
        view = house.reviews().view("item-1")
        assert house.reviews().marks.of(view) == {}


async def test_focus_goes_round_with_tab_and_comes_back():
    screen = app(shop(), "item-1")
    async with screen.run_test(size=(160, 40)) as pilot:
        await pilot.pause()
        order = []
        for _ in range(4):
            order.append(screen.focused.id)
            await pilot.press("tab")
        assert order == ["main", "findings", "context", "main"]
