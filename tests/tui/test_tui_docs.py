"""The table of keys in the documentation is what the code has."""

from __future__ import annotations

from pathlib import Path

from orchestrator.tui.keymap import SCREENS

PAGE = Path(__file__).parents[2] / "docs/reference/review-screens.md"


def test_every_command_stands_in_the_table_and_no_other():
    where = {}
    for screen, here in SCREENS.items():
        for command in here:
            where.setdefault((command.name, command.keys, command.description), []).append(screen)
    wanted = [f"| `{n}` | `{k}` | {', '.join(s)} | {d} |" for (n, k, d), s in where.items()]
    table = PAGE.read_text(encoding="utf-8").split("## Keys\n")[1].split("\n## ")[0]
    assert [line for line in table.split("\n") if line.startswith("| `")] == wanted
