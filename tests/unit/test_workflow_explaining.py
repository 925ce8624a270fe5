"""Sentences that explain the step before them are told with it; what asks, permits or conditions anything is not."""

from __future__ import annotations

import pytest
from test_workflow_strangers import come_back, kinds
from workflow_support import compiled, workflow

from orchestrator.workflows.explaining import explains, programs_in

STEP = "1. The clerk pushes the tag. "


@pytest.mark.parametrize(
    ("told", "twin"),
    [
        ("The bot opens a ticket", "The guard opens a ticket"),
        ("This publishes the catalogue", "This publishes the catalogue, so read it"),
        ("The pipeline builds the wheel and uploads it to the shelf", "The pipeline builds the wheel, then upload it"),
        ("It creates a draft, which starts the nightly job's page", "It creates a draft, and the nurse checks it"),
        ("A tag push triggers the pipeline", "A tag push triggers the clerk"),
        ("The `lamp` value is the name of the room", "The limit is the name of the room"),
        ("The script writes a page to the disk", "The script writes a page to the disk if it is full"),
        ("This cannot be undone", "This cannot be shared"),
        ("The folder contains the old labels", "The folder contains at most nine labels"),
        ("The page shows what the script has done", "The page asks you to enter the code"),
        ("The packages are interdependent", "The packages are mandatory"),
        ("There is a recording of the talk", "There is a deadline for the talk"),
        ("By default, the tool fills the shelf", "On Mondays, the tool fills the shelf"),
        ("The server will restart", "The server must restart"),
        ("The archive is documented in the green book", "The archive is kept in the green book"),
        ("The copy is created automatically", "The copy is created"),
        ("The setting keeps the list short", "The kitchen keeps the list short"),
        ("The job runs on the small machine", "The job runs on the small machine daily"),
    ],
)
def test_what_explains_is_a_detail_and_its_twin_is_an_error(told: str, twin: str) -> None:
    whole = f"{STEP}{told}."
    assert kinds(whole) == ["node", "detail"]
    assert workflow(whole).nodes["clerk-pushes-tag"].details == (told,)
    come_back(workflow(whole))
    assert "detail" not in kinds(f"{STEP}{twin}.")
    assert "remark" not in kinds(f"{STEP}{twin}.")


@pytest.mark.parametrize(
    "text",
    [
        "The form goes to legal",
        "The invoice moves to the archive",
        "The form is signed",
        "The door stays shut for two days",
        "It is best to call",
        "The next step is the upload",
        "This is the job of the lead",
        "It is the lead who files it",
        "The review takes place on Friday",
        "Alice sends the letter",
        "Procurement has the last word",
        "The ward orders the drug",
        "The report can be shared",
        "It decides about the loan",
        "You can leave the door open",
        "We use the red form",
        "Nothing is published",
        "All labels are green",
        "Each run leaves a page",
        "The key is for managers only",
        "The tool lets the clerk pay",
        "The build is done by hand",
        "The lamp is on: open the door",
        "The page opens; click it",
        "The copy is already signed",
        "A copy should lie on the desk",
        "The priority should match its weight",
        "Otherwise a bot will open it",
        "See the guide; if it is late, call the lead",
        "@alice opens the page",
        "The report will include the cause",
        "The release will be announced",
        "This may include Development, IT, and Security",
        "The request goes in the blue box",
        "The procedure continues with section 4",
        "This concludes the procedure",
        "The tool prompts for the password",
        "The field is mandatory",
        "The rule is no food in the lab",
        "It is the policy of the house to refund",
        "The centrifuge runs at 3000 rpm",
        "The machine runs for ten cycles",
        "The dose is low",
        "The lights are off",
        "The checklist is complete",
        "IT resets the password",
        "A review takes place",
        "The meeting happens on Zoom",
        "The contract runs out in June",
        "The list is not for sharing",
        "The list is internal",
        "This means a full restart",
        "This starts the clock",
        "This part is voluntary",
        "There are no refunds",
        "There is a faster way",
        "The number to call is on the wall",
        "The command to run is `make x`",
        "The pipeline waits for a green light",
        "The process is different for guests",
        "The yellow box is for sharps",
        "The badge belongs on the coat",
        "The system pays the claim",
        "The system merges the change",
        "The system alerts on-call",
        "A phone call is fine too",
        "`@alice` opens the page",
        "The workflow repeats",
        "The pipeline has a manual gate",
        "The seal is intact",
        "The rest is waste",
        "The receipt serves as proof",
        "The ticket is not refundable",
        "The later date counts",
        "The door stays shut",
        "The rest of the procedure is described in the manual",
        "The severity is low",
        "It gets a label",
        "The page will open, click it",
        "The tool will show the page, click it and wait",
        "The form waits if the lamp is red",
    ],
)
def test_a_hidden_step_or_rule_is_no_detail(text: str) -> None:
    assert kinds(f"{STEP}{text}.", "clerk")[-1] not in {"detail", "remark"}


def test_a_role_of_the_process_is_nobody_who_acts_by_himself() -> None:
    text = "Roles: release bot.\n\n1. The clerk files it. The release bot opens a page.\n"
    assert kinds(text) == ["role", "node", "node"]


def test_details_reach_over_paragraphs_and_lists_up_to_the_next_step_or_heading() -> None:
    text = "- The clerk opens it.\n\n  - The tool shows a page.\n\nThe page contains a list.\n\n- The clerk shuts it.\n"
    assert kinds(text) == ["node", "detail", "detail", "node"]
    made = workflow(text)
    assert next(iter(made.nodes.values())).details == ("The tool shows a page", "The page contains a list")
    come_back(made)
    text = (
        "1. The clerk opens it.\n\n## Later\n\nThe tool shows a page.\n\n1. The clerk shuts it.\n2. The tool stops.\n"
    )
    assert kinds(text) == ["node", "remark", "node", "error"]


@pytest.mark.parametrize(
    "lead",
    [
        "Escalate if:",
        "Check that:",
        "It is urgent when",
        "The clerk checks the following:",
        "Used when:",
        "Never where",
    ],
)
def test_a_case_or_a_criterion_below_a_lead_is_no_detail(lead: str) -> None:
    nested = f"1. The clerk opens it. {lead}\n   - The page shows a list.\n   - The tool has no disk.\n"
    assert "detail" not in kinds(nested, "clerk")


@pytest.mark.parametrize("lead", ["Escalate if:", "Used when:", "It is late where the following holds:"])
def test_nor_is_one_below_a_paragraph_that_leads_on(lead: str) -> None:
    text = f"1. The clerk opens it.\n\n{lead}\n\n- The page shows a list.\n- The tool has no disk.\n"
    assert "detail" not in kinds(text, "clerk")


def test_reviews_questions_and_what_follows_a_condition_have_details_too() -> None:
    text = (
        "1. The lead approves the plan. The plan is documented in the green book.\n"
        "2. Ask the clerk for the weight (a number). The scale shows it.\n"
        "3. If the weight is above 3, the clerk calls. The tool shows the list.\n"
    )
    assert kinds(text) == ["node", "detail"] * 3
    made = workflow(text)
    assert [len(node.details) for node in made.nodes.values() if node.role] == [1, 1, 1]
    come_back(made)


def test_what_is_explained_does_not_set_free_what_follows() -> None:
    text = "- The clerk opens it. If it is red, call. The tool shows a page. Now read it.\n"
    assert kinds(text)[-1] == "error"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("The pipeline is documented in the green book.", "remark"),
        ("We take safety very seriously.", "remark"),
        ("We take safety seriously, and each shift signs.", "error"),
        ("The pipeline only runs at night.", "error"),
        ("The tank is hot.", "error"),
        ("The forms are kept for five years.", "error"),
    ],
)
def test_before_the_first_step_of_a_section_what_explains_is_a_remark(text: str, kind: str) -> None:
    assert kinds(f"# A\n\n## B\n\n{text}\n\n1. The clerk files it.\n") == [kind, "node"]


def test_a_name_that_stands_first_in_code_is_a_program_and_no_person_is() -> None:
    assert programs_in(["run `frob list`, or `clerk go`"]) == {"frob"}
    assert explains("Frob fills the shelf", (), {"frob"})
    assert not explains("Frob fills the shelf")


@pytest.mark.parametrize("text", ["</details>", '<a id="x"></a>', "![A dialog](a.png)", "[![Passing](b)](c)", "<br/>"])
def test_a_picture_or_a_tag_is_no_sentence(text: str) -> None:
    found = compiled(f"1. The clerk files it.\n\n{text}\n\n2. The clerk shuts it.\n")
    assert [r.kind for r in found.read] == ["node", "remark", "node"]
    assert [bool(r.sentence.unreadable) for r in found.read] == [False, True, False]


@pytest.mark.parametrize("text", ["<summary>The lead signs it</summary>", "![A](a.png) Never open it before noon."])
def test_words_beside_a_tag_or_a_picture_are_read_or_reported(text: str) -> None:
    assert kinds(f"1. The clerk files it.\n\n{text}\n") != ["node", "remark"]


@pytest.mark.parametrize(
    ("lead", "below"),
    [
        ("The workflow will:", "- Update the list\n- Push the tag and open a page\n"),
        ("The script then:", "- writes `a.txt`\n- opens a page\n"),
        ("This will automatically:", "- Fill the shelf\n"),
    ],
)
def test_what_a_machine_does_in_a_list_is_one_detail(lead: str, below: str) -> None:
    text = f"1. The clerk starts it.\n\n{lead}\n\n{below}\n2. The clerk shuts it.\n"
    made = workflow(text)
    said = "; ".join(line[2:] for line in below.splitlines())
    assert next(iter(made.nodes.values())).details == (f"{lead} {said}",)
    assert set(kinds(text)[1:-1]) == {"detail"}
    come_back(made)


@pytest.mark.parametrize(
    ("lead", "below"),
    [
        ("The workflow will:", "- Update the list\n- The clerk signs it\n"),
        ("The workflow will:", "- Update the list if it is red\n"),
        ("The workflow will:", "- Update the list, then call the guard\n"),
        ("The workflow will:", "- Update the list. Sign it.\n"),
        ("The team will:", "- Update the list\n"),
        ("The form will:", "- Update the list\n"),
        ("The workflow will not:", "- Update the list\n"),
        ("The workflow will:", "- the red list\n"),
    ],
)
def test_what_may_be_done_by_somebody_is_no_detail_of_a_list(lead: str, below: str) -> None:
    text = f"1. The clerk starts it.\n\n{lead}\n\n{below}\n2. The clerk shuts it.\n"
    assert "detail" not in kinds(text, "clerk")


def test_what_is_expected_is_told_with_the_step_and_what_somebody_does_then_is_not() -> None:
    text = f"{STEP}\n\n   **Expected outcome:** The build is green."
    made = workflow(text)
    assert made.nodes["clerk-pushes-tag"].details == ("Expected outcome: The build is green",)
    come_back(made)
    for twin in ("The lead signs it", "The plan is approved", "Call the guard", "At most two lamps are lit"):
        assert kinds(text.replace("The build is green", twin))[-1] != "detail", twin


@pytest.mark.parametrize(
    "text",
    [
        "If it rains, call the guard.",
        "**Note:** If the lamp is red after 15 minutes, start again with the next lamp.",
        "Never open it.",
        "You must sign it.",
        "The guard must open it.",
    ],
)
def test_a_quotation_that_orders_something_is_reported(text: str) -> None:
    assert kinds(f"{STEP}\n\n> {text}\n", "clerk")[-1] == "error"
    assert kinds(f"{STEP}\n\n<!-- {text} -->\n", "clerk")[-1] == "remark"


@pytest.mark.parametrize(
    "text", ["If it rains, the door is wet.", "This takes an hour.", "You can also ring the bell."]
)
def test_a_quotation_that_explains_is_a_remark(text: str) -> None:
    assert kinds(f"{STEP}\n\n> {text}\n", "clerk")[-1] == "remark"


@pytest.mark.parametrize(
    "text",
    [
        "Please see the tab for more information if needed *Errors: always call the lead",
        "See the guide, and never open it",
        "Note on the door when you will return",
    ],
)
def test_a_pointer_or_a_note_that_asks_for_more_is_no_remark(text: str) -> None:
    assert kinds(f"{STEP}{text}.", "clerk")[-1] in {"error", "node", "rule"}


def test_a_heading_without_its_blank_is_one() -> None:
    assert kinds("#Normal release from the shelf\nThe clerk opens it.\n") == ["node"]
    assert kinds("# A\n\n1. The clerk opens it.\n\n#1 is the best.\n") == ["node", "error"]


@pytest.mark.parametrize(
    ("told", "twin"),
    [
        ("This is done to avoid duplicates", "This is done to avoid a call to the lead"),
        ("This is important because old labels look alike", "This is important because it must be signed"),
        ("This is to make sure that the numbers match", "This is to make sure that the lead signs it"),
        ("The purpose of this step is to find duplicates", "The purpose of this step is to sign the form"),
        ("This ensures that the copy matches the list", "This ensures that each claim is paid once a year"),
        ("You will see a green page", "You will see a page; click it"),
        ("You should get a link", "You should get approval"),
        ("This may take a while", "This may take the lead's place"),
        ("It usually takes five minutes", "It usually takes five people"),
        ("The copy is sent automatically", "The copy is approved automatically"),
        ("A new window opens", "A new shop opens"),
        ("The tool then makes a page", "The guard then makes a page"),
    ],
)
def test_why_and_what_is_seen_are_told_and_their_twins_are_not(told: str, twin: str) -> None:
    assert kinds(f"{STEP}{told}.", "clerk") == ["node", "detail"]
    come_back(workflow(f"{STEP}{told}."))
    assert "detail" not in kinds(f"{STEP}{twin}.", "clerk")


def test_what_is_no_sentence_breaks_nothing() -> None:
    for text in ("It usually", "This usually also then", "the", "` ` `x`", "It really, truly", "you will see "):
        assert not explains(text)


def test_what_an_explanation_stands_behind_may_still_hold_for_what_stands_behind_it() -> None:
    text = "# A\n\n## B\n\nIf it is red, call the guard.\n\nThe tool shows a page.\n\nWash these boxes.\n"
    assert kinds(text, "clerk") == ["node", "detail", "error"]


def test_an_explanation_behind_what_may_be_a_step_is_not_told_with_an_earlier_one() -> None:
    text = "- The clerk opens it.\n- {between}.\n- The tool shows a page.\n"
    assert kinds(text.format(between="The lamps of the clerk blorb")) == ["node", "error", "error"]
    assert kinds(text.format(between="The `x` lamps blorb")) == ["node", "error", "error"]


@pytest.mark.parametrize(
    "between", ["The red lamps\n\n", "*Lamps*\n\n", "## Lamps\n\n", "_The hall and the lamps_\n\n"]
)
def test_nothing_stands_between_a_step_and_its_explanation(between: str) -> None:
    step, said = "The clerk opens the box.\n\n", "The tool shows a page.\n"
    assert kinds(f"{step}{said}") == ["node", "detail"]
    assert kinds(f"{step}> The lamps are red.\n\n{said}") == ["node", "remark", "detail"]
    assert "detail" not in kinds(f"{step}{between}{said}")


@pytest.mark.parametrize(
    ("step", "example"),
    [
        ("Add water to the dough", "if you weighed 400 g of flour, add 260 g of water"),
        ("Write the date on the tag", "write `2026-01-31`"),
        ("The tailor cuts the lining", "if you measured 90 cm, you cut 93 cm"),
        ("Order the bulbs", "if you counted 40 pots, you would order 44 bulbs"),
        ("The nurse enters the weight", 'enter "71.5"'),
        ("Set the dial", "if the gauge showed 3 bar, set it to 4"),
        ("Pack the crates", "if you received 12 crates, you need to pack 6"),
        ("Mix the paint", "mix 2 parts of blue"),
    ],
)
def test_an_example_of_the_step_itself_is_told_with_it(step: str, example: str) -> None:
    assert [r.kind.value for r in compiled(f"1. {step}. For example, {example}.\n", "clerk").read] == ["node", "detail"]
