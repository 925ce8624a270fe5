"""``prd new``, ``clarify``, ``diff``, ``export``, ``show --html`` and ``check --write`` from the outside."""

import json
from html.parser import HTMLParser
from pathlib import Path

import pytest
from cli_support import PRD, sit_down

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(p.name for p in (ROOT / "prd_templates").iterdir())
PROSE = (
    "# Resets\n\n## Requirements\n\nUsers must be able to ask for a link.\n\nThe link must expire after 30 minutes.\n"
)


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    return sit_down(tmp_path_factory.mktemp("desk"))


@pytest.mark.parametrize("name", TEMPLATES)
def test_every_template_has_an_example_without_a_remark(desk, name):
    answer = desk.handrail("prd", "check", "--json", ROOT / "prd_templates" / name / "example.md")
    assert (answer.code, answer.json["problems"]) == (0, [])


SEVERAL = (
    "# Ferry\n\n## Features\n\n- Sell a ticket\n- Print a ticket\n- Refund a ticket\n\n## Tech stack\n\n- Python\n\n"
    "## Out of scope\n\n- Cars\n\n## Colours\n\n- Blue\n\n## Success metrics\n\n- 95 % sold\n"
)


def test_a_plan_says_once_what_its_steps_have_in_common_and_what_is_no_step(desk):
    spec = desk.write("ferry.md", SEVERAL)
    answer = desk.handrail("plan", spec)
    assert answer.code == 0, answer.err
    assert answer.out.count("must pass") == 1
    assert "S01 to S03, each:" in answer.out
    assert (
        "Each step is also told what holds (R-004) and what is left out (NG-001). See: handrail prd show" in answer.out
    )
    assert "PRD036 Read as background: Colours (line 17)." in answer.err


def test_show_tells_what_is_left_out_what_is_of_the_whole_and_what_is_not_read(desk):
    answer = desk.handrail("prd", "show", desk.write("ferry.md", SEVERAL))
    assert "plain, 4 requirements, 1 left out" in answer.out
    assert "ferry/R-004 (line 11, constraint, provisional)\n  Python\n" in answer.out
    assert "Of the whole spec, and of no step:\n  - 95 % sold" in answer.out
    assert "PRD036" in answer.err
    assert not any(line.endswith(" ") for line in answer.out.splitlines())


def test_new_says_what_is_open_and_writes_what_is_answered(desk):
    asked = desk.handrail("prd", "new", "--no-input", "-o", desk.home / "n.md")
    assert asked.code == 4
    assert {q["id"] for q in asked.json["questions"]} >= {"title", "requirements"}
    assert not (desk.home / "n.md").exists()
    answers = desk.write(
        "a.yaml",
        "title: Fees\nnamespace: fees\nwhy: Too slow.\nnot_included: Fines.\nrequirements:\n"
        "- {title: Charge, statement: It costs 1 euro., accept: [Then 1 euro is due.]}\n",
    )
    assert desk.handrail("prd", "new", "--answers", answers, "-o", desk.home / "n.md").code == 0
    assert desk.handrail("prd", "check", desk.home / "n.md").code == 0
    desk.refused("PRD073", 2, "prd", "new", "--answers", answers, "-o", desk.home / "n.md")
    desk.refused("PRD070", 2, "prd", "new", "--template", "../x", "-o", desk.home / "m.md")
    bad = desk.write("bad.yaml", "title: [&a x, *a]\n")
    desk.refused("PRD072", 2, "prd", "new", "--answers", bad, "-o", desk.home / "m.md")


def test_clarify_puts_answers_in_their_place_and_marks_assumptions(desk):
    spec = desk.write(
        "c.md",
        "# Greetings\n\nThe people in the shop are not greeted when they come in, and some of them leave again.\n\n"
        "## Requirements\n\n### REQ-001: Greet\n\n"
        "The shop must quickly greet whoever comes in [NEEDS CLARIFICATION: in which words?] "
        "and show the way to the till.\n",
    )
    asked = desk.handrail("prd", "clarify", "--no-input", spec)
    assert asked.code == 4
    questions = asked.json["questions"]
    assert 1 < len(questions) <= 5
    assert (questions[0]["category"], questions[0]["ask"]) == ("placeholders", "in which words?")
    done = desk.handrail(
        "prd", "clarify", "--no-input", "--assume", "--answer", f"{questions[0]['id']}=with hello", spec
    )
    assert done.code == 0, done
    text = spec.read_text()
    assert "comes in with hello and" in text
    assert "## Clarifications\n\n### Session " in text
    assert "(assumption)" in text
    assert "with hello (assumption)" not in text
    desk.refused("PRD074", 2, "prd", "clarify", "--answer", "Q9=x", spec)


def test_clarify_asks_of_each_requirement_how_it_is_seen_and_writes_the_answer_there(desk):
    spec = desk.write(
        "c.md",
        "# Greetings\n\nNobody in the shop is greeted.\n\n## Requirements\n\n"
        "### REQ-001: Greet\n\nThe shop must greet whoever comes in [NEEDS CLARIFICATION: how?].\n\n"
        "### REQ-002: Show the till\n\nThe shop must show the way to the till.\n\n*Where:* `src/till.py`\n\n"
        "### REQ-003: Say goodbye\n\nThe shop must say goodbye.\n\n- *Accept:* Given a customer, when she leaves, "
        "then goodbye is said.\n",
    )
    asked = desk.handrail("prd", "clarify", "--no-input", spec).json["questions"]
    assert asked[0]["category"] == "placeholders"
    open_ones = [q for q in asked if q["category"] == "completion" and q["after"]]
    assert [q["ask"].split("(")[1].split()[0] for q in open_ones] == ["REQ-001", "REQ-002"]
    said = [f"{q['id']}=Then {n} is seen." for n, q in enumerate(open_ones, 1)]
    assert (
        desk.handrail("prd", "clarify", "--no-input", "--assume", "--answer", said[0], "--answer", said[1], spec).code
        == 0
    )
    shown = {
        r["id"].split("/")[1]: r["acceptance"]
        for r in desk.handrail("prd", "show", "--json", spec).json["requirements"]
    }
    assert shown["REQ-001"] == ["Then 1 is seen."]
    assert shown["REQ-002"] == ["Then 2 is seen."]
    assert len(shown["REQ-003"]) == 1


def test_ids_are_kept_and_compared(desk):
    folder = desk.home / "v"
    for name in ("old", "mine", "theirs"):
        (folder / name).mkdir(parents=True)
        (folder / name / "r.md").write_text(PROSE)
    desk.refused("PRD062", 2, "prd", "diff", folder / "old/r.md", folder / "mine/r.md")
    assert desk.handrail("prd", "check", "--write", folder / "old/r.md").code == 0
    for name, time in (("mine", "45"), ("theirs", "60")):
        (folder / name / "spec.lock.json").write_bytes((folder / "old/spec.lock.json").read_bytes())
        (folder / name / "r.md").write_text(PROSE.replace("30", time))
    rows = desk.handrail("prd", "diff", "--json", folder / "old/r.md", folder / "mine/r.md").json["rows"]
    assert [(r["change"], r["id"], r["fields"]) for r in rows] == [("changed", "resets/R-002", ["statement"])]
    both = desk.handrail(
        "prd", "diff", "--json", "--base", folder / "old/r.md", folder / "mine/r.md", folder / "theirs/r.md"
    )
    assert (both.code, [r["change"] for r in both.json["rows"]]) == (6, ["conflict"])
    said = desk.handrail("prd", "check", "--write", folder / "mine/r.md")
    assert "R-002 stays for the edited text" in said.err


def test_a_link_beside_a_spec_is_not_followed(desk):
    folder = desk.home / "linked"
    folder.mkdir()
    (folder / "r.md").write_text(PROSE)
    (folder / "spec.lock.json").symlink_to("/etc/passwd")
    desk.refused("SPEC004", 2, "prd", "check", folder / "r.md")


def test_export_reads_as_the_same_spec(desk):
    spec = desk.write("e.md", PRD)
    before = desk.handrail("prd", "show", "--json", spec).json["requirements"]
    for form in ("spec-kit", "ears", "feature"):
        out = desk.home / f"e-{form}.md"
        assert desk.handrail("prd", "export", "--to", form, "-o", out, spec).code == 0
        after = desk.handrail("prd", "show", "--json", out).json["requirements"]
        assert [(r["id"], r["digest"]) for r in after] == [(r["id"], r["digest"]) for r in before]


class _Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags, self.loads = [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.loads += [v for k, v in attrs if k in {"src", "href"} and not (v or "").startswith("#")]


def test_the_page_loads_nothing_and_escapes_what_the_author_wrote(desk):
    spec = desk.write("h.md", PRD.replace("greets", "greets <script>alert(1)</script> and"))
    assert desk.handrail("prd", "show", spec, "--html", desk.home / "h.html").code == 0
    page = _Page()
    page.feed((desk.home / "h.html").read_text())
    assert page.loads == []
    assert "script" not in page.tags
    assert {"h1", "h2", "h3", "table", "th", "main"} <= set(page.tags)


def test_format_can_be_chosen(desk):
    spec = desk.write("f.md", PROSE)
    found = json.loads(desk.handrail("prd", "show", "--json", "--spec-format", "plain", spec).out)
    assert found["format"] == "plain"
    assert desk.handrail("prd", "check", "--spec-format", "ears", spec).code == 6
