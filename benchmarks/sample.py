"""A sample project of 50 files, and a run over it in which each step adds a function to one module."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from measuring import Cost, process

HANDRAIL = (sys.executable, "-m", "orchestrator.cli")
MODULES = 45
_TEST = """import unittest

from src import module_1


class Test(unittest.TestCase):
    def test_value(self):
        self.assertEqual(module_1.value(), 1)
"""


def environment(folder: Path) -> dict[str, str]:
    """Bytecode is kept, as an installer leaves it; state, settings and key lie below ``folder``."""
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env |= {"XDG_CONFIG_HOME": f"{folder}/config", "HANDRAIL_KEY": f"{folder}/key.pem"}
    env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
    return env


def image(env: dict[str, str]) -> str:
    """The id of the sandbox image, built when it is not there."""
    argv = [*HANDRAIL, "sandbox", "build"]
    return subprocess.run(argv, env=env, check=True, capture_output=True, text=True).stdout.strip()


def repository(folder: Path) -> Path:
    """A fresh one with a single commit."""
    files = {f"src/module_{n}.py": _module(n) for n in range(1, MODULES + 1)}
    files |= {"src/__init__.py": "", "tests/__init__.py": "", "tests/test_all.py": _TEST, ".gitignore": "*.pyc\n"}
    files["pyproject.toml"] = '[project]\nname = "sample"\nversion = "1"\n'
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    for argv in (
        ["init", "-q", "-b", "main"],
        ["config", "user.name", "Sample"],
        ["config", "user.email", "sample@handrail.invalid"],
        ["add", "-A"],
        ["commit", "-qm", "Base"],
    ):
        subprocess.run(["git", *argv], cwd=folder, check=True)
    return folder


def run(folder: Path, steps: int, env: dict[str, str]) -> Cost:
    """One reviewed run of so many steps in a process of its own; the repository and its set-up are not counted."""
    return _reviewed(*set_up(folder, steps, env), env=env)


def reviewed(folder: Path, steps: int, env: dict[str, str], *work: str) -> Cost:
    """The same with any agent; ``work`` is what ``reviewed_run.py`` takes after the spec."""
    where, spec, _ = set_up(folder, steps, env)
    return _reviewed(where, spec, *work, env=env)


def set_up(folder: Path, steps: int, env: dict[str, str]) -> tuple[Path, Path, Path]:
    """A trusted repository, a spec of so many steps, and the scripted agent's file for them."""
    script = folder / "script.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    script.write_text("schema: handrail.script/1\nsteps:\n" + "".join(map(_attempt, range(1, steps + 1))))
    where, spec = repository(folder), folder / "prd.md"
    subprocess.run(
        [*HANDRAIL, "init", "--yes", "--commit", "--repo", str(where)], env=env, check=True, capture_output=True
    )
    spec.write_text("# Sample\n\n## Requirements\n" + "".join(map(_requirement, range(1, steps + 1))))
    return where, spec, script


def _reviewed(*words: Path | str, env: dict[str, str]) -> Cost:
    driver = Path(__file__).with_name("reviewed_run.py")
    return process([sys.executable, str(driver), *map(str, words)], env=env)


def _module(n: int) -> str:
    return f'"""Module {n}."""\n\n\ndef value():\n    return {n}\n'


def _requirement(n: int) -> str:
    return (
        f"\n### REQ-{n:03}: Added {n}\n\nThe system shall offer the function added in module {n}.\n\n"
        f"*Where:* `src/module_{n}.py`\n"
    )


def _attempt(n: int) -> str:
    lines = f"{_module(n)}\n\ndef added():\n    return {n}\n".splitlines()
    text = "".join(f"            {line}\n" if line else "\n" for line in lines)
    return f"  REQ-{n:03}:\n    - - write:\n          path: src/module_{n}.py\n          text: |\n{text}"
