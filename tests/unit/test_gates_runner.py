import threading

import pytest

from orchestrator.errors import GateBroken, UsageError
from orchestrator.gates.catalog import GATES, default_gates
from orchestrator.gates.files.protected import ProtectedGate
from orchestrator.gates.runner import run_gates
from orchestrator.models.found import Accounted, Accounting, GateReport, Result
from orchestrator.policy.verdicts import worst
from orchestrator.testing.gate_suite import FileSpec, candidate_of

CANDIDATE = candidate_of([FileSpec("a.py", b"x = 1\n"), FileSpec("b.py", b"x = 1\n")])
DIGEST = "sha256:" + "0" * 64


class Answering:
    """A gate that accounts for the given paths."""

    name = "answering"

    def __init__(self, *paths, change=None, result=Result.PASSED, name="answering"):
        self.paths, self.change, self.result, self.reported = paths, change, result, name

    def check(self, candidate):
        return GateReport(
            gate=self.reported,
            tool="t",
            tool_version="1",
            config=DIGEST,
            change=self.change or candidate.identity,
            result=self.result,
            accounted=tuple(Accounted(path=p, how=Accounting.SCANNED) for p in self.paths),
        )


class Raising:
    name = "raising"

    def __init__(self, error):
        self.error = error

    def check(self, _):
        raise self.error


def test_reports_come_in_the_order_of_gates():
    gates = [ProtectedGate(), Answering("a.py", "b.py")]
    assert [r.gate for r in run_gates(gates, CANDIDATE)] == ["protected", "answering"]


def test_complete_accounts_pass():
    assert worst(r.result for r in run_gates([Answering("a.py", "b.py")], CANDIDATE)) is Result.PASSED


@pytest.mark.parametrize(
    "paths",
    [("a.py",), (), ("a.py", "b.py", "c.py"), ("a.py", "b.py", "b.py")],
    ids=["one short", "none", "stranger", "twice"],
)
def test_a_path_that_is_not_accounted_for_is_an_error(paths):
    reports = run_gates([Answering(*paths), ProtectedGate()], CANDIDATE)
    assert [(r.gate, r.result) for r in reports][-1] == ("accounting", Result.ERROR)
    assert "GATE004 answering" in reports[-1].reason


def test_a_gate_that_skips_a_file_is_an_error_even_when_another_gate_saw_it():
    reports = run_gates([ProtectedGate(), Answering("a.py")], CANDIDATE)
    assert worst(r.result for r in reports) is Result.ERROR


@pytest.mark.parametrize("error", [ValueError("no"), GateBroken("GATE099", "no"), SystemExit(0), RecursionError("no")])
def test_a_gate_that_raises_is_an_error(error):
    (report,) = run_gates([Raising(error)], CANDIDATE)
    assert (report.result, report.gate) == (Result.ERROR, "raising")
    assert report.reason


def test_a_gate_that_never_ends_is_an_error():
    class Endless:
        name = "endless"

        def check(self, _):
            threading.Event().wait()

    (report,) = run_gates([Endless()], CANDIDATE, timeout_seconds=0.1)
    assert report.result is Result.ERROR
    assert "GATE002" in report.reason


def test_a_report_on_another_change_is_an_error():
    other = candidate_of([FileSpec("z", b"")]).identity
    reports = run_gates([Answering("a.py", "b.py", change=other)], CANDIDATE)
    assert "GATE003" in reports[-1].reason


def test_a_report_in_another_name_is_an_error():
    assert "GATE003" in run_gates([Answering("a.py", "b.py", name="ruff")], CANDIDATE)[-1].reason


def test_no_gate_is_an_error():
    assert worst(r.result for r in run_gates([], CANDIDATE)) is Result.ERROR


def test_each_blob_is_read_once_and_by_one_thread_at_a_time():
    reading, read = threading.Lock(), []

    def blob(oid):
        assert reading.acquire(blocking=False)
        read.append(oid)
        reading.release()
        return b"x = 1\n"

    candidate = type(CANDIDATE)(CANDIDATE.identity, CANDIDATE.files, blob, (), ())
    assert worst(r.result for r in run_gates(default_gates(["hygiene", "bandit", "ruff"]), candidate)) is Result.PASSED
    assert len(read) == len(set(read)) == 1


def test_gates_are_chosen_by_name_in_order_without_repeats():
    assert [g.name for g in default_gates(["hygiene", "ruff", "hygiene"])] == ["hygiene", "ruff"]
    assert [g.name for g in default_gates()] == list(GATES)


def test_an_unknown_gate_is_a_usage_error_that_names_the_known_ones():
    with pytest.raises(UsageError, match="GATE010 no gate is called sonar") as caught:
        default_gates(["ruff", "sonar"])
    assert "hygiene" in caught.value.hint
