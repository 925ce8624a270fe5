"""What is given to other programs to run is run here, as it is written, on a real repository."""

import json
import os
import subprocess
import sys
from pathlib import Path

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
