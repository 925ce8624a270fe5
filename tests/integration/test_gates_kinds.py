"""Secrets, dependencies, workflows, shell, images, C, agents' settings: refused by name, beside a harmless twin."""

from pathlib import Path

import pytest
from gates_kinds_table import AWS, TABLE, one

from orchestrator.gates.catalog import GATES
from orchestrator.gates.kinds.program import ProgramGate
from orchestrator.gates.kinds.programs import CPPCHECK, FLAWFINDER, HADOLINT, SHELLCHECK, ZIZMOR
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import Accounting, Disposition, Result
from orchestrator.testing.gate_suite import FileSpec, candidate_of

NEW_GATES = ("secrets", "dependencies", "agent-config", "workflows", "shell", "dockerfiles", "flawfinder", "cppcheck")
PROGRAMS = (ZIZMOR, SHELLCHECK, HADOLINT, FLAWFINDER, CPPCHECK)


@pytest.fixture(scope="module")
def worker():
    with Worker() as shared:
        yield shared


def deciding(report):
    return {f.rule for f in report.findings if f.disposition is not Disposition.NOTE}


@pytest.mark.parametrize("trick", TABLE)
def test_it_is_refused_for_what_it_is(trick, worker):
    name, files, rule, _ = TABLE[trick]
    report = GATES[name](worker).check(candidate_of(files))
    assert report.reason == ""
    assert rule in deciding(report)
    assert report.result in {Result.FAILED, Result.NEEDS_PERSON}


@pytest.mark.parametrize("trick", TABLE)
def test_its_harmless_twin_passes(trick, worker):
    name, _, _, files = TABLE[trick]
    report = GATES[name](worker).check(candidate_of(files))
    assert (report.result, deciding(report), report.reason) == (Result.PASSED, set(), "")


@pytest.mark.parametrize("trick", [t for t, row in TABLE.items() if row[2] != "SCAN-SYNTAX"])
def test_what_was_there_before_is_not_the_changes_fault(trick, worker):
    name, (spec,), _, _ = TABLE[trick]
    report = GATES[name](worker).check(candidate_of([FileSpec(spec.path, spec.head + b"\n", spec.head)]))
    assert deciding(report) == set()


@pytest.mark.parametrize("name", NEW_GATES)
def test_gate_without_a_file_of_its_kind_starts_nothing(name):
    with Worker() as fresh:
        report = GATES[name](fresh).check(candidate_of(one("docs/a.md", "hello\n")))
        assert (report.result, fresh.pid) == (Result.PASSED, None)


def test_finding_never_shows_the_secret(worker):
    report = GATES["secrets"](worker).check(candidate_of(one("a.py", f"K = '{AWS}'\npassword = 'tr0ub4dor&3'\n")))
    assert len(report.findings) == 2
    assert AWS not in report.to_bytes().decode()
    assert "tr0ub4dor" not in report.to_bytes().decode()


@pytest.mark.parametrize("program", PROGRAMS, ids=[p.name for p in PROGRAMS])
def test_file_whose_scanner_is_not_installed_is_a_persons(program):
    files = next(files for name, files, rule, _ in TABLE.values() if name == program.name and rule != "SCAN-SYNTAX")
    report = ProgramGate(program, folder=Path("/nonexistent")).check(candidate_of(files))
    assert (report.result, report.tool_version) == (Result.NEEDS_PERSON, "not installed")
    assert [a.how for a in report.accounted] == [Accounting.PERSON]
    assert deciding(report) == {"TOOL-MISSING"}


USES = (
    "on: push\npermissions: {{}}\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n"
    "      - uses: {}\n        with: {{persist-credentials: false}}\n"
)
PIN = "actions/checkout@11bd71901bbe5b1630ceea73d27597364c9af683"


@pytest.mark.parametrize(
    ("base", "head", "new"),
    [
        ("actions/checkout@v4", "actions/checkout@v5", False),
        (PIN, "actions/checkout@v5", True),
        ("actions/checkout@v4", "acme/checkout@v4", True),
    ],
)
def test_an_action_that_was_never_pinned_is_no_news_when_its_version_moves(base, head, new):
    sides = (USES.format(uses).encode() for uses in (head, base))
    report = ProgramGate(ZIZMOR).check(candidate_of([FileSpec(".github/workflows/a.yml", *sides)]))
    assert ("zizmor/unpinned-uses" in {f.rule for f in report.findings}) is new


def test_c_that_a_generator_wrote_is_a_persons_and_takes_no_minutes():
    data = b"int f(void) { return 1; }\n" * 8000
    report = ProgramGate(CPPCHECK).check(candidate_of([FileSpec("generated.c", data)]))
    assert (report.result, report.reason) == (Result.NEEDS_PERSON, "")
    assert deciding(report) == {"SCAN-SIZE"}
    assert report.accounted[0].how is Accounting.PERSON
