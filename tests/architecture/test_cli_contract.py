"""The command line's published promises, held against the code."""

import re
from pathlib import Path

import click

from orchestrator.cli.main import COMMANDS, cli
from orchestrator.errors import ExitCode

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs/reference/cli.md").read_text()


def test_the_table_of_exit_codes_is_the_enum():
    rows = re.findall(r"^\| (\d+) \|", REFERENCE, re.MULTILINE)
    assert [int(n) for n in rows] == [int(code) for code in ExitCode]


def test_help_names_every_command():
    text = cli.get_help(click.Context(cli))
    assert all(re.search(rf"^  {name} ", text, re.MULTILINE) for name in COMMANDS)


def test_only_one_module_prints():
    files = [p for p in (ROOT / "orchestrator/cli").glob("*.py") if p.name != "telling.py"]
    assert [p.name for p in files if re.search(r"\bclick\.echo\(|\bprint\(", p.read_text())] == []


def test_decisions_are_numbered_without_gaps():
    names = sorted(p.name for p in (ROOT / "docs/decisions").glob("*.md"))
    assert [int(name[:4]) for name in names] == list(range(1, len(names) + 1))
