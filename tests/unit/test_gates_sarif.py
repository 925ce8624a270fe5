import json

from orchestrator.gates.reports.sarif import to_bytes, to_sarif
from orchestrator.gates.runner import run_gates
from orchestrator.models.found import Disposition, Finding, GateReport, Result
from orchestrator.testing.gate_suite import FileSpec, candidate_of

CHANGE = candidate_of([FileSpec("a.py", b"")]).identity
DIGEST = "sha256:" + "1" * 64


def finding(disposition=Disposition.AGENT, **more):
    values = {
        "rule": "B602",
        "message": "m",
        "path": "a b/é.py",
        "line": 3,
        "end_line": 5,
        "cwe": 78,
        "severity": "high",
    }
    return Finding(**{**values, "fingerprint": DIGEST, "disposition": disposition, **more})


def report(*findings, result=Result.FAILED, reason=""):
    return GateReport(
        gate="bandit",
        tool="bandit",
        tool_version="1.9.4",
        config=DIGEST,
        change=CHANGE,
        result=result,
        findings=findings,
        reason=reason,
    )


def run_of(*args, **more):
    (run,) = to_sarif([report(*args, **more)])["runs"]
    return run


def rule_of(run, result):
    """As the standard has it (§3.52, §3.54): the component by its place, in it the rule by its place."""
    component = run["tool"]["extensions"][result["rule"]["toolComponent"]["index"]]
    assert component["name"] == result["rule"]["toolComponent"]["name"]
    return component["rules"][result["rule"]["index"]]


def test_result_carries_place_rule_and_fingerprint():
    run = run_of(finding())
    (result,) = run["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "a%20b/%C3%A9.py", "uriBaseId": "TREE"}
    assert place["region"] == {"startLine": 3, "endLine": 5}
    assert result["partialFingerprints"] == {"handrail/v1": DIGEST}
    rule = rule_of(run, result)
    assert rule["id"] == result["ruleId"] == result["rule"]["id"] == "B602"
    assert "external/cwe/cwe-078" in rule["properties"]["tags"]


def test_finding_without_a_line_has_no_region():
    (result,) = run_of(finding(line=0, end_line=0))["results"]
    assert "region" not in result["locations"][0]["physicalLocation"]


def test_every_disposition_has_its_level():
    levels = {d: run_of(finding(d))["results"][0]["level"] for d in Disposition}
    assert levels == {"agent": "error", "deny": "error", "person": "warning", "note": "note"}


def test_a_broken_gate_is_an_unsuccessful_run_with_its_reason():
    (invocation,) = run_of(result=Result.ERROR, reason="no ruff")["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["toolExecutionNotifications"][0]["message"]["text"] == "no ruff"


def test_a_rule_with_two_findings_is_listed_once():
    run = run_of(finding(), finding(line=9), finding(rule="B105"))
    (component,) = run["tool"]["extensions"]
    assert [r["id"] for r in component["rules"]] == ["B602", "B105"]
    assert [r["rule"]["index"] for r in run["results"]] == [0, 0, 1]


def test_many_gates_share_one_run_and_each_keeps_its_rules():
    reports = [report(finding(rule=f"R{n}")).model_copy(update={"gate": f"g{n}"}) for n in range(60)]
    (run,) = to_sarif(reports)["runs"]
    assert [rule_of(run, result)["id"] for result in run["results"]] == [f"R{n}" for n in range(60)]
    assert [i["properties"]["gate"] for i in run["invocations"]] == [f"g{n}" for n in range(60)]


def test_what_passes_githubs_limits_of_a_run_begins_another_and_nothing_is_left_out():
    many = report(*[finding(line=n + 1, end_line=n + 1) for n in range(25_001)])
    runs = to_sarif([report(finding()), many, *[report(finding())] * 100])["runs"]
    assert len({run["automationDetails"]["id"] for run in runs}) == len(runs) <= 20
    assert all(len(run["results"]) <= 25_000 and len(run["tool"]["extensions"]) <= 100 for run in runs)
    assert sum(len(run["results"]) for run in runs) == 25_102
    assert all(rule_of(run, result)["id"] == "B602" for run in runs for result in run["results"])


def test_bytes_are_stable_ascii_json():
    reports = run_gates([], candidate_of([FileSpec("a\u202e.py", b"")]))
    assert to_bytes(reports) == to_bytes(reports)
    assert json.loads(to_bytes(reports).decode("ascii"))["version"] == "2.1.0"


def test_nothing_beyond_the_vocabulary_of_the_standard():
    run = run_of(finding())
    assert set(run) == {
        "automationDetails",
        "tool",
        "originalUriBaseIds",
        "columnKind",
        "invocations",
        "results",
    }
    assert set(run["results"][0]) == {
        "ruleId",
        "rule",
        "level",
        "message",
        "locations",
        "partialFingerprints",
        "properties",
    }
    assert set(run["tool"]["driver"]) == {"name", "version", "rules"}
    (component,) = run["tool"]["extensions"]
    assert set(component) == {"name", "fullName", "version", "rules", "properties"}
    assert run["columnKind"] in {"utf16CodeUnits", "unicodeCodePoints"}
