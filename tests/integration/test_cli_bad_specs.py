"""Specs and plans that cannot be used: each gets its code, its place and its exit code, and nothing is recorded."""

import json

import pytest
from cli_support import PRD, SCRIPT, git, sit_down


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    return sit_down(tmp_path_factory.mktemp("desk"))


@pytest.fixture
def desk(shared):
    """One desk for all: whatever is refused here changes nothing, and that is asserted each time."""
    shared.write("prd.md", PRD)
    shared.write("script.yaml", SCRIPT)
    return shared


BAD = {
    "binary": (b"\x7fELF\x00\x00\x01" * 50, "prd.md:1:"),
    "not-utf-8": (PRD.replace("greets", "gr\xfc\xdft").encode("latin-1"), "prd.md:7:"),
    "empty": (b"", "prd.md:1:1"),
    "no-requirement": (b"# Greetings\n\n## Requirements\n\nNone yet.\n", "prd.md:"),
    "twice": (PRD + PRD[PRD.index("### REQ") :], "prd.md:11:5"),
    "unresolved": (PRD.replace("comes in", "comes in [NEEDS CLARIFICATION: at night too?]"), "prd.md:7:"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_spec_that_cannot_be_planned_is_refused_with_its_place(desk, name):
    text, place = BAD[name]
    spec = desk.write("prd.md", text)
    answer = desk.refused("PRD", 6, "run", spec, "--agent", "scripted", "--script", desk.home / "script.yaml")
    assert place in answer.err


def test_a_spec_of_fifty_megabytes_is_refused_before_it_is_parsed(desk):
    desk.refused("PRD", 6, "plan", desk.write("prd.md", PRD + "x" * (50 << 20)))


def test_crlf_is_fine_and_means_the_same(desk):
    plain = desk.handrail("prd", "check", "--json", desk.home / "prd.md").json["requirements"]
    windows = desk.handrail("prd", "check", "--json", desk.write("prd.md", PRD.replace("\n", "\r\n")))
    assert windows.code == 0
    assert [(r["id"], r["statement"]) for r in windows.json["requirements"]] == [
        (r["id"], r["statement"]) for r in plain
    ]


def test_a_missing_file_a_folder_and_a_pipe_are_no_specs(desk):
    desk.refused("SPEC001", 2, "plan", desk.home / "absent.md")
    desk.refused("SPEC002", 2, "plan", desk.repo)
    desk.refused("SPEC002", 2, "plan", "/dev/zero")


def saved_plan(desk):
    path = desk.home / "plan.json"
    assert desk.handrail("plan", desk.home / "prd.md", "-o", path).code == 0
    return path


def apply(desk, path):
    return ("apply", path, "--spec", desk.home / "prd.md", "--agent", "scripted", "--script", desk.home / "script.yaml")


def test_a_plan_of_another_commit_or_text_is_stale(desk):
    path = saved_plan(desk)
    desk.write("prd.md", PRD + "\nOne more word.\n")
    desk.refused("PLAN011", 2, *apply(desk, path))
    desk.write("prd.md", PRD)
    git(desk.repo, "commit", "-q", "--allow-empty", "-m", "Another")
    desk.refused("PLAN010", 2, *apply(desk, path))
    git(desk.repo, "reset", "-q", "--soft", "HEAD~1")


def _wider(step):
    step["write"].append({**step["write"][0], "glob": "src/**"})
    step["capabilities"]["write"].append("src/**")


def _protected(step):
    step["capabilities"]["write_protected"] = ["pyproject.toml"]


def _more_memory(step):
    step["capabilities"]["limits"]["memory_mib"] = 1 << 20


def _unknown_requirement(step):
    step["requirements"].append("greetings/REQ-999")


def _own_command(step):
    step["acceptance"].append({**step["acceptance"][0], "argv": ["true"]})


def _other_source(step):
    step["acceptance"][0]["source"] = {"kind": "spec", "place": "prd.md:1"}


def _waits_for_itself(step):
    step["depends_on"] = [step["id"]]


TAMPERED = {
    _wider: "PLAN017",
    _protected: "PLAN007",
    _more_memory: "PLAN006",
    _unknown_requirement: "PLAN005",
    _own_command: "PLAN017",
    _other_source: "PLAN017",
    _waits_for_itself: "PLAN003",
}


@pytest.mark.parametrize("tamper", TAMPERED, ids=lambda f: f.__name__.strip("_"))
def test_a_saved_plan_that_says_more_than_was_planned_is_refused(desk, tamper):
    path = saved_plan(desk)
    plan = json.loads(path.read_text())
    tamper(plan["steps"][0])
    path.write_text(json.dumps(plan))
    desk.refused(TAMPERED[tamper], 6, *apply(desk, path))


@pytest.mark.parametrize("text", ["", '{"steps": []}', "[" * 100_000], ids=["empty", "no-steps", "deep"])
def test_a_file_that_is_no_plan_is_refused(desk, text):
    desk.refused("PLAN021", 2, "apply", desk.write("plan.json", text), "--agent", "scripted")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("schema: handrail.script/1\nsteps: [1]\n", "script.yaml:2:8"),
        ("a: [", "script.yaml:"),
        (b"\xff", "script.yaml"),
    ],
)
def test_a_bad_script_is_refused_with_its_place(desk, text, place):
    script = desk.write("script.yaml", text)
    answer = desk.refused("AGT00", 2, "run", desk.home / "prd.md", "--agent", "scripted", "--script", script)
    assert place in answer.err


def test_a_workflow_that_is_no_yaml_is_refused_with_line_and_column(desk):
    desk.write("process.md", "# A process\n")
    answer = desk.refused("", 6, "workflow", "check", desk.write("workflow.yaml", "id: x\nnodes: [\n"))
    assert "workflow.yaml:3:1" in answer.err
