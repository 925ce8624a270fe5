"""The person's own keys."""

from __future__ import annotations

import pytest
from tui_support import app, text_of

from orchestrator.errors import UsageError
from orchestrator.store.layout import config_home
from orchestrator.tui import commands
from orchestrator.tui.keymap import FILE, SCREENS, read_keymap
from orchestrator.tui.screens.change import ChangeScreen
from orchestrator.tui.screens.verdict import AskScreen


def keys(text):
    config_home().mkdir(parents=True, exist_ok=True)
    path = config_home() / FILE
    path.write_text(text)
    return path


async def test_a_key_moves_and_help_palette_and_last_line_say_so():
    keys('keys:\n  verdict.reject: "N"\n  hunk.next: "ctrl+n, ]"\n')
    screen = app(item="item-1")
    async with screen.run_test(size=(120, 45)) as pilot:
        await pilot.pause()
        assert " N Reject" in text_of(screen).split("\n")[-1]
        await pilot.press("r")
        assert isinstance(screen.screen, ChangeScreen)
        await pilot.press("ctrl+n", "right_square_bracket")
        assert screen.screen.main.row.new == 23
        await pilot.press("question_mark")
        assert "    N verdict.reject  Reject, with a reason" in text_of(screen)
        assert "ctrl+n hunk.next" in text_of(screen)
        await pilot.press("escape")
        offered = [c.help for c in screen.get_system_commands(screen.screen)]
        assert "verdict.reject (N)" in offered
        await pilot.press("N")
        assert isinstance(screen.screen, AskScreen)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("keys:\n  verdict.reject: x\n", "x is both verdict.reject and hunk.reject on the change screen"),
        ("keys:\n  hunk.next: j\n", "j is both hunk.next and line.down on the plan screen"),
        ("keys:\n  no.such: x\n", "'no.such' is no command"),
        ("keys:\n  verdict.reject: hyper+q\n", "verdict.reject: 'hyper+q' is no key"),
        ('keys:\n  verdict.reject: "\\u202e"\n', "is no key"),
        ("keys:\n  verdict.reject: ''\n", "is no key"),
        ("keys: [a]\n", "keys"),
        ("- a\n", ""),
        ("keys:\n  verdict.reject: 'N'\n  verdict.reject: 'M'\n", ""),
    ],
)
def test_what_cannot_be_meant_is_refused(text, why):
    with pytest.raises(UsageError) as refused:
        read_keymap(keys(text))
    assert refused.value.code == "CFG022"
    assert why in "\n".join(refused.value.details)


def test_two_commands_may_swap_their_keys():
    found = read_keymap(keys("keys:\n  verdict.approve: r\n  verdict.reject: a\n"))
    assert found == {"verdict.approve": "r", "verdict.reject": "a"}


def test_no_file_changes_nothing():
    assert read_keymap(config_home() / FILE) == {}


def test_no_two_commands_of_a_screen_have_the_same_key_as_they_come():
    for name, here in SCREENS.items():
        taken = [key for command in here for key in command.keys.split(",")]
        assert len(taken) == len(set(taken)), name
    assert {c.label for c in commands.CHANGE} >= {"a", "r", "y", "x"}
