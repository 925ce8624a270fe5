"""What stands around an instruction is taken off and kept; who approves, and what is no instruction, is not guessed."""

from __future__ import annotations

import time

import pytest
from workflow_support import compiled, workflow

from orchestrator.models.workflow import NodeKind, RuleKind
from orchestrator.workflows.compile import Kind


def titles(text: str) -> list[str]:
    found = compiled(f"1. The clerk begins.\n2. {text}", "clerk")
    assert found.workflow is not None, [str(p) for p in found.problems]
    return [n.title for n in found.workflow.nodes.values() if n.kind is not NodeKind.END][1:]


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("The recommended way to ship is to use `tool`.", "The clerk uses `tool` (the recommended way to ship)"),
        ("The easiest way to ship is by using the tool.", "The clerk uses the tool (the easiest way to ship)"),
        ("You can optionally tag it.", "The clerk tags it (optional)"),
        ("You might want to tag it.", "The clerk tags it (optional)"),
        ("Feel free to tag it.", "The clerk tags it (optional)"),
        ("It is strongly recommended to tag it.", "The clerk tags it (recommended)"),
        ("We recommend tagging it.", "The clerk tags it (recommended)"),
        ("It's important that you tag it.", "The clerk tags it"),
        ("You will need the key.", "The clerk must have the key"),
        ("Let's tag it.", "The clerk tags it"),
        ("Do not forget to tag it.", "The clerk tags it"),
        ("Your job is to tag it.", "The clerk tags it"),
        ("To be quick we use the big saw.", "The clerk uses the big saw (to be quick)"),
        ("MANUAL PATH: Tag the box.", "The clerk tags the box (MANUAL PATH)"),
        ("**Last word**\n   Tag the box.", "The clerk tags the box (Last word)"),
        ("Reviewer: check the box.", "The reviewer checks the box"),
        ("&#10132; [ ] Check the box.", "The clerk checks the box"),
        ("The issue is closed.", "The clerk sees to this: The issue is closed"),
        ("Issue is reported by a user.", "The user sees to this: Issue is reported by a user"),
        (
            "The copy must be tested by the database administrator.",
            "The database administrator sees to this: The copy must be tested by the database administrator",
        ),
        ("Files that were lost should be restored.", "The clerk sees to this: Files that were lost should be restored"),
        ("Be honest.", "The clerk must be honest"),
        ("If in doubt, call them.", "The clerk calls them (if in doubt)"),
        ("It is fine to tag it.", "The clerk tags it (optional)"),
        ("All you need to do is to tag it.", "The clerk tags it (all you need to do)"),
        ("But it's up to you to tag it.", "The clerk tags it"),
        ("After release, tag it.", "The clerk tags it (after release)"),
        ("twine upload dist/*", "The clerk runs `twine upload dist/*`"),
        ('git tag -a v1 -m "The release is out"', 'The clerk runs `git tag -a v1 -m "The release is out"`'),
        ("`git push --tags`", "The clerk runs `git push --tags`"),
        ("There should be three doors.", "The clerk sees to this: There should be three doors"),
        ("Test cases should cover it.", "The clerk sees to this: Test cases should cover it"),
    ],
)
def test_what_stands_around_an_instruction_is_kept_behind_it(text: str, title: str) -> None:
    assert titles(text) == [title]


@pytest.mark.parametrize(
    "text",
    [
        "You may see an error.",
        "You will see an error.",
        "You can find more in the book.",
        "We take the safety of the shop very seriously.",
        "We use hatch to manage versions.",
        "Environment: release.",
        "Rewards: Credit in the notes.",
        "Script for the pages: https://pages.example",
        "We also accept letters.",
        "It is closed.",
        "Repeat steps 2 to 4.",
        "Legal reviews of the contract.",
        "Security checks in the pipeline.",
        "Try the list or call the lead!)",
        "Empty shelf: fill the box.",
        "The closed door is red.",
        "git is not needed.",
        "Anti-pattern: Delete the log.",
        "Brief description of the problem.",
        "Use of the key.",
        "The files have been updated and the rest needs to catch up.",
        "It should be fine.",
        "`config.yml`",
        "The plan must be approved by whoever comes, other than the clerk.",
        "No merge without approval.",
        "&#x202e;txet",
    ],
)
def test_what_asks_for_nothing_or_is_not_clear_is_reported(text: str) -> None:
    found = compiled(f"1. The clerk begins.\n2. {text}", "clerk")
    assert found.read[1].kind is Kind.ERROR
    assert found.problems[0].line == 2


@pytest.mark.parametrize(
    ("text", "role", "approvals", "reviews"),
    [
        ("The plan must be approved by two of the leads.", "lead", 2, "plan"),
        ("The report has to be approved by the lead.", "lead", 1, "work"),
        ("The report is approved by two leads.", "lead", 2, "work"),
        ("Get approval from the finance lead for the change.", "finance-lead", 1, "change"),
        ("Wait for the sign-off of the lead.", "lead", 1, "work"),
    ],
)
def test_an_approval_is_a_review_however_it_is_asked_for(text: str, role: str, approvals: int, reviews: str) -> None:
    made = [n for n in workflow(f"1. The clerk begins.\n2. {text}").nodes.values() if n.kind is NodeKind.REVIEW]
    assert [(n.role, n.approvals, n.reviews) for n in made] == [(role, approvals, reviews)]


def test_a_condition_may_have_an_aside_and_a_word_before_it() -> None:
    made = workflow(
        "By default, the clerk does each step.\n\n1. But if the lamp is on (e.g., red, or blue), shut the shop."
    )
    assert [n.title for n in made.nodes.values()][:3] == [
        "Ask the clerk whether the lamp is on (e.g., red, or blue)",
        "Whether the lamp is on (e.g., red, or blue)",
        "The clerk shuts the shop",
    ]


def test_everything_is_no_form_of_a_verb() -> None:
    assert titles("Once everything is done, shut the shop.") == [
        "Wait until the clerk confirms that everything is done",
        "The clerk shuts the shop",
    ]


def test_what_is_done_and_where_it_goes_on_then_are_two_things() -> None:
    text = "1. The clerk begins.\n2. The clerk looks. If it fails, restore it and go back to step 1, at most twice."
    made = workflow(f"By default, the clerk does each step.\n\n{text}").nodes
    looks, restores = made["clerk-looks"], made["clerk-restores"]
    assert (looks.on["blocked"], looks.at_most) == ("clerk-restores", {"blocked": 2})
    assert (restores.title, restores.on["done"]) == ("The clerk restores it", "clerk-begins")


def test_who_decides_whether_something_is_so_is_asked() -> None:
    made = workflow(
        "1. The doctor decides whether the child is well.\n2. If the child is well, the nurse calls home."
    ).nodes
    kinds = [(n.kind, n.role) for n in made.values()][:3]
    assert kinds == [(NodeKind.ASK, "doctor"), (NodeKind.DECIDE, None), (NodeKind.TASK, "nurse")]


def test_departments_amounts_answers_and_letters() -> None:
    text = """By default, the clerk does each step.

a) Ask the clerk for the amount (a number in euros) and for whether the goods came back (yes or no).
b) If the amount is above 1,000 euros and the goods came back, finance checks the bill.
c) Finance pays the bill.
"""
    made = workflow(text)
    assert set(made.facts) == {"amount", "goods-came-back"}
    (decide,) = [n for n in made.nodes.values() if n.kind is NodeKind.DECIDE]
    assert [(c.fact, c.value) for c in decide.cases[0].when] == [("amount", 1000), ("goods-came-back", True)]
    assert [n.role for n in made.nodes.values() if n.kind is NodeKind.TASK] == ["finance", "finance"]


def test_what_opens_a_list_is_its_order_and_a_note_in_it_stays_a_remark() -> None:
    text = "To cut a release:\n\n- Tag it\n\nThe week should look like this:\n\n- Rest\n  - note: the moon is far\n"
    found = compiled(f"1. The clerk begins.\n\n{text}", "clerk")
    assert [r.kind.value for r in found.read] == ["node", "edge", "node", "edge", "error", "remark"]


def test_what_comes_about_is_a_step_only_where_it_is_numbered() -> None:
    assert compiled("1. The clerk begins.\n\n- The issue is closed.", "clerk").read[1].kind is Kind.ERROR
    assert compiled("1. The clerk begins. The issue is closed.", "clerk").read[1].kind is Kind.ERROR


def test_an_escalated_approval_is_of_the_same_thing() -> None:
    text = (
        "1. The clerk begins.\n2. The plan must be approved by the lead within 2 days, otherwise escalate to the boss."
    )
    made = [n for n in workflow(text).nodes.values() if n.kind is NodeKind.REVIEW]
    assert [(n.title, n.reviews) for n in made][1] == ("The boss approves the plan", "plan")


@pytest.mark.parametrize(
    ("said", "value"), [("If so", True), ("If not", False), ("If it is not", False), ("If yes", True)]
)
def test_so_and_not_after_a_check_are_about_what_was_checked(said: str, *, value: bool) -> None:
    made = workflow(f"By default, the clerk does each step.\n\n1. Check that the lamp is lit. {said}, call the boss.")
    (decide,) = [n for n in made.nodes.values() if n.kind is NodeKind.DECIDE]
    assert [(c.fact, c.value) for c in decide.cases[0].when] == [("lamp-is-lit", value)]


def test_things_below_a_task_join_it_and_steps_below_it_stay_steps() -> None:
    found = titles("Fill in the form:\n   - Owner: us\n   - keep the box shut\n   - the date")
    assert found == ["The clerk fills in the form: Owner: us; the date", "The clerk keeps the box shut"]


def test_a_sentence_that_is_not_whole_takes_all_that_stands_below_it() -> None:
    assert titles("Edit the page to update the\n   - version number\n   - link to the wheel") == [
        "The clerk edits the page to update the: version number; link to the wheel"
    ]


def test_what_binds_never_joins_as_a_thing() -> None:
    found = compiled("1. Fill in the form:\n   - the date\n   - no signature before the lead has seen it", "clerk")
    assert [r.kind for r in found.read] == [Kind.NODE, Kind.NODE, Kind.ERROR]


def test_prerequisites_are_things_to_have() -> None:
    found = workflow(
        "By default, the clerk does each step.\n\n## Prerequisites\n\n- Push rights to the branch\n- A key\n"
    )
    assert [n.title for n in found.nodes.values() if n.kind is NodeKind.TASK] == [
        "The clerk must have push rights to the branch",
        "The clerk must have a key",
    ]


def test_a_block_of_code_joins_the_task_that_leads_on_to_it() -> None:
    assert titles("Set the extra:\n\n   ```toml\n   a = 1\n   ```") == ["The clerk sets the extra: `a = 1`"]
    assert compiled("1. Set the extra.\n\n   ```toml\n   a = 1\n   ```", "clerk").read[1].kind is Kind.ERROR


@pytest.mark.parametrize(
    "text",
    [
        "The report must not be published before the form is filed.",
        "The report cannot be published until the form was filed.",
        "No report is published before the form is filed.",
        "Do not publish the report before filing the form.",
    ],
)
def test_a_prohibition_in_the_passive_is_a_rule(text: str) -> None:
    steps = "1. The clerk files the form.\n2. The clerk publishes the report.\n\n"
    (rule,) = workflow(steps + text).rules
    assert (rule.kind, rule.what.node, rule.other and rule.other.node) == (
        RuleKind.UNLESS,
        "clerk-publishes-report",
        "clerk-files-form",
    )


@pytest.mark.parametrize(
    "row",
    [
        "[ ] ",
        "part one: ",
        "then ",
        "to be quick, ",
        "you can ",
        "if so, ",
        "`a b` ",
        "the best way to ",
        "no ",
        "it's ",
        "to be quick, run this ",
        "or ",
        "it is so, so ",
    ],
)
def test_a_long_row_of_what_is_taken_off_is_read_in_time(row: str) -> None:
    begin = time.process_time()
    found = compiled(f"1. {row * (40_000 // len(row))}check the box.\n", "clerk")
    assert len(found.read) == 1
    assert time.process_time() - begin < 10
