"""Cases of which surely one applies are a question and a way each; phases, topics and several stay errors."""

from __future__ import annotations

import pytest
from workflow_support import bare, compiled, workflow

from orchestrator.models.workflow import NodeKind, Workflow
from orchestrator.policy.proof import judge
from orchestrator.workflows.say import explain

BY = "By default, the clerk does each step.\n\n"


def headed(one: str, two: str) -> str:
    below = "## {}\n\n1. {}\n\n"
    parts = (("Look", "Open the door."), (one, "Wash the cup."), (two, "Call the guard."), ("Then", "Close the door."))
    return "# T\n\n" + BY + "".join(below.format(*part) for part in parts)


def asked(made: Workflow) -> list[tuple[str, ...]]:
    """The answers of each question that has some."""
    return [fact.choices for fact in made.facts.values() if fact.choices]


def way(made: Workflow, *answers: str) -> list[str]:
    """The titles of the tasks and reviews on the way on which the questions are answered so."""
    here, found = made.start, list[str]()
    while made.nodes[here].kind is not NodeKind.END:
        node = made.nodes[here]
        found += [node.title.lower()] if node.kind in {NodeKind.TASK, NodeKind.REVIEW} else []
        if node.kind is NodeKind.DECIDE:
            here = node.on["holds" if node.cases[0].when[0].value in answers else "otherwise"]
        else:
            here = next(
                node.on[name] for name in ("done", "approve", "answered", "sent", "merged", "passed") if name in node.on
            )
    return [title.removeprefix("the clerk ") for title in found]


def again(made: Workflow) -> None:
    assert bare(workflow(explain(made))) == bare(made)


@pytest.mark.parametrize(
    ("one", "two", "answers"),
    [
        ("Small change", "Large change", ("Small change", "Large change")),
        ("2. Minor spill (less than 1 l)", "3. Major spill", ("Minor spill - less than 1 l", "Major spill")),
        ("Urgent request", "Non-urgent request", ("Urgent request", "Non-urgent request")),
        ("Onboarding", "Offboarding", ("Onboarding", "Offboarding")),
        ("Adding a member", "Removing a member", ("Adding a member", "Removing a member")),
        ("Option A: by bus", "Option B: by car", ("Option A: by bus", "Option B: by car")),
        ("New order", "Existing order", ("New order", "Existing order")),
        ("Cash payment", "Card payment", ("Cash payment", "Card payment")),
        ("Severity 1 incident", "Severity 2 incident", ("Severity 1 incident", "Severity 2 incident")),
        ("Order under 500 euros", "Order over 500 euros", ("Order under 500 euros", "Order over 500 euros")),
    ],
)
def test_cases_of_which_one_applies_are_asked_for(one: str, two: str, answers: tuple[str, ...]) -> None:
    made = workflow(headed(one, two))
    assert asked(made) == [answers]
    assert way(made, answers[0]) == ["opens the door", "washes the cup", "closes the door"]
    assert way(made, answers[1]) == ["opens the door", "calls the guard", "closes the door"]
    again(made)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ("Short-term changes", "Long-term changes"),
        ("Daily change", "Weekly change"),
        ("Internal systems", "External systems"),
        ("High-priority items", "Low-priority items"),
        ("Windows", "macOS"),
        ("Staff change", "Network change"),
        ("Minor", "Major"),
        ("Approved", "Rejected"),
        ("Tier 1 support", "Tier 2 support"),
        ("Opening", "Closing"),
        ("Check-in", "Check-out"),
        ("Fire", "Flood"),
        ("Orders over 500 euros", "Orders over 900 euros"),
        ("Enable the alarm", "Disable the alarm"),
        ("Removing the member", "Adding the member"),
        ("Urgent pills", "Non-urgent pills"),
        ("Urgent", "Non-urgent"),
        ("High priority", "Low priority"),
        ("Priority 1", "Priority 2"),
        ("Internal report", "External report"),
        ("Internal process", "External process"),
        ("Suspected incident", "Confirmed incident"),
        ("Permanent staff", "Temporary staff"),
    ],
)
def test_what_may_be_phases_topics_or_several_is_not_asked_for(one: str, two: str) -> None:
    made = compiled(headed(one, two)).workflow
    assert made is None or not asked(made)


def test_cases_apart_from_each_other_or_beside_a_third_stay_errors() -> None:
    text = headed("Small change", "Large change")
    assert compiled(text.replace("## Large", "## Report\n\n1. Write a note.\n\n## Large")).workflow is None
    assert compiled(text.replace("## Then", "## Odd changes\n\n1. Paint the cup.\n\n## Then")).workflow is None


def test_a_case_in_the_plural_is_asked_for_where_the_text_speaks_of_one() -> None:
    text = headed("Small changes", "Large changes")
    assert compiled(text).workflow is None
    assert asked(workflow(text.replace("Open the door", "Open the door for the change"))) == [
        ("Small changes", "Large changes")
    ]


def test_bare_degrees_are_asked_for_below_what_they_are_of() -> None:
    text = (
        headed("Minor", "Major")
        .replace("## Minor", "## Response to the spill\n\n### Minor")
        .replace("## Major", "### Major")
    )
    assert asked(workflow(text)) == [("Minor", "Major")]


def test_items_with_a_label_or_a_list_below_them_are_asked_for_too() -> None:
    cases = "   - Minor spill: wash the cup. Dry it.\n   - Major spill: call the guard.\n"
    labelled = f"1. Open the door.\n2. Look at the spill:\n{cases}3. Close the door.\n"
    made = workflow(BY + labelled)
    assert way(made, "Minor spill")[1:] == ["looks at the spill", "washes the cup", "dries it", "closes the door"]
    assert way(made, "Major spill")[1:] == ["looks at the spill", "calls the guard", "closes the door"]
    again(made)
    cases = "2. Urgent\n   - Call the guard.\n   - Wash the cup.\n3. Non-urgent\n   - Call them.\n"
    listed = f"# Requests\n\n1. Open the door.\n{cases}4. Close the door. Go back to step 2.\n"
    made = workflow(BY + listed)
    assert way(workflow(BY + listed.replace(" Go back to step 2.", "")), "Urgent")[1:3] == [
        "calls the guard",
        "washes the cup",
    ]
    assert made.nodes["clerk-closes-door"].on["done"] == "clerk-calls-guard"


def test_a_case_may_only_say_where_it_leads_on() -> None:
    cases = "   - Low risk: continue.\n   - Medium risk: call the guard.\n   - High risk: stop.\n"
    made = workflow(f"{BY}1. Open the door.\n2. Look at the risk:\n{cases}3. Close the door.\n")
    assert way(made, "Low risk") == ["opens the door", "looks at the risk", "closes the door"]
    assert way(made, "Medium risk")[2:] == ["calls the guard", "closes the door"]
    assert way(made)[2:] == []
    again(made)


def test_a_case_of_more_than_two_and_one_within_another() -> None:
    text = "# T\n\n" + BY
    for name, step in (("Small", "Wash the cup."), ("Medium", "Dry the cup."), ("Large", "Call the guard.")):
        text += f"## {name} change\n\n1. {step}\n\n"
    made = workflow(text)
    assert way(made, "Medium change") == ["dries the cup"]
    assert way(made) == ["calls the guard"]
    inner = "### New order\n\n1. Write a note.\n\n### Existing order\n\n1. Call them.\n\n## Medium"
    made = workflow(text.replace("## Medium", inner))
    assert way(made, "Small change", "New order") == ["washes the cup", "writes a note"]
    assert way(made, "Small change") == ["washes the cup", "calls them"]
    again(made)


def test_what_was_asked_before_decides() -> None:
    text = headed("Small change", "Large change").replace(
        "1. Open", "1. Ask the boss for the size (one of `small` and `large`). Open"
    )
    made = workflow(text)
    assert asked(made) == [("small", "large")]
    assert way(made, "small") == ["opens the door", "washes the cup", "closes the door"]
    again(made)
    several = workflow(text.replace("`small` and", "`small`, `odd` and"))
    assert way(several, "odd") == ["opens the door", "closes the door"]


@pytest.mark.parametrize(
    "before",
    ["Ask the boss whether it is small.", "If it is a small one, call the boss."],
)
def test_a_sentence_that_speaks_of_the_cases_wins_over_a_question(before: str) -> None:
    text = headed("Small change", "Large change")
    assert compiled(text.replace("1. Open", f"1. {before} Open")).workflow is None


def test_without_a_doer_nobody_is_asked() -> None:
    text = headed("Small change", "Large change").replace(BY, "")
    for verb in ("Open", "Wash", "Call", "Close"):
        text = text.replace(f"1. {verb}", f"1. The cook must {verb.lower()}")
    made = compiled(text)
    assert made.workflow is None
    assert [read.kind.value for read in made.read] == ["node", "error", "error", "node"]


def test_what_holds_for_the_whole_is_no_part_of_a_case() -> None:
    text = headed("Small change", "Large change")
    for said in ("Never close the door before the lead approved the plan.", "It may write `docs/**`."):
        assert compiled(text.replace("Wash the cup.", f"Wash the cup. {said}")).workflow is None


def test_a_reference_means_the_step_of_its_own_case() -> None:
    text = headed("Small change", "Large change").replace(
        "Call the guard.", "Call the guard.\n2. Wash it. If it cannot be done, go back to step 1, at most twice."
    )
    made = workflow(text)
    assert made.nodes["clerk-washes"].on["blocked"] == "clerk-calls-guard"


MERGED = """# T

By default, the author does each step.
It may write `docs/**`.
A merge needs no tests.

1. The author edits the change.
2. The gates check the change.

## Small change

1. The lead approves the change.

## Large change

1. {}

## Then

1. Merge the change.
"""


def test_an_approval_in_one_case_alone_does_not_let_the_other_merge() -> None:
    both = workflow(MERGED.format("The lead approves the change. The boss approves the change."))
    assert [code for _, code, _ in judge.problems(both)] == []
    one = workflow(MERGED.format("Wash the cup."))
    (told,) = judge.problems(one)
    assert told[1] == "WF030", told
    again(both)


@pytest.mark.parametrize(
    ("text", "question"),
    [
        (
            "1. Open it.\n2. Force it (if needed):\n   ```sh\n   rm -f x\n   ```\n3. Close it.\n",
            "this is to be done (Force it)",
        ),
        (
            "1. Open it.\n2. Paint the door (optional)\n   - Wash the brush.\n3. Close it.\n",
            "this is to be done (Paint the door)",
        ),
        (
            "1. Open it.\n2. If applicable:\n   - Wash the cup.\n3. Close it.\n",
            "what follows is applicable (Wash the cup)",
        ),
    ],
)
def test_what_may_be_left_out_is_asked_for(text: str, question: str) -> None:
    made = workflow(BY + text)
    assert [fact.question for fact in made.facts.values()] == [question]
    assert len(way(made)) == 2
    again(made)


def test_what_names_things_that_may_be_needed_is_not_asked_for() -> None:
    made = compiled(BY + "1. Open it.\n2. Tools (if needed):\n   - A red hammer, as it were\n3. Close it.\n")
    assert made.workflow is None


def test_a_word_of_choice_behind_one_step_stays_with_it() -> None:
    assert (
        way(workflow(BY + "1. Open it.\n2. Wash the door (optional)\n3. Close it.\n"))[1]
        == "washes the door (optional)"
    )


def test_what_cases_mean_is_no_case_to_ask_for() -> None:
    made = workflow(f"{BY}1. Look at the risk:\n   - Low risk: a cup or two\n   - High risk: many cups\n")
    assert asked(made) == []
    assert way(made) == ["looks at the risk: low risk: a cup or two; high risk: many cups"]


def test_a_case_that_stands_there_twice_is_not_asked_for() -> None:
    text = headed("Small change", "Large change").replace("## Then", "## Small change")
    found = [read.kind.value for read in compiled(text).read if not read.sentence.remark]
    assert found[-3:] == ["error", "error", "error"]
    items = "   - Minor spill: wash it.\n   - Major spill: dry it.\n   - Minor spill: wash it again.\n"
    found = [read.kind.value for read in compiled(f"{BY}1. Look at the spill:\n{items}").read]
    assert found[-3:] == ["error", "error", "error"]
