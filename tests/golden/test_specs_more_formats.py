"""OpenSpec, PR/FAQ, prose and issues: what a careful reader would expect of each."""

import pytest

from orchestrator.models.spec import Delta, Kind, SpecFormat
from orchestrator.specs.beside import Beside
from orchestrator.specs.codes import SpecProblems
from orchestrator.specs.lock import LockFile, write_lock
from orchestrator.specs.parse import parse_document, parse_spec

BASE = b"""# Door Specification

## Requirements

### Requirement: Open for the owner
The door SHALL open for its owner.

#### Scenario: Near
- **WHEN** the tag is near
- **THEN** the door opens

#### Scenario: Far
- **WHEN** the tag is far
- **THEN** the door stays shut

### Requirement: Keep a list
The door SHALL keep 30 days of entries.
"""
DELTA = b"""## MODIFIED Requirements

### Requirement: Open for the owner
The door SHALL open for its owner within 2 seconds.

#### Scenario: Near
- **WHEN** the tag is near
- **THEN** the door opens within 2 seconds

## REMOVED Requirements

### Requirement: Keep a list
**Reason**: Nobody reads it.

## ADDED Requirements

### Requirement: Ring
The door SHALL ring for a stranger.
"""
PATH = "openspec/changes/quick/specs/door/spec.md"
PLACE = ("../../../../specs/door/spec.md", BASE)

PROSE = b"""Password reset

Support gets 300 tickets a month. Today an agent resets it by hand.

Users must be able to ask for a reset link. If the address is unknown, the page shows the same message.

We also need:
- a limit of 5 requests an hour
- an audit entry for each reset

Out of scope:
- Two-factor authentication
"""


def test_a_delta_is_applied_to_its_base() -> None:
    parsed = parse_document(DELTA, PATH, None, None, Beside(bases={"door": PLACE}))
    assert parsed.report.errors == []
    found = {r.id: r for r in parsed.spec.requirements}
    assert {i: r.delta for i, r in found.items()} == {
        "door/open-for-the-owner": Delta.MODIFIED,
        "door/keep-a-list": Delta.REMOVED,
        "door/ring": Delta.ADDED,
    }
    base = {r.id: r for r in parse_spec(BASE, "openspec/specs/door/spec.md").requirements}
    assert found["door/open-for-the-owner"].base_digest == base["door/open-for-the-owner"].text_digest
    assert found["door/keep-a-list"].statement.startswith("This holds no more: The door SHALL keep")
    assert [p.code for p in parsed.report.problems] == ["PRD035"]


@pytest.mark.parametrize(
    ("delta", "code"),
    [
        (DELTA.replace(b"Open for the owner", b"Open for the Owner"), "PRD022"),
        (DELTA.replace(b"Requirement: Ring", b"Requirement: Keep a list"), "PRD023"),
        (b"## RENAMED Requirements\n\n- FROM: `### Requirement: Sing`\n- TO: `### Requirement: Hum`\n", "PRD022"),
        (b"## ADDED Requirements\n\nNothing yet.\n", "PRD026"),
    ],
)
def test_a_delta_that_does_not_fit_its_base_is_an_error(delta: bytes, code: str) -> None:
    with pytest.raises(SpecProblems) as caught:
        parse_spec(delta, PATH, None, None, Beside(bases={"door": PLACE}))
    assert code in {p.code for p in caught.value.problems}


def test_a_base_that_moved_on_since_the_ids_were_kept_is_a_conflict() -> None:
    first = parse_document(DELTA, PATH, None, None, Beside(bases={"door": PLACE}))
    lock = write_lock(LockFile(), "spec.md", first.assigned.lock)
    same = parse_document(DELTA, PATH, None, None, Beside(lock, bases={"door": PLACE}))
    assert same.report.errors == []
    moved = (PLACE[0], BASE.replace(b"for its owner.", b"for its owner at night."))
    after = parse_document(DELTA, PATH, None, None, Beside(lock, bases={"door": moved}))
    assert [(p.code, p.line) for p in after.report.errors] == [("PRD025", 3)]


def test_a_change_is_all_of_its_deltas_and_its_tasks_name_the_paths() -> None:
    proposal = b"## Why\n\nIt is slow.\n\n## What Changes\n\n- Faster\n"
    tasks = b"## Tasks\n\n- [ ] 1.1 Change `src/door.py` and test with `pytest tests/test_door.py`\n"
    beside = Beside(None, {"tasks.md": tasks}, {"door": PLACE}, {"door": ("specs/door/spec.md", DELTA)})
    spec = parse_spec(proposal, "openspec/changes/quick/proposal.md", None, None, beside)
    assert spec.format is SpecFormat.OPENSPEC
    assert [r.span.path for r in spec.requirements] == ["specs/door/spec.md"] * 3
    where = spec.requirements[0].where
    assert [(d.value, d.span.path, d.span.line) for d in where] == [("src/door.py", "tasks.md", 3)]
    assert [d.value for d in spec.requirements[0].verify_by] == ["pytest tests/test_door.py"]
    assert {c.path for c in spec.companions} == {"tasks.md", "specs/door/spec.md", PLACE[0]}


def test_spec_kit_tasks_speak_for_what_they_name() -> None:
    kit = b"# Lamp\n\n## Requirements\n\n- **FR-001**: The lamp MUST shine.\n- **FR-002**: It MUST be red (US2).\n"
    tasks = (
        b"## Phase\n\n- [ ] T001 Write src/shine.py for FR-001\n- [ ] T002 [US2] Paint in src/red.py\n"
        b"- [ ] T003 ../../etc/x FR-001\n"
    )
    parsed = parse_document(kit, "lamp/spec.md", None, None, Beside(None, {"tasks.md": tasks}))
    assert [[d.value for d in r.where] for r in parsed.spec.requirements] == [["src/shine.py"], ["src/red.py"]]
    said = [(p.code, p.path, p.line) for p in parsed.report.problems]
    assert said == [("PRD034", "tasks.md", 5)]


def test_prose_is_read_sentence_by_sentence() -> None:
    spec = parse_spec(PROSE, "notes/reset.txt")
    assert (spec.format, spec.title) == (SpecFormat.PLAIN, "Password reset")
    assert [(r.span.line, r.statement.split()[0]) for r in spec.requirements] == [
        (5, "Users"),
        (5, "If"),
        (8, "a"),
        (9, "an"),
    ]
    assert [r.statement for r in spec.non_goals] == ["Two-factor authentication"]
    assert all(r.provisional for r in spec.requirements)
    assert "PRD033" in {p.code for p in spec.warnings}


def test_kinds_priorities_and_what_is_not_read() -> None:
    text = (
        b"# Search\n\n## Background\n\nUsers must retype it.\n\n## Requirements\n\n### P0\n\n"
        b"- Users can save a search\n\n"
        b"### Performance\n\n- Results appear within 2 seconds\n\n## Constraints\n\n- No new service\n"
    )
    spec = parse_spec(text, "s.md")
    assert [(r.kind, r.priority) for r in spec.requirements] == [
        (Kind.FUNCTIONAL, "P0"),
        (Kind.QUALITY, ""),
        (Kind.CONSTRAINT, ""),
    ]
    assert [r.id for r in spec.throughout] == ["search/R-003"]
    assert [(p.code, p.line) for p in spec.warnings if p.code == "PRD032"] == [("PRD032", 5)]


def test_an_issue_asks_for_what_it_expects() -> None:
    issue = (
        b"## Crash on export\n\n### Steps to reproduce\n\n1. Click\n\n### Expected behavior\n\nA file is written.\n\n"
        b"### Acceptance criteria\n\n- [ ] It has one line\n"
    )
    (requirement,) = parse_spec(issue, "bug.md").requirements
    assert (requirement.title, requirement.statement) == ("Crash on export", "A file is written.")
    assert [c.text for c in requirement.acceptance] == ["It has one line"]


def test_a_pr_faq_promises_and_leaves_out() -> None:
    text = (
        b"# PR/FAQ: Lockers\n\n## Press release\n\nCustomers can open a locker at any hour. "
        b'"I must have waited hours," said Maria.\n\n## FAQ\n\n'
        b"### Can I send parcels?\n\nNo, that is not part of the first version.\n"
    )
    spec = parse_spec(text.replace(b' "I', b'\n\n"I'), "f.md")
    assert spec.format is SpecFormat.PR_FAQ
    assert [r.statement for r in spec.requirements] == ["Customers can open a locker at any hour."]
    assert [r.title or r.statement[:2] for r in spec.non_goals] == ["No"]


BROKEN = [b"{", b"[]", b'{"schema": "handrail.spec-lock/2"}', b'{"specs": 3}', b"\xff", b"[" * 100_000]


@pytest.mark.parametrize("lock", BROKEN, ids=range(len(BROKEN)))
def test_a_broken_lock_is_never_taken_for_an_empty_one(lock: bytes) -> None:
    parsed = parse_document(PROSE, "reset.txt", None, None, Beside(lock))
    assert "PRD027" in {p.code for p in parsed.report.errors}


def test_an_id_is_never_given_to_another_requirement() -> None:
    first = parse_document(b"# A\n\n## Requirements\n\n### REQ-001: One\n\nIt sings.\n", "a.md")
    lock = write_lock(LockFile(), "a.md", first.assigned.lock)
    gone = parse_document(b"# A\n\n## Requirements\n\n### REQ-002: Two\n\nIt hums.\n", "a.md", None, None, Beside(lock))
    lock = write_lock(LockFile(), "a.md", gone.assigned.lock)
    again = parse_document(
        b"# A\n\n## Requirements\n\n### REQ-001: New\n\nIt barks.\n", "a.md", None, None, Beside(lock)
    )
    assert [p.code for p in again.report.errors] == ["PRD028"]
