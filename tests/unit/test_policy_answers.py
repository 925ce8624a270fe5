"""Answers to typed questions: what is one, how it is typed, and what a decision makes of it."""

from __future__ import annotations

import json

import pytest

from orchestrator.models.workflow import Case, Condition, Fact, FactKind, Operator
from orchestrator.policy import answers

NUMBER, YES_NO, TEXT = (Fact(kind=kind) for kind in (FactKind.NUMBER, FactKind.YES_NO, FactKind.TEXT))
CHOICE = Fact(kind=FactKind.CHOICE, choices=("red", "blue"))
LIST = Fact(kind=FactKind.LIST, most=3)


@pytest.mark.parametrize(
    ("fact", "good", "bad"),
    [
        (NUMBER, [0, -7, 10**15 - 1], [True, 1.0, "1", None, 10**15, [1]]),
        (YES_NO, [True, False], [1, 0, "yes", None]),
        (TEXT, ["a", "two\nlines\t.", "שלום \u200f", "é" * 4096], ["", " \n", "a" * 4097, 1, ["a"]]),
        (TEXT, [], ["\x1b[31m", "a\x00", "\ud800", "a\udfff"]),
        (TEXT, [],[ "\x7f", "\x9b31m", "a\rb", "in\u202eside", "\u2066x\u2069"]),
        (CHOICE, ["red"], ["green", "", "Red", 1, ["red"], None]),
        (LIST, [["a"], ["a", "b", "c"]], [[], ["a", "a"], ["a", "b", "c", "d"], ["a", ""], "a"]),
        (LIST, [], [["a\x1b"], [1], [["a"]], ["\ud800"]]),
    ],
)  # fmt: skip
def test_an_answer_is_of_its_questions_type(fact: Fact, good: list[object], bad: list[object]) -> None:
    for value in good:
        assert answers.problems({"it": fact}, json.dumps({"it": value})) == [], value
    for value in bad:
        (problem,) = answers.problems({"it": fact}, json.dumps({"it": value}))
        assert problem.startswith(f"it: must be {answers.wanted(fact)}"), value


@pytest.mark.parametrize(
    "words", ["", "7", "[]", "null", '{"it":1', '{"it":1,"it":2}', '{"it":1} {"it":2}', "[" * 30_000, '{"a":' * 30_000]
)
def test_what_is_no_object_with_each_name_once_is_no_answer(words: str) -> None:
    assert len(answers.problems({"it": NUMBER}, words)) == 1


def test_each_question_is_answered_and_no_other() -> None:
    told = answers.problems({"one": NUMBER, "two": NUMBER}, '{"one":1,"three":3}')
    assert [line.partition(":")[0] for line in told] == ["three", "two"]


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        (NUMBER, " -12 ", -12),
        (NUMBER, "1.5", "1.5"),
        (NUMBER, "--1", "--1"),
        (NUMBER, "\u0661", "\u0661"),
        (NUMBER, "9" * 16, "9" * 16),
        (YES_NO, " YES", True),
        (YES_NO, "false", False),
        (YES_NO, "maybe", "maybe"),
        (LIST, " a, b ,,c", ["a", "b", "c"]),
        (LIST, '["a, b", "c"]', ["a, b", "c"]),
        (LIST, "[1]", [1]),
        (LIST, "[a],[b]", ["[a]", "[b]"]),
        (LIST, "[" * 30_000, ["[" * 30_000]),
        (TEXT, " a ", " a "),
        (CHOICE, "red", "red"),
    ],
)
def test_what_is_typed_is_read_as_its_type_or_stays_text(fact: Fact, text: str, value: object) -> None:
    assert answers.spelled(fact, text) == value


def case(outcome: str, *conditions: tuple[Operator, bool | int | str]) -> Case:
    return Case(outcome=outcome, when=tuple(Condition(fact="it", operator=o, value=v) for o, v in conditions))


@pytest.mark.parametrize(
    ("operator", "below", "same", "above"),
    [
        (Operator.IS, False, True, False),
        (Operator.IS_NOT, True, False, True),
        (Operator.BELOW, True, False, False),
        (Operator.AT_MOST, True, True, False),
        (Operator.ABOVE, False, False, True),
        (Operator.AT_LEAST, False, True, True),
    ],
)
def test_numbers_are_compared(operator: Operator, *, below: bool, same: bool, above: bool) -> None:
    held = [answers.outcome([case("yes", (operator, 5))], {"it": number}) == "yes" for number in (4, 5, 6)]
    assert held == [below, same, above]


def test_one_is_not_yes_and_the_first_case_that_holds_counts() -> None:
    assert answers.outcome([case("yes", (Operator.IS, True))], {"it": 1}) is None
    assert answers.outcome([case("no", (Operator.IS_NOT, True))], {"it": 1}) == "no"
    cases = [case("big", (Operator.ABOVE, 1), (Operator.BELOW, 9)), case("any", (Operator.ABOVE, 0))]
    assert [answers.outcome(cases, {"it": number}) for number in (0, 1, 5, 9)] == [None, "any", "big", "any"]
    with pytest.raises(KeyError):
        answers.outcome(cases, {})


def test_the_command_line_says_what_kind_each_answer_is() -> None:
    facts = {
        "amount": Fact(kind=FactKind.NUMBER, question="?", unit="euros"),
        "kind": Fact(kind=FactKind.CHOICE, question="?", choices=("new", "very old")),
        "places": Fact(kind=FactKind.LIST, question="?", most=3),
        "reason": Fact(kind=FactKind.TEXT, question="?"),
        "returned": Fact(kind=FactKind.YES_NO, question="?"),
    }
    said = answers.asked_as(facts)
    assert said == "amount=NUMBER kind=new/'very old' places=TEXT,TEXT reason=TEXT returned=YES/NO"
    typed = {"amount": "7", "kind": "new", "places": "a,b", "reason": "it broke", "returned": "yes"}
    given = {name: answers.spelled(fact, typed[name]) for name, fact in facts.items()}
    assert answers.problems(facts, json.dumps(given)) == []
