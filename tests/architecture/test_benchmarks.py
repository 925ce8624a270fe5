"""Every benchmark ends with one JSON object, has a stored result and is named, with its command, in the document."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "benchmarks"
KEYS = {"benchmark", "date", "figures", "goals", "machine"}


def imports_report(path: Path) -> bool:
    nodes = ast.walk(ast.parse(path.read_text()))
    found = [n for n in nodes if isinstance(n, ast.ImportFrom) and n.module == "measuring"]
    return any(alias.name == "report" for node in found for alias in node.names)


BENCHMARKS = [path for path in sorted(FOLDER.glob("*.py")) if imports_report(path)]


def checked(text: str, name: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    assert set(document) == KEYS
    assert document["benchmark"] == name
    assert document["figures"]
    assert set(document["goals"]) <= set(document["figures"])
    assert all(isinstance(value, float) for value in document["figures"].values())
    return document


def test_the_benchmarks_are_found() -> None:
    assert {path.stem for path in BENCHMARKS} >= {"long_run", "startup", "step_overhead"}


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda p: p.stem)
def test_a_report_is_the_last_thing_a_benchmark_does(path: Path) -> None:
    functions = [n for n in ast.parse(path.read_text()).body if isinstance(n, ast.FunctionDef)]
    last = next(f for f in functions if f.name == "main").body[-1]
    assert isinstance(last, ast.Expr)
    call = last.value
    assert isinstance(call, ast.Call)
    assert ast.unparse(call.func) == "report"
    assert ast.literal_eval(call.args[0]) == path.stem


@pytest.mark.parametrize("path", BENCHMARKS, ids=lambda p: p.stem)
def test_the_document_says_what_the_stored_result_says(path: Path) -> None:
    document = checked((FOLDER / "results" / f"{path.stem}.json").read_text(), path.stem)
    words = (ROOT / "docs" / "benchmarks.md").read_text()
    section = words.split(f"## {path.stem}\n")[1].split("\n## ")[0]
    assert f"python benchmarks/{path.name}" in section
    for name, value in document["figures"].items():
        goal = document["goals"].get(name)
        wanted = f"{goal['op']} {goal['value']:g}" if goal else ""
        assert f"| {name} | {value:.3f} | {wanted} |" in section


def test_startup_ends_with_its_result(tmp_path: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(ROOT), "HANDRAIL_BENCHMARK_RESULTS": str(tmp_path)}
    argv = [sys.executable, str(FOLDER / "startup.py"), "1"]
    done = subprocess.run(argv, env=env, capture_output=True, text=True, check=True)
    last = done.stdout.splitlines()[-1]
    checked(last, "startup")
    assert (tmp_path / "startup.json").read_text().strip() == last
