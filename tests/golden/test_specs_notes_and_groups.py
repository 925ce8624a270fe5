"""Notes among criteria, labels in the midst of a line, numbered groups: as strangers write them."""

import pytest

from orchestrator.models.spec import Requirement, Spec, SpecFormat
from orchestrator.specs.check import check_spec
from orchestrator.specs.parse import parse_spec

GROUPS = """# Live output

## §5 Functional Requirements

### FR-1 — Capture

- **FR-1.1** The runner reads both pipes at once. *Acceptance:* a child that fills
  one pipe ends within 5 s.
- **FR-1.2** Lines before a kill are kept.
  *Accept:* a killed child leaves 3 lines.

### FR-2: Record

- **Acceptance:** each answer adds one row.

#### FR-2(b): Replays

A replay adds no row, see FR-1.1 and FR-1.
"""


def _criteria(requirement: Requirement) -> list[str]:
    return [c.text for c in requirement.acceptance]


def _parsed(text: str, form: SpecFormat | None = None) -> Spec:
    return parse_spec(text.encode(), "live.md", form)


def test_a_dotted_id_is_an_id_and_its_heading_names_a_group() -> None:
    first, second = _parsed(GROUPS, SpecFormat.SPEC_KIT).requirements[:2]
    assert (first.id, second.id) == ("live-output/FR-1.1", "live-output/FR-1.2")
    assert first.statement == "The runner reads both pipes at once."
    assert (first.span.line, first.span.end_line, second.span.end_line) == (7, 8, 10)


def test_a_label_within_a_line_or_on_the_next_one_stays_in_its_item() -> None:
    first, second = _parsed(GROUPS, SpecFormat.SPEC_KIT).requirements[:2]
    assert _criteria(first) == ["a child that fills one pipe ends within 5 s."]
    assert _criteria(second) == ["a killed child leaves 3 lines."]


def test_a_title_with_criteria_and_no_sentence_says_what_is_wanted() -> None:
    record = next(r for r in _parsed(GROUPS, SpecFormat.SPEC_KIT).requirements if r.id.endswith("/FR-2"))
    assert (record.statement, _criteria(record)) == ("Record", ["each answer adds one row."])
    assert "live-output/FR-2b" in {r.id for r in _parsed(GROUPS, SpecFormat.SPEC_KIT).requirements}


@pytest.mark.parametrize("named", ["and FR-1.", "and FR-1.9."])
def test_of_ids_in_groups_none_dangles_they_may_be_another_documents(named: str) -> None:
    text = GROUPS.replace("and FR-1.", named)
    assert named in text
    checked = check_spec(text.encode(), "live.md", select=["PRD109"])
    assert not [p for p in checked.problems if p.code == "PRD109"]


def test_an_item_that_begins_with_the_name_of_a_standard_is_no_requirement() -> None:
    below = "## Further Requirements\n\n- AES-256 for keys\n- SHA-384 for digests\n"
    text = f"# REQ-007: Keys\n\n## Requirement\n\nKeys must be strong.\n\n{below}"
    (one,) = _parsed(text).requirements
    assert one.aliases == ("REQ-007",)


NOTED = """# Till

## Requirements

### Requirement 1: Balance

**User Story:** As a cashier, I want to see the balance.

#### Acceptance Criteria

The following must all be true:

1. WHEN a number is typed THEN the till SHALL show what is left

Note: the old till cannot.

2. IF the number is unknown THEN the till SHALL say so

Assumption: numbers have 16 digits.

- Rationale: cashiers guess today.

*Where:* `src/till.py`

Somebody wrote this on a Friday.
"""


@pytest.mark.parametrize("heading", ["Requirement 1", "REQ-001"])
def test_notes_among_criteria_are_kept_and_are_no_criteria(heading: str) -> None:
    (one,) = _parsed(NOTED.replace("Requirement 1", heading)).requirements
    assert [text[:4] for text in _criteria(one)] == ["WHEN", "IF t"]
    assert [w.value for w in one.where] == ["src/till.py"]
    for words in ("Note: the old", "Assumption: numbers", "Rationale: cashiers", "on a Friday", "must all be true"):
        assert words in one.statement, words


def test_paragraphs_are_criteria_where_there_is_no_list_and_rows_but_not_their_head() -> None:
    text = (
        "# Till\n\n## Requirements\n\n### REQ-001: Show\n\nThe till shows it.\n\n#### Priority: high\n\n"
        "#### Acceptance Criteria\n\nThe till shows 20.00.\n\nExample: a card of paper.\n\nThe drawer opens.\n\n"
        "### REQ-002: Rows\n\nThe till prints it.\n\n#### Acceptance Criteria\n\n"
        "| card | shown |\n|---|---|\n| 20.00 | 20.00 |\n"
    )
    first, second = _parsed(text).requirements
    assert _criteria(first) == ["The till shows 20.00.", "The drawer opens."]
    assert (first.priority, "Example: a card of paper." in first.statement) == ("high", True)
    assert _criteria(second) == ["20.00 | 20.00"]
