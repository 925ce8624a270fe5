"""An answer of ``prd clarify`` stands where each format has such things; the file reads as before, plus the answer."""

from datetime import date

import pytest

from orchestrator.models.spec import Requirement, SpecFormat
from orchestrator.specs.beside import Beside
from orchestrator.specs.check import Checked, check_spec
from orchestrator.specs.elicit import Answer, answered, questions
from orchestrator.specs.lock import LockFile, write_lock

DAY = date(2026, 11, 30)
_KIT = "# Feature Specification: Cards\n\nCashiers wait.\n\n## Requirements\n\n"
FORMS = {
    SpecFormat.FEATURE: (
        "# Cards\n\nCashiers wait.\n\n## Requirements\n\n### REQ-001: Show\n\nThe till must show the balance.\n\n"
        "### REQ-002: Print\n\nThe till must print it.\n"
    ),
    SpecFormat.SPEC_KIT: (
        f"{_KIT}- **FR-001**: The till MUST show the balance\n  of a card.\n- **FR-002**: The till MUST print it.\n\n"
        "## Notes\n\nNone.\n"
    ),
    SpecFormat.EARS: (
        "# Requirements Document\n\n## Introduction\n\nCashiers wait.\n\n## Requirements\n\n### Requirement 1: Show\n\n"
        "**User Story:** As a cashier, I want to see the balance, so that nobody waits.\n\n#### Acceptance Criteria\n\n"
        "### Requirement 2: Print\n\n**User Story:** As a cashier, I want a receipt, so that I have it.\n"
    ),
    SpecFormat.OPENSPEC: (
        "# cards Specification\n\n## Purpose\nCashiers wait.\n\n## Requirements\n\n### Requirement: Show\n"
        "The till SHALL show the balance.\n\n### Requirement: Print\nThe till SHALL print it.\n"
    ),
    SpecFormat.PLAIN: (
        "# Cards\n\nCashiers wait.\n\n## Requirements\n\n- The till must show the balance.\n\n"
        "The till must print a receipt of the card.\n\nThe till must lock after 5 minutes.\n"
    ),
}


def _checked(text: str, lock: bytes | None = None) -> Checked:
    return check_spec(text.encode(), "cards.md", None, Beside(lock=lock))


def _requirements(checked: Checked) -> tuple[Requirement, ...]:
    assert checked.spec is not None, checked.problems
    return checked.spec.requirements


def _answered(text: str, checked: Checked, words: str) -> tuple[str, int]:
    """The document with each question of the kind *how would you see it* answered."""
    asked = [q for q in questions(checked) if q.category == "completion" and q.after]
    given = [Answer(q, f"{words} {n}.", assumed=False) for n, q in enumerate(asked, 1)]
    return answered(text, given, DAY), len(given)


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_an_answer_becomes_a_criterion_in_the_documents_own_form(form: SpecFormat) -> None:
    first = _checked(FORMS[form])
    assert first.assigned is not None
    lock = write_lock(LockFile(), "cards.md", first.assigned.lock)
    before = _requirements(_checked(FORMS[form], lock))
    text, count = _answered(FORMS[form], first, "When the card is read, then the till SHALL show 20.00 in case")
    assert count == len(before)
    after = _requirements(_checked(text, lock))
    assert [r.id for r in after] == [r.id for r in before]
    assert [r.statement for r in after] == [r.statement for r in before]
    assert not any(r.provisional for r in after)
    for n, requirement in enumerate(after, 1):
        assert requirement.acceptance[-1].text.endswith(f"20.00 in case {n}."), text
    assert text.count("in case 1.") == 2, "in its place and under Clarifications"


def test_a_further_criterion_of_kiro_has_the_next_number() -> None:
    text = FORMS[SpecFormat.EARS].replace(
        "#### Acceptance Criteria\n\n",
        "A clerk must be able to type a password.\n\n#### Acceptance Criteria\n\n"
        "1. WHEN a clerk types a password THEN the till SHALL show the balance\n"
        "2. WHEN a card is read THEN the till SHALL print it\n\n",
        1,
    )
    asked = next(q for q in questions(_checked(text)) if q.category == "edge cases")
    made = answered(text, [Answer(asked, "IF it is wrong THEN the till SHALL say so", assumed=False)], DAY)
    first = _requirements(_checked(made))[0]
    assert "\n3. IF it is wrong THEN the till SHALL say so\n" in made
    assert first.aliases == ("1", "1.1", "1.2", "1.3")


@pytest.mark.parametrize(
    ("entry", "made"),
    [
        ("### Can I see it?\n\nA customer can see the balance.\n", "### What is deliberately left out?\n\nGifts.\n"),
        ("Q: Can I see it?\nA: A customer can see the balance.\n", "Q: What is deliberately left out?\nA: Gifts.\n"),
    ],
)
def test_an_answer_in_a_pr_faq_is_one_more_entry(entry: str, made: str) -> None:
    opening = "# Press release: Cards\n\nToday the shop announces cards.\n\n## Customer FAQ\n\n"
    text = f"{opening}{entry}\n## Appendix\n\nNone.\n"
    checked = _checked(text)
    assert checked.spec is not None
    assert checked.spec.format is SpecFormat.PR_FAQ
    asked = next(q for q in questions(checked) if q.category == "functional scope")
    written = answered(text, [Answer(asked, "Gifts.", assumed=False)], DAY)
    assert made in written.split("## Appendix")[0]
    assert [r.statement for r in _requirements(_checked(written))] == [r.statement for r in checked.spec.requirements]


def test_a_marker_is_replaced_in_place_in_every_form() -> None:
    for form, text in FORMS.items():
        marked = text.replace("balance", "balance [NEEDS CLARIFICATION: of what?]", 1)
        (asked,) = (q for q in questions(_checked(marked)) if q.marker)
        made = answered(marked, [Answer(asked, "of a card", assumed=False)], DAY)
        assert "balance of a card" in made, form
        assert "## Clarifications\n\n### Session 2026-11-30\n\n- Q: of what? \u2192 A: of a card" in made
        ids = [r.id for r in _requirements(_checked(text))]
        assert [r.id for r in _requirements(_checked(made))] == ids


def test_a_row_of_a_table_has_no_place_of_its_own() -> None:
    text = f"{_KIT}| ID | Requirement |\n|---|---|\n| FR-001 | The till MUST show the balance. |\n"
    asked = [q for q in questions(_checked(text)) if q.category == "completion"]
    assert all(q.section and not q.after for q in asked)
