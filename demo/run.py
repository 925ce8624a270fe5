"""The main job on a sample repository and PRD: what `make demo` runs after the set-up.

    python demo/run.py [FOLDER]

With a terminal you review; without one the demo's own automated reviewer does
(see reviewer.py). The coding agent is the scripted one: it replays script.yaml.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent


def say(text: str) -> None:
    print(f"\n== {text}", flush=True)


def git(folder: Path, *argv: str) -> str:
    done = subprocess.run(["git", *argv], cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout


def prepare(folder: Path) -> Path:
    """A fresh git repository from the sample files; nothing of the user's own settings is touched."""
    repository = folder / "repository"
    shutil.copytree(HERE / "repository", repository)
    git(repository, "init", "-q", "-b", "main")
    git(repository, "config", "user.name", "Demo")
    git(repository, "config", "user.email", "demo@handrail.invalid")
    git(repository, "add", "-A")
    git(repository, "commit", "-qm", "The sample project")
    os.environ["XDG_STATE_HOME"] = str(folder / "state")
    os.environ["XDG_CONFIG_HOME"] = str(folder / "config")
    os.environ["HANDRAIL_KEY"] = str(folder / "key.pem")
    return repository


def main() -> int:
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(tempfile.mkdtemp(prefix="handrail-demo-"))
    folder.mkdir(parents=True, exist_ok=True)
    repository = prepare(folder)
    person = sys.stdin.isatty() and sys.stdout.isatty()
    from job import run_job  # noqa: PLC0415  after the environment is set

    say(f"A sample repository in {repository}, set up with `handrail init`")
    code, branch = run_job(repository, HERE / "prd.md", HERE / "script.yaml", folder / "key.pem", person=person)
    if code:
        print(f"The run ended with {code}.", file=sys.stderr)
        return code
    say("What was merged")
    print(git(repository, "log", "--stat", "--reverse", "--format=%n%h %s%n%b", f"main..{branch}"))
    print(git(repository, "diff", f"main...{branch}"))
    say("handrail verify")
    handrail = [sys.executable, "-m", "orchestrator.cli"]
    verified = subprocess.run([*handrail, "verify", branch, "--base", "main", "--repo", str(repository)], check=False)
    say("Where to look next")
    exports = " ".join(f"{n}={os.environ[n]}" for n in ("XDG_STATE_HOME", "XDG_CONFIG_HOME", "HANDRAIL_KEY"))
    print(f"cd {repository}\nexport {exports}\nhandrail runs\nhandrail show RUN\ngit merge --ff-only {branch}")
    return verified.returncode


if __name__ == "__main__":
    sys.exit(main())
