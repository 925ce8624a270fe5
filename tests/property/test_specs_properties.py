"""Whatever the bytes, the answer is a spec or coded problems inside the file; and its plan covers it."""

import re
import sys
from inspect import getclosurevars
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestrator.models.spec import SpecFormat
from orchestrator.planning.check import check_plan
from orchestrator.specs.codes import CODES, SpecProblems
from orchestrator.specs.lint.table import RULES
from orchestrator.specs.lint.texts import heads_in, holds
from orchestrator.specs.parse import parse_spec

sys.path.insert(0, str(Path(__file__).parents[1] / "unit"))
from planning_support import ALL, plan, spec

_LINES = [
    "# Title",
    "## Requirements",
    "### REQ-001: One",
    "### REQ-002 - Two",
    "#### Acceptance Criteria",
    "### Requirement 1: Door",
    "### User Story 1 - See",
    "- **FR-001**: The page MUST show",
    "  - **FR-002**: nested",
    "**FR-003**: bare",
    "- **SC-001**: fast (FR-001)",
    "1. WHEN a THEN it SHALL b",
    "   2. deeper",
    "- *Accept:* Given a",
    "  - When b",
    "  - Then c",
    "- *Where:* `src/a.py`",
    "*Where:* `../b` nowhere",
    "- *Verify by:* `make test` `x | y`",
    "*Depends on:* REQ-002, 1.1",
    "[NEEDS CLARIFICATION: when?]",
    "`[NEEDS CLARIFICATION]`",
    "```",
    "<!-- hidden",
    "-->",
    "> quoted",
    "| a | b |",
    "|---|---|",
    "---",
    "namespace: x",
    "Some words, *more* words.",
    "\t",
    "",
    "",
]
_documents = st.lists(st.one_of(st.sampled_from(_LINES), st.text(max_size=30)), max_size=40).map("\n".join)


def _judge(data: bytes, chosen: SpecFormat | None = None) -> None:
    lines = len(data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n"))
    try:
        made = parse_spec(data, "p.md", chosen)
    except SpecProblems as error:
        places = [(p.code, p.line, p.column) for p in error.problems] or [("none", 0, 0)]
    else:
        assert made.requirements
        assert len({r.id for r in made.requirements}) == len(made.requirements)
        assert all(r.statement.strip() for r in made.requirements)
        places = [(p.code, p.line, p.column) for p in made.warnings]
        for r in made.requirements:
            spans = [r.span, *(c.span for c in r.acceptance), *(d.span for d in (*r.where, *r.verify_by))]
            assert all(1 <= s.line <= s.end_line <= lines and s.column >= 1 for s in spans)
    assert all(code in CODES and 1 <= line <= lines and column >= 1 for code, line, column in places)


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(_documents, st.sampled_from([None, *(f for f in SpecFormat if f is not SpecFormat.PROCESS)]))
def test_mutated_markdown(text: str, chosen: SpecFormat | None) -> None:
    _judge(text.encode(errors="replace"), chosen)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300))
def test_random_bytes(data: bytes) -> None:
    _judge(data)


@settings(max_examples=200, deadline=None)
@given(_documents, st.integers(0, 400), st.binary(max_size=4))
def test_one_splice(text: str, at: int, more: bytes) -> None:
    data = text.encode(errors="replace")
    _judge(data[:at] + more + data[at:])


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_every_plan_is_acyclic_and_covers_its_spec(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 12))
    order = data.draw(st.permutations(range(1, count + 1)))
    bodies: dict[int, str] = {}
    for position, number in enumerate(order):
        earlier = data.draw(st.lists(st.sampled_from(order[:position]), unique=True)) if position else []
        where = data.draw(st.sampled_from(["", "- *Where:* `src/app.py`\n", "- *Where:* `src/**`, `tests/`\n"]))
        depends = f"- *Depends on:* {', '.join(f'REQ-{n:03d}' for n in earlier)}\n" if earlier else ""
        bodies[number] = where + depends
    made = spec(*(bodies[n] for n in range(1, count + 1)))
    planned = plan(made)
    check_plan(planned, made, [ALL])
    done: set[str] = set()
    for step in planned.steps:
        assert set(step.depends_on) <= done
        done.add(step.id)
        assert step.alone == any(w.source.kind == "inferred" for w in step.write)
    assert {r for s in planned.steps for r in s.requirements} == {r.id for r in made.requirements}


@pytest.mark.parametrize("code", [c for c, rule in RULES.items() if "heads" in getclosurevars(rule.check).nonlocals])
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(data=st.data())
def test_no_sentence_that_a_rule_remarks_on_is_passed_over(code: str, data: st.DataObject) -> None:
    held = getclosurevars(RULES[code].check).nonlocals
    told = re.compile(held.get("pattern") or held["touched"].pattern, re.IGNORECASE | re.ASCII)
    found = told.search(data.draw(st.from_regex(told)))
    assert found
    assert held["heads"] & heads_in(f"The till must {found[0]} 5 ")
    assert not held.get("holding") or holds(found[0].casefold(), held["holding"])
