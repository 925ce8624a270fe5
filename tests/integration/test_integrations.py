"""What is given to other programs to run is run here, as it is written, on a real repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from vcs_support import UserRepository

ROOT = Path(__file__).parents[2]
BAD = "import subprocess\n\n\ndef run(name):\n    return subprocess.run('ls ' + name, shell=True)\n"


def prepared(tmp_path):
    made = UserRepository(tmp_path / "repository")
    made.write("src/sums.py", "ONE = 1\n")
    base = made.commit("first")
    made.write("src/run.py", BAD)
    return made, base


def shell(script, folder, tmp_path, **env):
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir(exist_ok=True)
    (bin_folder / "handrail").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m orchestrator.cli "$@"\n')
    (bin_folder / "handrail").chmod(0o755)
    home = {"XDG_STATE_HOME": str(tmp_path / "state"), "XDG_CONFIG_HOME": str(tmp_path / "config")}
    path = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT)}
    argv = ["bash", "-eo", "pipefail", "-c", script]
    return subprocess.run(
        argv, cwd=folder, env={**os.environ, **home, **path, **env}, capture_output=True, text=True, check=False
    )


def test_the_github_action_refuses_and_leaves_its_findings(tmp_path):
    made, base = prepared(tmp_path)
    made.commit("second")
    action = yaml.safe_load((ROOT / "integrations/github/action.yml").read_text())
    gate = next(step for step in action["runs"]["steps"] if step["name"] == "Gate")
    assert set(gate["env"]) == {"BASE", "SARIF", "DECISIONS", "TRUST"}
    given = {"BASE": str(base), "SARIF": "out.sarif", "DECISIONS": "", "TRUST": ""}
    done = shell(gate["run"], made.folder, tmp_path, GITHUB_STEP_SUMMARY=str(tmp_path / "summary.md"), **given)
    assert done.returncode == 3, done.stderr
    assert "::error file=src/run.py" in done.stdout
    assert json.loads((made.folder / "out.sarif").read_text())["runs"]
    assert "src/run.py" in (tmp_path / "summary.md").read_text()


def test_the_gitlab_job_refuses_and_leaves_its_reports(tmp_path):
    made, base = prepared(tmp_path)
    made.commit("second")
    job = yaml.safe_load((ROOT / "integrations/gitlab/gate.yml").read_text())["handrail-gate"]
    done = shell("\n".join(job["script"]), made.folder, tmp_path, CI_MERGE_REQUEST_DIFF_BASE_SHA=str(base))
    assert done.returncode == 3, done.stderr
    assert (made.folder / job["artifacts"]["reports"]["junit"]).read_text().count("<failure") > 0
    assert json.loads((made.folder / job["artifacts"]["paths"][0]).read_text())["runs"]


def test_the_pre_commit_hook_stops_the_commit(tmp_path):
    made, _ = prepared(tmp_path)
    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    made.git("add", "-A")
    assert hook["pass_filenames"] is False
    done = shell(hook["entry"], made.folder, tmp_path)
    assert done.returncode == 3, done.stderr
    assert "src/run.py" in done.stdout


PRE_COMMIT = "pre-commit==4.3.0"


def published(folder):
    """This repository as others would name it: its tracked files in one commit, with a tag."""
    made = UserRepository(folder)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in listed.split("\0"):
        if name and (ROOT / name).is_file():
            (made.folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, made.folder / name)
    made.commit("all")
    made.git("tag", "v1")
    return made.folder


@pytest.mark.soak
def test_pre_commit_itself_installs_the_hook_and_stops_the_commit(tmp_path):
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    subprocess.run([str(venv / "bin/pip"), "install", "--quiet", PRE_COMMIT], check=True)
    made, _ = prepared(tmp_path)
    repo = {"repo": str(published(tmp_path / "handrail")), "rev": "v1", "hooks": [{"id": "handrail-gate"}]}
    made.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [repo]}))
    made.git("add", "-A")
    home = {"PRE_COMMIT_HOME": str(tmp_path / "hooks"), "XDG_STATE_HOME": str(tmp_path / "state")}
    argv = [str(venv / "bin/pre-commit"), "run", "--verbose"]
    env = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"} | home
    done = subprocess.run(argv, cwd=made.folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout
    assert "src/run.py" in done.stdout, done.stdout
    made.write("src/run.py", "import subprocess\n\n\ndef run(name):\n    return subprocess.run(['ls', '--', name])\n")
    made.git("add", "src/run.py")
    again = subprocess.run(argv, cwd=made.folder, env=env, capture_output=True, text=True, check=False)
    # What is left is the configuration itself, which a person must agree to.
    assert "src/run.py" not in again.stdout, again.stdout
    assert "exit code: 4" in again.stdout, again.stdout
