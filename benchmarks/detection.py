"""What bandit, ruff, both and Handrail find in vulnerable code, and whether they still say it of the mended form.

    python benchmarks/detection.py

Each of the pairs in `tests/data/detection_pairs.toml` is one weakness and the same code without it. A tool finds a
pair's weakness when it refuses the vulnerable file; it is wrong when it refuses the mended one too. Youden's J is the
share of the first minus the share of the second, with a 95 % interval for paired shares (Agresti and Min, 2005). What
only adds noise (asserts, imports, pseudo-random numbers, a process without a shell) counts for nobody: B/S 101, 110,
311, 403, 404, 603, 607. bandit's own examples come from its source distribution. A second set stands in
`tests/data/gate_evasions.toml`; a weakness's own figures are of both sets together.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from measuring import report
from sources import tree

from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team
from orchestrator.models.found import Disposition, Finding
from orchestrator.testing.gate_suite import FileSpec, candidate_of

PAIRS = Path(__file__).parents[1] / "tests/data/detection_pairs.toml"
EVASIONS = PAIRS.with_name("gate_evasions.toml")
BIN = Path(sys.executable).parent
NOISE = frozenset({"101", "110", "311", "403", "404", "603", "607"})
_95 = 1.96

Flagged = Mapping[str, bool]
"""Path → whether the tool refuses it."""


def main() -> None:
    pairs: list[dict[str, Any]] = tomllib.loads(PAIRS.read_text())["pair"]
    first = range(len(pairs))
    pairs += [{**v, "vulnerable": v["bad"], "fixed": v["good"]} for v in _blind()]
    second = range(len(first), len(pairs))
    files = {f"{n:03}_{side}.py": pair[side] for n, pair in enumerate(pairs) for side in ("vulnerable", "fixed")}
    bandit, ruff, handrail = by_bandit(files), by_ruff(files), by_handrail(files)
    both = {path: bandit[path] or ruff[path] for path in files}
    tools: dict[str, Flagged] = {"bandit": bandit, "ruff": ruff, "both": both, "Handrail": handrail}
    figures: dict[str, float] = {"pairs": float(len(first)), "weaknesses (CWE)": float(len({p["cwe"] for p in pairs}))}
    for name, flagged in tools.items():
        figures |= _shares(name, flagged, first)
    figures["written blind, pairs"] = float(len(second))
    for name, flagged in tools.items():
        figures |= _shares(f"written blind, {name}", flagged, second)
    for cwe in sorted({p["cwe"] for p in pairs}):
        numbers = [n for n, p in enumerate(pairs) if p["cwe"] == cwe]
        figures[f"CWE-{cwe}, J, both (of {len(numbers)})"] = _youden(tools["both"], numbers)[0]
        youden, low, high = _youden(tools["Handrail"], numbers)
        figures |= {f"CWE-{cwe}, J, Handrail{end}": v for end, v in (("", youden), (", from", low), (", to", high))}
    figures["bandit's examples: its findings that Handrail does not report"] = float(len(missing_examples()))
    goals = {
        "Handrail, J": (">=", 0.7),
        "bandit's examples: its findings that Handrail does not report": ("<=", 0.0),
    }
    report("detection", figures, goals)


def _blind() -> list[dict[str, Any]]:
    """Of the evasions that were written before looking those that are a weakness of Python with a number."""
    made: list[dict[str, Any]] = tomllib.loads(EVASIONS.read_text())["evasion"]
    return [evasion for evasion in made if "cwe" in evasion]


def _shares(name: str, flagged: Flagged, numbers: Sequence[int]) -> dict[str, float]:
    youden, low, high = _youden(flagged, numbers)
    return {
        f"{name}, found": sum(flagged[f"{n:03}_vulnerable.py"] for n in numbers) / len(numbers),
        f"{name}, wrong of the mended": sum(flagged[f"{n:03}_fixed.py"] for n in numbers) / len(numbers),
        f"{name}, J": youden,
        f"{name}, J, from": low,
        f"{name}, J, to": high,
    }


def _youden(flagged: Flagged, numbers: Sequence[int]) -> tuple[float, float, float]:
    """J and its interval."""
    seen = [(flagged[f"{n:03}_vulnerable.py"], flagged[f"{n:03}_fixed.py"]) for n in numbers]
    only_bad, only_good = sum(b and not g for b, g in seen), sum(g and not b for b, g in seen)
    count = len(seen) + 2
    middle = (only_bad - only_good) / count
    half = _95 * ((only_bad + only_good + 1) - (only_bad - only_good) ** 2 / count) ** 0.5 / count
    return (only_bad - only_good) / len(seen), middle - half, middle + half


def _counts(rules: Iterable[str]) -> bool:
    return any(rule[1:] not in NOISE for rule in rules)


def by_bandit(files: Mapping[str, str]) -> dict[str, bool]:
    found = _outside(files, lambda names: [str(BIN / "bandit"), "-q", "-f", "json", "--ignore-nosec", *names])
    issues = json.loads(found)["results"]
    return {path: _counts(i["test_id"] for i in issues if Path(i["filename"]).name == path) for path in files}


def by_ruff(files: Mapping[str, str]) -> dict[str, bool]:
    options = ["check", "--isolated", "--ignore-noqa", "--select=S", "--output-format=json", "--no-cache", "-e"]
    found = json.loads(_outside(files, lambda names: [str(BIN / "ruff"), *options, *names]))
    return {path: _counts(i["code"] for i in found if Path(i["filename"]).name == path) for path in files}


def _outside(files: Mapping[str, str], command: Callable[[Sequence[str]], list[str]]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        for path, text in files.items():
            (Path(folder) / path).write_text(text)
        return subprocess.run(command(sorted(files)), cwd=folder, capture_output=True, text=True, check=False).stdout


def by_handrail(files: Mapping[str, str]) -> dict[str, bool]:
    found = findings({path: text.encode() for path, text in files.items()})
    deciding = [f for f in found if f.disposition is not Disposition.NOTE]
    return {path: any(f.path == f"src/{path}" for f in deciding) for path in files}


def findings(files: Mapping[str, bytes]) -> list[Finding]:
    """Of all gates on these files as new ones."""
    with Team() as team:
        candidate = candidate_of([FileSpec(f"src/{path}", data) for path, data in files.items()])
        return [f for r in run_gates(default_gates(worker=team), candidate) for f in r.findings]


def missing_examples() -> set[tuple[str, str, int]]:
    """Findings of bandit in its own examples that Handrail does not report: rule, file, line."""
    folder = tree("bandit", version("bandit")) / "examples"
    examples = {p.name: p.read_bytes() for p in sorted(folder.glob("*.py"))}
    argv = [str(BIN / "bandit"), "-q", "-f", "json", "--ignore-nosec", *examples]
    done = subprocess.run(argv, cwd=folder, capture_output=True, text=True, check=False)
    theirs = {(i["test_id"], Path(i["filename"]).name, i["line_number"]) for i in json.loads(done.stdout)["results"]}
    if not theirs:
        raise RuntimeError("bandit found nothing in its own examples")
    return theirs - {(f.rule, Path(f.path).name, f.line) for f in findings(examples)}


if __name__ == "__main__":
    main()
