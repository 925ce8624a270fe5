"""Texts that are made to be slow to read: the time that a gate takes grows with their length, not with its square."""

import os
import subprocess
import sys
import time

import pytest

from orchestrator.gates.catalog import default_gates
from orchestrator.gates.files.hygiene import HygieneGate
from orchestrator.gates.kinds.agent_config import AgentConfig
from orchestrator.gates.kinds.dependencies import DependenciesGate
from orchestrator.gates.kinds.texts import TextGate
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.worker import Worker
from orchestrator.gates.test_integrity.integrity import IntegrityGate
from orchestrator.models.found import Disposition, Result
from orchestrator.policy.verdicts import worst
from orchestrator.testing.gate_suite import FileSpec, candidate_of

CPU_SECONDS = 8
FENCES = "".join(f"{'`' * n}py\nx\n" for n in range(900, 3, -1))

SLOW = {
    # name: (path, text of some hundred thousand characters)
    "quotes that nothing closes": ("a.json", "exec(" + '""" \' " ' * 60_000),
    "apostrophes": ("a.yaml", "exec(" + "it's " * 100_000),
    "empty lines": ("a.toml", "\n" * 500_000),
    "backslashes in an open quote": ("a.ini", "exec('" + "\\a" * 20_000),
    "escaped quotes": ("a.json", "exec(" + '\\"' * 200_000),
    "fences in fences": ("a.md", FENCES),
    "many short values": ("a.json", "'import os'," * 40_000),
    "many short blocks": ("a.md", "```py\nx = 1\n```\n" * 25_000),
}


@pytest.fixture(scope="module")
def gate():
    with Worker() as worker:
        yield HygieneGate(worker)


@pytest.mark.parametrize("how", SLOW)
def test_a_text_made_to_be_slow_is_read_in_time(how, gate):
    path, text = SLOW[how]
    start = time.process_time()
    gate.check(candidate_of([FileSpec(path, text.encode())]))
    assert time.process_time() - start < CPU_SECONDS


@pytest.mark.parametrize("path", ["pyproject.toml", ".codex/config.toml", "Cargo.lock"])
def test_a_name_of_half_a_million_parts_is_refused_in_time(path):
    start = time.process_time()
    with Worker() as worker:
        gates = (DependenciesGate(), IntegrityGate(worker), TextGate(AgentConfig()))
        candidate = candidate_of([FileSpec(path, b"a." * 400_000, b"")])
        reports = [gate.check(candidate) for gate in gates]
    assert time.process_time() - start < CPU_SECONDS
    assert any(report.findings for report in reports)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("static/app.min.js", "function a(b,c){return b.replace(/x/g,c)+eval(c)};var k='AKIA'+q;"),
        ("db/dump.sql", "INSERT INTO a VALUES (1, 'x');\n"),
        ("docs/book.txt", "The quick brown fox reads and deletes nothing of the import.\n"),
        ("src/big.py", "def f(a):\n    return a + 1\n\n\n"),
    ],
)
def test_no_very_large_file_passes_in_silence(path, text):
    start = time.process_time()
    with Worker() as worker:
        candidate = candidate_of([FileSpec(path, (text * (2_000_000 // len(text))).encode())])
        reports = run_gates(default_gates(worker=worker), candidate)
    assert time.process_time() - start < 3 * CPU_SECONDS
    rules = {f.rule for r in reports for f in r.findings if f.disposition is not Disposition.NOTE}
    assert rules == {"LARGE", "SCAN-SIZE"} if path.endswith(".py") else {"LARGE"}
    assert worst(r.result for r in reports) in {Result.NEEDS_PERSON, Result.FAILED}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("a.json", '{"it\'s": 1, "run": "import os; os.system(x)"}'),
        ("a.toml", "a = '''\nimport os\nos.system(x)\n'''\n"),
        ("a.yaml", "a: |\n  import os\n  os.system(x)\n"),
        ("a.json", '{"run": "import os\\nos.system(\\"id\\")"}'),
        ("a.md", "```py\nimport os\neval(input())\n"),
    ],
)
def test_code_in_a_text_is_found_beside_open_quotes_and_in_open_fences(path, text, gate):
    report = gate.check(candidate_of([FileSpec(path, text.encode())]))
    assert {f.rule for f in report.findings} == {"EXAMPLE-CODE" if path == "a.md" else "DATA-CODE"}


SAYS = r'''
from orchestrator.gates.flow.analysis import analyse
from orchestrator.gates.flow.families import RULES
BLIND = b"""import ssl
made = None
def remember(it):
    global made
    made = it
class Context(object):
    def __init__(self):
        self.check_hostname = False
        self.verify_mode = ssl.CERT_NONE
remember(Context())
"""
for source in (BLIND, *(rule.bad.encode() for rule in RULES.values())):
    answer = analyse(source)
    print(answer["issues"], answer["uses"], answer["vouched"])
'''


def test_what_is_found_does_not_hang_on_the_order_of_sets_in_memory():
    told = set[str]()
    for seed in range(6):
        env = os.environ | {"PYTHONHASHSEED": str(seed)}
        argv = [sys.executable, "-c", SAYS]
        told.add(subprocess.run(argv, env=env, capture_output=True, text=True, check=True).stdout)
    assert len(told) == 1
