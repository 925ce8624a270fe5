"""Awkward documents of each form: nothing is lost, nothing is made up, ids are the author's own."""

from orchestrator.models.spec import Spec, SpecFormat
from orchestrator.specs.parse import parse_spec


def _parsed(text: str) -> Spec:
    return parse_spec(text.encode(), "awkward/spec.md")


def _keys(spec: Spec) -> list[str]:
    return [r.id.partition("/")[2] for r in spec.requirements]


def test_kiro_without_the_word_requirement() -> None:
    text = (
        "# Requirements\n\n## Requirements\n\n### 1. Login (Priority: High)\n\nUsers log in.\n\n"
        "**Acceptance Criteria**\n\n1.1 WHEN it is right THEN it SHALL open\n1.2 IF not THEN it SHALL stay shut\n\n"
        "### 2. Logout\n\n**Acceptance Criteria**\n\n1. WHEN clicked THEN the system SHALL close\n"
    )
    spec = _parsed(text)
    assert (spec.format, _keys(spec)) == (SpecFormat.EARS, ["1", "2"])
    first, second = spec.requirements
    assert (first.title, first.priority, first.aliases) == ("Login", "high", ("1", "1.1", "1.2"))
    assert [c.text for c in second.acceptance] == ["WHEN clicked THEN the system SHALL close"]


def test_a_second_list_under_one_requirement_of_kiro_is_counted_on() -> None:
    text = (
        "# Doc\n\n### Requirement 1: A\n\n#### Acceptance Criteria\n\n1. WHEN a THEN it SHALL b\n2. It SHALL c\n\n"
        "#### Edge cases\n\n1. WHEN nothing THEN it SHALL d\n"
    )
    (one,) = _parsed(text).requirements
    assert one.aliases == ("1", "1.1", "1.2", "1.3")


def test_a_list_of_requirements_below_those_with_headings_is_read_too() -> None:
    text = (
        "# PRD: Foo\n\n## 2. Requirements\n\n### REQ-001 Search\n\nUsers can search, see REQ-003.\n\n"
        "- REQ-003: not here, this explains\n\n### 2.2 Export\n\n- REQ-003: Users can export.\n"
        "- REQ-004: Users can print.\n"
    )
    spec = _parsed(text)
    assert (spec.format, _keys(spec)) == (SpecFormat.FEATURE, ["REQ-001", "REQ-003", "REQ-004"])
    assert [r.statement for r in spec.requirements[1:]] == ["Users can export.", "Users can print."]


def test_a_numbered_item_above_its_parts_names_them_and_a_share_is_no_number() -> None:
    text = (
        "# Shop\n\n## Functional Requirements\n\n1. Accounts\n   1.1 Users can sign up.\n"
        "   1.2 Users can reset a password.\n"
        "2. Users can order.\n\n## Non-Functional Requirements\n\n- 99.9 % availability\n- 2.5 s at most for a page\n"
    )
    spec = _parsed(text)
    assert _keys(spec) == ["1.1", "1.2", "R-001", "R-002", "R-003"]
    assert [r.statement for r in spec.requirements[3:]] == ["99.9 % availability", "2.5 s at most for a page"]


def test_a_headline_is_no_requirement_and_what_customers_do_is_one() -> None:
    text = (
        "# PR/FAQ: Lane\n\n**Heading:** Lane lets shoppers skip queues\n\nToday the shop announced Lane.\n\n"
        "Customers scan items with their phone.\n\n## FAQ\n\n**Q: Is it quick?**\nA: It must end within 3 seconds.\n"
    )
    assert [r.statement for r in _parsed(text).requirements] == [
        "Customers scan items with their phone.",
        "It must end within 3 seconds.",
    ]
