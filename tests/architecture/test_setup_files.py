"""Set-up as it is kept: hashed, complete, and without the address of any index."""

import os
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "requirements" / name for name in ("base.txt", "dev.txt")]


def pins(path):
    return re.findall(r"^([A-Za-z0-9._-]+(?:\[[\w,-]+\])?==\S+)((?:.*\\\n)*.*)", path.read_text(), re.MULTILINE)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_requirement_is_pinned_and_hashed(path):
    found = pins(path)
    assert len(found) > 20
    assert all("--hash=sha256:" in rest for _, rest in found)
    others = [line for line in path.read_text().splitlines() if not re.match(r"[A-Za-z0-9]|    --hash|#|$", line)]
    assert others == []


def test_no_index_is_named_where_packages_are_listed():
    lists = [*FILES, ROOT / "requirements" / "build.in", ROOT / "pyproject.toml"]
    lists += list(ROOT.glob("uv.lock")) + list(ROOT.glob("*/*.lock"))
    for path in lists:
        text = path.read_text()
        assert "://" not in text, path
        assert not re.search(r"index-url|find-links|trusted-host", text), path


def test_the_hashed_files_hold_all_that_is_declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    declared = project["project"]["dependencies"] + project["build-system"]["requires"]
    for path, wanted in zip(FILES, (declared, declared + project["dependency-groups"]["dev"]), strict=True):
        names = {canonicalize_name(Requirement(pin).name) for pin, _ in pins(path)}
        missing = {canonicalize_name(Requirement(one).name) for one in wanted} - names
        assert not missing, f"{path.name}: run requirements/regenerate.sh"


def test_dev_and_base_agree():
    base, dev = (dict(pin.split("==") for pin, _ in pins(path)) for path in FILES)
    assert base.items() <= dev.items()


@pytest.mark.parametrize("script", ["scripts/setup.sh", "scripts/engine.sh", "requirements/regenerate.sh"])
def test_scripts_are_posix_shell_and_can_be_run(script):
    assert os.access(ROOT / script, os.X_OK)
    subprocess.run(["sh", "-n", ROOT / script], check=True)


def test_an_engine_that_does_not_answer_is_refused_with_what_to_do(tmp_path):
    env = {**os.environ, "DOCKER_HOST": f"unix://{tmp_path}/absent.sock"}
    done = subprocess.run([ROOT / "scripts/engine.sh"], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 8
    assert "IMG001" in done.stderr
    assert "DOCKER_HOST" in done.stderr
    assert "Try: " in done.stderr


def test_continuous_integration_runs_make_test():
    text = (ROOT / ".ci/run").read_text()
    assert os.access(ROOT / ".ci/run", os.X_OK)
    assert "make test" in text
    assert re.search(r"^test:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_the_interpreter_that_a_user_names_reaches_the_setup(tmp_path):
    shown = tmp_path / "shown.mk"
    shown.write_text("shown:\n\t@echo $$PYTHON\n")
    argv = ["make", "-s", "-f", "Makefile", "-f", str(shown), "shown"]
    env = {**os.environ, "PYTHON": "/a/python"}
    done = subprocess.run(argv, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    assert done.stdout == "/a/python\n"
