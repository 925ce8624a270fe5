"""``handrail prd`` from the outside: exit codes, carets, SARIF, mending a file in place."""

import json

import pytest
from cli_support import PRD, sit_down


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return sit_down(tmp_path_factory.mktemp("desk"))


def test_remarks_are_shown_with_their_line_and_a_caret(desk):
    spec = desk.write("loud.md", PRD.replace("greets", "quickly greets"))
    answer = desk.handrail("prd", "check", spec)
    assert answer.code == 0
    lines = answer.err.splitlines()
    at = next(i for i, line in enumerate(lines) if " PRD120 " in line)
    caret = lines[at + 2]
    assert lines[at + 1][caret.index("^") : caret.rindex("^") + 1] == "quickly"


def test_strict_and_ignore(desk):
    spec = desk.write("loud.md", PRD.replace("greets", "quickly greets"))
    desk.refused("PRD051", 6, "prd", "check", "--strict", spec)
    warned = {
        p["code"] for p in desk.handrail("prd", "check", "--json", spec).json["problems"] if p["severity"] == "warning"
    }
    quiet = [word for code in sorted(warned) for word in ("--ignore", code)]
    assert desk.handrail("prd", "check", "--strict", *quiet, spec).code == 0
    desk.refused("PRD050", 2, "prd", "check", "--ignore", "PRD999", spec)


def test_several_specs_are_checked_at_once(desk):
    good, bad = desk.write("one.md", PRD), desk.write("two.md", b"# nothing\n")
    answer = desk.handrail("prd", "check", "--json", good, bad)
    assert answer.code == 6
    assert {p["path"] for p in answer.json["problems"] if p["severity"] == "error"} == {str(bad)}
    assert len(answer.json["requirements"]) == 1


def test_sarif_has_what_code_hosts_read(desk):
    spec = desk.write("loud.md", PRD.replace("greets", "quickly greets"))
    log = json.loads(desk.handrail("prd", "check", "--format", "sarif", spec).out)
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
        place = result["locations"][0]["physicalLocation"]
        assert place["artifactLocation"]["uri"] == "loud.md"
        assert place["region"]["startLine"] >= 1


def test_mending_keeps_the_mode_and_follows_a_link(desk):
    spec = desk.write("skip.md", PRD.replace("## ", "### ").replace("#### ", "#### "))
    spec.chmod(0o640)
    link = desk.home / "link.md"
    link.symlink_to(spec)
    answer = desk.handrail("prd", "check", "--fix", link)
    assert "mended" in answer.err
    assert link.is_symlink()
    assert spec.stat().st_mode & 0o777 == 0o640
    assert "\n## Requirements" in spec.read_text()


def test_a_file_that_is_not_there_is_said(desk):
    desk.refused("SPEC001", 2, "prd", "check", "--fix", desk.home / "absent.md")


def test_explain(desk):
    assert "Bad:" in desk.handrail("prd", "explain", "prd120").out
    assert len(desk.handrail("prd", "explain", "--list", "--json").json["rules"]) > 80
    desk.refused("PRD050", 2, "prd", "explain", "PRD999")
    desk.refused("PRD050", 2, "prd", "explain")
