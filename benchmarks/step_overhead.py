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

import subprocess
import sys
import tempfile
from pathlib import Path

import sample
from measuring import Cost, median, process, report

STEPS = 11


def main(rounds: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        env = sample.environment(folder) | {"XDG_STATE_HOME": f"{folder}/state"}
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{folder}/ssh"], check=True)
        image = sample.image(env)
        costs: dict[str, list[Cost]] = {"ours 1": [], "ours 11": [], "hand 1": [], "hand 11": []}
        for turn in range(rounds):
            for steps in (1, STEPS):
                costs[f"ours {steps}"].append(sample.run(folder / f"o{turn}-{steps}", steps, env))
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


def _hand(folder: Path, steps: int, env: dict[str, str], image: str, key: str) -> Cost:
    repository = sample.repository(folder)
    script = str(Path(__file__).with_name("by_hand.sh"))
    return process(["sh", script, str(repository), image, str(steps), key], env=env)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
