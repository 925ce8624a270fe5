"""How others write: duties, questions, waits, obligations are read; what can be read in two ways is reported."""

from __future__ import annotations

import pytest
from workflow_support import compiled, workflow

from orchestrator.models.workflow import NodeKind, RuleKind
from orchestrator.workflows.compile import Kind


def kinds(text: str, by: str | None = "clerk") -> list[Kind]:
    return [read.kind for read in compiled(text, by).read]


def titles(text: str) -> list[str]:
    found = compiled(text, "clerk")
    assert found.workflow is not None, [str(p) for p in found.problems]
    return [n.title for n in found.workflow.nodes.values() if n.kind is not NodeKind.END]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Update the log.", "The clerk updates the log"),
        ("To release, first update the log.", "The clerk updates the log (to release)"),
        ("You will typically be required to update the page.", "The clerk updates the page"),
        ("Manually page them.", "The clerk pages them (manually)"),
        ("Be ready to page them.", "The clerk must be ready to page them"),
        ("Before the call, check `a.b` and 1.2.", "The clerk checks `a.b` and 1.2 (before the call)"),
        ("The version must be bumped.", "The clerk sees to this: The version must be bumped"),
        ("If needed, restart it.", "The clerk restarts it (if needed)"),
    ],
)
def test_what_names_nobody_is_a_task_that_keeps_every_word(text: str, title: str) -> None:
    assert titles(f"1. The clerk files it.\n2. {text}")[1] == title


def test_a_condition_about_nothing_asked_is_put_as_a_question() -> None:
    made = workflow("By default, the clerk does each step.\n\n1. If the lamp is on, or it hums, close the shop.").nodes
    ask, decide, close = [n for n in made.values() if n.kind is not NodeKind.END]
    assert (ask.kind, ask.role, ask.title) == (
        NodeKind.ASK,
        "clerk",
        "Ask the clerk whether the lamp is on, or it hums",
    )
    assert decide.kind is NodeKind.DECIDE
    assert made[decide.on["holds"]] == close
    assert decide.on["otherwise"] == "done"


def test_unless_and_questions_and_waits() -> None:
    text = """By default, the clerk does each step.

1. Unless the lamp is on, open it.
2. Is there no lead on the call?
   - Page the lead.
3. Once the call is over, close the room.
4. After 2 hours, open the room.
5. Wait for the rain to stop.
"""
    made = workflow(text).nodes
    decided = [n.cases[0].when[0].value for n in made.values() if n.kind is NodeKind.DECIDE]
    assert decided == [False, True]
    waits = [n for n in made.values() if n.kind is NodeKind.WAIT]
    assert [n.role for n in waits] == ["clerk", None, "clerk"]
    assert waits[1].pause_seconds == 7200


def test_lists_of_things_shell_blocks_and_duties() -> None:
    text = """# Release

## Steps for the clerk

You are there to release.

1. Follow these steps:
2. Update these files:
   - `a.md`
   - the big list
3. Publish it.

   ```sh
   make dist
   push it | tee log
   ```
"""
    found = compiled(text)
    assert [r.kind.value for r in found.read] == ["role", "edge", "node", "node", "node", "node", "node"]
    assert found.workflow is not None
    said = [n.title for n in found.workflow.nodes.values()]
    assert said[0] == "The clerk updates these files: `a.md`; the big list"
    assert said[2] == "The clerk runs these lines: `make dist`; `push it | tee log`"


@pytest.mark.parametrize(
    "text",
    [
        "The script uploads the file.",
        "The server restarts itself.",
        "Release notes.",
        "Secure coding practices and reviews.",
        "Push rights to the feedstock.",
        "Email Follow the policy.",
        "Automated security checks in CI.",
        "The clerk does not file it.",
        "It should work.",
        "You should be able to merge.",
        "In some cases though you may have to wait.",
        "Does it rain (or snow)?",
        "Is there rain?",
    ],
)
def test_what_can_be_read_in_two_ways_is_reported(text: str) -> None:
    found = compiled(f"1. The clerk files it.\n2. {text}", "clerk")
    assert found.workflow is None
    assert found.problems[0].line == 2
    assert found.read[1].kind is Kind.ERROR


@pytest.mark.parametrize(
    "head", ["## We will not", "**We will NOT:**", "## Common mistakes", "Never do the following, for example:"]
)
def test_what_stands_under_a_denial_is_no_step(head: str) -> None:
    found = compiled(f"1. The clerk files it.\n\n{head}\n\n- Delete the log.\n", "clerk")
    assert found.workflow is None
    assert found.read[-1].kind is Kind.ERROR


def test_a_doer_that_is_no_person_by_its_name_is_declared() -> None:
    assert compiled("1. The editor writes the letter.").workflow is None
    assert workflow("Roles: editor.\n\n1. The editor writes the letter.").roles == ("editor",)


def test_do_not_is_a_rule_like_never() -> None:
    text = "1. The clerk files it.\n2. The clerk deletes it.\n\nDo not delete it before step 1."
    (rule,) = workflow(text).rules
    assert rule.kind is RuleKind.UNLESS
    assert kinds("1. The clerk files it.\n\nDo not fly.")[-1] is Kind.ERROR


def test_dots_inside_words_and_links_end_no_sentence() -> None:
    text = "1. The clerk reads v1.2 of [the book](../a/b.md#c). The clerk shuts it (at 5 p.m.). The clerk rests!"
    assert len(compiled(text).read) == 3


def test_a_block_without_a_shell_and_a_table_are_named() -> None:
    found = compiled("1. The clerk files it.\n\n```\nmake\n```\n\n| a | b |\n|---|---|\n| c | d |\n", "clerk")
    told = [p.message for p in found.problems]
    assert told == ["This is a block of code or of HTML, which is not read.", "This is a table, which is not read."]
