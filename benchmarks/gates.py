"""`handrail gate` on ten changed files of a large repository, against bandit and ruff on the same files.

    python benchmarks/gates.py [ROUNDS]

The repository is Django's source distribution in one commit; ten of its modules are changed in a second. Cold is a new
process with nothing kept. Warm is `handrail gate` as typed in a shell, with its worker there (`handrail gate worker
start`), on ten files that are edited before each call, and again on the same ones. What a run does, which keeps its
scanners and starts no process, is measured by itself. The peers look at one side of ten files and at nothing else,
where Handrail runs all its gates on both sides. The whole tree is one change in which every Python file is new; it and
bandit take turns, three times, and the ratio is the median of theirs.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from measuring import Cost, cost, median, report
from sources import tree

from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team
from orchestrator.testing.gate_suite import FileSpec, candidate_of

VERSION = "5.2.6"
BIN = Path(sys.executable).parent
ADDED = "\n\ndef added_{n}(value):\n    return str(value).strip()\n"
FILES = 10
_PAUSE_SECONDS = 0.5
"""Between two calls, in which nobody types faster; the worker makes itself ready for the next."""


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository, changed = prepared(Path(folder))
        handrail, peers, kept = [], [], []
        for number in range(rounds):
            # They take turns, so that a busy machine is busy for all of them.
            handrail.append(_gate(repository, Path(folder), f"cold-{number}", "--no-cache"))
            peers.append(cost(lambda: _peers(repository, changed)))
            kept.append(_again(repository, Path(folder), number))
        before, after = _sides(repository, changed, "HEAD~1"), _sides(repository, changed, "HEAD")
        files = [FileSpec(name, after[name], before[name]) for name in changed]
        with Team() as team:
            run_gates(default_gates(worker=team), candidate_of(files))
            warm = median([cost(lambda: run_gates(default_gates(worker=team), candidate_of(files))) for _ in range(5)])
            fresh = median([_fresh(team, files, number) for number in range(5)])
        modules = [
            FileSpec(p.relative_to(repository).as_posix(), p.read_bytes())
            for p in sorted((repository / "django").rglob("*.py"))
        ]
        wholes = [
            (cost(lambda: _whole(modules)), cost(lambda: _bandit(repository, ["-r", "django"]))) for _ in range(3)
        ]
        typed = [_typed(repository, Path(folder), changed, number) for number in _rounds(Path(folder), rounds)]
        new, same, beside = (median([one[n] for one in typed]) for n in range(3))
    whole, whole_bandit = median([ours for ours, _ in wholes]), median([bandit for _, bandit in wholes])
    cold, peer = median(handrail), median(peers)
    figures = {
        "ten files, Handrail cold (s)": cold.wall_seconds,
        "ten files, bandit and ruff (s)": peer.wall_seconds,
        "ten files, cold ratio": cold.wall_seconds / peer.wall_seconds,
        "ten files, cold ratio (cpu)": cold.cpu_seconds / peer.cpu_seconds,
        "ten files, answers kept (s)": median(kept).wall_seconds,
        "ten files, scanner kept, new content (s)": fresh.wall_seconds,
        "ten files, scanner kept, same content (s)": warm.wall_seconds,
        "bandit and ruff / scanner kept, new content": peer.wall_seconds / fresh.wall_seconds,
        "bandit and ruff / scanner kept, same content": peer.wall_seconds / warm.wall_seconds,
        "ten files, worker warm, new content (s)": new.wall_seconds,
        "ten files, worker warm, same content (s)": same.wall_seconds,
        "ten files, bandit and ruff beside them (s)": beside.wall_seconds,
        "bandit and ruff / worker warm, new content": beside.wall_seconds / new.wall_seconds,
        "bandit and ruff / worker warm, same content": beside.wall_seconds / same.wall_seconds,
        "whole tree, files": float(len(modules)),
        "whole tree, Handrail (s)": whole.wall_seconds,
        "whole tree, bandit (s)": whole_bandit.wall_seconds,
        "whole tree, ratio": statistics.median(o.wall_seconds / b.wall_seconds for o, b in wholes),
        "whole tree, ratio (cpu)": statistics.median(o.cpu_seconds / b.cpu_seconds for o, b in wholes),
    }
    goals = {
        "ten files, cold ratio": ("<=", 1.0),
        "bandit and ruff / worker warm, new content": (">=", 20.0),
        "whole tree, ratio": ("<=", 1.0),
    }
    report("gates", figures, goals)


def prepared(folder: Path) -> tuple[Path, list[str]]:
    """The repository with its two commits, and the changed files."""
    repository = folder / "repository"
    shutil.copytree(tree("Django", VERSION), repository, symlinks=True)
    _git(repository, "init", "-q", "-b", "main")
    _commit(repository, "Django")
    modules = sorted((repository / "django").rglob("*.py"), key=lambda p: p.stat().st_size)
    middle = modules[len(modules) // 2 :: len(modules) // 22][:FILES]
    for number, path in enumerate(middle):
        path.write_text(path.read_text() + ADDED.format(n=number))
    _commit(repository, "ten files")
    return repository, [p.relative_to(repository).as_posix() for p in middle]


def _git(repository: Path, *words: str) -> bytes:
    names = ("-c", "user.name=A", "-c", "user.email=a@example.invalid", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", *names, *words], cwd=repository, check=True, capture_output=True).stdout


def _commit(repository: Path, message: str) -> None:
    _git(repository, "add", "-A", "-f")
    _git(repository, "commit", "-q", "-m", message)


def _gate(repository: Path, folder: Path, state: str, *options: str) -> Cost:
    home = folder / state
    env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    env |= {"XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config")}
    argv = [str(BIN / "handrail"), "gate", "--base", "HEAD~1", "--repo", str(repository), *options]

    def work() -> None:
        done = subprocess.run(argv, env=env, capture_output=True, text=True, check=False)
        if done.returncode not in {0, 3, 4}:
            raise RuntimeError(done.stderr[-2000:])

    return cost(work)


def _again(repository: Path, folder: Path, number: int) -> Cost:
    """The second call in a row; the first keeps its answers."""
    _gate(repository, folder, f"kept-{number}")
    return _gate(repository, folder, f"kept-{number}")


def _rounds(folder: Path, count: int) -> Iterator[int]:
    """Of a shell in which a worker is there and has answered once."""
    env = _shell(folder)
    argv = [str(BIN / "handrail"), "gate", "worker"]
    subprocess.run([*argv, "start"], env=env, capture_output=True, check=True)
    try:
        yield from range(count)
        told = subprocess.run([*argv, "status", "--json"], env=env, capture_output=True, check=True).stdout
        if (answered := json.loads(told)["answered"]) != 2 * count:
            raise RuntimeError(f"of {2 * count} calls the worker answered {answered}")
    finally:
        subprocess.run([*argv, "stop"], env=env, capture_output=True, check=True)


def _shell(folder: Path) -> dict[str, str]:
    home = folder / "shell"
    return os.environ | {"XDG_STATE_HOME": str(home / "state"), "XDG_CONFIG_HOME": str(home / "config")}


def _typed(repository: Path, folder: Path, changed: Sequence[str], number: int) -> tuple[Cost, Cost, Cost]:
    """The command on new content, on the same again, and the peers on it; CPU is of the command alone."""
    for name in changed:
        path = repository / name
        path.write_text(path.read_text() + f"\n\ndef typed_{number}(value):\n    return value\n")
    _commit(repository, "edited")
    time.sleep(_PAUSE_SECONDS)
    argv = [str(BIN / "handrail"), "gate", "--base", f"HEAD~{number + 2}", "--repo", str(repository)]

    def work() -> None:
        done = subprocess.run(argv, env=_shell(folder), capture_output=True, check=False)
        if done.returncode not in {0, 3, 4}:
            raise RuntimeError(done.stderr.decode()[-2000:])

    new = cost(work)
    time.sleep(_PAUSE_SECONDS)
    return new, cost(work), cost(lambda: _peers(repository, changed))


def _peers(repository: Path, changed: Sequence[str]) -> None:
    _bandit(repository, changed)
    argv = [str(BIN / "ruff"), "check", "--isolated", "--no-cache", "--select=S", "-q", "-e", *changed]
    subprocess.run(argv, cwd=repository, capture_output=True, check=True)


def _bandit(repository: Path, words: Sequence[str]) -> None:
    subprocess.run([str(BIN / "bandit"), "-q", "--exit-zero", *words], cwd=repository, capture_output=True, check=True)


def _sides(repository: Path, changed: Sequence[str], commit: str) -> dict[str, bytes]:
    return {name: _git(repository, "show", f"{commit}:{name}") for name in changed}


def _fresh(team: Team, files: Sequence[FileSpec], number: int) -> Cost:
    """The next edit of the same files: the base is known, the head is new."""
    edited = [
        FileSpec(f.path, (f.head or b"") + f"\n\ndef more_{number}():\n    return 1\n".encode(), f.base) for f in files
    ]
    return cost(lambda: run_gates(default_gates(worker=team), candidate_of(edited)))


def _whole(modules: Sequence[FileSpec]) -> None:
    with Team() as team:
        run_gates(default_gates(worker=team), candidate_of(list(modules)))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
