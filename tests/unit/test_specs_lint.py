"""Each rule finds its bad example and leaves its good one alone; what real specs taught is a test by name."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from orchestrator.errors import UsageError
from orchestrator.models.spec import Severity
from orchestrator.specs.check import all_codes, check_spec, explain, fixed
from orchestrator.specs.codes import CODES
from orchestrator.specs.lint.table import MAX_REMARKS_PER_RULE, RULES
from orchestrator.specs.rules_page import rules_page

FRAME = "# Till\n\nCashiers wait at the till for a long time.\n\n## Requirements\n\n### REQ-001: First\n\n{}\n"


def document(example: str) -> str:
    return example if example.startswith("#") else FRAME.format(example)


def codes(text: str, **more) -> list[str]:
    return [p.code for p in check_spec(text.encode(), "prd.md", **more).problems]


@pytest.mark.parametrize("code", RULES)
def test_a_rule_finds_its_bad_example_and_no_fault_in_its_good_one(code: str) -> None:
    rule = RULES[code]
    assert code in codes(document(rule.bad), select=[code])
    assert code not in codes(document(rule.good), select=[code])


@pytest.mark.parametrize("code", RULES)
def test_an_example_can_be_planned_so_that_nothing_else_hides_the_rule(code: str) -> None:
    for example in (RULES[code].bad, RULES[code].good):
        checked = check_spec(document(example).encode(), "till.md")
        assert checked.spec is not None, checked.problems


def test_there_are_rules_of_every_family_and_their_texts_say_something() -> None:
    assert len(RULES) >= 40
    assert {rule.family for rule in RULES.values()} == set(type(RULES["PRD100"].family))
    for rule in RULES.values():
        assert rule.code not in CODES
        assert len(rule.why.split()) >= 6
        assert rule.hint
        assert rule.summary == rule.summary.rstrip(".")


@pytest.mark.parametrize(
    ("sentence", "code", "said"),
    [
        ("The till must answer fast.", "PRD120", True),
        ("The till must answer fast, within 200 ms.", "PRD120", False),
        ('The till must show a button "Fast".', "PRD120", False),
        ("The till must have a quick start page.", "PRD120", False),
        ("The list must hold as many rows as there are cards.", "PRD121", False),
        ("The list must hold many rows.", "PRD121", True),
        ("The till must show it as soon as the number is typed.", "PRD135", False),
        ("The till must show it soon.", "PRD135", True),
        ("No surface may import the other.", "PRD130", False),
        ("The till may show the other.", "PRD130", True),
        ("The till MAY show the other.", "PRD130", False),
        ("The till must wait at most 5 minutes.", "PRD134", False),
        ("The till must retry after 3 failed attempts.", "PRD134", False),
        ("The till must wait at most 5.", "PRD134", True),
        ("The till must be better than the old one at adding up.", "PRD133", False),
        ("As a cashier, I want a nice and fast till, so that many people are served.", "PRD120", False),
        ("The till must print version III of the receipt.", "PRD159", False),
        ("`TBD` is the name of a column.", "PRD127", False),
    ],
)
def test_words_in_their_place(sentence: str, code: str, *, said: bool) -> None:
    assert (code in codes(FRAME.format(sentence))) is said


def test_a_remark_stands_at_its_word() -> None:
    checked = check_spec(FRAME.format("The till\nmust be **fast** today.").encode(), "prd.md")
    found = next(f for f in checked.remarks if f.rule.code == "PRD120")
    line = checked.lines[found.remark.line - 1]
    assert line[found.remark.column - 1 :][: found.remark.length] == "fast"


def test_a_spec_that_cannot_be_planned_is_remarked_on_too() -> None:
    checked = check_spec(FRAME.format("The till must be fast. [NEEDS CLARIFICATION: how fast?]").encode(), "prd.md")
    assert checked.spec is None
    assert {"PRD012", "PRD120"} <= {p.code for p in checked.problems}


def test_words_of_another_language_are_left_alone() -> None:
    german = (
        "# Kasse\n\nDie Leute warten an der Kasse sehr lange auf ihr Wechselgeld, "
        "und niemand weiß, was auf einer Karte noch übrig ist.\n\n## Requirements\n\n"
        "### REQ-001: Guthaben\n\nDie Kasse muss das Guthaben der Karte fast sofort anzeigen, etc.\n"
    )
    assert not {c for c in codes(german) if RULES.get(c) and RULES[c].languages}
    assert "PRD140" in codes(german)
    assert "PRD122" in codes("---\nlanguage: en\n---\n" + german)


def test_rules_are_chosen_by_the_caller_and_by_the_document() -> None:
    text = FRAME.format("The invoice must be approved fast.")
    assert {"PRD120"} <= set(codes(text))
    assert "PRD124" not in codes(text)
    assert "PRD124" in codes(text, select=["PRD124"])
    assert "PRD120" not in codes(text, ignore=["PRD120"])
    assert "PRD120" not in codes("---\nlint-ignore: PRD120, PRD140\n---\n" + text)
    with pytest.raises(UsageError) as caught:
        check_spec(text.encode(), "prd.md", ignore=["PRD999"])
    assert caught.value.code == "PRD050"


def test_many_remarks_of_one_rule_are_counted() -> None:
    text = FRAME.format(
        "\n\n".join(f"The till number {n} of ours must show etc." for n in range(MAX_REMARKS_PER_RULE + 9))
    )
    found = [p for p in check_spec(text.encode(), "prd.md").problems if p.code == "PRD122"]
    assert len(found) == MAX_REMARKS_PER_RULE + 1
    assert found[-1].message.endswith("And 8 more like it.")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_mending_changes_what_is_mechanical_and_no_other_byte(end: str) -> None:
    text = (
        "\ufeff# Till\n\n### Why\n\nQueues, see REQ-1. The e-mail\u2028counts.\n\n## Requirements\n\n### REQ-001: One\n"
        "\nThe till must send an e-mail.\n\n### REQ-002: Two\n\n"
        "The till must show each email, and the e-mail of REQ-1.\n"
    ).replace("\n", end)
    checked = check_spec(text.encode(), "prd.md")
    mended, count = fixed(text.encode(), checked)
    expected = text.replace("### Why", "## Why").replace("REQ-1.", "REQ-001.").replace("each email", "each e-mail")
    assert mended.decode() == expected
    assert count == 4
    again = check_spec(mended, "prd.md")
    assert fixed(mended, again) == (mended, 0)


def test_every_code_is_explained() -> None:
    for code in all_codes():
        told = explain(code.lower())
        assert told.summary
        assert told.hint
        assert isinstance(told.severity, Severity)
    with pytest.raises(UsageError):
        explain("PRD999")


def test_a_secret_is_pointed_at_and_not_repeated() -> None:
    found = next(p for p in check_spec(document(RULES["PRD167"].bad).encode(), "prd.md").problems if p.code == "PRD167")
    assert "hunter2" not in found.message


def test_the_reference_page_is_made_from_the_tables() -> None:
    page = Path(__file__).parents[2] / "docs/reference/prd-rules.md"
    assert page.read_text() == rules_page(), "write rules_page() to it"


@pytest.mark.slow
def test_a_rule_that_is_wrong_too_often_on_labelled_sentences_is_off_by_default(tmp_path) -> None:
    script = Path(__file__).parents[2] / "benchmarks" / "spec_rules.py"
    told = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "HANDRAIL_BENCHMARK_RESULTS": str(tmp_path)},
        capture_output=True,
        check=True,
    )
    figures = json.loads(told.stdout.splitlines()[-1])["figures"]
    kept = json.loads((script.parent / "results" / "spec_rules.json").read_text())
    assert figures == kept["figures"]
    assert figures["sentences"] >= 100
    rates = {name.split()[0]: rate for name, rate in figures.items() if name.endswith("precision")}
    assert len(rates) >= 30
    assert {code for code, rate in rates.items() if rate < 0.7 and RULES[code].default} == set()


def test_a_rule_that_is_wrong_too_often_on_specs_of_others_is_off_by_default() -> None:
    stored = Path(__file__).parents[2] / "benchmarks" / "results" / "spec_strangers.json"
    figures = json.loads(stored.read_text())["figures"]
    assert figures["labelled sentences"] >= 100
    rates = {name.split()[0]: rate for name, rate in figures.items() if re.fullmatch(r"PRD\d+ precision", name)}
    assert len(rates) >= 10
    assert {code for code, rate in rates.items() if rate < 0.7 and RULES[code].default} == set()
