"""Each format on a small document of our own: every value, every place."""

from pathlib import Path

import jinja2

from orchestrator.models.spec import SpecFormat
from orchestrator.specs.parse import parse_spec

ROOT = Path(__file__).parents[2]

SPEC_KIT = b"""# Feature Specification: Parcel tracking

**Feature Branch**: `007-parcel-tracking`
**Status**: Draft

<!-- FR-900: a comment is no requirement -->

## User Scenarios & Testing

### User Story 1 - See where it is (Priority: P1)

As a receiver I want to see where my parcel is.

**Acceptance Scenarios**:

1. **Given** a parcel on its way, **When** I open its page,
   **Then** I see the last depot.
2. **Given** no such parcel, **When** I open its page, **Then** I see FR-002's message.

## Requirements *(mandatory)*

### Functional Requirements

- **FR-001**: The page MUST show the last depot (User Story 1),
  with its town.
  - *Where:* `src/page.py`
- **FR-002**: An unknown number MUST give
  a plain message.

  ```text
  - **FR-901**: code is no requirement
  ```
**FR-003**: A line of its own
**FR-004**: and the next one

## Success Criteria

- **SC-001**: A page is there within 300 ms.
- **SC-002**: 9 of 10 testers understand the message of FR-002.
"""

EARS = b"""# Requirements Document

## Introduction
A door that opens for its owner.

## Requirements

### Requirement 1: Open for the owner
**User Story:** As an owner, I want the door to open, so that I get in.

#### Acceptance Criteria
1. WHEN the owner's tag is near THEN the door SHALL open
2. IF the tag is unknown THEN the door SHALL stay shut
   and light the red lamp

### Requirement 2
**Objective:** As a janitor, I want a list of entries

#### Acceptance Criteria
1. The door shall keep 30 days of entries
1. It is also nice to look at
1. Auf Wunsch \xc3\xb6ffnet sie auch nachts
"""

FEATURE = b"""# Late fees

## Requirements

### Money

#### REQ-001: Charge a late fee

A book that is late costs **0.20** a day.

Sundays are free.

- *Accept:*
  - Given a book 3 days late
  - When it comes back
  - Then 0.60 are due
  - Given a book in time, then nothing is due
- *Where:* `src/fees/**`, `tests/test_fees.py`
- *Verify by:* `python -m unittest tests.test_fees`

#### REQ-002: Waive a fee

A librarian may waive a fee.

**Acceptance criteria:**

- The waiver names the librarian.

*Depends on:* REQ-001
"""


def test_our_own_template() -> None:
    spec = parse_spec(FEATURE, "late.md")
    assert (spec.format, spec.namespace, spec.title) == (SpecFormat.FEATURE, "late-fees", "Late fees")
    first, second = spec.requirements
    assert (first.id, first.aliases, first.title) == ("late-fees/REQ-001", ("REQ-001",), "Charge a late fee")
    assert first.statement == "A book that is late costs 0.20 a day.\n\nSundays are free."
    assert [c.text for c in first.acceptance] == [
        "Given a book 3 days late\nWhen it comes back\nThen 0.60 are due",
        "Given a book in time, then nothing is due",
    ]
    assert [(d.value, d.span.line, d.span.column) for d in first.where] == [
        ("src/fees/**", 18, 12),
        ("tests/test_fees.py", 18, 27),
    ]
    assert [(d.value, d.span.line, d.span.column) for d in first.verify_by] == [
        ("python -m unittest tests.test_fees", 19, 16)
    ]
    assert (first.span.line, first.span.column, first.span.end_line) == (7, 6, 19)
    assert [c.text for c in second.acceptance] == ["The waiver names the librarian."]
    assert second.depends_on == ("late-fees/REQ-001",)
    assert spec.warnings == ()


def test_spec_kit() -> None:
    spec = parse_spec(SPEC_KIT, "specs/007/spec.md")
    assert (spec.format, spec.namespace, spec.title) == (
        SpecFormat.SPEC_KIT,
        "007-parcel-tracking",
        "Parcel tracking",
    )
    assert [r.id.partition("/")[2] for r in spec.requirements] == ["FR-001", "FR-002", "FR-003", "FR-004"]
    first, second, third, fourth = spec.requirements
    assert first.statement == "The page MUST show the last depot (User Story 1), with its town."
    assert [d.value for d in first.where] == ["src/page.py"]
    assert len(first.acceptance) == 2
    assert second.statement.startswith("An unknown number MUST give a plain message.\n\n```text\n")
    assert [c.text[:9] for c in second.acceptance] == ["Given no ", "SC-002: 9"]
    assert (third.statement, fourth.statement) == ("A line of its own", "and the next one")
    assert (third.span.line, fourth.span.line) == (33, 34)
    assert [c.text for c in spec.criteria] == ["SC-001: A page is there within 300 ms."]


def test_ears() -> None:
    spec = parse_spec(EARS, ".kiro/specs/front-door/requirements.md")
    assert (spec.format, spec.namespace) == (SpecFormat.EARS, "front-door")
    first, second = spec.requirements
    assert (first.id, first.aliases) == ("front-door/1", ("1", "1.1", "1.2"))
    assert first.statement == "User Story: As an owner, I want the door to open, so that I get in."
    assert first.acceptance[1].text == "IF the tag is unknown THEN the door SHALL stay shut and light the red lamp"
    assert (first.acceptance[1].span.line, first.acceptance[1].span.column) == (13, 4)
    assert second.aliases == ("2", "2.1", "2.2", "2.3")
    assert [(w.code, w.line) for w in spec.warnings] == [("PRD030", 21)]


def test_the_example_beside_the_template_is_clean() -> None:
    data = (ROOT / "prd_templates/feature/example.md").read_bytes()
    spec = parse_spec(data, "example.md")
    assert spec.format is SpecFormat.FEATURE
    assert [r.id for r in spec.requirements] == ["gift-cards/REQ-001", "gift-cards/REQ-002", "gift-cards/REQ-003"]
    assert all(r.acceptance for r in spec.requirements)
    assert [len(r.acceptance) for r in spec.requirements] == [2, 2, 1]
    assert spec.warnings == ()


def test_what_the_template_renders_is_clean() -> None:
    source = (ROOT / "prd_templates/feature/template.md.j2").read_text()
    template = jinja2.Environment(undefined=jinja2.StrictUndefined, autoescape=False).from_string(source)  # noqa: S701
    first = {"title": "Open", "statement": "It opens.", "accept": ["Given a tag, then it opens", "It shuts again"]}
    first |= {"where": ["src/door.py", "tests/**"], "verify_by": "make test", "depends_on": []}
    second = {"title": "List", "statement": "It lists.", "accept": ["30 days"], "depends_on": ["REQ-001"]}
    answers = {"namespace": "door", "title": "Front door", "why": "It is shut.", "not_included": "Nothing."}
    spec = parse_spec(template.render(requirements=[first, second], **answers).encode(), "p.md")
    assert [r.id for r in spec.requirements] == ["door/REQ-001", "door/REQ-002"]
    assert [len(r.acceptance) for r in spec.requirements] == [2, 1]
    assert [d.value for d in spec.requirements[0].where] == ["src/door.py", "tests/**"]
    assert [d.value for d in spec.requirements[0].verify_by] == ["make test"]
    assert spec.requirements[1].depends_on == ("door/REQ-001",)
    assert spec.requirements[1].statement == "It lists."


def test_ways_in_which_items_are_written() -> None:
    items = "- [ ] **FR-001**: a\n- **[FR-002]** b\n- **FR-003:** c\n\n| ID | What |\n|---|---|\n| FR-004 | d |\n"
    spec = parse_spec(f"## Requirements\n\n{items}".encode(), "lamp/spec.md")
    assert [(r.aliases[0], r.statement) for r in spec.requirements] == [
        ("FR-001", "a"),
        ("FR-002", "b"),
        ("FR-003", "c"),
        ("FR-004", "d"),
    ]
    bare = "### Requirement 3: Lamp\n\n- 3.1 WHEN dark THE lamp SHALL shine\n- 3.2 The lamp shall be red\n"
    (requirement,) = parse_spec(bare.encode(), "lamp/requirements.md").requirements
    assert requirement.aliases == ("3", "3.1", "3.2")
    assert requirement.acceptance[0].text == "WHEN dark THE lamp SHALL shine"


def test_crlf_and_a_byte_order_mark_change_the_digest_and_nothing_else() -> None:
    plain = parse_spec(FEATURE, "late.md")
    dos = parse_spec(b"\xef\xbb\xbf" + FEATURE.replace(b"\n", b"\r\n"), "late.md")
    assert dos.source_digest != plain.source_digest
    assert dos.requirements == plain.requirements
