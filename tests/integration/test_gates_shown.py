"""Every code of ours is shown by a change that has the finding and by one that has not, and both are judged here."""

import pytest

from orchestrator.gates.catalog import default_gates
from orchestrator.gates.reports.explain import codes, explain
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team
from orchestrator.gates.shown.every import SHOWN
from orchestrator.models.found import Result
from orchestrator.policy.paths import PROTECTED
from orchestrator.testing.gate_suite import FileSpec, candidate_of

FOUND = sorted(code for code in SHOWN if not SHOWN[code].told)


@pytest.fixture(scope="module")
def team():
    with Team(file_limit_seconds=60.0) as shared:
        yield shared


def spec(shown, side):
    bad = side == "bad"
    base = None if shown.base is None else (shown.base * (shown.times if shown.of_base else 1)).encode()
    kept = base if shown.of_base and base else b""
    bads = (shown.bad * (1 if shown.of_base else shown.times)).encode(shown.encoding)
    text = bads if bad else kept + shown.good.encode()
    path = (shown.bad_path if bad else shown.good_path) or shown.path
    kind = {"mode": shown.mode} if bad and shown.mode else {}
    return FileSpec(path, None if bad and shown.deleted else text, base, **kind)


def found(files, team):
    reports = run_gates(default_gates(worker=team), candidate_of(files, protected=PROTECTED))
    assert [r.reason for r in reports if r.result is Result.ERROR] == []
    rules = {f.rule for r in reports for f in r.findings}
    return rules | ({"GAINS"} if any(rule.startswith("GAINS-") for rule in rules) else set())


@pytest.mark.parametrize("code", FOUND)
def test_the_bad_example_has_the_finding_and_the_good_one_has_not(code, team):
    assert code in found([spec(SHOWN[code], "bad")], team)
    assert code not in found([spec(SHOWN[code], "good")], team)


def test_every_code_of_ours_has_an_example_and_says_what_to_do():
    flow = {code for code in codes() if code.startswith("HR")}
    assert set(SHOWN) == set(codes()) - flow
    for code in codes():
        text = explain(code)
        assert "\n\nBad" in text
        assert "\n\nGood" in text
        assert "\n\nDo: " in text
