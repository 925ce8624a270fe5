"""Other people's words for *Where* and *Verify by*, which count only before what those are for."""

import pytest

from orchestrator.models.spec import Kind
from orchestrator.specs.parse import parse_spec

HEAD = "# Cart\n\n## Requirements\n\n### REQ-001: A voucher counts once\n\nThe same voucher is not taken twice.\n\n"


def read(lines):
    (one,) = parse_spec((HEAD + lines + "\n").encode(), "prd.md").requirements
    return one


def paths(lines):
    return [where.value for where in read(lines).where]


def commands(lines):
    return [command.value for command in read(lines).verify_by]


@pytest.mark.parametrize(
    "lines",
    [
        "- Files: `shop/cart.py`, `tests/test_cart.py`",
        "- Files: shop/cart.py, tests/test_cart.py",
        "- **Affected files:** `shop/cart.py` and `tests/test_cart.py`.",
        "Files touched: shop/cart.py; tests/test_cart.py",
        "- Files:\n  - `shop/cart.py`\n  - tests/test_cart.py",
        "- Where: shop/cart.py, tests/test_cart.py",
    ],
)
def test_files_are_where_to_write(lines):
    assert paths(lines) == ["shop/cart.py", "tests/test_cart.py"]


def test_a_path_without_backticks_has_its_own_place():
    first, second = read("- Files: shop/cart.py, tests/test_cart.py").where
    assert (first.span.line, first.span.column, second.span.column) == (9, 10, 24)


@pytest.mark.parametrize(
    "lines",
    [
        "- Files: up to 10 MB may be sent",
        "- Files: `report.csv` is written at the end",
        "- Files: report.csv",
        "- Files: `/etc/passwd`",
        "- Files: `../other/cart.py`",
        "- Files: https://example.com/a",
        "- Files:\n  - `shop/cart.py`\n  - whatever else is needed",
        "- Path: `api/vouchers`",
    ],
)
def test_what_is_not_paths_alone_grants_nothing(lines):
    assert paths(lines) == []
    assert lines.split(":")[0].strip("- ") in read(lines).statement


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("- Tests: `python -m pytest tests/test_cart.py`", ["python -m pytest tests/test_cart.py"]),
        ("- Verification: `make check`, `npm test`", ["make check", "npm test"]),
        ("- Acceptance: `pytest -q`", ["pytest -q"]),
        ("- Acceptance criteria:\n  - The total stays.\n  - `./check.sh --fast`", ["./check.sh --fast"]),
        ("- Tests: tests/test_cart.py", []),
        ("- Tests: `tests/test_cart.py`", []),
        ("- Tests: `pytest` must pass before and after", []),
        ("- Acceptance: `total([1, 2]) == 3`", []),
        ("- Acceptance: When `make check` runs, then it passes.", []),
        ("- Verified by: the auditors", []),
    ],
)
def test_commands_alone_are_what_must_pass(lines, expected):
    assert commands(lines) == expected


def test_a_command_that_was_a_criterion_stays_one():
    one = read("- Acceptance: `pytest -q`")
    assert [criterion.text for criterion in one.acceptance] == ["`pytest -q`"]


def test_a_section_with_paths_is_one_requirement_without_a_form():
    text = "# Cart\n\n## Vouchers\n\n### Once\n\nThe same voucher must not count twice.\n\n- Files: shop/cart.py\n"
    (one,) = parse_spec(text.encode(), "prd.md").requirements
    assert (one.statement, [path.value for path in one.where]) == (
        "The same voucher must not count twice.",
        ["shop/cart.py"],
    )


def test_columns_say_where_and_what_must_pass():
    text = """# Export

| ID | Requirement | Acceptance | Files | Depends on | Tests |
|----|-------------|------------|-------|------------|-------|
| E-1 | The cart can be exported | `make check` | shop/export.py, tests/test_export.py | - | whatever there is |
| E-2 | An export has a header | First line is `name;price` | as needed | E-1 | `pytest -q` |
"""
    first, second = parse_spec(text.encode(), "prd.md").requirements
    assert [path.value for path in first.where] == ["shop/export.py", "tests/test_export.py"]
    assert [command.value for command in first.verify_by] == ["make check"]
    assert (first.depends_on, second.where, second.depends_on) == ((), (), ("export/E-1",))
    assert [command.value for command in second.verify_by] == ["pytest -q"]


def test_considerations_are_told_to_each_step_and_are_none():
    text = """# Product Requirements Document: Saved searches

## Functional requirements
1. The system must keep a search under a name.

## Technical considerations
- Storage is SQLite.
"""
    spec = parse_spec(text.encode(), "prd.md")
    assert spec.namespace == "saved-searches"
    assert [one.kind for one in spec.requirements] == [Kind.FUNCTIONAL, Kind.CONSTRAINT]
