"""How long `handrail prd check` takes, and how much memory: a long spec, many requirements, and 5 MB of each format.

    python benchmarks/spec_check.py [ROUNDS]

Each figure is of a whole process, with start-up. CPU seconds count, since they
do not depend on what else the machine does; memory is the process's highest
resident size. Requirements differ in words and numbers, so that no rule is spared
its comparison. `growth` is the CPU time of 1,000 requirements without start-up, over ten
times that of 100: 1.0 is linear. Documents of 5 MB are paragraphs of 500 characters with
a requirement at every tenth; `dense` ones are requirements only, and stop at
the number of blocks that can be read, which is a coded refusal (exit 6).
"""

from __future__ import annotations

import compileall
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from measuring import Cost, median, process, report

import orchestrator

GOALS = {
    "7,000 words (s cpu)": ("<=", 0.5),
    "growth 100 to 1,000": ("<=", 1.5),
    "5 MB spec-kit (s cpu)": ("<=", 5.0),
    "5 MB ears (s cpu)": ("<=", 5.0),
    "5 MB openspec (s cpu)": ("<=", 5.0),
    "5 MB feature (s cpu)": ("<=", 5.0),
    "5 MB plain (s cpu)": ("<=", 5.0),
    "5 MB pr-faq (s cpu)": ("<=", 5.0),
    "5 MB dense spec-kit (s cpu)": ("<=", 5.0),
}
WORDS = (  # noqa: SIM905  words of one sentence
    "the shop opens and every customer of a card sees what is left on it when a cashier types its number so that nobody"
    " waits long at the till while managers read reports about sales of each day and month in euros with names and days"
).split()
SEED = 20_261_129


def spec_kit(n: int) -> str:
    return f"- **FR-{n:05d}**: The till MUST show {_words(n)} within {n % 9 + 1} seconds of number {n}.\n"


def ears(n: int) -> str:
    return (
        f"### Requirement {n}: Balance {n}\n\n"
        f"**User Story:** As a cashier, I want to see {_words(n)}, so that nobody waits.\n\n"
        f"#### Acceptance Criteria\n\n1. WHEN a cashier types number {n} THEN the till SHALL show {_words(n + 1)}\n\n"
    )


def openspec(n: int) -> str:
    return (
        f"### Requirement: Balance {n}\nThe till SHALL show {_words(n)} within {n % 9 + 1} seconds.\n\n"
        f"#### Scenario: Number {n}\n"
        f"- **WHEN** a cashier types number {n}\n- **THEN** the till shows {_words(n + 1)}\n\n"
    )


def feature(n: int) -> str:
    return (
        f"### REQ-{n:05d}: Balance {n}\n\nThe till must show {_words(n)} within {n % 9 + 1} seconds.\n\n"
        f"- *Accept:* given number {n}, when it is typed, then the till shows {_words(n + 1)}.\n\n"
    )


def plain(n: int) -> str:
    return f"- The till must show {_words(n)} within {n % 9 + 1} seconds of number {n}.\n"


def pr_faq(n: int) -> str:
    return f"### How is balance {n} seen?\n\nA cashier can type number {n} and sees {_words(n)}.\n\n"


OPENINGS: dict[str, tuple[str, Callable[[int], str]]] = {
    "spec-kit": ("# Feature Specification: Cards\n\nCashiers wait.\n\n## Requirements\n\n", spec_kit),
    "ears": ("# Cards\n\n## Introduction\n\nCashiers wait.\n\n## Requirements\n\n", ears),
    "openspec": ("## ADDED Requirements\n\n", openspec),
    "feature": ("# Cards\n\nCashiers wait.\n\n## Requirements\n\n", feature),
    "plain": ("# Cards\n\nCashiers wait.\n\n## Features\n\n", plain),
    "pr-faq": ("# Press release: Cards\n\nToday the shop announces cards.\n\n## Customer FAQ\n\n", pr_faq),
}


def document(form: str, count: int) -> str:
    """So many requirements and nothing else."""
    opening, one = OPENINGS[form]
    return opening + "".join(one(n) for n in range(1, count + 1))


def sized(form: str, size: int, every: int) -> str:
    """A requirement at every so-manieth paragraph, up to a size in bytes."""
    opening, one = OPENINGS[form]
    made, length, n = [opening], len(opening), 0
    while length < size:
        n += 1
        made.append(one(n) if n % every == 1 or every == 1 else _paragraph(n))
        length += len(made[-1])
    return "".join(made)


def _words(n: int) -> str:
    return " ".join(random.Random(SEED + n).choices(WORDS, k=12))  # noqa: S311  a text, no secret


def _paragraph(n: int) -> str:
    drawn = random.Random(-SEED - n)  # noqa: S311  as above
    text = " ".join(" ".join(drawn.choices(WORDS, k=15)).capitalize() + "." for _ in range(7))
    return f"\n{text}\n\n"


def main(rounds: int) -> None:
    compileall.compile_dir(Path(orchestrator.__file__).parent, quiet=2)
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "cards.md"
        start = _check(path, document("feature", 1), rounds).cpu_seconds
        text = document("feature", 175)
        long = _check(path, text, rounds)
        figures["7,000 words (s cpu)"] = long.cpu_seconds
        figures["7,000 words (s)"] = long.wall_seconds
        figures["7,000 words (MiB)"] = _memory(path)
        figures["words"] = float(len(text.split()))
        small = _check(path, document("feature", 100), rounds).cpu_seconds - start
        large = _check(path, document("feature", 1_000), rounds).cpu_seconds - start
        figures["1,000 requirements (s cpu)"] = large + start
        figures["growth 100 to 1,000"] = large / (10 * small)
        for form in OPENINGS:
            figures[f"5 MB {form} (s cpu)"] = _check(path, sized(form, 5_000_000, 10), 1).cpu_seconds
            figures[f"5 MB {form} (MiB)"] = _memory(path)
        figures["5 MB dense spec-kit (s cpu)"] = _check(path, sized("spec-kit", 5_000_000, 1), 1, 6).cpu_seconds
    report("spec_check", figures, GOALS)


def _check(path: Path, text: str, rounds: int, expect: int = 0) -> Cost:
    path.write_text(text)
    return median([process(_argv(path), cwd=path.parent, expect=expect) for _ in range(rounds)])


def _argv(path: Path) -> list[str]:
    return [sys.executable, "-m", "orchestrator.cli", "prd", "check", str(path)]


def _memory(path: Path) -> float:
    """The highest resident size in MiB, read by a parent that has no other child."""
    ask = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], capture_output=True);"
        " print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
    )
    told = subprocess.run([sys.executable, "-c", ask, *_argv(path)], capture_output=True, text=True, check=True)
    return int(told.stdout) / 1024


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
