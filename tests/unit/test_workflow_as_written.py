"""What is not read for sure is quoted part by part; lists that are read stay; what may not apply is asked."""

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from workflow_support import bare, compiled, workflow

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows.as_written import as_written, binding
from orchestrator.workflows.compile import Kind
from orchestrator.workflows.say import explain

GATE = "1. Open the gate.\n2. Count the guests.\n3. Sweep the floor."
"""A list that is read."""
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
def test_where_words_may_say_when_it_holds_the_whole_part_is_quoted(governs):
    body = f"{GATE}\n\n{governs}\n\n4. Shut the gate."
    assert steps(f"# Fair\n\n{body}\n") == [body]


@pytest.mark.parametrize("leads", ["Well, as it were:", "Prepare as follows, well:", "Send the guests a note:"])
def test_a_part_whose_list_may_be_what_words_above_it_speak_of_is_quoted(leads):
    body = f"Open the gate.\n\n{leads}\n\n- Count the guests.\n- Paint the tent.\n- Thank the cook."
    assert steps(f"# Fair\n\n{body}\n") == [body]


@pytest.mark.parametrize("head", [
    "Handling complaints", "Manual closing", "For new guests", "Sample form", "What we do", "Runners and cooks",
    "Pre-requisites", "Gates for races", "Closing the gate", "After a storm",
])  # fmt: skip
def test_below_a_heading_that_may_be_of_a_case_or_of_a_way_nothing_stays_a_step(head):
    case = f"## {head}\n\n{GATE}"
    text = f"# Fair\n\n## Gates for guests\n\n{GATE}\n\n{case}\n\n## Procedure\n\n1. Leave the place.\n"
    assert case in steps(text)
    assert steps(text)[-1] == "The clerk leaves the place"


@pytest.mark.parametrize(
    "heads", ["## Packing process\n\n### 1) Gate", "## 3. Open the gate", "## Packing steps", "## (3) Tents"]
)
def test_below_a_heading_that_names_a_stage_the_steps_stay(heads):
    text = f"# Fair\n\n{heads}\n\n{GATE}\n\n## Call the cook\n\n{UNREAD}\n"
    assert steps(text) == [
        "The clerk opens the gate",
        "The clerk counts the guests",
        "The clerk sweeps the floor",
        f"## Call the cook\n\n{UNREAD}",
    ]


def test_below_an_unread_heading_text_nothing_stays_a_step():
    close = f"## Close\n\nOnly for guests, as it were.\n\n### Step 1\n\n{GATE}\n\n### Step 2\n\n{GATE}"
    assert steps(f"# Fair\n\n{close}\n") == [close]


def test_what_is_told_behind_a_case_does_not_hang_on_it():
    text = f"# Fair\n\n## If it rains\n\n{GATE}\n\n## Call the cook\n\n{UNREAD}\n"
    new, found = put(text)
    made = found.workflow
    decides = next(node for node in made.nodes.values() if node.kind is NodeKind.DECIDE)
    told = next(name for name, node in made.nodes.items() if node.quotation)
    assert told in decides.on.values()
    assert "## As written" in new


@pytest.mark.parametrize("points", [
    "Whoever is late, well, has to see the note at the bottom of this page.",
    "The slips, as it were, have to be attached to the list.",
])  # fmt: skip
def test_what_speaks_of_a_later_part_is_told_with_it(points):
    gate, slips = f"## Gate\n\nCall the cook, well. {points}", f"## Attaching the slips\n\nCall the guard. {UNREAD}"
    told = [*steps(f"# Fair\n\n{gate}\n\n{slips}\n\n## Procedure\n\n1. Leave the place.\n")]
    assert told == [f"{gate}\n\n{slips}", "The clerk leaves the place"]


def test_what_a_machine_would_do_is_done_by_people_beside_what_is_not_read():
    acts = "4. Run `make tent`.\n5. Ask the agent to paint it.\n6. Notify the team."
    text = f"# Fair\n\n{GATE}\n{acts}\n7. Call the cook.\n8. Shut the gate.\n"
    _, found = put(text)
    kinds = {node.kind for node in found.workflow.nodes.values()}
    assert kinds == {NodeKind.TASK, NodeKind.END}
    assert steps(text)[3:6] == ["Run `make tent`.", "Ask the agent to paint it.", "Notify the team."]


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
    text = f"# Fair\n\n{GATE}\n4. {UNREAD} The boss must approve it. Nobody eats.\n   The tent is old.\n"
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


@pytest.mark.parametrize("head", ["Night (Guard and Cook)", "Tier 2 actions", "Trainer's process", "Guests' part"])
def test_what_a_heading_gives_to_others_is_no_step_of_whoever_does_what_names_nobody(head):
    gate, night = f"## Evening (Guard)\n\n### Gate\n\n{GATE}", f"## {head}\n\n{GATE}"
    _, found = put(f"# Fair\n\n{gate}\n\n{night}\n\n## Steps\n\n1. Leave the place.\n")
    told = [(node.role, node.quotation) for node in found.workflow.nodes.values() if node.quotation]
    assert told == [("guard", gate), ("clerk", night)]


def test_what_somebody_does_by_a_list_is_no_step_of_another():
    body = f"## Steps\n\nOnce the tent is up, the guard opens the fair:\n\n{GATE}"
    assert steps(f"# Fair\n\n{body}\n") == [body]


def test_what_the_whole_is_for_is_no_step_of_its_own():
    text = f"# Fair\n\nKeep all guests safe.\n\n## Steps\n\n1. Open the gate.\n2. {UNREAD}\n"
    assert steps(text)[0] == "Keep all guests safe."


@pytest.mark.parametrize(("head", "is_first"), [
    ("Policy highlights", True),
    ("Limits", True),
    ("Scope", True),
    ("Rules of the training", True),
    ("Check the limits", False),
    ("Return of the keys", False),
])  # fmt: skip
def test_headings_of_what_holds_throughout_come_first_and_acts_where_they_stand(head, is_first):
    text = f"# Fair\n\n## Close\n\n1. Shut the gate.\n2. {UNREAD}\n\n## {head}\n\n{UNREAD}\n"
    assert (steps(text)[0] == f"## {head}\n\n{UNREAD}") is is_first


def test_of_what_is_offered_and_of_examples_nothing_is_a_step():
    body = "## Steps\n\nUse one of these ways:\n\n1. Call the guard.\n2. Ring the bell.\n3. Light the lamp."
    assert steps(f"# Fair\n\n{body}\n") == [body]


@pytest.mark.parametrize(
    "caution", ["Make sure not to wake the cook.", "Be careful with the rope.", "Never mind the rain."]
)
def test_a_caution_is_told_and_is_no_act(caution):
    assert steps(f"# Fair\n\n{GATE}\n4. {UNREAD}\n5. {caution}\n")[4] == caution


def test_a_part_is_called_by_the_heading_above_it_too():
    long = "\n\n".join([UNREAD] * 20)
    new, _ = put(f"# Fair\n\n## New guests\n\n### Details\n\n{long}\n\n### Names\n\n{long}\n")
    assert "> ## New guests\n>\n> ### Details" in new
    assert 'The clerk sees to "Names (New guests)" as it is written' in new
    assert 'The clerk sees to "Details (New guests)" as it is written' in new


@pytest.mark.parametrize(
    "head",
    [
        "(3 weeks out)",
        "1-2 days before",
        "Day of",
        "Week 2",
        "First day",
        "Before leaving",
        "During the fair",
        "After your round",
    ],
)
def test_a_heading_that_tells_a_time_is_waited_for(head):
    _, found = put(f"# Fair\n\n## Gate\n\n{GATE}\n\n## {head}\n\n{GATE}\n4. {UNREAD}\n")
    [wait] = [node for node in found.workflow.nodes.values() if node.kind is NodeKind.WAIT]
    assert (wait.role, wait.title) == ("clerk", f'Wait until the clerk says that it is time for "{head}"')


@pytest.mark.parametrize(
    "said", ["Guard confirms: keep the key.", "By noon: call the cook.", "Drivers: call the cook."]
)
def test_a_step_behind_a_label_that_may_say_who_or_when_is_quoted_with_it(said):
    assert steps(f"# Fair\n\n{GATE}\n4. {UNREAD}\n5. {said}\n")[4] == said


def test_below_a_heading_that_may_name_people_nobody_else_is_said_to_do_the_steps():
    own = f"## Scheduler\n\n### Within a day\n\n{GATE}"
    assert steps(f"# Fair\n\n{own}\n\n## Procedure\n\n1. Open the gate.\n") == [own, "The clerk opens the gate"]


def test_a_step_before_all_headings_is_told():
    assert steps("Open the gate.\n\n## Close\n\n1. Shut the gate.\n")[0] == "Open the gate."


def test_what_stands_behind_a_condition_in_the_same_words_is_quoted_with_it():
    said = "If the guest has left, call the guest. Send the coat by post."
    assert steps(f"# Fair\n\n{GATE}\n4. {UNREAD}\n5. {said}\n6. Shut the gate.\n")[4] == said


def test_an_item_is_told_with_the_name_of_its_part():
    new, _ = put(f"# Fair\n\n## Solid waste\n\n{GATE}\n4. {UNREAD}\n")
    assert '\n4. The clerk sees to "Solid waste" as it is written, as far as it applies:\n' in new


def test_a_place_in_a_heading_does_nothing():
    _, found = put(
        "# Fair\n\n## Sign up (@Registration Desk)\n\n1. Count the guests.\n\n## Gate\n\n1. Shut the gate.\n"
    )
    assert found.workflow.roles == ("clerk",)


@pytest.mark.parametrize("head", ["Context", "Conflicts of interest", "Purchasing principles"])
def test_steps_below_what_holds_throughout_are_told_before_all_others(head):
    _, found = put(f"# Fair\n\n## Gate\n\n1. Shut the gate.\n2. {UNREAD}\n\n## {head}\n\nTell the boss.\n")
    assert found.workflow.nodes[found.workflow.start].quotation == f"## {head}\n\nTell the boss."


def test_a_part_is_quoted_with_its_heading():
    tent = "## Tent\n\nOnly for guests, as it were.\n\n- Ropes\n- A lamp\n- Pegs"
    assert steps(f"# Fair\n\n{tent}\n") == [tent]


def test_what_comes_after_the_course_is_kept_to_where_it_stands_before_it():
    text = f"# Fair\n\n## Cleanup\n\n{UNREAD}\n\n## Procedure\n\n1. Shut the gate.\n"
    assert 'The clerk keeps to "Cleanup"' in put(text)[0]


def test_a_message_that_is_to_be_sent_is_told_with_the_sending():
    note = "4. Send this note, well, as it were:\n\nDear guests!\n\n1. Read the map.\n2. Bring a lamp."
    assert steps(f"# Fair\n\n{GATE}\n{note}\n") == [f"{GATE}\n{note}"]


def test_a_long_list_with_numbers_is_told_in_pieces_that_say_so():
    items = [f"{n}. {' '.join([UNREAD] * 2)}" for n in range(1, 25)]
    new, found = put("# Fair\n\n" + "\n".join(items) + "\n")
    told = [node.quotation for node in found.workflow.nodes.values() if node.quotation]
    assert "\n".join(told).split("\n") == items
    assert [len(piece.split("\n")) for piece in told] == [5, 5, 5, 9]
    assert 'The clerk sees to "(2 of 4)" as it is written' in new


def test_an_item_that_would_be_a_detail_of_another_one_is_quoted():
    assert (
        steps(
            f"# Fair\n\n- Open the gate.\n- The gate has two doors.\n- {UNREAD}\n- Call the cook.\n- Shut the gate.\n"
        )[1]
        == "The gate has two doors."
    )


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
    assert steps(f"# Fair\n\n{GATE}\n4. {UNREAD}\n5. {said}\n6. Shut the gate.\n")[4] == said
