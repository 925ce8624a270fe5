"""Texts that are made to hang or break the compiler: each ends at once, with every sentence accounted for."""

from __future__ import annotations

import sys
import time

import pytest
from workflow_support import compiled

from orchestrator.workflows.compile import compile_prose
from orchestrator.workflows.prose import MAX_CHARACTERS

MOST_SECONDS = 20.0
"""Of processor time, on a slow and busy machine; what is quadratic takes minutes."""
PIECES = (
    "a ", "(", "(a) ", ", and ", "by the clerk ", "if it is ", "The clerk must ", "x-", "Upon a (b), ",
    "must be ", "is done by ", "if necessary, ", "; if a, ", "Name, ", "approval of the ", "- Security ",
    "HR (HR) ", "`a` ", "word/word ", " - ", "a: ", "Step 1 ",
)  # fmt: skip


def seconds(text: str) -> float:
    before = time.process_time()
    compile_prose(text.encode(), "p", "test", "operator")
    return time.process_time() - before


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("begin", ["", "The ", "Wash the cup "])
def test_a_long_sentence_of_one_piece_ends(piece: str, begin: str) -> None:
    assert seconds(f"1. {begin}{piece * (1_900 // len(piece))}.\n") < MOST_SECONDS


@pytest.mark.parametrize(
    "text",
    [
        "- Wash the cup.\n" * 3_000,
        "".join(f"## If a is {n}\n\n- Wash it.\n\n" for n in range(300)),
        "## Rollback\n\n- Wash it.\n\n" * 500,
        "a. Wash the cup.\n\n    i. Wash it.\n" * 500,
        "wash the cup and " * 8_000,
        "---\n" * 1_000,
        "If it rains, " * 1_000,
    ],
    ids=["bullets", "conditions", "headings", "letters", "one sentence", "rules", "ifs"],
)
def test_a_large_text_ends(text: str) -> None:
    assert seconds(text) < MOST_SECONDS


MOST_OF_A_SENTENCE = 2.0
LONG = {
    "words": "word " * 24_000,
    "verbs": "The clerk " + "checks the form and files it then " * 3_500,
    "commas": "The clerk checks " + "a, " * 40_000,
    "conditions": "If the form is late, " * 5_700,
    "round": "Check (" + "a. b " * 24_000,
    "square": "Check " + "[" * 120_000,
    "pictures": "Check " + "![a" * 40_000,
    "backticks": "Check " + "`a` " * 30_000,
    "quoted": 'Check "' + "a b " * 30_000 + '"',
    "short forms": "Check " + "e.g. a " * 17_000,
    "one word": "a" * 120_000,
    "quotation": "> " + "If it rains, call " * 6_600,
    "title": "# " + "Check the form " * 8_000,
    "bold": "**" + "Check the form " * 8_000 + "**",
    "table": "| Step | Who | Action |\n|--|--|--|\n| 1 | Clerk | " + "check the form " * 8_000 + "|",
    "code": "```\n" + "if a b, c " * 12_000 + "\n```",
    "lines": "```sh\n" + "git push\n" * 13_000 + "```",
}


@pytest.mark.parametrize("long", LONG.values(), ids=LONG.keys())
@pytest.mark.parametrize("before", ["", "1. The clerk opens it.\n\n"], ids=["first", "behind a step"])
def test_what_is_too_long_is_an_error_at_once(long: str, before: str) -> None:
    text = f"{before}{long}\n\nThe clerk files it.\n"
    assert seconds(text) < MOST_OF_A_SENTENCE
    found = compiled(text, "operator")
    assert found.workflow is None
    assert "This is longer than 2,000 characters, and is not read." in [problem.message for problem in found.problems]


def test_a_sentence_of_that_length_is_read_and_one_more_character_is_too_much() -> None:
    said = "The clerk washes "
    assert compiled(f"{said}{'cup, ' * 395}box123.\n").workflow is not None
    assert compiled(f"{said}{'cup, ' * 395}box12345.\n").workflow is None


@pytest.mark.parametrize(
    "text",
    [
        "Roles: clerk, lead, {}",
        "- The clerk does this:\n  - {}\n  - washes it",
        "- {}\n  - wash the cup",
        "- Minor spill: wash it\n- Major spill: {}",
        "1. Wash it. See {}",
        "1. Wash it. About this: {}",
        "1. Wash it:\n   ```\n   {}\n   ```",
        "1. Wash it:\n   ```sh\n   {}\n   ```",
        "1. **Wash it.** {}",
    ],
)
def test_what_is_too_long_is_an_error_wherever_it_stands(text: str) -> None:
    found = compiled(f"1. The clerk opens it.\n\n{text.format('wash the cup ' * 200)}\n", "operator")
    assert found.workflow is None
    assert sum("longer than 2,000 characters" in problem.message for problem in found.problems) == 1


def test_cases_by_the_thousand_take_no_longer_than_steps() -> None:
    steps, cases = (
        "".join(f"- {said.format(n)}\n" for n in range(3_000)) for said in ("Check form {}", "Late {}: check it")
    )
    assert seconds(cases) < 4 * seconds(steps)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * (MAX_CHARACTERS + 1), "The process is longer than 262144 characters."),
        ("".join(f"{'  ' * n}- a\n" for n in range(50)), "The process is nested too deeply."),
        ("1. Wash it.\u202e\n", "Line 1 has a character that hides or reorders text."),
    ],
)
def test_what_is_too_much_is_said(text: str, said: str) -> None:
    found = compiled(text, "operator")
    assert [problem.message for problem in found.problems] == [said]
    assert found.workflow is None


def calls(conditions: int) -> int:
    """How often a function is called for a process with so many questions."""
    steps = "".join(f"{n}. If the form {n} is late, the clerk files it.\n" for n in range(1, conditions))
    counted = 0

    def count(_frame: object, event: str, _arg: object) -> None:
        nonlocal counted
        counted += event == "call"

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        found = compiled(f"# A\n\n{steps}", "clerk")
    finally:
        sys.setprofile(before)
    assert found.workflow is not None
    return counted


def test_the_work_grows_with_the_conditions_and_not_with_their_square() -> None:
    calls(10)
    assert calls(800) < 4.5 * calls(200)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (
            "1. Ask the clerk for the places (a list of at most 1001).\n2. If it rains, the clerk opens.\n",
            "at most 1000",
        ),
        ("1. Ask the clerk for the places (a list of at most 0).\n", "at least 1"),
        ("1. The clerk opens within 367 days.\n", "at most 366 days"),
        ("1. 65 of the clerks must approve the work.\n", "at most 64"),
    ],
)
def test_a_number_out_of_range_is_told_with_its_limit(text: str, hint: str) -> None:
    problem = compiled(text).problems[0]
    assert (problem.code, problem.message, problem.hint) == ("WF110", "A number is out of range.", hint)


def test_bytes_that_are_no_text_are_said() -> None:
    assert compile_prose(b"\xff\xfe1", "p", "test").problems[0].message == "The file is not UTF-8."


def test_the_mark_before_a_text_and_the_ends_of_its_lines_change_nothing() -> None:
    plain = "---\na: b\n---\n1. Wash it.\n\na. Fill it.\n"
    made = [compile_prose(data, "p", "test", "operator").workflow for data in (
        plain.encode(), b"\xef\xbb\xbf" + plain.encode(), plain.replace("\n", "\r\n").encode(),
    )]  # fmt: skip
    assert all(one is not None and made[0] is not None and one.nodes == made[0].nodes for one in made)


@pytest.mark.parametrize(
    "text",
    [
        "1. Der Techniker pr\u00fcft die Probe.\n2. Wenn sie fehlt, ruft er den Leiter.\n",
        "1. \u68c0\u67e5\u6837\u672c\u3002\n",
        "<table><tr><td>Wash it</td></tr></table>\n",
    ],
)
def test_what_is_no_english_is_reported_sentence_by_sentence(text: str) -> None:
    found = compiled(text, "operator")
    assert found.workflow is None
    assert {read.kind.value for read in found.read} == {"error"}
    assert all(problem.hint for problem in found.problems)
