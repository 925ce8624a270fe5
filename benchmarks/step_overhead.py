"""What one more step costs, against a shell script that does the same work by hand.

    python benchmarks/step_overhead.py [ROUNDS]

Marginal cost = (a run of 11 steps - a run of 1 step) / 10, for both sides, in
turn in one session. Each step edits one file of a 50-file repository; base and
head are scanned; the tests run in a second container; the commit is signed.
Handrail runs in one process, with a reviewer who signs each change as soon as
it is asked: no person's time is measured. A cold run is one step in a new
process, start-up, connection to the engine and plan included.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measuring import Cost, median, process, report

STEPS = 11
HANDRAIL = (sys.executable, "-m", "orchestrator.cli")


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        env |= {"XDG_CONFIG_HOME": f"{folder}/config", "HANDRAIL_KEY": f"{folder}/key.pem"}
        env["PATH"] = f"{Path(sys.executable).parent}:{env['PATH']}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/ssh"], check=True)
        image = subprocess.run(
            [*HANDRAIL, "sandbox", "build"], env=env, check=True, capture_output=True, text=True
        ).stdout.strip()
        costs: dict[str, list[Cost]] = {"ours 1": [], "ours 11": [], "hand 1": [], "hand 11": []}
        for turn in range(rounds):
            for steps in (1, STEPS):
                costs[f"ours {steps}"].append(_ours(folder / f"o{turn}-{steps}", steps, env))
                costs[f"hand {steps}"].append(_hand(folder / f"h{turn}-{steps}", steps, env, image, f"{folder}/ssh"))
    ours, hand = _marginal(costs, "ours"), _marginal(costs, "hand")
    figures = {
        "marginal wall, Handrail (s)": ours.wall_seconds,
        "marginal wall, by hand (s)": hand.wall_seconds,
        "marginal wall, ratio": ours.wall_seconds / hand.wall_seconds,
        "marginal cpu, Handrail (s)": ours.cpu_seconds,
        "marginal cpu, by hand (s)": hand.cpu_seconds,
        "marginal cpu, ratio": ours.cpu_seconds / hand.cpu_seconds,
        "cold one-step run, Handrail (s)": median(costs["ours 1"]).wall_seconds,
        "cold one-step run, by hand (s)": median(costs["hand 1"]).wall_seconds,
        "cold one-step run, ratio": median(costs["ours 1"]).wall_seconds / median(costs["hand 1"]).wall_seconds,
    }
    report("step_overhead", figures, {"marginal wall, ratio": ("<=", 1.0), "marginal cpu, ratio": ("<=", 1.0)})


def _marginal(costs: dict[str, list[Cost]], side: str) -> Cost:
    many, one = median(costs[f"{side} {STEPS}"]), median(costs[f"{side} 1"])
    return Cost(
        (many.wall_seconds - one.wall_seconds) / (STEPS - 1), (many.cpu_seconds - one.cpu_seconds) / (STEPS - 1)
    )


def _repository(folder: Path) -> Path:
    (folder / "src").mkdir(parents=True)
    (folder / "tests").mkdir()
    for number in range(1, 46):
        (folder / f"src/module_{number}.py").write_text(
            f'"""Module {number}."""\n\n\ndef value():\n    return {number}\n'
        )
    (folder / "src/__init__.py").write_text("")
    (folder / "tests/__init__.py").write_text("")
    (folder / "tests/test_all.py").write_text(
        "import unittest\n\nfrom src import module_1\n\n\nclass Test(unittest.TestCase):\n"
        "    def test_value(self):\n        self.assertEqual(module_1.value(), 1)\n"
    )
    (folder / "pyproject.toml").write_text('[project]\nname = "sample"\nversion = "1"\n')
    for argv in (["init", "-q", "-b", "main"], ["config", "user.name", "A"], ["config", "user.email", "a@a.invalid"]):
        subprocess.run(["git", *argv], cwd=folder, check=True)
    subprocess.run(["git", "add", "-A"], cwd=folder, check=True)
    subprocess.run(["git", "commit", "-qm", "Base"], cwd=folder, check=True)
    return folder


def _ours(folder: Path, steps: int, env: dict[str, str]) -> Cost:
    repository = _repository(folder)
    env = env | {"XDG_STATE_HOME": f"{folder.parent}/state"}
    subprocess.run(
        [*HANDRAIL, "init", "--yes", "--commit", "--repo", str(repository)], env=env, check=True, capture_output=True
    )
    spec, script = folder / "prd.md", folder / "script.yaml"
    spec.write_text("# Sample\n\n## Requirements\n" + "".join(_requirement(n) for n in range(1, steps + 1)))
    script.write_text("schema: handrail.script/1\nsteps:\n" + "".join(_actions(n) for n in range(1, steps + 1)))
    driver = str(Path(__file__).with_name("reviewed_run.py"))
    return process([sys.executable, driver, str(repository), str(spec), str(script)], env=env)


def _requirement(n: int) -> str:
    return (
        f"\n### REQ-{n:03}: Added {n}\n\nThe system shall offer the function added in module {n}.\n\n"
        f"*Where:* `src/module_{n}.py`\n\n*Verify by:* `python3 -B -m unittest discover -q -s tests -t .`\n"
    )


def _actions(n: int) -> str:
    text = f'"""Module {n}."""\\n\\n\\ndef value():\\n    return {n}\\ndef added():\\n    return {n}\\n'.replace(
        '"', '\\"'
    )
    return f'  REQ-{n:03}:\n    - - write: {{path: src/module_{n}.py, text: "{text}"}}\n'


def _hand(folder: Path, steps: int, env: dict[str, str], image: str, key: str) -> Cost:
    repository = _repository(folder)
    script = str(Path(__file__).with_name("by_hand.sh"))
    return process(["sh", script, str(repository), image, str(steps), key], env=env)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
