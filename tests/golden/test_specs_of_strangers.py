"""Specs as strangers write them: what was once read wrong, or not at all."""

from orchestrator.models.spec import SpecFormat
from orchestrator.specs.parse import parse_spec

STORIES = """# Feature Specification: Parcel lockers

**Feature Branch**: `007-parcel-lockers`

## User Scenarios & Testing *(mandatory)*

### User Story 1 - Pick up a parcel (Priority: P1)

As a recipient I want to open my locker with a code so that I need no key.

**Acceptance Scenarios**:

1. **Given** a parcel in locker 7, **When** the right code is typed, **Then** locker 7 opens.
2. **Given** a parcel in locker 7, **When** a wrong code is typed, **Then** it stays shut.

### User Story 2 - Return a parcel (Priority: P2)

As a recipient I want to put a parcel back so that the courier takes it.

## Success Criteria

- **SC-001**: 95 % of pick-ups take under 60 seconds.
"""


def test_a_spec_kit_spec_of_stories_alone_has_them_as_requirements() -> None:
    spec = parse_spec(STORIES.encode(), "spec.md")
    assert spec.format is SpecFormat.SPEC_KIT
    assert [(r.id, r.title, r.priority) for r in spec.requirements] == [
        ("007-parcel-lockers/US1", "Pick up a parcel", "P1"),
        ("007-parcel-lockers/US2", "Return a parcel", "P2"),
    ]
    assert [len(r.acceptance) for r in spec.requirements] == [2, 0]
    assert [c.text.split(":")[0] for c in spec.criteria] == ["SC-001"]


def test_numbered_stories_without_marks_of_spec_kit_are_prose() -> None:
    text = STORIES.replace("Feature Specification: ", "").replace("**Feature Branch**: `007-parcel-lockers`", "Words.")
    assert parse_spec(text.encode(), "spec.md").format is SpecFormat.PLAIN


def test_criteria_numbered_by_hand_line_under_line_are_each_one() -> None:
    text = (
        "# Greenhouse\n\n## Requirements\n\n### Requirement 2: Night\n\n#### Acceptance Criteria\n\n"
        "2.1 WHEN it is 22:00 THEN the lights SHALL go off\n"
        "2.2 WHERE a seedling table is fitted\nits light SHALL stay on\n"
    )
    (one,) = parse_spec(text.encode(), "g.md").requirements
    assert one.aliases == ("2", "2.1", "2.2")
    assert one.acceptance[1].text == "WHERE a seedling table is fitted its light SHALL stay on"
    assert one.acceptance[1].span.line == 10


def test_an_item_with_an_id_is_a_requirement_in_any_language() -> None:
    text = (
        "# Kasse\n\n## Was gebaut wird\n\n- REQ-001: La caisse affiche le solde.\n- ohne Belang\n\n"
        "## Anforderungen\n\nDie Kasse muss den Restwert anzeigen.\n\n## Nicht-Ziele\n\n- Verkauf\n"
    )
    spec = parse_spec(text.encode(), "k.md")
    assert [r.statement for r in spec.requirements] == [
        "La caisse affiche le solde.",
        "Die Kasse muss den Restwert anzeigen.",
    ]
    assert [r.statement for r in spec.non_goals] == ["Verkauf"]


def test_what_somebody_would_like_is_wanted_and_what_is_quoted_is_not() -> None:
    text = (
        "Dark mode for the viewer\n\n> We must not ship this before June.\n\n"
        "I'd like the viewer to have a dark mode.\n\n"
        "### Tasks\n\n- [ ] The choice must survive a restart\n"
    )
    spec = parse_spec(text.encode(), "issue.md")
    assert [r.statement for r in spec.requirements] == [
        "I'd like the viewer to have a dark mode.",
        "The choice must survive a restart",
    ]


def test_a_press_release_as_a_letter_is_one() -> None:
    text = (
        "Dear customers,\n\nToday Meadow announces Night Return.\n\n"
        '"I finish at two. Now I can leave the bike at once," says Ana.\n\n'
        "Customers open the app, and the gate opens within 3 seconds.\n\nFREQUENTLY ASKED QUESTIONS\n\n"
        "Q: What when my phone is empty?\nA: You can type your number at the gate.\n\n"
        "Q: Will there be staff at night?\nA: No. There are no plans to have staff at night.\n"
    )
    spec = parse_spec(text.encode(), "night-return.md")
    assert (spec.format, spec.namespace) == (SpecFormat.PR_FAQ, "night-return")
    assert [r.statement for r in spec.requirements] == [
        "Customers open the app, and the gate opens within 3 seconds.",
        "You can type your number at the gate.",
    ]
    assert len(spec.non_goals) == 1
