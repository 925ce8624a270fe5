"""Nothing that an agent or a repository wrote reaches the terminal as anything but its letters."""

from __future__ import annotations

import subprocess
import sys

import pytest
from review_support import House, SubjectKind, finding, hunk, plan_sheet, requirement, sheet, step
from tui_support import app, text_of

from orchestrator.tui.screens.change import ChangeScreen
from orchestrator.tui.screens.plan import PlanScreen

NASTY = "\x1b[8mA\x1b]52;c;aGk=\x07B\u202eC\u200bD\x9b31mE[red]F[/red]\U000e0041G\ufe0fH\rI"
SHOWN = "\\x1b[8mA\\x1b]52;c;aGk=\\x07B<U+202E>C<U+200B>D\\x9b31mE[red]F[/red]<U+E0041>G<U+FE0F>H\\x0dI"
FORBIDDEN = [c for c in NASTY if not c.isprintable() or ord(c) > 126]


def hostile_house():
    house = House()
    name = "shop/a.py"
    text = b'diff --git "a/shop/a.py" "b/shop/a.py"\n@@ -0,0 +1,2 @@ %s\n+%s\n+x = "%s"\n' % ((NASTY.encode(),) * 3)
    mean = finding(message=NASTY, path=name, line=1, hint=NASTY, rule=NASTY)
    change = house.change(
        text=text,
        hunks=(hunk(name, (0, 0), (1, 2)),),
        findings=(mean,),
        summary=NASTY,
        denials=(NASTY,),
        requirements=(requirement(statement=NASTY),),
        step=step(title=NASTY),
    )
    house.add(sheet(change), title=NASTY)
    plan = step(title=NASTY).model_copy(update={"instruction": NASTY})
    house.add(plan_sheet((plan,)), kind=SubjectKind.PLAN, item_id="item-0", title=NASTY)
    return house


def clean(application):
    shown = text_of(application)
    assert not [c for c in FORBIDDEN if c in shown]
    return "".join(shown.replace(" ", "").split("\n"))


@pytest.mark.parametrize("size", [(160, 48), (80, 24)])
async def test_hostile_text_is_shown_escaped_on_every_screen(size):
    screen = app(hostile_house())
    async with screen.run_test(size=size) as pilot:
        await pilot.pause()
        assert SHOWN in clean(screen)
        await pilot.press("enter")
        assert isinstance(screen.screen, ChangeScreen)
        assert SHOWN in clean(screen)
        await pilot.press("f")
        assert "\\x1b[8mA\\x1b]52;c;aGk=\\x07B<U+202E>C" in clean(screen)
        await pilot.press("a")
        await pilot.pause(0.3)
        clean(screen)
        await pilot.press("f", "r")
        assert "\\x1b[8mA" in clean(screen)
        await pilot.press("escape", "f", "l", "a")
        clean(screen)
        await pilot.press("escape", "q", "j", "enter")
        assert isinstance(screen.screen, PlanScreen)
        assert SHOWN in clean(screen)


async def test_without_colour_marks_and_cursor_remain(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    screen = app(item="item-1")
    async with screen.run_test(size=(80, 32)) as pilot:
        await pilot.pause()
        assert screen.no_color
        lines = text_of(screen).split("\n")
        assert any(line.startswith(">") for line in lines)
        assert any("5 -     return []" in line for line in lines)
        assert any("6!+     query" in line for line in lines)
        svg = screen.export_screenshot()
        assert svg.count("return") > 0


def test_animations_are_off_when_the_person_says_so():
    code = "from orchestrator.tui.app import HandrailApp; print(HandrailApp.__mro__[1].__name__)\n"
    code += "from textual import constants; print(constants.TEXTUAL_ANIMATIONS)"
    env = {"TEXTUAL_ANIMATIONS": "none", "PYTHONPATH": ":".join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["Host", "none"]


def test_the_review_room_never_loads_textual():
    code = "import sys, orchestrator.review.service, orchestrator.review.present, orchestrator.tui\n"
    code += "print([m for m in ('textual', 'rich', 'pygments', 'cryptography', 'docker', 'git') if m in sys.modules])"
    env = {"PYTHONPATH": ":".join(sys.path)}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
