"""The long forms: bandit's own examples, mutated programs, two million changed lines."""

import ast
import random
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team
from orchestrator.models.found import Disposition, Result
from orchestrator.policy.verdicts import worst
from orchestrator.testing.gate_suite import FileSpec, candidate_of

ROOT = Path(__file__).parents[2]
WEAK = b"import os\n\n\ndef run(command):\n    return os.popen(command)\n"
TOKENS = [
    b"(",
    b")",
    b"[",
    b"{",
    b"'",
    b'"',
    b"\\",
    b"\n",
    b"    ",
    b"lambda x: ",
    b"not ",
    b"f'{",
    b"\0",
    b"\xff",
    b"#",
]


def mutated(noise, data):
    """A few bytes cut, doubled or put in; sometimes a run of brackets or a number without end."""
    for _ in range(noise.randint(1, 4)):
        at, end = sorted(noise.randrange(len(data) + 1) for _ in range(2))
        what = noise.choice((b"", data[at:end] * 2, noise.choice(TOKENS) * noise.choice((1, 3, 500)), b"9" * 5000))
        data = data[:at] + what + data[min(at + noise.randint(0, 9), len(data)) :]
    return data


def fuzzed(seed, programs):
    noise = random.Random(seed)  # noqa: S311 - the same programs each time, no secret
    sources = [p.read_bytes()[:20_000] for p in sorted((ROOT / "orchestrator/gates").rglob("*.py"))]
    made = [mutated(noise, noise.choice(sources)) for _ in range(programs)]
    return [*made, *(noise.randbytes(2000) for _ in range(programs // 10))]


def no_pass_by_accident(seed, programs):
    """Beside each odd file stands a weak one. It is found, whatever the others do to the scanners."""
    files = [FileSpec(f"src/f{n:05}.py", data) for n, data in enumerate(fuzzed(seed, programs))]
    files.append(FileSpec("src/weak.py", WEAK))
    with Team(file_limit_seconds=20.0) as team:
        reports = run_gates(default_gates(worker=team), candidate_of(files))
    deciding = {f.path for r in reports for f in r.findings if f.disposition is not Disposition.NOTE}
    assert "src/weak.py" in deciding
    assert worst(r.result for r in reports) in {Result.FAILED, Result.ERROR}
    unread = {f.path for f in files if f.path != "src/weak.py" and not parses(f.head)}
    assert unread - deciding == set()


def parses(data):
    """What has a syntax tree is read whole; that it would not run (``from __future__ import x``) hides nothing."""
    try:
        ast.parse(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_mutated_programs_neither_hang_nor_hide_a_weak_one():
    no_pass_by_accident(7, 12)


@pytest.mark.soak
@pytest.mark.filterwarnings("ignore::SyntaxWarning")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("seed", range(20))
def test_more_mutated_programs_neither_hang_nor_hide_a_weak_one(seed):
    no_pass_by_accident(seed, 300)


@pytest.mark.soak
def test_every_finding_of_bandit_in_its_own_examples_is_reported():
    program = "import sys; sys.path.insert(0, 'benchmarks'); import detection; print(len(detection.missing_examples()))"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "0"


MANY = """
import resource
from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team
from orchestrator.testing.gate_suite import FileSpec, candidate_of
lines = {lines}
def module(n): return FileSpec(f"src/m{{n}}.py", b"".join(b"x%d = %d\\n" % (k, n) for k in range(2000)))
files = [module(n) for n in range(lines // 2000)]
with Team() as team:
    reports = run_gates(default_gates(worker=team), candidate_of(files), timeout_seconds=7200)
assert sum(len(r.accounted) for r in reports) == len(files) * len(reports), [r.reason for r in reports]
print(max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) // 1024)
"""


def peak_mib(lines):
    program = MANY.format(lines=lines)
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    return int(done.stdout)


@pytest.mark.soak
def test_two_million_changed_lines_take_bounded_memory():
    assert peak_mib(2_000_000) < 1500
