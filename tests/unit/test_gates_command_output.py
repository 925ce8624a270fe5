"""What programs of a team's own say: SARIF and lines, read strictly."""

import json

import pytest

from orchestrator.gates.command.results import Result, read_lines
from orchestrator.gates.command.sarif_in import read_sarif


def place(uri="a.js", **more):
    return {"physicalLocation": {"artifactLocation": {"uri": uri, **more}, "region": {"startLine": 2}}}


def result(**more):
    return {"ruleId": "r", "level": "error", "message": {"text": "bad"}, "locations": [place()], **more}


def log(*results, **run):
    driver = {"name": "t", "rules": [{"id": "r", "help": {"text": "mend it"}, "properties": {"tags": ["CWE-95"]}}]}
    return {"version": "2.1.0", "runs": [{"tool": {"driver": driver}, "results": list(results), **run}]}


def read(document):
    return read_sarif(json.dumps(document).encode())


def test_a_result_is_read_with_rule_place_level_hint_and_weakness():
    assert read(log(result())) == (Result("r", "bad", "a.js", 2, 2, "error", "mend it", 95),)
    assert read(log()) == ()


@pytest.mark.parametrize(
    ("location", "run"),
    [
        ({"uri": "file:///work/src/a%20b.js"}, {}),
        ({"uri": "/work/src/a b.js"}, {}),
        ({"uri": "./src/../src/a%20b.js"}, {}),
        ({"uri": "a%20b.js", "uriBaseId": "S"}, {"originalUriBaseIds": {"S": {"uri": "file:///work/src/"}}}),
        (
            {"uri": "a%20b.js", "uriBaseId": "S"},
            {"originalUriBaseIds": {"S": {"uri": "src/", "uriBaseId": "R"}, "R": {"uri": "file:///work/"}}},
        ),
        ({"uri": "src/a%20b.js", "uriBaseId": "%SRCROOT%"}, {}),
        ({"index": 0}, {"artifacts": [{"location": {"uri": "src/a%20b.js"}}]}),
    ],
)
def test_each_way_to_name_a_file_leads_to_its_path_in_the_tree(location, run):
    found = {"physicalLocation": {"artifactLocation": location}}
    assert [r.path for r in read(log(result(locations=[found]), **run))] == ["src/a b.js"]


def test_suppressed_results_count_and_passes_do_not():
    said = [result(suppressions=[{"kind": "inSource"}]), result(kind="pass", level="none"), result(kind="review")]
    assert len(read(log(*said))) == 2


def test_a_level_comes_from_the_rule_when_the_result_has_none():
    document = log({**result(), "level": None})
    assert [r.level for r in read(document)] == ["warning"]
    document["runs"][0]["tool"]["driver"]["rules"][0]["defaultConfiguration"] = {"level": "note"}
    assert [r.level for r in read(document)] == ["note"]


def extended(reference):
    """Two components with one rule each, of another level."""
    document = log({**result(), "level": None, "ruleId": None, "rule": reference})
    rules = [{"id": "theirs", "defaultConfiguration": {"level": "note"}}]
    document["runs"][0]["tool"]["extensions"] = [{"name": "none"}, {"name": "plugin", "guid": "g", "rules": rules}]
    return document


@pytest.mark.parametrize("component", [{"index": 1}, {"name": "plugin"}, {"guid": "g"}])
def test_a_rule_of_an_extension_is_not_taken_for_one_of_the_driver(component):
    (found,) = read(extended({"index": 0, "toolComponent": component}))
    assert (found.rule, found.level) == ("theirs", "note")


def circle():
    return {"A": {"uri": "a/", "uriBaseId": "B"}, "B": {"uri": "b/", "uriBaseId": "A"}}


BROKEN = {
    "nothing": b"",
    "no JSON": b"{",
    "not an object": b"[]",
    "two objects": json.dumps(log()).encode() * 2,
    "another version": json.dumps({**log(), "version": "2.0.0"}).encode(),
    "no run": b'{"version": "2.1.0", "runs": []}',
    "a run that looked for nothing": b'{"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "t"}}}]}',
    "a member twice": b'{"version": "2.1.0", "version": "2.1.0", "runs": []}',
    "deep": b"[" * 100_000,
    "not UTF-8": b"\xff\xfe",
    "a run that failed": json.dumps(log(invocations=[{"executionSuccessful": False}])).encode(),
    "an invocation that does not say": json.dumps(log(invocations=[{}])).encode(),
    "a rule of no component": json.dumps(extended({"id": "x", "toolComponent": {"index": 2}})).encode(),
    "an error of its own": json.dumps(
        log(
            invocations=[
                {
                    "executionSuccessful": True,
                    "toolExecutionNotifications": [{"level": "error", "message": {"text": "skipped a.js"}}],
                }
            ]
        )
    ).encode(),
    **{
        name: json.dumps(log(result(**more))).encode()
        for name, more in {
            "no place": {"locations": []},
            "a place outside": {"locations": [place("../../etc/passwd")]},
            "an absolute place outside": {"locations": [place("file:///etc/passwd")]},
            "hidden dots": {"locations": [place("%2e%2e/%2e%2e/etc/passwd")]},
            "the tree itself": {"locations": [place("file:///work")]},
            "another machine": {"locations": [place("file://host/work/a.js")]},
            "another scheme": {"locations": [place("https://host/work/a.js")]},
            "an index of nothing": {"locations": [{"physicalLocation": {"artifactLocation": {"index": 7}}}]},
            "no message": {"message": {}},
            "another level": {"level": "fatal"},
            "another kind": {"kind": "odd"},
            "a line below none": {
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}, "region": {"startLine": -1}}}]
            },
            "a line that is a text": {
                "locations": [{"physicalLocation": {"artifactLocation": {"uri": "a"}, "region": {"startLine": "1"}}}]
            },
            "no rule": {"ruleId": ""},
        }.items()
    },
    "a circle of bases": json.dumps(
        log(result(locations=[place("x", uriBaseId="A")]), originalUriBaseIds=circle())
    ).encode(),
}


@pytest.mark.parametrize("name", BROKEN)
def test_sarif_that_is_not_whole_is_refused(name):
    with pytest.raises(ValueError):  # noqa: PT011 - any of its reasons
        read_sarif(BROKEN[name])


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("a.c:3:7: warning: odd [-Wodd]", Result("-Wodd", "odd", "a.c", 3, 3, "warning")),
        ("./b/a.c:3: it is odd", Result("finding", "it is odd", "b/a.c", 3, 3, "error")),
        (
            "/work/a.js:1:1: eval is harmful. [Warning/no-eval]",
            Result("no-eval", "eval is harmful.", "a.js", 1, 1, "warning"),
        ),
        ("a.js:2: list[int] is odd", Result("finding", "list[int] is odd", "a.js", 2, 2, "error")),
    ],
)
def test_a_line_is_read(line, expected):
    assert read_lines(line.encode() + b"\n\n") == (expected,)


@pytest.mark.parametrize(
    "line",
    ["3 problems", "a.js: text", "a.js:x: text", "a.js:1:", "../a.js:1: text", "/etc/x:1: text", ":1: text", "\xff"],
)
def test_a_line_that_is_no_result_is_refused(line):
    with pytest.raises(ValueError):  # noqa: PT011 - any of its reasons
        read_lines(line.encode("latin-1"))
