"""How long `handrail` takes to say something, as a ratio to `python -c pass`.

    python benchmarks/startup.py [ROUNDS]

Bytecode is compiled first, as an installer does. Each round times every command
once, in turn, so that all see the same machine; the ratio is of medians.
"""

from __future__ import annotations

import compileall
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import Cost, median, process, report

import orchestrator

GOALS = {"--version": 8.0, "--help": 8.0, "runs": 15.0, "review list": 15.0}


def main(rounds: int) -> None:
    compileall.compile_dir(Path(orchestrator.__file__).parent, quiet=2)
    with tempfile.TemporaryDirectory() as folder:
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        env |= {"XDG_STATE_HOME": f"{folder}/state", "XDG_CONFIG_HOME": f"{folder}/config"}
        repository = Path(folder) / "repository"
        subprocess.run(["git", "init", "-q", str(repository)], check=True)
        script = Path(sys.executable).with_name("handrail")
        handrail = [str(script)] if script.exists() else [sys.executable, "-m", "orchestrator.cli"]
        commands = {"python": [sys.executable, "-c", "pass"]}
        commands |= {name: [*handrail, *name.split()] for name in GOALS}
        costs: dict[str, list[Cost]] = {name: [] for name in commands}
        for turn in range(rounds + 1):
            for name, argv in commands.items():
                one = process(argv, env=env, cwd=repository)
                if turn:
                    costs[name].append(one)
    floor = median(costs["python"])
    figures = {"python -c pass (s)": floor.wall_seconds}
    for name in GOALS:
        here = median(costs[name])
        figures[name] = here.wall_seconds / floor.wall_seconds
        figures[f"{name} (cpu)"] = here.cpu_seconds / floor.cpu_seconds
    report("startup", figures, {name: ("<=", goal) for name, goal in GOALS.items()})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 15)
