"""Every bad spec is refused with its code and its place; each has a twin that is fine."""

import time

import pytest

from orchestrator.errors import ExitCode, SpecInvalid
from orchestrator.models.spec import SpecFormat
from orchestrator.specs.codes import CODES, MAX_PROBLEMS, SpecProblems
from orchestrator.specs.parse import parse_spec

GOOD = "# Fees\n\n## Requirements\n\n### REQ-001: Charge\n\nA late book costs 0.20 a day.\n"


def problems(text: str | bytes, **more) -> list[tuple[str, int, int]]:
    data = text.encode() if isinstance(text, str) else text
    with pytest.raises(SpecInvalid) as caught:
        parse_spec(data, "prd.md", **more)
    error = caught.value
    assert isinstance(error, SpecProblems)
    assert error.exit_code is ExitCode.INVALID
    assert [str(p) for p in error.problems] == list(error.details[:MAX_PROBLEMS])
    return [(p.code, p.line, p.column) for p in error.problems]


def test_the_twin_of_all_is_fine() -> None:
    assert len(parse_spec(GOOD.encode(), "prd.md").requirements) == 1


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ("PRD001", 1, 1)),
        (b" \n\t\n", ("PRD001", 1, 1)),
        (b"\xef\xbb\xbf", ("PRD001", 1, 1)),
        (b"%PDF-1.7\n", ("PRD002", 1, 1)),
        (b"# a\n\n\0", ("PRD002", 3, 1)),
        (b"# a\r\nb\rcaf\xe9\n", ("PRD004", 3, 1)),
        ("# a".encode("utf-16"), ("PRD004", 1, 1)),
        ("# a\n\nb \u202e c".encode(), ("PRD005", 3, 3)),
        (b"# a\n\n\x1b[31mred", ("PRD005", 3, 1)),
    ],
)
def test_files_that_are_no_text(data: bytes, expected: tuple[str, int, int]) -> None:
    assert problems(data)[0] == expected


def test_a_file_that_is_too_large() -> None:
    assert problems(b"a" * (8 * 1024 * 1024 + 1)) == [("PRD003", 1, 1)]


def test_a_file_with_too_many_lines() -> None:
    assert problems(GOOD + "|a|b|\n" * 100_000) == [("PRD003", 100_000, 1)]


def test_nesting_that_the_parser_would_cut_off() -> None:
    deep = GOOD + "\n" + "".join("  " * i + "- a\n" for i in range(80))
    assert problems(deep)[0][0] == "PRD006"


def test_a_paragraph_too_long_for_inline_parsing() -> None:
    assert problems(GOOD + "\n" + "*a " * 20_000) == [("PRD006", 9, 1)]


def test_a_comment_that_is_never_closed() -> None:
    assert problems(GOOD + "\n<!-- note\n\n### REQ-002: Hidden\n\nx\n") == [("PRD007", 9, 1)]


def test_front_matter_that_is_no_yaml() -> None:
    assert problems("---\nnamespace: [a\n---\n" + GOOD)[0][:2] == ("PRD008", 2)


@pytest.mark.parametrize("name", ["Ümlaut", "a/b", "../x", "-a", "a" * 65])
def test_a_namespace_that_cannot_stand_in_an_id(name: str) -> None:
    assert problems(f"---\nnamespace: {name}\n---\n" + GOOD) == [("PRD009", 2, 12)]
    assert problems(GOOD, namespace=name) == [("PRD009", 1, 1)]


def test_nothing_that_could_be_a_namespace() -> None:
    text = GOOD.replace("# Fees", "# Требования")
    with pytest.raises(SpecProblems) as caught:
        parse_spec(text.encode(), "prd.md")
    assert caught.value.code == "PRD009"
    assert parse_spec(text.encode(), "lending/prd.md").namespace == "lending"


def test_no_requirement() -> None:
    assert problems("# Ideas\n\nSomething nice.\n") == [("PRD010", 1, 1)]
    assert problems("# A\n\n```\n### REQ-001: In code\n```\n") == [("PRD010", 1, 1)]
    assert problems("# A\n\n> ### REQ-001: Quoted\n>\n> text\n") == [("PRD010", 1, 1)]


def test_a_duplicate_id_in_any_case() -> None:
    assert problems(GOOD + "\n### REQ-001: Again\n\nText.\n") == [("PRD011", 9, 5)]
    spec_kit = "## Requirements\n\n- **FR-001**: a\n- **FR-001**: b\n"
    assert problems(spec_kit, namespace="x") == [("PRD011", 4, 3)]


def test_an_unanswered_question() -> None:
    text = GOOD + "\nIt costs [NEEDS CLARIFICATION: how much?] a day, [needs\nclarification].\n"
    assert problems(text) == [("PRD012", 9, 10), ("PRD012", 9, 50)]
    assert problems(GOOD + "\n| a |\n|---|\n| **[NEEDS** CLARIFICATION] |\n") == [("PRD012", 11, 5)]


@pytest.mark.parametrize("harmless", ["`[NEEDS CLARIFICATION: x]`", "```\n[NEEDS CLARIFICATION]\n```", "clarification"])
def test_a_question_in_code_is_none(harmless: str) -> None:
    parse_spec(f"{GOOD}\n{harmless}\n".encode(), "prd.md")


def test_a_dependency_on_nothing() -> None:
    assert problems(GOOD + "\n- *Depends on:* REQ-009\n") == [("PRD013", 9, 16)]
    parse_spec(f"{GOOD}\n- *Depends on:* none\n".encode(), "prd.md")


def test_a_circle() -> None:
    text = GOOD + "\n*Depends on:* REQ-002\n\n### REQ-002: B\n\nText.\n\n*Depends on:* `fees/REQ-001`\n"
    assert problems(text) == [("PRD018", 5, 5)]


def test_a_requirement_without_a_statement() -> None:
    assert problems(GOOD + "\n### REQ-002: Only a title\n\n- *Where:* `src/a.py`\n") == [("PRD014", 9, 5)]
    assert problems("## Requirements\n\n- **FR-001**:\n- **FR-002**: b\n", namespace="x") == [("PRD014", 3, 3)]


def test_a_heading_without_an_id_is_not_lost() -> None:
    assert problems(GOOD + "\n### Pay\n\nText.\n") == [("PRD015", 9, 5)]


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../up", "src/../x", ".git/hooks/x", "a b", "!x", "C:/x", "src//a", "a**b", "[ab]", "x;y"]
)
def test_a_path_that_cannot_be_granted(path: str) -> None:
    assert problems(f"{GOOD}\n- *Where:* `{path}`\n") == [("PRD016", 9, 12)]


def test_a_place_without_backticks() -> None:
    assert problems(f"{GOOD}\n- *Where:* in the billing code\n") == [("PRD016", 9, 3)]


@pytest.mark.parametrize(
    "command",
    [
        "make test && rm -rf x",
        "a | b",
        "a > b",
        "echo $(id)",
        "echo $HOME",
        "pytest tests/*.py",
        "A=1 b",
        "a 'b",
        "a;b",
    ],
)
def test_a_command_that_needs_a_shell(command: str) -> None:
    assert problems(f"{GOOD}\n- *Verify by:* `{command}`\n") == [("PRD017", 9, 16)]


def test_a_quoted_pattern_is_an_argument() -> None:
    text = f"{GOOD}\n- *Verify by:* `python -m unittest discover -p 'test_*.py'`\n"
    assert len(parse_spec(text.encode(), "prd.md").requirements[0].verify_by) == 1


def test_a_label_hidden_in_a_comment_is_not_read() -> None:
    text = f"{GOOD}Costs are <!--\nWhere: `src/secret.py`\n--> low.\n"
    assert parse_spec(text.encode(), "prd.md").requirements[0].where == ()


def test_labels_on_soft_wrapped_lines_are_each_their_own() -> None:
    text = f"{GOOD}\n*Where:* `src/a.py`\n*Verify by:* `make test`\n"
    (requirement,) = parse_spec(text.encode(), "prd.md").requirements
    assert [d.value for d in requirement.where] == ["src/a.py"]
    assert [d.value for d in requirement.verify_by] == ["make test"]
    assert requirement.verify_by[0].span.line == 10


def test_items_of_another_format_are_said() -> None:
    text = GOOD + "\n### Requirement 7: Other\n\nText.\n"
    with pytest.raises(SpecProblems) as caught:
        parse_spec(text.encode(), "prd.md", SpecFormat.FEATURE)
    assert caught.value.code == "PRD015"
    spec = parse_spec((GOOD + "\n- **FR-001**: cited\n").encode(), "prd.md")
    assert [w.code for w in spec.warnings] == ["PRD031"]


def test_all_problems_at_once_and_fifty_at_most() -> None:
    many = "## Requirements\n\n" + "".join(f"### REQ-{i:03d}: A\n\n" for i in range(80))
    with pytest.raises(SpecProblems) as caught:
        parse_spec(many.encode(), "prd.md", namespace="x")
    assert len(caught.value.problems) == MAX_PROBLEMS
    assert caught.value.details[-1] == "and 30 more"


def test_moving_a_requirement_keeps_its_text_digest() -> None:
    here = parse_spec(GOOD.encode(), "prd.md").requirements[0]
    there = parse_spec(GOOD.replace("## Req", "Words.\n\n## Req").encode(), "prd.md").requirements[0]
    other = parse_spec(GOOD.replace("0.20", "0.30").encode(), "prd.md").requirements[0]
    assert here.span != there.span
    assert here.text_digest == there.text_digest != other.text_digest


def test_every_code_has_words() -> None:
    assert all(row.summary and row.hint for row in CODES.values())
    assert list(CODES) == sorted(CODES)


@pytest.mark.slow
def test_ten_thousand_headings() -> None:
    text = "## Requirements\n\n" + "".join(f"### REQ-{i}: T\n\nText {i}.\n\n" for i in range(10_000))
    begin = time.process_time()
    spec = parse_spec(text.encode(), "prd.md", namespace="x")
    assert len(spec.requirements) == 10_000
    assert time.process_time() - begin < 20


@pytest.mark.slow
def test_five_megabytes_of_words() -> None:
    prose = ("It has been asked for by many, and is wanted by all who were asked in the shop. " * 12 + "\n") * 5
    text = GOOD + ("\n## More\n\n" + prose) * (5_000_000 // len(prose))
    begin = time.process_time()
    assert len(parse_spec(text.encode(), "prd.md").requirements) == 1
    assert time.process_time() - begin < 5
