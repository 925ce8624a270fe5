"""What is not read for sure is quoted, word for word: the rest stays steps of people; what may not apply is asked."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workflow_support import bare, compiled, workflow

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows.as_written import as_written, binding
from orchestrator.workflows.compile import Kind
from orchestrator.workflows.say import explain

UNREAD = "Tents, as it were, or not at all, well."


def put(text, by="clerk"):
    new, found = as_written(text.encode(), by, lambda data: compiled(data.decode()))
    return new.decode(), found


def steps(text):
    """Title, or the words that are quoted, of each step of a person, in order."""
    _, found = put(text)
    assert found.workflow is not None, [str(p) for p in found.problems]
    return [
        node.quotation or node.title
        for node in found.workflow.nodes.values()
        if node.kind not in {NodeKind.END, NodeKind.DECIDE}
    ]


def test_an_item_that_is_not_read_is_quoted_alone_and_keeps_its_number():
    text = f"# Fair\n\n1. Open the gate.\n2. {UNREAD}\n   - old\n   - green\n3. Shut the gate.\n"
    new, found = put(text)
    assert steps(text) == ["The clerk opens the gate", f"{UNREAD}\n- old\n- green", "The clerk shuts the gate"]
    assert "\n2. The clerk sees to this as it is written, as far as it applies:\n   > Tents" in new
    assert [read.kind for read in found.read].count(Kind.ERROR) == 0


def test_bullets_of_which_few_are_not_read_are_quoted_one_by_one_and_others_together():
    few = f"# Fair\n\n- Open the gate.\n- {UNREAD}\n- Shut the gate.\n"
    many = f"# Fair\n\n- Open the gate.\n- {UNREAD}\n- Old, and green.\n"
    assert steps(few) == ["The clerk opens the gate", UNREAD, "The clerk shuts the gate"]
    assert steps(many) == [f"- Open the gate.\n- {UNREAD}\n- Old, and green."]


def test_where_an_item_leads_elsewhere_the_whole_list_is_quoted():
    text = f"# Fair\n\n1. Open the gate.\n2. {UNREAD} Then skip the next one.\n3. Shut the gate.\n"
    assert steps(text) == [text.removeprefix("# Fair\n\n").rstrip("\n")]


@pytest.mark.parametrize("governs", [
    "Should it rain, well, the rest is not needed, as it were.",
    "The following is for guests, as it were.",
    "Only guests, as it were.",
])  # fmt: skip
def test_behind_words_that_may_say_when_it_holds_every_step_is_quoted(governs):
    text = f"# Fair\n\n1. Open the gate.\n\n{governs}\n\n2. Count the guests.\n3. Shut the gate.\n"
    assert steps(text) == ["The clerk opens the gate", governs, "Count the guests.", "Shut the gate."]


def test_what_leads_on_with_a_colon_is_quoted_with_its_list():
    text = "# Fair\n\nOpen the gate.\n\nWell, as it were:\n\n- Count the guests.\n- Paint the tent.\n\nShut the gate.\n"
    assert steps(text) == [
        "The clerk opens the gate",
        "Well, as it were:\n\n- Count the guests.\n- Paint the tent.",
        "The clerk shuts the gate",
    ]


def test_steps_below_headings_are_asked_for_unless_they_are_of_one_course():
    shut, fold = "## Gate\n\n1. Shut the gate.", "## The new tent\n\n1. Fold the tent."
    text = f"# Fair\n\n{shut}\n\n{fold}\n\n## Procedure\n\n1. Leave the place.\n"
    _, found = put(text)
    made = found.workflow
    asked = [node.title for node in made.nodes.values() if node.kind is NodeKind.ASK]
    assert asked == ['Ask the clerk whether "Gate" applies', 'Ask the clerk whether "The new tent" applies']
    assert [node.title for node in made.nodes.values() if node.kind is NodeKind.TASK][
        -1
    ] == "The clerk leaves the place"


@pytest.mark.parametrize("heads", [("Step 1: Close", "Step 2: Fold"), ("Procedure", "Purpose")])
def test_phases_with_numbers_and_the_only_part_with_steps_are_not_asked_for(heads):
    below = "Fold the tent." if heads[1] != "Purpose" else "This page is about fairs."
    text = f"# Fair\n\n## {heads[0]}\n\n1. Shut the gate.\n2. {UNREAD}\n\n## {heads[1]}\n\n{below}\n"
    assert not any(title.startswith("Ask ") for title in steps(text))


def test_below_an_unread_heading_text_nothing_stays_a_step_of_every_run():
    below = "### Step 1\n\n1. Shut the gate.\n\n### Step 2\n\n1. Fold the tent."
    text = f"# Fair\n\n## Close\n\nOnly for guests, as it were.\n\n{below}\n"
    _, found = put(text)
    titles = [node.title for node in found.workflow.nodes.values() if node.kind is NodeKind.ASK]
    assert titles == [
        'Ask the clerk whether "Step 1 (Close)" applies',
        'Ask the clerk whether "Step 2 (Close)" applies',
    ]


def test_what_a_machine_would_do_is_done_by_people_beside_what_is_not_read():
    acts = f"2. {UNREAD}\n3. Ask the agent to paint it.\n4. Notify the team.\n5. Shut the gate."
    text = f"# Fair\n\n1. Run `make tent`.\n{acts}\n"
    _, found = put(text)
    kinds = {node.kind for node in found.workflow.nodes.values()}
    assert kinds == {NodeKind.TASK, NodeKind.END}
    assert steps(text)[0] == "Run `make tent`."


def test_rules_ways_back_and_duties_are_kept_to_from_the_beginning():
    text = f"# Fair\n\n## Close\n\n1. Shut the gate.\n2. {UNREAD}\n\n## Troubleshooting\n\n{UNREAD}\n"
    new, _ = put(text)
    assert new.index('The clerk keeps to "Troubleshooting"') < new.index("1. Shut the gate.")
    assert steps(text)[0] == f"## Troubleshooting\n\n{UNREAD}"


def test_parts_of_several_people_are_seen_to_at_once_by_each_of_them():
    text = "# Fair\n\n## Steps for the Guard\n\n1. Open the gate.\n\n## Steps for the Cook\n\n1. Fry the fish.\n"
    _, found = put(text)
    made = found.workflow
    assert made.nodes[made.start].kind is NodeKind.PARALLEL
    told = [(node.role, node.quotation) for node in made.nodes.values() if node.quotation]
    assert told == [
        ("guard", "## Steps for the Guard\n\n1. Open the gate."),
        ("cook", "## Steps for the Cook\n\n1. Fry the fish."),
    ]


def test_what_orders_something_in_the_quoted_words_is_named():
    text = f"# Fair\n\n1. Open the gate.\n2. {UNREAD} The boss must approve it. Nobody eats.\n   The tent is old.\n"
    new, found = put(text)
    lines = new.split("\n")
    assert [(lines[line - 1].lstrip("> "), words) for line, words in binding(found)] == [
        (f"{UNREAD} The boss must approve it. Nobody eats.", "The boss must approve it"),
        (f"{UNREAD} The boss must approve it. Nobody eats.", "Nobody eats"),
    ]


def test_it_compiles_by_itself_and_is_read_back_the_same():
    close = f"## Close\n\n- [ ] Shut the gate.\n- [ ] {UNREAD}"
    text = f"# Fair\n\nHello.\n\n{close}\n\n## Fold\n\n{UNREAD}\n\n```sh\nls\n```\n"
    new, _ = put(text)
    made = workflow(new)
    assert bare(workflow(explain(made))) == bare(made)
    again, found = put(new)
    assert found.workflow is not None
    assert again.count(UNREAD) == 2


@pytest.mark.parametrize("text", ["", "# Fair\n", "<!-- -->\n", "---\na: b\n---\n", "> quoted\n"])
def test_a_text_without_a_step_stays_no_workflow_and_comes_to_an_end(text):
    _, found = put(text)
    assert found.workflow is None
    assert found.problems[0].code == "WF101"


_PIECE = st.sampled_from([
    "Open the gate.", UNREAD, "If the tent is wet, dry it.", "Should it rain, well:", "The boss must approve it.",
    "Go back to step 1.", "Skip the rest, well.", "Run `make tent`.", "Only for guests.", "See the map.", "",
])  # fmt: skip
_HEAD = st.sampled_from([
    "# Fair", "## Close", "### Procedure", "## Step 1", "**After**", "## Steps for the Guard", "## Steps for the Cook",
    "#### If it rains", "## Troubleshooting", "## Option A", "## Option B", "## Roles", "Fair\n====", "## `x`: [y]",
])  # fmt: skip
_BLOCK = st.one_of(
    _HEAD,
    _PIECE,
    st.lists(_PIECE, min_size=1, max_size=4).map(lambda found: "\n".join(f"{n}. {p}" for n, p in enumerate(found, 1))),
    st.lists(_PIECE, min_size=1, max_size=4).map(lambda found: "\n".join(f"- {p}\n  - [ ] {p}" for p in found)),
    st.sampled_from(
        [
            "```sh\nls\n\n# Fair\n```",
            "| a | b |\n|---|---|\n| c | d |",
            "> quoted\n> twice",
            "<b>\nx\n</b>",
            "    code",
            "---",
        ]
    ),
)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(_BLOCK, max_size=12).map("\n\n".join))
def test_no_word_is_lost_or_changed_and_it_compiles(text):
    new, found = put(text)
    kept = re.findall(r"\w+", new)
    for word in re.findall(r"\w+", text):
        kept.remove(word)
    assert found.workflow is not None or {p.code for p in found.problems} == {"WF101"}, [str(p) for p in found.problems]


def test_what_a_heading_above_gives_to_somebody_is_no_step_of_whoever_does_what_names_nobody():
    gate = "## Evening (Guard)\n\n### Gate\n\n1. Shut the gate."
    text = f"# Fair\n\n{gate}\n\n## Night (Guard and Cook)\n\n1. Fold the tent.\n"
    _, found = put(text)
    told = [(node.role, node.quotation) for node in found.workflow.nodes.values() if node.quotation]
    assert told == [("guard", "Shut the gate."), ("clerk", "Fold the tent.")]
    assert all(node.quotation for node in found.workflow.nodes.values() if node.kind is NodeKind.TASK)


def test_what_the_whole_is_for_is_no_step_of_its_own():
    text = f"# Fair\n\nKeep all guests safe.\n\n## Steps\n\n1. Open the gate.\n2. {UNREAD}\n"
    assert steps(text)[0] == "Keep all guests safe."


def test_an_item_that_leads_on_to_the_list_behind_it_is_quoted_with_that():
    text = f"# Fair\n\n1. {UNREAD}\n2. Well, as it were:\n\n- Paint the tent.\n- Old, and green.\n"
    assert steps(text) == [UNREAD, "2. Well, as it were:\n\n- Paint the tent.\n- Old, and green."]


@pytest.mark.parametrize(("head", "is_first"), [
    ("Policy highlights", True),
    ("Limits", True),
    ("Check the limits", False),
    ("Return of the keys", False),
])  # fmt: skip
def test_headings_of_what_holds_throughout_come_first_and_acts_where_they_stand(head, is_first):
    text = f"# Fair\n\n## Close\n\n1. Shut the gate.\n2. {UNREAD}\n\n## {head}\n\n{UNREAD}\n"
    assert (steps(text)[0] == f"## {head}\n\n{UNREAD}") is is_first


def test_of_what_is_offered_and_of_examples_nothing_is_a_step():
    ways = "Use one of these ways:\n\n1. Call the guard.\n2. Ring the bell."
    text = f"# Fair\n\n- Open the gate.\n- Count the guests.\n\n{ways}\n"
    assert steps(text)[2:] == [ways]


@pytest.mark.parametrize(
    "caution", ["Make sure not to wake the cook.", "Be careful with the rope.", "Never mind the rain."]
)
def test_a_caution_is_told_and_is_no_act(caution):
    assert steps(f"# Fair\n\n1. Open the gate.\n2. {UNREAD}\n3. {caution}\n")[2] == caution


def test_what_stands_beside_steps_and_asks_for_nothing_is_told_too():
    text = f"# Fair\n\nHello.\n\n1. Open the gate. Note: it is old.\n2. {UNREAD}\n\nNote: the key hangs inside.\n"
    assert steps(text) == ["Note: the key hangs inside.", "Open the gate. Note: it is old.", UNREAD]


def test_long_items_stand_for_themselves():
    long = f"{UNREAD[:-1]}, and as many of them as there are, or as there were."
    assert steps(f"# Fair\n\n- {long}\n- {long}\n") == [long, long]


def test_a_part_is_called_by_the_heading_above_it_too():
    new, _ = put(f"# Fair\n\n## New guests\n\n### Details\n\n{UNREAD}\n\n## Gate\n\n1. Shut the gate.\n")
    assert 'The clerk sees to "Details (New guests)" as it is written' in new


@pytest.mark.parametrize("head", ["(3 weeks out)", "1-2 days before", "Day of", "Week 2", "First day"])
def test_a_heading_that_tells_a_time_is_waited_for(head):
    _, found = put(f"# Fair\n\n## Before\n\n1. Open the gate.\n\n## {head}\n\n1. Sweep the floor.\n2. {UNREAD}\n")
    [wait] = [node for node in found.workflow.nodes.values() if node.kind is NodeKind.WAIT]
    assert (wait.role, wait.title) == ("clerk", f'Wait until the clerk says that it is time for "{head}"')


@pytest.mark.parametrize(
    "caution", ["**SLA:** a day, as it were.", "Always, well, with gloves.", "> \u26a0 Hot, as it were."]
)
def test_what_holds_for_all_steps_of_a_part_is_told_before_them(caution):
    text = f"# Fair\n\n## Procedure\n\n1. Open the gate.\n2. Count the guests.\n\n{caution}\n"
    assert steps(text) == [caution, "The clerk opens the gate", "The clerk counts the guests"]
    assert 'The clerk keeps to "Procedure" as it is written' in put(text)[0]


@pytest.mark.parametrize(
    "said", ["Guard confirms: keep the key.", "By noon: call the cook.", "Drivers: call the cook."]
)
def test_a_step_behind_a_label_that_may_say_who_or_when_is_quoted_with_it(said):
    assert steps(f"# Fair\n\n1. Open the gate.\n2. {UNREAD}\n3. {said}\n")[2] == said


def test_below_a_heading_that_may_name_people_nobody_else_is_said_to_do_the_steps():
    text = "# Fair\n\n## Scheduler\n\n### Within a day\n\n1. Send the list.\n\n## Procedure\n\n1. Open the gate.\n"
    assert steps(text) == ["Send the list.", "The clerk opens the gate"]


def test_a_step_before_all_headings_is_told():
    assert steps("Open the gate.\n\n## Close\n\n1. Shut the gate.\n")[0] == "Open the gate."


def test_what_stands_behind_a_condition_in_the_same_words_is_quoted_with_it():
    said = "If the guest has left, call the guest. Send the coat by post."
    assert steps(f"# Fair\n\n1. Open the gate.\n2. {UNREAD}\n3. {said}\n4. Shut the gate.\n")[2] == said


def test_an_item_is_told_with_the_name_of_its_part():
    new, _ = put(f"# Fair\n\n## Solid waste\n\n1. Open the gate.\n2. {UNREAD}\n")
    assert '\n2. The clerk sees to "Solid waste" as it is written, as far as it applies:\n' in new


def test_a_place_in_a_heading_does_nothing():
    _, found = put(
        "# Fair\n\n## Sign up (@Registration Desk)\n\n1. Count the guests.\n\n## Gate\n\n1. Shut the gate.\n"
    )
    assert found.workflow.roles == ("clerk",)


@pytest.mark.parametrize("head", ["Context", "Conflicts of interest", "Purchasing principles"])
def test_steps_below_what_holds_throughout_are_told_before_all_others(head):
    _, found = put(f"# Fair\n\n## Gate\n\n1. Shut the gate.\n2. {UNREAD}\n\n## {head}\n\nTell the boss.\n")
    assert found.workflow.nodes[found.workflow.start].quotation == f"## {head}\n\nTell the boss."


def test_a_list_of_short_things_is_told_together_also_behind_what_may_govern_it():
    text = "# Fair\n\n## Tent\n\nOnly for guests, as it were.\n\n- Ropes\n- A lamp\n- Pegs\n"
    assert steps(text) == ["Only for guests, as it were.\n\n- Ropes\n- A lamp\n- Pegs"]


def test_a_caution_stands_below_the_heading_of_its_part():
    rain = f"## If it rains\n\n1. Shut the gate.\n2. {UNREAD}\n\nAlways, well, with gloves."
    text = f"# Fair\n\n{rain}\n\n## Procedure\n\n1. Sweep the floor.\n"
    new, found = put(text)
    assert new.index("## If it rains") < new.index("The clerk keeps to")
    assert found.workflow.nodes[found.workflow.start].kind is NodeKind.ASK


def test_what_comes_after_the_course_is_kept_to_where_it_stands_before_it():
    text = f"# Fair\n\n## Cleanup\n\n{UNREAD}\n\n## Procedure\n\n1. Shut the gate.\n"
    assert 'The clerk keeps to "Cleanup"' in put(text)[0]


def test_the_steps_of_a_case_are_quoted_with_it():
    case = "**If the *old* tent, as it were:**\n1. Call the guard, who knows where all of the old ropes are, or were."
    text = f"# Fair\n\n- Open the gate.\n- Count the guests.\n\n{case}\n"
    assert steps(text)[2:] == [case]


def test_an_item_that_would_be_a_detail_of_another_one_is_quoted():
    assert (
        steps(f"# Fair\n\n- Open the gate.\n- The gate has two doors.\n- {UNREAD}\n- Shut the gate.\n")[1]
        == "The gate has two doors."
    )


def test_what_leads_on_to_quoted_words_is_quoted_with_them():
    text = f"# Fair\n\nPrepare as follows:\n\n- {UNREAD}\n- Old, as it were.\n\nShut the gate.\n"
    assert steps(text)[0] == f"Prepare as follows:\n\n- {UNREAD}\n- Old, as it were."


def test_what_tells_nobody_to_do_anything_is_known_before_the_first_step():
    place = "## The place\n\nTents, as it were. Ropes, as it were."
    new, _ = put(f"# Fair\n\n## Close\n\n1. Shut the gate.\n2. {UNREAD}\n\n{place}\n")
    assert new.index('The clerk keeps to "The place"') < new.index("1. Shut the gate.")


def test_for_whom_a_part_is_does_nothing_in_it():
    _, found = put(
        f"# Fair\n\n## Pay (Employees of Acme)\n\n1. Count the money.\n2. {UNREAD}\n\n## Gate\n\n1. Shut the gate.\n"
    )
    assert found.workflow.roles == ("clerk",)


@pytest.mark.parametrize(
    "said", ["Only open the gate after noon.", "Shut the gate within 2 hours.", "Approve the list."]
)
def test_what_bounds_a_step_is_told_in_its_own_words(said):
    assert steps(f"# Fair\n\n1. Open the gate.\n2. {UNREAD}\n3. {said}\n4. Shut the gate.\n")[2] == said
