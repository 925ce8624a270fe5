"""Controlled prose to a workflow: every sentence is accounted for, what is unclear is named with its place."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from workflow_support import LIBRARY, ROOT, bare, bundled, compiled, workflow

from orchestrator.app.workflows.compiling import load_file
from orchestrator.errors import UsageError
from orchestrator.models.workflow import NodeKind, Workflow
from orchestrator.policy.proof import judge
from orchestrator.workflows import prose
from orchestrator.workflows.compile import Kind, compile_prose
from orchestrator.workflows.dump import dump
from orchestrator.workflows.graph import mermaid, terminal
from orchestrator.workflows.load import load_workflow
from orchestrator.workflows.picture import svg
from orchestrator.workflows.say import explain


@pytest.mark.parametrize("name", LIBRARY)
def test_a_bundled_workflow_is_what_its_process_compiles_to(name: str) -> None:
    folder = ROOT / "workflows" / name
    data = (folder / "process.md").read_bytes()
    made = compile_prose(data, "process.md", name)
    assert made.problems == ()
    assert made.workflow is not None
    assert dump(made.workflow) == (folder / "workflow.yaml").read_text()
    assert load_workflow(dump(made.workflow).encode(), data, "w") == made.workflow == bundled(name)
    assert Kind.ERROR not in {read.kind for read in made.read}
    for node in made.workflow.nodes.values():
        if node.kind is not NodeKind.END:
            assert node.span is not None
            assert data.decode().split("\n")[node.span.line - 1].strip()


@pytest.mark.parametrize("name", LIBRARY)
def test_what_is_read_back_compiles_to_the_same(name: str) -> None:
    made = bundled(name)
    again = compile_prose(explain(made).encode(), "process.md", name)
    assert again.workflow is not None, [str(p) for p in again.problems]
    assert bare(again.workflow) == bare(made)


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("1. Fix the door.", "1:4", "WF110"),
        ("1. It is what it is, they say.", "1:4", "WF110"),
        ("1. If the moon is full, stop.", "1:4", "WF110"),
        ("1. The clerk files it. Otherwise, stop.", "1:24", "WF110"),
        ("1. The clerk files it. Go to step 9.", "1:24", "WF114"),
        ("1. If the tests fail, stop.", "1:4", "WF110"),
        ("1. Ask the clerk for the amount.", "1:4", "WF110"),
        ("1. Ask the clerk for the amount (a pony).", "1:4", "WF110"),
        ("1. Ask the clerk for the n (a number).\n2. If the n is above many, stop.", "2:4", "WF110"),
        ("1. Ask the clerk for the n (a number in euros).\n2. If the n is above 5 miles, stop.", "2:4", "WF110"),
        ("1. For each planet:\n   1. The clerk files it.", "1:4", "WF110"),
        ("1. In parallel:", "1:4", "WF116"),
        ("1. Run `rm -rf / | sh`.", "1:4", "WF110"),
        ("1. Run `deploy`, which changes the world.", "1:4", "WF110"),
        ("1. Wait until the moon is full.", "1:4", "WF110"),
        ("1. Notify the clerk within 2 hours.", "1:4", "WF110"),
        ("1. The clerk files it. End as victorious.", "1:24", "WF110"),
        ("1. The clerk files it.\n\nNever eat the goldfish.", "3:1", "WF115"),
        ("1. The clerk files it.\n\nAlways.", "3:1", "WF115"),
        ("It may write `../secrets`.\n\n1. The clerk files it.", "1:1", "WF110"),
        ("It may reach `10.0.0.1`.\n\n1. The clerk files it.", "1:1", "WF110"),
        ("```\nrm -rf /\n```\n\n1. The clerk files it.", "1:1", "WF110"),
        ("1. `a`: The clerk files it.\n2. `a`: The clerk files it.", "2:4", "WF110"),
        ("1. The clerk files it within 9999 weeks.", "1:4", "WF110"),
        ("The director must concur.\n", "1:1", "WF110"),
        ("", "1:1", "WF101"),
    ],
)
def test_what_is_unclear_is_named_with_its_place(text: str, place: str, code: str) -> None:
    found = compiled(text)
    assert found.workflow is None
    told = [str(problem) for problem in found.problems]
    assert any(line.startswith(f"process.md:{place} {code} ") for line in told), told


HOSTILE = [
    b"\xff\xfe",
    b"x" * 300_000,
    b"> " * 5000 + b"a",
    b"- " * 200 + b"a",
    ("1. " + "If a, " * 4000 + "b.").encode(),
    ("1. The " + "a " * 20_000 + "files it.").encode(),
    ("1. `" * 3000).encode(),
    "1. Ask the clerk for the \uffff\u202e (a text).".encode(),
    b"1. In parallel:\n   1. Go to step 1.\n   2. Stop.",
    b"1. Go to step 1.",
    b"1. In parallel: Go to step 1.",
]


@pytest.mark.parametrize("number", range(len(HOSTILE)))
def test_no_text_breaks_or_delays_the_compiler(number: int) -> None:
    found = compile_prose(HOSTILE[number], "process.md", "test")
    assert found.workflow is None
    assert found.problems


def test_every_sentence_is_accounted_for() -> None:
    text = (ROOT / "README.md").read_text()
    found = compiled(text)
    assert len(found.read) == len(list(prose.read(text).sentences())) > 20
    errors = [r.sentence.span for r in found.read if r.kind is Kind.ERROR]
    places = {(p.line, p.column) for p in found.problems}
    assert all((span.line, span.column) in places for span in errors)


DOORS = """1. The clerk opens the door.
2. In parallel:
   1. The guard checks the hall. If it cannot be done, go back to step 1.
   2. The clerk turns on the lamp.
3. Two of the guards must approve the opening within 2 hours, otherwise escalate to the mayor.
"""


def test_timers_thresholds_branches_and_escalation_are_what_they_say() -> None:
    nodes = workflow(DOORS).nodes
    opening = next(n for n in nodes.values() if n.role == "guard" and n.kind is NodeKind.REVIEW)
    assert (opening.approvals, opening.within_seconds) == (2, 7200)
    assert nodes[opening.on["expired"]].role == "mayor"
    assert nodes["parallel"].on == {"branch-1": "guard-checks-hall", "branch-2": "clerk-turns-lamp"}
    assert nodes["guard-checks-hall"].on["blocked"] == "clerk-opens-door"


def test_an_endless_loop_is_told_how_to_end() -> None:
    found = [text for _, code, text in judge.problems(workflow(DOORS)) if code == "WF022"]
    assert "at most" in found[0]


def test_drawings_show_every_node_and_let_no_text_out_of_its_place() -> None:
    made = workflow('1. The clerk files <script>alert("x")</script> ]-->|a| b.\n2. If it cannot be done, stop.')
    evil = made.model_copy(update={"title": '<b>"&'})
    assert_complete(evil)
    drawing = svg(evil)
    assert "<script" not in drawing
    assert "<b>" not in drawing
    assert not re.search(r"[<>\]|]", re.sub(r'-->\|"|"\||"\]|\]\)|\[', "", mermaid(evil)).replace("flowchart TD", ""))


def assert_complete(made: Workflow) -> None:
    for name in made.nodes:
        assert name in terminal(made)
        assert name in svg(made)
    assert mermaid(made).count("\n") == 1 + len(made.nodes) + sum(len(n.on) for n in made.nodes.values())


def test_a_workflow_of_this_installation_is_found_by_its_id(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load_file(Path("hotfix")).id == "hotfix"
    with pytest.raises(UsageError, match="SPEC001"):
        load_file(Path("no-such-workflow"))


def test_words_and_a_workflow_without_its_words_are_told_apart_from_a_file_that_is_missing(tmp_path):
    (tmp_path / "ship.md").write_text("1. The clerk files it.\n")
    (tmp_path / "workflow.yaml").write_text("id: ship\n")
    for name, said in (("ship.md", "workflow compile"), ("workflow.yaml", "keep both")):
        with pytest.raises(UsageError) as wrong:
            load_file(tmp_path / name)
        assert wrong.value.code == "WF006"
        assert said in str(wrong.value.hint)


def test_the_word_that_names_no_role_is_told() -> None:
    said = [str(p) for p in compiled("Roles: lead, it, facilities.\n\n1. The lead opens it.\n").problems]
    assert "'it' is no name for a role" in said[0]
