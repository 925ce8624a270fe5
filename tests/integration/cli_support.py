"""The command as a process, a home of its own, and what must not change when it refuses."""

import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
DEMO = ROOT / "demo"
IDENTITY = ("-c", "user.name=Tester", "-c", "user.email=tester@example.invalid")

PRD = """# Greetings

## Requirements

### REQ-001: Greet

The shop greets whoever comes in.

- *Where:* `src/stockroom/greet.py`
- *Verify by:* `python3 -c "import sys; sys.path.insert(0, 'src'); import stockroom.greet"`
"""
SCRIPT = """schema: handrail.script/1
steps:
  REQ-001: [[{write: {path: src/stockroom/greet.py, text: "WORDS = 'good day'\\n"}}]]
"""


def git(folder, *argv):
    done = subprocess.run(["git", *IDENTITY, *argv], cwd=folder, check=True, capture_output=True)
    return done.stdout.decode(errors="surrogateescape").strip()


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def json(self):
        return json.loads(self.out)


@dataclass
class Desk:
    """One person's folders. ``repo`` is a git repository with the sample project."""

    home: Path
    repo: Path

    @property
    def environment(self):
        kept = {k: os.environ[k] for k in ("PATH", "LANG", "DOCKER_HOST") if k in os.environ}
        folders = {"XDG_STATE_HOME": "state", "XDG_CONFIG_HOME": "config"}
        own = {name: str(self.home / folder) for name, folder in folders.items()}
        return {**kept, **own, "HOME": str(self.home), "PYTHONPATH": str(ROOT), **_author()}

    def handrail(self, *argv, cwd=None, **extra):
        done = subprocess.run(
            [sys.executable, "-m", "orchestrator.cli", *map(str, argv)],
            cwd=cwd or self.repo,
            env=self.environment | extra,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
            timeout=120,
        )
        return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())

    def write(self, name, text):
        path = self.home / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return path

    def refused(self, code, exit_code, *argv, cwd=None, **extra):
        """The command refuses with this code and exit code, says what to try, and leaves everything as it was."""
        before = kept(self)
        answer = self.handrail(*argv, cwd=cwd, **extra)
        assert answer.code == exit_code, answer
        assert code in answer.err, answer
        assert "Try: " in answer.err, answer
        assert "Traceback" not in answer.err, answer
        assert kept(self) == before
        return answer


def _author():
    names = {"GIT_AUTHOR_NAME": "Tester", "GIT_AUTHOR_EMAIL": "tester@example.invalid"}
    return names | {k.replace("AUTHOR", "COMMITTER"): v for k, v in names.items()}


def kept(desk):
    """Every byte below the repository, and the runs that are known."""
    files = {str(p): p.read_bytes() for p in sorted(desk.repo.rglob("*")) if p.is_file()} if desk.repo.exists() else {}
    databases = sorted((desk.home / "state").glob("handrail/*/runs.db"))
    return files, [_rows(path) for path in databases if _rows(path)]


def _rows(path):
    import sqlite3

    with sqlite3.connect(path) as database:
        rows = database.execute("SELECT id, document FROM runs ORDER BY id").fetchall()
        rows += database.execute("SELECT id, outcome FROM items ORDER BY id").fetchall()
    database.close()
    return rows


def sit_down(home, *, init=True):
    desk = Desk(home, Path(shutil.copytree(DEMO / "repository", home / "shop")))
    git(desk.repo, "init", "-q", "-b", "main")
    git(desk.repo, "add", "-A")
    git(desk.repo, "commit", "-qm", "The sample project")
    if init:
        done = desk.handrail("init", "--yes", "--commit", "--name", "tester")
        assert done.code == 0, done
    desk.write("prd.md", PRD)
    desk.write("script.yaml", SCRIPT)
    return desk


def run_of(desk):
    return desk.handrail("runs", "--json").json["runs"][0]["id"]


def approve_all(desk):
    """Approve whatever waits and resume, until the run is over. The exit code of the last resume."""
    for _ in range(10):
        items = desk.handrail("review", "list", "--json").json["items"]
        for item in items:
            done = desk.handrail("review", "approve", item["id"], "--lift", "all")
            assert done.code == 0, done
        answer = desk.handrail("resume", run_of(desk))
        if answer.code != 4:
            return answer
    raise AssertionError(answer)
