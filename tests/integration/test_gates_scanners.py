"""The scanners as programs: what they subtract, and what happens when they break."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
import tomllib
from collections import Counter
from pathlib import Path

import pytest

from orchestrator.errors import GateBroken
from orchestrator.gates.catalog import GATES, default_gates
from orchestrator.gates.flow.families import RULES
from orchestrator.gates.flow_gate import FlowGate
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.bandit import BanditGate
from orchestrator.gates.scanners.ruff import RuffGate, find_ruff
from orchestrator.gates.scanners.team import Team
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import Accounting, Disposition, Result
from orchestrator.policy.verdicts import worst
from orchestrator.testing.gate_suite import FileSpec, candidate_of

ONE = b"import subprocess\n\n\ndef run(c):\n    subprocess.call(c, shell=True)\n"
THREE = ONE + b"    subprocess.call(c, shell=True)\n" * 2
QUADRATIC = b'X = "' + b"select " * 60_000 + b'" + name\n'


@pytest.fixture(scope="module")
def worker():
    with Worker() as shared:
        yield shared


@pytest.fixture(params=["ruff", "bandit"])
def gate(request, worker):
    return default_gates([request.param], worker=worker)[0]


def deciding(report):
    return [f for f in report.findings if f.disposition is not Disposition.NOTE]


def test_two_more_of_a_known_weakness_are_two_findings(gate):
    report = gate.check(candidate_of([FileSpec("a.py", THREE, ONE)]))
    assert [f.line for f in deciding(report)] == [6, 7]
    assert all(f.cwe == 78 for f in deciding(report))


def test_what_was_there_before_does_not_count(gate):
    moved = b"# a remark\n\n" + ONE + b"\n\ndef other():\n    return 1\n"
    assert gate.check(candidate_of([FileSpec("a.py", moved, ONE)])).result is Result.PASSED


def test_a_renamed_file_is_compared_with_its_old_name(gate):
    spec = FileSpec("new/b.py", ONE, ONE, old_path="old/a.py")
    assert gate.check(candidate_of([spec])).result is Result.PASSED


def test_a_copy_counts_as_new(gate):
    assert gate.check(candidate_of([FileSpec("b.py", ONE)])).result is Result.FAILED


def test_a_base_that_does_not_parse_excuses_nothing(gate):
    assert gate.check(candidate_of([FileSpec("a.py", ONE, b"def f(:\n")])).result is Result.FAILED


def test_a_file_that_never_parsed_is_a_persons_and_still_not_a_pass(gate):
    report = gate.check(candidate_of([FileSpec("tests/data/bad.py", b"def f(:\n", b"def g(:\n")]))
    assert report.result is Result.NEEDS_PERSON
    assert [a.how for a in report.accounted] == [Accounting.PERSON]


def test_asserts_are_no_finding_in_tests_and_a_note_elsewhere(gate):
    source = b"def check(x):\n    assert x\n"
    assert gate.check(candidate_of([FileSpec("tests/test_a.py", source)])).findings == ()
    elsewhere = gate.check(candidate_of([FileSpec("src/a.py", source)]))
    assert elsewhere.result is Result.PASSED
    assert [f.disposition for f in elsewhere.findings] == [Disposition.NOTE]


def test_danger_counts_in_tests_too(gate):
    assert gate.check(candidate_of([FileSpec("tests/test_a.py", ONE)])).result is Result.FAILED


def test_a_possible_password_is_a_persons(gate):
    report = gate.check(candidate_of([FileSpec("src/a.py", b'password = "hunter2hunter2"\n')]))
    assert report.result is Result.NEEDS_PERSON


def test_config_digest_is_stable_and_differs_between_gates(gate, worker):
    (again,) = default_gates([gate.name], worker=worker)
    assert gate.config == again.config
    assert len({g.config for g in default_gates(worker=worker)}) == len(GATES)


def test_config_digest_names_the_time_limit(worker):
    with Worker(file_limit_seconds=1) as other:
        assert BanditGate(worker).config != BanditGate(other).config


def test_works_without_a_path_and_without_a_home(gate, monkeypatch):
    monkeypatch.delenv("PATH")
    monkeypatch.delenv("HOME", raising=False)
    assert gate.check(candidate_of([FileSpec("a.py", ONE)])).result is Result.FAILED


# --- broken tools ---


def fake_ruff(tmp_path, body):
    program = tmp_path / "ruff"
    program.write_text(f'#!/bin/sh\nif [ "$1" = --version ]; then echo ruff 9; exit 0; fi\n{body}\n')
    program.chmod(0o755)
    return program


BROKEN = {
    "says nothing": ("echo '[]'; exit 0", "GATE033"),
    "unknown exit code": ("echo '[]'; exit 2", "GATE031"),
    "warns": ("echo '[]'; echo 'warning: skipped' >&2; exit 0", "GATE031"),
    "no JSON": ("echo 'All checks passed!'; exit 0", "GATE031"),
    "killed": ("kill -9 $$", "GATE034"),
    "never ends": ("exec sleep 60", "GATE032"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_ruff_is_an_error(how, tmp_path, worker):
    body, code = BROKEN[how]
    gate = RuffGate(worker, executable=fake_ruff(tmp_path, body), timeout_seconds=1)
    report = gate.check(candidate_of([FileSpec("a.py", b"x = 1\n")]))
    assert report.result is Result.ERROR
    assert code in report.reason


def test_a_ruff_that_hangs_is_waited_for_once(tmp_path, worker):
    told = tmp_path / "told"
    gate = RuffGate(worker, executable=fake_ruff(tmp_path, f"echo >> {told}\nexec sleep 60"), timeout_seconds=1)
    report = gate.check(
        candidate_of([FileSpec("a.py", b"x = 1\n", b"x = 2\n"), FileSpec("b", b"#!/usr/bin/python3\n")])
    )
    assert (report.result, told.read_text()) == (Result.ERROR, "\n")


def test_what_a_hanging_wrapper_started_ends_with_it(tmp_path, worker):
    told = tmp_path / "told"
    body = f"sleep 60 & echo $! > {told}\nwait"
    report = RuffGate(worker, executable=fake_ruff(tmp_path, body), timeout_seconds=1).check(
        candidate_of([FileSpec("a.py", b"x = 1\n")])
    )
    assert report.result is Result.ERROR
    assert ended(int(told.read_text()))


def ended(pid):
    """Whether a process that was killed is gone within seconds; nobody may have waited for it yet."""
    for _ in range(100):
        try:
            if Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z":
                return True
        except FileNotFoundError:
            return True
        time.sleep(0.05)
    return False


def test_a_missing_ruff_is_an_error(tmp_path, worker):
    report = RuffGate(worker, executable=tmp_path / "nothing").check(candidate_of([FileSpec("a.py", b"x = 1\n")]))
    assert (report.result, report.findings) == (Result.ERROR, ())
    assert "GATE030" in report.reason


def test_ruff_is_the_one_of_this_environment():
    assert find_ruff().name == "ruff"
    assert find_ruff().is_absolute()


def test_a_missing_python_is_an_error(tmp_path):
    with Worker(python=str(tmp_path / "nothing")) as broken:
        report = BanditGate(broken).check(candidate_of([FileSpec("a.py", b"x = 1\n")]))
    assert report.result is Result.ERROR
    assert "GATE020" in report.reason


def test_a_file_past_its_time_limit_is_an_error_and_the_next_is_scanned():
    with Worker(file_limit_seconds=1.5) as slow:
        start = time.monotonic()
        report = BanditGate(slow).check(candidate_of([FileSpec("a.py", QUADRATIC), FileSpec("b.py", ONE)]))
        took = time.monotonic() - start
    assert report.result is Result.ERROR
    assert "GATE021" in report.reason
    assert {f.path: f.rule for f in deciding(report)} == {"a.py": "SCAN-LIMIT", "b.py": "B602"}
    assert took < 60


def test_a_worker_killed_in_the_middle_is_an_error_and_the_next_question_is_answered():
    with Worker(file_limit_seconds=30) as victim:
        victim.scan(b"x = 1\n")

        def kill():
            time.sleep(0.5)
            os.kill(victim.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        report = BanditGate(victim).check(candidate_of([FileSpec("a.py", QUADRATIC)]))
        killer.join()
        assert report.result is Result.ERROR
        assert "GATE022" in report.reason
        assert BanditGate(victim).check(candidate_of([FileSpec("b.py", ONE)])).result is Result.FAILED


def test_the_kernel_ends_a_scan_whose_parent_no_longer_counts():
    """The worker's own alarm is the second limit, for when the parent is gone."""
    with Worker(file_limit_seconds=1) as orphan:
        orphan.scan(b"x = 1\n")
        process = orphan._process
        orphan._limit = 3600
        from orchestrator.gates.scanners import worker as module

        head = b'{"op": "scan", "cpu_seconds": 0.3, "wall_seconds": 60}'
        frames = module.HEADER.pack(len(head)) + head + module.HEADER.pack(len(QUADRATIC)) + QUADRATIC
        module._send(process, frames, time.monotonic() + 10)
        assert process.wait(timeout=60) == -signal.SIGPROF


def test_the_kernel_also_ends_a_scan_that_waits():
    with Worker(file_limit_seconds=1) as orphan:
        orphan.scan(b"x = 1\n")
        process = orphan._process
        from orchestrator.gates.scanners import worker as module

        head = b'{"op": "scan", "cpu_seconds": 60, "wall_seconds": 0.3}'
        frames = module.HEADER.pack(len(head)) + head + module.HEADER.pack(len(QUADRATIC)) + QUADRATIC
        module._send(process, frames, time.monotonic() + 10)
        assert process.wait(timeout=60) == -signal.SIGALRM


def test_time_in_which_the_scanner_had_no_processor_does_not_count():
    with Worker(file_limit_seconds=0.5) as held:
        held.scan(b"x = 1\n")
        os.kill(held.pid, signal.SIGSTOP)
        going = threading.Timer(2, os.kill, (held.pid, signal.SIGCONT))
        going.start()
        assert held.scan(ONE)["issues"]
        going.join()


def test_the_worker_ends_with_its_context():
    with Worker() as short:
        short.outline(b"x = 1\n")
        pid = short.pid
        assert Path(f"/proc/{pid}").exists()
    assert not Path(f"/proc/{pid}").exists()


def test_the_worker_ends_when_its_stdin_closes():
    worker = Worker()
    worker.outline(b"x = 1\n")
    process = worker._process
    process.stdin.close()
    assert process.wait(timeout=10) == 0
    worker.close()


def test_the_worker_inherits_no_environment(monkeypatch):
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    with Worker() as clean:
        clean.outline(b"x = 1\n")
        assert b"s3cret" not in Path(f"/proc/{clean.pid}/environ").read_bytes()


def test_a_closed_worker_starts_again():
    worker = Worker()
    worker.scan(ONE)
    worker.close()
    assert worker.pid is None
    assert worker.scan(THREE)["issues"]
    worker.close()


def test_a_request_that_the_worker_does_not_know_is_an_error():
    with Worker() as worker, pytest.raises(GateBroken, match="GATE023"):
        worker._ask("nonsense", b"", 5)


# --- size ---


def test_five_hundred_changed_files(worker):
    base = Path(json.__file__).read_bytes()
    specs = [FileSpec(f"src/m{n}.py", b"X = %d\n" % n + ONE, b"X = %d\n" % -n + ONE) for n in range(499)]
    specs.append(FileSpec("src/last.py", base + THREE, base + ONE))
    start = time.monotonic()
    reports = run_gates(default_gates(worker=worker), candidate_of(specs))
    took = time.monotonic() - start
    assert worst(r.result for r in reports) is Result.FAILED
    assert {f.path for r in reports for f in deciding(r)} == {"src/last.py"}
    assert all(len(r.accounted) == 500 for r in reports)
    assert took < 60


def test_what_is_left_out_of_bandit_changes_none_of_its_answers(worker, tmp_path):
    """Against its own command, unchanged, on every example of our rules and every pair of weak and mended code."""
    pairs = tomllib.loads((Path(__file__).parents[1] / "data/detection_pairs.toml").read_text())["pair"]
    texts = [t for r in RULES.values() for t in (r.bad, r.good)] + [
        t for p in pairs for t in (p["vulnerable"], p["fixed"])
    ]
    texts += [
        "x = 1  # \u202e\n",
        "# coding: utf-7\nx = 1  # +IC4-\n",
        "\n# coding: utf-7\nx = 1  # +IC4-\n",
        "\n\n# +IC4-\n",
    ]
    sources = {f"s{n:03}.py": text for n, text in enumerate(texts)}
    for name, text in sources.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    argv = [sys.executable, "-m", "bandit", "-q", "--exit-zero", "--ignore-nosec", "-f", "json", *sources]
    said = json.loads(subprocess.run(argv, cwd=tmp_path, capture_output=True, check=True, timeout=120).stdout)
    keys = ("test_id", "line_number", "issue_severity", "issue_confidence", "issue_text")
    theirs = Counter((i["filename"].removeprefix("./"), *(i[k] for k in keys)) for i in said["results"])
    ours = Counter(
        (name, i["rule"], i["line"], i["severity"].upper(), i["confidence"].upper(), i["message"])
        for name, text in sources.items()
        for i in worker.scan(text.encode())["issues"]
    )
    assert len(theirs) > 50
    assert ours == theirs


# --- several processes ---


def test_what_is_foreseen_is_scanned_by_all_and_asked_of_none_again(monkeypatch):
    sources = [b"import os\n\n\ndef f%d(c):\n    os.system(c)\n" % n for n in range(12)]
    with Team(processes=2) as team:
        team.foresee(sources)
        issues = [team.scan(data)["issues"] for data in sources]
        monkeypatch.setattr(Worker, "_ask", None)
        assert [team.outline(data)["definitions"][0][2] for data in sources] == [f"f{n}" for n in range(12)]
        assert all(team.analyse(data)["issues"] for data in sources)
    assert all(issues)


def test_another_process_starts_when_what_waits_is_worth_it():
    small, large = b"x = 1\n", b"".join(b"value_%d = %d\n" % (n, n) for n in range(3000))
    with Team(processes=2) as team:
        team.foresee([small])
        assert team.scan(small)["issues"] == []
        assert team.used == 1
        team.look_ahead([large])
        assert team.used == 1
        team.foresee([b"y = 2\n" + large])
        assert team.used == 2
        assert [team.outline(b"y = 2\n" + large)["error"], team.scan(large)["skipped"]] == ["", ""]


def test_a_foreseen_file_past_its_limit_is_an_error_of_its_own_and_the_others_are_answered():
    with Team(processes=2, file_limit_seconds=1.5) as team:
        report = BanditGate(team).check(candidate_of([FileSpec("a.py", QUADRATIC), FileSpec("b.py", ONE)]))
    assert report.result is Result.ERROR
    assert {f.path: f.rule for f in deciding(report)} == {"a.py": "SCAN-LIMIT", "b.py": "B602"}


def test_a_team_that_is_closed_over_its_work_starts_no_process_again():
    with Team(processes=2) as team:
        team.foresee([b"x = %d\n" % n for n in range(200)])
    assert team.pid is None
    assert team.scan(ONE)["issues"]
    team.close()


@pytest.mark.parametrize("kind", [Worker, Team])
def test_the_rules_that_a_scanner_tells_are_those_of_this_process(kind):
    with kind() as own:
        before = own.rules(), FlowGate(own).config
        assert own.pid is None
        own.outline(b"x = 1\n")
        assert own.pid is not None
        assert (own.rules(), FlowGate(own).config) == before
        assert len(before[0]) > 50
