"""docs/verify.py, which shares no code with the product, comes to the same answers on the published vectors."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "docs" / "verify.py"
FOLDER = ROOT / "tests" / "vectors" / "provenance"
EXPECTED = {n: e for n, e in json.loads((FOLDER / "expected.json").read_bytes()).items() if "codes" in e}
NOT_SEEN = {
    "re-serialised-payload",  # the same content in other bytes, properly signed
    "lines-of-another-text",  # statements of lines are not read
    "approved-before-it-was-made",  # times are not compared
    "time-going-backwards",
    "deep-json",  # too deep is refused by the product alone; here it is one more statement of no known kind
    "huge-json",
}


def run(name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    expected = EXPECTED[name]
    subprocess.run(["git", "clone", "-q", FOLDER / f"{name}.gitbundle", folder], check=True, capture_output=True)
    bundle = FOLDER / f"{name}.intoto.jsonl"
    argv = [str(folder), "--root", expected["root"], "--base", expected["base"], "--bundle", str(bundle)]
    return subprocess.run(
        [sys.executable, "-I", PROGRAM, *argv, "--head", "origin/main"], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("name", sorted(set(EXPECTED) - NOT_SEEN))
def test_it_answers_as_the_product_does(name: str, tmp_path: Path):
    done = run(name, tmp_path / "repo")
    assert done.returncode == (9 if EXPECTED[name]["codes"] else 0), done
    assert done.stdout.splitlines()[-1].startswith("NOT VERIFIED" if EXPECTED[name]["codes"] else "VERIFIED")
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("name", ["re-serialised-payload", "time-going-backwards"])
def test_what_it_cannot_see_is_what_its_documentation_says(name: str, tmp_path: Path):
    assert run(name, tmp_path / "repo").returncode == 0


def test_another_root_is_refused(tmp_path: Path):
    subprocess.run(["git", "clone", "-q", FOLDER / "good.gitbundle", tmp_path / "r"], check=True, capture_output=True)
    argv = [str(tmp_path / "r"), "--root", "sha256:" + "0" * 64, "--head", "origin/main"]
    done = subprocess.run([sys.executable, "-I", PROGRAM, *argv], capture_output=True, text=True, check=False)
    assert done.returncode == 9
    assert "root of trust" in done.stdout


def test_it_imports_nothing_but_the_standard_library():
    tree = ast.parse(PROGRAM.read_text())
    names = {a.name.split(".")[0] for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    assert not [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]
    assert names <= set(sys.stdlib_module_names)
