"""The house stands as it is drawn."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

import click
import pytest

from orchestrator import errors
from orchestrator.cli.main import COMMANDS, cli

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "orchestrator").rglob("*.py"))


def test_the_import_law_holds() -> None:
    program = str(Path(sys.executable).with_name("lint-imports"))
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_start_up_stays_light() -> None:
    heavy = "langgraph", "textual", "docker", "git", "bandit", "jinja2", "cryptography", "pydantic", "markdown_it"
    program = f"import sys, orchestrator.cli.main; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_looking_at_runs_loads_no_heavy_room() -> None:
    heavy = "langgraph", "textual", "docker", "git", "bandit", "jinja2", "cryptography"
    program = (
        "import sys\nfrom orchestrator.cli.main import cli\n"
        "try: cli.main(['runs'], standalone_mode=False)\nexcept Exception as e: print(e)\n"
        f"print([m for m in {heavy!r} if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def commands() -> set[str]:
    found = set()
    for name in COMMANDS:
        command = cli.get_command(click.Context(cli), name)
        found.add(name)
        if isinstance(command, click.Group):
            found |= {f"{name} {sub}" for sub in command.commands}
    return found


def test_the_reference_lists_exactly_the_commands_that_there_are() -> None:
    text = (ROOT / "docs/reference/cli.md").read_text()
    assert set(re.findall(r"^### `handrail ([a-z -]+?)`", text, re.MULTILINE)) == commands()


def test_every_error_class_is_drawn_exported_and_has_an_exit_code() -> None:
    drawing = errors.__doc__ or ""
    classes = {n for n, c in vars(errors).items() if isinstance(c, type) and issubclass(c, errors.HandrailError)}
    assert classes | {"ExitCode"} == set(errors.__all__)
    for name in classes - {"HandrailError"}:
        code = int(getattr(errors, name).exit_code)
        assert re.search(rf"{name} +{code} ", drawing), name


def raised_codes(path: Path) -> list[tuple[str, int]]:
    tree = ast.parse(path.read_text())
    names = set(errors.__all__) - {"ExitCode"}
    return [
        (call.args[0].value, call.lineno)
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Name)
        and call.func.id in names
        and call.args
        and isinstance(call.args[0], ast.Constant)
    ]


def test_error_codes_have_one_form() -> None:
    for path in SOURCES:
        for code, line in raised_codes(path):
            assert re.fullmatch(r"[A-Z]{2,6}[0-9]{3}", code), f"{path}:{line} {code}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda p: str(p.relative_to(ROOT)))
def test_files_stay_small(path: Path) -> None:
    assert path.read_text().count("\n") <= 400


def test_nothing_runs_through_a_shell_or_unpickles() -> None:
    for path in SOURCES:
        text = path.read_text()
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.keyword) and node.arg == "shell":
                assert isinstance(node.value, ast.Constant)
                assert node.value.value is False, f"{path}:{node.value.lineno}"
            if isinstance(node, ast.Import):
                assert not {a.name for a in node.names} & {"pickle", "marshal", "shelve"}, path


def test_no_registry_host_stands_in_the_repository() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    hosts = re.compile(
        "|".join([r"pypi" + r"\.org", r"python" + r"hosted\.org", r"registry\.npm" + r"js", r"deb\.deb" + r"ian"])
    )
    for name in listed:
        path = ROOT / name
        if path.is_file() and path.stat().st_size < 2_000_000:
            assert not hosts.search(path.read_text(errors="ignore")), name
