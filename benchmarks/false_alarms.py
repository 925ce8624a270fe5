"""How often Handrail refuses what the maintainers of well-known packages released.

    python benchmarks/false_alarms.py [PACKAGES]

Each package is judged from one version to the next, as one change, with all gates; *held out* are five that were taken
up when the rules stood, *held out later* five more. What its maintainers released and thousands use is taken to be
right, so every finding counts as a false alarm, also the few that are not. A refusal is a finding that goes back to
the agent or is never lifted; a question is one that a person answers. Protected paths and dependencies are not
counted: there the question is the purpose. Lines are those that the newer version adds.
"""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from measuring import report
from sources import tree

from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team
from orchestrator.models.found import Disposition, Finding, Result
from orchestrator.testing.gate_suite import FileSpec, candidate_of

VERSIONS = (
    ("requests", "2.32.3", "2.32.4"),
    ("flask", "3.1.0", "3.1.1"),
    ("click", "8.1.8", "8.2.0"),
    ("jinja2", "3.1.5", "3.1.6"),
    ("werkzeug", "3.1.2", "3.1.3"),
    ("httpx", "0.27.2", "0.28.1"),
    ("rich", "13.9.4", "14.0.0"),
    ("attrs", "24.3.0", "25.3.0"),
    ("urllib3", "2.3.0", "2.4.0"),
    ("packaging", "24.2", "25.0"),
    ("pluggy", "1.5.0", "1.6.0"),
    ("tqdm", "4.67.0", "4.67.1"),
    ("docutils", "0.21.1", "0.21.2"),
    ("pygments", "2.19.0", "2.19.1"),
    ("sqlparse", "0.5.2", "0.5.3"),
    ("boltons", "24.1.0", "25.0.0"),
    ("networkx", "3.4.1", "3.4.2"),
    ("starlette", "0.46.1", "0.46.2"),
    ("marshmallow", "3.26.0", "3.26.1"),
    ("tornado", "6.4.2", "6.5"),
)
HELD_OUT = (
    ("pytest", "8.3.5", "8.4.0"),
    ("celery", "5.4.0", "5.5.0"),
    ("paramiko", "3.5.0", "3.5.1"),
    ("scrapy", "2.12.0", "2.13.0"),
    ("gunicorn", "22.0.0", "23.0.0"),
)
"""Taken up when the rules stood."""
HELD_OUT_LATER = (
    ("trio", "0.28.0", "0.29.0"),
    ("black", "24.10.0", "25.1.0"),
    ("dulwich", "0.22.1", "0.22.7"),
    ("peewee", "3.17.8", "3.17.9"),
    ("aiohttp", "3.11.18", "3.12.0"),
)
"""Taken up after what the first five had shown was mended."""
_MADE = ("PKG-INFO", ".egg-info/")
_PURPOSE = frozenset({"protected", "dependencies"})
_REFUSES = frozenset({Disposition.AGENT, Disposition.DENY})


def main(packages: int) -> None:
    figures = _judged(VERSIONS[:packages], "") | _judged(HELD_OUT[:packages], "held out, ")
    figures |= _judged(HELD_OUT_LATER[:packages], "held out later, ")
    goals = {
        "refusals per 1,000 lines": ("<=", 1.0),
        "gates that broke": ("<=", 0.0),
        "held out, refusals per 1,000 lines": ("<=", 1.0),
        "held out, gates that broke": ("<=", 0.0),
        "held out later, refusals per 1,000 lines": ("<=", 1.0),
        "held out later, gates that broke": ("<=", 0.0),
    }
    report("false_alarms", figures, goals)


def _judged(versions: Sequence[tuple[str, str, str]], label: str) -> dict[str, float]:
    lines, found, errors = 0, list[tuple[str, str, Finding]](), 0
    # The limit of a file counts wall time; on a busy machine the usual one would pass for a broken gate.
    with Team(file_limit_seconds=120.0) as team:
        for name, old, new in versions:
            before, after = tree(name, old), tree(name, new)
            lines += _added(before, after)
            reports = run_gates(default_gates(worker=team), candidate_of(list(_changes(before, after))))
            errors += sum(r.result is Result.ERROR for r in reports)
            found += [(name, r.gate, f) for r in reports if r.gate not in _PURPOSE for f in r.findings]
            print(f"{name} {new}: {[r.reason for r in reports if r.reason]}", file=sys.stderr, flush=True)
    _explain(found)
    refusals = [(gate, f) for _, gate, f in found if f.disposition in _REFUSES]
    thousand = lines / 1000
    figures = {
        "packages": float(len(versions)),
        "added lines": float(lines),
        "refusals per 1,000 lines": len(refusals) / thousand,
        "refusals of bandit and ruff alone": sum(gate in {"bandit", "ruff"} for gate, _ in refusals) / thousand,
        "refusals of our own rules": sum(gate == "flow" for gate, _ in refusals) / thousand,
        "questions per 1,000 lines": sum(f.disposition is Disposition.PERSON for _, _, f in found) / thousand,
        "notes per 1,000 lines": sum(f.disposition is Disposition.NOTE for _, _, f in found) / thousand,
        "gates that broke": float(errors),
    }
    return {f"{label}{figure}": value for figure, value in figures.items()}


def _changes(before: Path, after: Path) -> Iterator[FileSpec]:
    for path in sorted(p for p in after.rglob("*") if p.is_file() and not p.is_symlink()):
        name = path.relative_to(after).as_posix()
        old = before / name
        base = old.read_bytes() if old.is_file() else None
        if base != path.read_bytes() and not any(part in name for part in _MADE):
            yield FileSpec(name, path.read_bytes(), base)


def _added(before: Path, after: Path) -> int:
    argv = ["git", "diff", "--no-index", "--numstat", "--", str(before), str(after)]
    rows = subprocess.run(argv, capture_output=True, text=True, check=False).stdout.splitlines()
    return sum(int(row.split("\t")[0]) for row in rows if row[0] != "-" and not any(part in row for part in _MADE))


def _explain(found: list[tuple[str, str, Finding]]) -> None:
    """The noisiest rules, on standard error."""
    rules = Counter((f.rule, f.disposition.value) for _, _, f in found if f.disposition is not Disposition.NOTE)
    for (rule, how), count in rules.most_common(25):
        shown = next(f"{name} {f.path}:{f.line} {f.message[:90]}" for name, _, f in found if f.rule == rule)
        print(f"{count:4} {rule:18} {how:7} {shown}", file=sys.stderr)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else len(VERSIONS))
