"""How many commits a second `handrail audit` judges, against running bandit for each commit.

    python benchmarks/audit.py [COMMITS] [SAMPLE]

A history of COMMITS commits is generated with `git fast-import`: each changes one or two of 300 small modules, some
bring a weakness in, some mend one. The audit starts with nothing kept. bandit is run as a command on the files of
SAMPLE commits, which is what a hook or a CI job does; it looks at one side only and at nothing else.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import cost, process, report

MODULES = 300
GOAL = 170.0
WEAK = ("subprocess.run('ls ' + name, shell=True)", "eval(name)", "hashlib.md5(name.encode())", "yaml.load(name)")
PLAIN = ("name.strip()", "len(name)", "sorted(name)", "name.split(',')")


def main(commits: int, sample: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repository = Path(folder) / "repository"
        subprocess.run(["git", "init", "-q", "-b", "main", str(repository)], check=True)
        changed = generate(repository, commits)
        env = os.environ | {"XDG_STATE_HOME": f"{folder}/state", "XDG_CONFIG_HOME": f"{folder}/config"}
        command = [sys.executable, "-m", "orchestrator.cli", "audit", "--json", "--repo", str(repository)]
        first = cost(lambda: _audit(command, env))
        again = cost(lambda: _audit(command, env))
        each = [_bandit(repository, files, Path(folder)) for files in changed[:: max(commits // sample, 1)][:sample]]
    figures = {
        "commits": float(commits),
        "audit (s)": first.wall_seconds,
        "audit, cpu (s)": first.cpu_seconds,
        "audit, commits per second": commits / first.wall_seconds,
        "audit, commits per cpu second": commits / first.cpu_seconds,
        "audit again, nothing new (s)": again.wall_seconds,
        "bandit per commit, commits per second": len(each) / sum(each),
        "audit / bandit per commit": (commits / first.wall_seconds) / (len(each) / sum(each)),
    }
    report("audit", figures, {"audit, commits per second": (">=", GOAL)})


def _audit(command: list[str], env: dict[str, str]) -> None:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode not in {0, 3, 4}:
        raise RuntimeError(done.stderr[-2000:])


def _bandit(repository: Path, files: dict[str, str], folder: Path) -> float:
    for name, text in files.items():
        (folder / Path(name).name).write_text(text)
    names = [str(folder / Path(name).name) for name in files]
    argv = [str(Path(sys.executable).with_name("bandit")), "-q", "--exit-zero", *names]
    return process(argv, cwd=repository).wall_seconds


def generate(repository: Path, commits: int, seed: int = 5) -> list[dict[str, str]]:
    """Write the history; what each commit changed."""
    noise, lines = random.Random(seed), list[str]()  # noqa: S311 - the same history each time, no secret
    bodies = {f"src/m{n:03}.py": [noise.choice(PLAIN) for _ in range(4)] for n in range(MODULES)}
    changed: list[dict[str, str]] = []
    for number in range(commits):
        files: dict[str, str] = {}
        for name in noise.sample(sorted(bodies), noise.choice((1, 1, 2))):
            pool = WEAK if noise.random() < 0.1 else PLAIN
            bodies[name][noise.randrange(4)] = noise.choice(pool)
            files[name] = module(bodies[name], number)
        changed.append(files)
        lines.append(f"commit refs/heads/main\ncommitter A{number % 7} <a@example.invalid> {1700000000 + number} +0000")
        lines.append(f"data {len(str(number))}\n{number}")
        lines += [f"M 100644 inline {name}\ndata {len(text.encode())}\n{text}" for name, text in files.items()]
    stream = "\n".join(lines) + "\ndone\n"
    argv = ["git", "-C", str(repository), "fast-import", "--quiet", "--done"]
    subprocess.run(argv, input=stream.encode(), check=True)
    return changed


def module(body: list[str], number: int) -> str:
    head = f'"""Version {number}."""\n\nimport hashlib\nimport subprocess\n\nimport yaml\n\n\n'
    return head + "\n\n".join(f"def work_{n}(name):\n    return {line}\n" for n, line in enumerate(body))


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5000, int(sys.argv[2]) if len(sys.argv) > 2 else 20)
