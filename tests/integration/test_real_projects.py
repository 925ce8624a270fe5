"""A project that others wrote, from its source distribution to a verified change, with its own tests as acceptance."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NAME, VERSION = "itsdangerous", "2.2.0"
SHA256 = "e0050c0b7da1eea53ffaf149c0cfbb5c6e2e2b69c4bef22c81fa6eb73e5f6173"

SPEC = """---
namespace: tokens
---

# Tokens

## Requirements

### REQ-001: Say whether a value is bytes

The package has a helper that says whether a value is bytes.

- *Accept:* Given `b"x"`, when it is asked, then the answer is yes; given `"x"`, then no.
- *Where:* `src/itsdangerous/kinds.py`, `tests/test_itsdangerous/test_kinds.py`
- *Verify by:* `python -m pytest -q tests/test_itsdangerous/test_kinds.py`

### REQ-002: Say whether a value is text

The package has a helper that says whether a value is text.

- *Accept:* Given `"x"`, when it is asked, then the answer is yes.
"""
SCRIPT = r"""schema: handrail.script/1
steps:
  REQ-001:
    - - write:
          path: src/itsdangerous/kinds.py
          text: "def is_bytes(value: object) -> bool:\n    return isinstance(value, bytes)\n"
      - write:
          path: tests/test_itsdangerous/test_kinds.py
          text: "from itsdangerous.kinds import is_bytes\n\n\ndef test_kinds():\n    assert is_bytes(b'x')\n    assert not is_bytes('x')\n"
  REQ-002:
    - - write:
          path: src/itsdangerous/words.py
          text: "def is_text(value: object) -> bool:\n    return isinstance(value, str)\n"
"""  # noqa: E501  a script's text stands on one line
PYTEST = "python -m pytest"


def git(folder: Path, *argv: str) -> str:
    identity = ["-c", "user.name=Test", "-c", "user.email=test@handrail.invalid"]
    done = subprocess.run(["git", *identity, *argv], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


class Bench:
    """A repository and the program, with a state and a key of their own."""

    def __init__(self, folder: Path, repository: Path) -> None:
        self.folder, self.repository = folder, repository
        identity = {f"GIT_{who}_{what}": "t@handrail.invalid" for who in ("AUTHOR", "COMMITTER") for what in ("EMAIL",)}
        identity |= {"GIT_AUTHOR_NAME": "Test", "GIT_COMMITTER_NAME": "Test"}
        self.environment = (
            os.environ
            | identity
            | {
                "PYTHONPATH": str(ROOT),
                "XDG_STATE_HOME": str(folder / "state"),
                "XDG_CONFIG_HOME": str(folder / "config"),
                "HANDRAIL_KEY": str(folder / "key.pem"),
            }
        )
        git(repository, "init", "-q", "-b", "main")
        self.commit("The project as it was published")

    def commit(self, message: str) -> None:
        git(self.repository, "add", "-A", "-f")
        git(self.repository, "commit", "-q", "-m", message)

    def handrail(self, *argv: str, exit_code: int = 0) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator.cli", *argv, "--repo", str(self.repository)],
            env=self.environment,
            cwd=self.folder,
            check=False,
            capture_output=True,
            text=True,
        )
        assert done.returncode == exit_code, done.stdout + done.stderr
        return done

    def run_and_approve(self, *argv: str) -> str:
        """Approve its two changes as they come, until it is done; its id."""
        began = self.handrail("run", *argv, "--agent", "scripted", "--approve-plan", "--no-input", exit_code=4)
        run = began.stderr.split("Run ")[1].split()[0]
        for exit_code in (4, 0):
            self.approve()
            self.handrail("resume", run, "--no-input", exit_code=exit_code)
        return run

    def approve(self) -> None:
        for item in json.loads(self.handrail("review", "list", "--json").stdout)["items"]:
            self.handrail("review", "approve", item["id"])


def published(folder: Path) -> Path:
    """The unpacked source distribution: by name, version and hash, from wherever pip is configured to look."""
    wanted = folder / "wanted.txt"
    wanted.write_text(f"{NAME}=={VERSION} --hash=sha256:{SHA256}\n")
    pip = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--require-hashes"]
    subprocess.run([*pip, "-d", str(folder), "-r", str(wanted)], check=True, capture_output=True)
    archive = folder / f"{NAME}-{VERSION}.tar.gz"
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == SHA256
    (folder / "unpacked").mkdir()
    subprocess.run(["tar", "-xzf", str(archive), "-C", str(folder / "unpacked")], check=True)
    return folder / "unpacked" / f"{NAME}-{VERSION}"


@pytest.mark.engine
def test_a_published_project_runs_its_own_tests_on_each_change(tmp_path: Path) -> None:
    bench = Bench(tmp_path, published(tmp_path))
    (tmp_path / "spec.md").write_text(SPEC)
    (tmp_path / "script.yaml").write_text(SCRIPT)

    proposed = bench.handrail("init", "--yes", "--commit", "--name", "tester").stderr
    assert "requirements: requirements/tests.txt  [from requirements to test]" in proposed
    assert f"ok      project tests: `{PYTEST}` is green" in bench.handrail("doctor", "--project").stdout

    planned = bench.handrail("plan", "spec.md").stdout
    assert "src/itsdangerous/kinds.py" in planned
    assert "inferred (profile source_roots)" in planned
    run = bench.run_and_approve("spec.md", "--script", "script.yaml")
    verified = bench.handrail("verify", f"handrail/{run}", "--base", "main").stdout
    assert verified.startswith("VERIFIED\n")
    assert "demonstrated" in verified
    changed = git(bench.repository, "diff", "--name-only", f"main..handrail/{run}").split()
    assert changed == [
        "src/itsdangerous/kinds.py",
        "src/itsdangerous/words.py",
        "tests/test_itsdangerous/test_kinds.py",
    ]


@pytest.mark.engine
def test_a_test_command_that_cannot_start_is_said_before_any_agent_runs(tmp_path: Path) -> None:
    project = tmp_path / "project"
    (project / "tests").mkdir(parents=True)
    (project / "shop.py").write_text("RATE = 19\n")
    (project / "tests" / "test_shop.py").write_text("import pytest\n\n\ndef test_rate():\n    assert pytest\n")
    manifest = '[project]\nname = "shop"\nversion = "1"\ndependencies = ["iniconfig"]\n'
    (project / "pyproject.toml").write_text(manifest)
    bench = Bench(tmp_path, project)
    (tmp_path / "spec.md").write_text(SPEC.replace("src/itsdangerous/kinds.py", "shop.py"))
    (tmp_path / "script.yaml").write_text(SCRIPT)

    proposed = bench.handrail("init", "--yes", "--commit", "--name", "tester").stderr
    assert "nothing locks them: commit what `uv lock` writes" in proposed
    checked = bench.handrail("doctor", "--project", exit_code=8)
    assert f"MISSING project tests: ENV030 The test command `{PYTEST}` cannot run" in checked.stdout
    assert "Python has no module pytest" in checked.stdout
    assert "pyproject.toml does not pin iniconfig: today it is" in checked.stderr
    argv = ("spec.md", "--agent", "scripted", "--script", "script.yaml", "--approve-plan", "--no-input")
    stopped = bench.handrail("run", *argv, exit_code=8)
    assert "ENV030" in stopped.stderr
    assert "nothing locks them" in stopped.stderr
    run = stopped.stderr.split("Run ")[1].split()[0]
    assert "agent-started" not in bench.handrail("events", run).stdout
