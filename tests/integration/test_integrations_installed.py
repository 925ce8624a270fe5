"""The hook, the action and the job from nothing: installed from an index as a stranger's machine does, then run."""

import json
import os
import subprocess
import venv
from pathlib import Path

import pytest
import yaml
from vcs_support import UserRepository

from orchestrator import __version__

pytestmark = pytest.mark.soak

ROOT = Path(__file__).parents[2]
BAD = "import subprocess\n\n\ndef run(name):\n    return subprocess.run('ls ' + name, shell=True)\n"
SECONDS = 1800


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A repository of what is here, as somebody would clone it."""
    folder = tmp_path_factory.mktemp("source") / "handrail"
    subprocess.run(["git", "clone", "-q", f"file://{ROOT}", str(folder)], check=True)
    listed = subprocess.run(
        ["git", "ls-files", "-mo", "--exclude-standard", "-z"], cwd=ROOT, capture_output=True, check=True
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_bytes((ROOT / name).read_bytes())
    made = UserRepository(folder)
    made.commit("as it is")
    return made


@pytest.fixture
def change(tmp_path):
    """A repository with a base, and a weakness that is staged."""
    made = UserRepository(tmp_path / "repository")
    made.write("src/sums.py", "ONE = 1\n")
    base = made.commit("first")
    made.write("src/run.py", BAD)
    made.git("add", "-A")
    return made, base


def run(script, folder, tmp_path, **given):
    """``bash`` as both forges call it; ``GITHUB_PATH`` is heeded between steps by whoever calls this."""
    own = {f"XDG_{kind}_HOME": str(tmp_path / kind) for kind in ("STATE", "CONFIG", "CACHE")}
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    argv = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script]
    done = subprocess.run(
        argv, cwd=folder, env={**kept, **own, **given}, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    return done.returncode, done.stdout, done.stderr


def test_pre_commit_installs_the_hook_and_stops_the_commit(source, change, tmp_path):
    made, _ = change
    venv.create(tmp_path / "tool", with_pip=True)
    subprocess.run([tmp_path / "tool/bin/pip", "install", "-q", "pre-commit"], check=True, timeout=SECONDS)
    hook = {
        "repo": f"file://{source.folder}",
        "rev": source.git("rev-parse", "HEAD"),
        "hooks": [{"id": "handrail-gate"}],
    }
    made.write(".pre-commit-config.yaml", yaml.safe_dump({"repos": [hook]}))
    made.git("add", ".pre-commit-config.yaml")
    env = {"PRE_COMMIT_HOME": str(tmp_path / "kept"), "PATH": f"{tmp_path}/tool/bin:{os.environ['PATH']}"}
    author = {f"GIT_{who}_{what}": "a@example.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    code, out, err = run("pre-commit install && git commit -m second", made.folder, tmp_path, **env, **author)
    assert (code, "src/run.py:5" in out + err) == (1, True), out + err
    assert made.git("rev-list", "--count", "HEAD") == "1"
    made.git("rm", "-q", "--cached", "src/run.py", ".pre-commit-config.yaml")
    made.write("src/sums.py", "ONE = 1\nTWO = 2\n")
    made.git("add", "src/sums.py")
    code, out, err = run("git commit -m second", made.folder, tmp_path, **env, **author)
    assert (code, made.git("rev-list", "--count", "HEAD")) == (0, "2"), out + err


def test_every_step_of_the_github_action(source, change, tmp_path):
    made, base = change
    made.commit("second")
    action = yaml.safe_load((ROOT / "integrations/github/action.yml").read_text())
    (tmp_path / "path").touch()
    given = {
        "RUNNER_TEMP": str(tmp_path / "runner"),
        "GITHUB_PATH": str(tmp_path / "path"),
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "SOURCE": f"{source.folder}/integrations/github/../..",
        "BASE": str(base),
        "SARIF": "out.sarif",
        "DECISIONS": "",
        "TRUST": "",
    }
    (tmp_path / "runner").mkdir()
    for step in action["runs"]["steps"]:
        paths = [*reversed((tmp_path / "path").read_text().split()), os.environ["PATH"]]
        code, out, err = run(step["run"], made.folder, tmp_path, **given, PATH=":".join(paths))
        assert code == (3 if step["name"] == "Gate" else 0), out + err
    assert "::error file=src/run.py" in out
    assert json.loads((made.folder / "out.sarif").read_text())["runs"]


def test_every_line_of_the_gitlab_job(source, change, tmp_path):
    made, base = change
    made.commit("second")
    built = ["wheel", "-q", "--no-deps", "-w", str(tmp_path / "wheels"), str(source.folder)]
    venv.create(tmp_path / "builder", with_pip=True)
    subprocess.run([tmp_path / "builder/bin/pip", *built], check=True, timeout=SECONDS)
    job = yaml.safe_load((ROOT / "integrations/gitlab/gate.yml").read_text())["handrail-gate"]
    given = {
        "HANDRAIL_VERSION": __version__,
        "CI_MERGE_REQUEST_DIFF_BASE_SHA": str(base),
        "PIP_FIND_LINKS": f"{tmp_path / 'wheels'} {os.environ.get('PIP_FIND_LINKS', '')}".strip(),
    }
    script = "\n".join([*job["before_script"], *job["script"]])
    code, out, err = run(script, made.folder, tmp_path, **given)
    assert code == 3, out + err
    assert "<failure" in (made.folder / job["artifacts"]["reports"]["junit"]).read_text()
    assert json.loads((made.folder / job["artifacts"]["paths"][0]).read_text())["runs"]
