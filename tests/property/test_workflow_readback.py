"""What is read back of any process compiles to the same workflow: not only for those of the library."""

import re
import sys
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.workflows.compile import Kind, compile_prose
from orchestrator.workflows.say import explain

sys.path.append(str(Path(__file__).parents[1] / "unit"))
from workflow_support import bare

_ROLE = st.sampled_from(["clerk", "team lead", "finance lead", "on-call engineer"])
_THING = st.sampled_from(
    ["the form", "the old server", "a note (see `x.md`)", "`docs/a_b.md`", "step 1 of the plan", "it"]
)
_DOES = st.sampled_from(["files", "checks", "double-checks", "signs", "moves"])
_TIME = st.sampled_from(["2 hours", "a day", "90 seconds", "three weeks"])
_VALUE = st.integers(-5, 2000)


@st.composite
def _task(draw):
    when = draw(st.sampled_from(["", " before noon", ", and tells nobody"]))
    return f"The {draw(_ROLE)} {draw(_DOES)} {draw(_THING)}{when}"


@st.composite
def _review(draw):
    count = draw(st.sampled_from(["The ", "Two of the ", "3 of the "]))
    role = draw(_ROLE) + ("s" if count != "The " else "")
    verb = "approves" if count == "The " else "must approve"
    return f"{count}{role} {verb} {draw(st.sampled_from(['the plan', 'the report', 'the change']))}"


_OTHER = st.sampled_from(
    [
        "Ask the agent to mend the door",
        "Run `make check`",
        "The gates `ruff` and `bandit` check the change",
        "Notify the team",
        "Notify the team by webhook `hooks.example/a`",
        "Wait 2 days",
        "Wait until the clerk confirms that all is well",
        "Check the lamp",
        "To be sure, quickly read `the log`",
        "The lamp must be lit",
        "If the moon is full, close the shop",
        "Unless it rains, water the plants",
        "Once the paint is dry, move the table",
        "After 3 hours, open the oven",
        "For each `a`, `b`: check the part",
        "You can optionally clean the lamp",
        "Manual path: open the door",
        "The best way to rest is to shut the shop",
        "We recommend using the long rope",
        "You will need the key to the door",
        "`git push --tags`",
        "Check that the lamp is lit. If not, light it",
        "The lead engineer: open the box",
        "The report must be approved by two of the team leads",
        "Get approval from the finance lead for the plan",
        "Boxes of the shop must be shut",
        "Use these: the rope; the lamp",
        "Within 2 hours, the clerk calls them",
        "(Optional) Clean the lamp",
        "We usually post a note",
        "A member of the board signs it",
        "Or use the rope. (It is long.) See the book",
        "Ask the lead engineer whether it snows. If it doesn't, close the door and the process ends",
    ]
)
_END = st.sampled_from(["", "", ". If it ends as `blocked`, stop", ". Stop", ". Go on"])


@st.composite
def _timed(draw):
    what = draw(st.one_of(_task(), _review()))
    tail = draw(st.sampled_from(["", ", otherwise stop as late", ", otherwise escalate to the team lead"]))
    return f"{what} within {draw(_TIME)}{tail}"


@st.composite
def _decided(draw):
    operator = draw(st.sampled_from(["is above", "is below", "is", "is not", "is at least", "is at most"]))
    then = draw(
        st.one_of(_task(), st.sampled_from(["go to step 1, at most twice, otherwise stop", "stop", "end as rejected"]))
    )
    tail = draw(st.sampled_from(["", ". Otherwise, continue", ". Otherwise, stop"]))
    return f"If the amount {operator} {draw(_VALUE)} euros, {then}{tail}"


_item = st.one_of(_task(), _review(), _OTHER, _timed(), _decided())


_WORDS = st.text("aT,.:`*_()!? \n-1#>[]|", min_size=1, max_size=60).filter(lambda words: words.strip())


@st.composite
def _quoted(draw):
    """A step whose words are quoted; the item must be told how far in its own words stand."""
    timer = draw(st.sampled_from(["", " within 2 days"]))
    lines = draw(_WORDS).split("\n")
    return f"The {draw(_ROLE)} sees to this as it is written{timer}:\n" + "\n".join(f"   > {line}" for line in lines)


@st.composite
def _parallel(draw):
    branches = draw(st.lists(st.one_of(_task(), _timed(), _OTHER), min_size=2, max_size=3))
    return "In parallel:\n" + "\n".join(f"   {n}. {branch}." for n, branch in enumerate(branches, 1))


@st.composite
def _process(draw):
    items = draw(st.lists(st.one_of(_item, _item, _parallel(), _quoted()), min_size=1, max_size=6))
    lines = ["# A process", "", "By default, the clerk does each step.", ""]
    lines += ["1. Ask the clerk for the amount (a number in euros)."]
    lines += [
        f"{n}. {item}{draw(_END) + '.' if 'parallel' not in item and 'written' not in item else ''}"
        for n, item in enumerate(items, 2)
    ]
    if draw(st.booleans()):
        lines += ["", "Never merge the change before the gates passed since the last edit."]
    return "\n".join(lines).replace(":.", ":") + "\n"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(_process())
def test_what_is_read_back_compiles_to_the_same(text):
    found = compile_prose(text.encode(), "p.md", "p")
    if found.workflow is None:
        assert found.problems
        return
    told = explain(found.workflow)
    again = compile_prose(told.encode(), "p.md", "p")
    assert again.workflow is not None, (told, [str(p) for p in again.problems])
    assert bare(again.workflow) == bare(found.workflow), told
    assert explain(again.workflow) == told


@settings(max_examples=80, deadline=None)
@given(st.lists(st.one_of(_item, st.text("aT,.:`*_()!? \n-1#>[]|", max_size=30)), max_size=6))
def test_no_sentence_is_dropped_and_each_error_has_its_place(parts):
    found = compile_prose(("1. " + ".\n2. ".join(parts)).encode(), "p.md", "p", "clerk")
    places = {(p.line, p.column) for p in found.problems}
    for read in found.read:
        if read.kind is Kind.ERROR:
            assert (read.sentence.span.line, read.sentence.span.column) in places
    words = re.findall(r"[A-Za-z]{3,}", " ".join(r.sentence.text for r in found.read))
    assert found.workflow is None or words
