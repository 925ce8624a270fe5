"""PRDs as product managers write them: what each section holds, and what is said about the rest."""

import pytest

from orchestrator.models.spec import Kind, Spec
from orchestrator.specs.codes import SpecProblems
from orchestrator.specs.parse import parse_spec


def _read(text: str) -> Spec:
    return parse_spec(text.encode(), "prd.md")


def _said(spec: Spec) -> list[str]:
    return [r.statement for r in spec.requirements]


def _codes(spec: Spec) -> list[str]:
    return [problem.code for problem in spec.warnings]


WHOLE = """# Ferry tickets — Product Requirements Document

- **Owner:** Harbour office
- **License:** MIT

## Features

- Sell a ticket at the pier
- Print the ticket

## Colours

- Blue for adults
- Green for children
"""


def test_the_name_of_the_document_says_nothing_of_its_sections_where_they_speak_themselves() -> None:
    spec = _read(WHOLE)
    assert _said(spec) == ["Sell a ticket at the pier", "Print the ticket"]
    (told,) = [p for p in spec.warnings if p.code == "PRD036"]
    assert (told.message, told.line) == ("Read as background: Colours (line 11).", 11)


def test_the_name_of_the_document_counts_where_no_section_speaks() -> None:
    text = "---\nnamespace: f\n---\n# Requirements\n\n## Pier\n\n- Sell a ticket\n\n## Ferry\n\n- Check a ticket\n"
    assert len(_said(_read(text))) == 2


def test_without_a_requirement_the_sections_that_are_not_read_are_named() -> None:
    with pytest.raises(SpecProblems) as caught:
        _read(WHOLE.replace("## Features", "## Pier"))
    assert "Pier (line 6), Colours (line 11)" in caught.value.problems[0].message


def test_goals_beside_non_goals_are_not_told_as_left_out() -> None:
    text = (
        "# Ferry\n\n## Goals / Non-goals\n\n### Goals\n\n- Sell tickets\n\n### Non-goals\n\n- Sell food\n\n"
        "## Requirements\n\n- The pier must sell tickets.\n\n"
        "## Scope\n\n### In\n\n- Ticket for a dog\n\n### Out\n\n- Cars\n"
    )
    spec = _read(text)
    assert [r.statement for r in spec.non_goals] == ["Sell food", "Cars"]
    assert [c.text for c in spec.criteria] == ["Sell tickets"]
    assert _said(spec) == ["The pier must sell tickets.", "Ticket for a dog"]


@pytest.mark.parametrize(
    "name",
    [
        "Future work (not this build)",
        "Post-MVP (v2+)",
        "Stretch goals",
        "Explicitly Not Implemented",
        "V2",
        "🌱 Future Ideas",
    ],
)
def test_what_comes_later_is_left_out(name: str) -> None:
    spec = _read(f"# Ferry\n\n## Features\n\n- Sell a ticket\n\n## {name}\n\n- Sell a season ticket\n")
    assert _said(spec) == ["Sell a ticket"]
    assert [r.statement for r in spec.non_goals] == ["Sell a season ticket"]


@pytest.mark.parametrize(
    "name",
    ["User Personas", "🎯 Target Audience", "Development Roadmap", "Next Steps", "PM Checklist Results", "Epic List"],
)
def test_what_is_beside_the_matter_asks_for_nothing(name: str) -> None:
    text = f"# Ferry PRD\n\n## Features\n\n- Sell a ticket\n\n## {name}\n\n- [x] All requirements complete\n"
    spec = _read(text)
    assert _said(spec) == ["Sell a ticket"]
    assert "PRD036" not in _codes(spec)


def test_ids_without_a_dash_and_the_list_below_one_are_one_requirement() -> None:
    text = (
        "# Ferry\n\n## Functional Requirements\n\n**FR1:** The ticket shall show:\n- the pier\n- the hour\n\n"
        "**FR2:** The pier shall print tickets.\n\n"
        "### Non-Functional Requirements\n\n**NFR1:** It prints in 2 seconds.\n"
    )
    spec = _read(text)
    assert [(r.aliases[0], r.title, r.kind) for r in spec.requirements] == [
        ("FR1", "", Kind.FUNCTIONAL),
        ("FR2", "", Kind.FUNCTIONAL),
        ("NFR1", "", Kind.QUALITY),
    ]
    assert spec.requirements[0].statement == "The ticket shall show:\n\n- the pier\n- the hour"


def test_a_paragraph_without_an_id_still_leads_to_several() -> None:
    assert len(_said(_read("# Ferry\n\n## Requirements\n\nThe pier must support:\n\n- cash\n- cards\n"))) == 2


def test_a_use_case_with_an_id_is_one_requirement_with_its_criteria() -> None:
    text = (
        "# Ferry\n\n## Pier\n\n#### UC-PIER-001: Sell a ticket\n\nActor: Clerk\n\nPreconditions:\n\n"
        "- The pier is open.\n\n"
        "Main flow:\n\n1. Clerk opens the till.\n2. Till prints a ticket.\n\n"
        "Acceptance criteria:\n\n- A ticket has a number.\n"
    )
    (one,) = _read(text).requirements
    assert (one.aliases[0], one.title) == ("UC-PIER-001", "Sell a ticket")
    assert "Clerk opens the till." in one.statement
    assert [c.text for c in one.acceptance] == ["A ticket has a number."]


def test_a_section_with_acceptance_criteria_under_a_line_of_their_own_is_one_requirement() -> None:
    text = "# Ferry\n\n## Features\n\n### Refund\n\n- Clerk types it\n\n**Acceptance Criteria:**\n\n- Money is back\n"
    (one,) = _read(text).requirements
    assert (one.title, [c.text for c in one.acceptance]) == ("Refund", ["Money is back"])


def test_a_list_of_features_with_criteria_below_stays_a_list() -> None:
    text = "# Ferry\n\n## Features\n\n- Refund\n- Rebooking\n\n### Acceptance Criteria\n\n- Money is back\n"
    spec = _read(text)
    assert _said(spec) == ["Refund", "Rebooking"]
    assert [c.text for c in spec.criteria] == ["Money is back"]


def test_bold_words_are_a_title_only_where_a_stop_follows() -> None:
    text = (
        "# Ferry\n\n## Features\n\n- **As a clerk**, I want a till\n- **Refunds** (by cash)\n"
        "- **Tickets:** are printed\n- **Piers.** Two of them\n- **Dogs** — travel free\n- **Boats**\n  - Are white\n"
    )
    assert [(r.title, r.statement) for r in _read(text).requirements] == [
        ("", "As a clerk, I want a till"),
        ("", "Refunds (by cash)"),
        ("Tickets", "are printed"),
        ("Piers.", "Two of them"),
        ("Dogs", "travel free"),
        ("Boats", "- Are white"),
    ]


def test_names_of_means_are_constraints_and_what_must_be_built_is_none() -> None:
    text = (
        "# Ferry\n\n## Technical Requirements\n\n- HTML and CSS\n- The till must log each sale\n\n"
        "## Tech Stack\n\n- **Language:** Python\n"
    )
    assert [r.kind for r in _read(text).requirements] == [Kind.CONSTRAINT, Kind.FUNCTIONAL, Kind.CONSTRAINT]


def test_the_questions_of_a_template_say_what_their_answers_are() -> None:
    text = (
        "# Ferry\n\n## MVP\n\n- What will your MVP be?\n  - a till\n  - a printer\n\n"
        "- What are your stretch goals?\n  - a boat\n\n"
        "- Who asked?\n"
    )
    spec = _read(text)
    assert _said(spec) == ["a till", "a printer"]
    assert [r.statement for r in spec.non_goals] == ["a boat"]


def test_what_a_template_asks_about_what_is_left_out_is_answered_below() -> None:
    text = "# Ferry\n\n## Features\n\n- a till\n\n## OUT\n\n- What will it not do?\n  - sell food\n  - sell cars\n"
    assert [r.statement for r in _read(text).non_goals] == ["sell food", "sell cars"]


def test_a_line_for_a_later_version_is_left_out() -> None:
    text = "# Ferry\n\n## Requirements\n\nHe shall sell.\n\n[FUTURE_VERSION] 2. He shall refund.\n"
    spec = _read(text)
    assert (_said(spec), len(spec.non_goals)) == (["He shall sell."], 1)


def test_lines_numbered_by_hand_are_each_their_own() -> None:
    text = "# Ferry\n\n## Requirements\n\n[DONE] 1. He shall sell.\n[TODO] 2. He shall refund.\n3. He shall count.\n"
    spec = _read(text)
    assert [r.span.line for r in spec.requirements] == [5, 6, 7]
    assert not any("[" in words for words in _said(spec))


@pytest.mark.parametrize(
    ("wanted", "beside", "later"),
    [
        ("Requisitos funcionales", "Contexto", "Fuera de alcance"),
        ("Fonctionnalités", "Risques", "Hors périmètre"),
        ("核心功能", "需求背景", "非目标"),
        ("機能要件", "スケジュール", "対象外"),
        ("핵심 기능 요구사항", "1. 개요", "제외 범위"),
    ],
)
def test_sections_are_known_by_their_names_in_other_languages(wanted: str, beside: str, later: str) -> None:
    spec = _read(f"# X\n\n## {beside}\n\n- a\n\n## {wanted}\n\n### Y\n\n- b\n- c\n\n## {later}\n\n- d\n")
    assert _said(spec) == ["b", "c"]
    assert [r.statement for r in spec.non_goals] == ["d"]


STORIES = (
    "# Ferry\n\n## User stories\n\n- As a clerk, I want a till.\n- As a guest, I want one.\n\n## {}\n\n- {}\n- {}\n"
)


def test_stories_beside_requirements_are_pointed_at() -> None:
    assert "PRD037" in _codes(_read(STORIES.format("Features", "A till that opens", "A ticket with a number")))
    assert "PRD037" not in _codes(_read(STORIES.format("Tech stack", "Python", "SQLite")))


@pytest.mark.parametrize(
    "name",
    [
        "Team management",
        "Timeline view",
        "Context menu",
        "Background sync",
        "Risk scoring",
        "Related posts",
        "Alternative payments",
        "Competition mode",
    ],
)
def test_a_feature_is_no_section_beside_the_matter_because_of_its_first_word(name: str) -> None:
    spec = _read(f"# Ferry PRD\n\n## Features\n\n### {name}\n\n- Sorted by hour\n\n### Team\n\n- Ann\n")
    assert _said(spec) == ["Sorted by hour"]


@pytest.mark.parametrize("name", ["Future bookings", "Later delivery", "V2 interface", "Out-of-stock notice"])
def test_a_feature_is_not_left_out_because_of_its_first_word(name: str) -> None:
    spec = _read(f"# Ferry PRD\n\n## Features\n\n### {name}\n\n- Sorted by hour\n")
    assert (_said(spec), spec.non_goals) == (["Sorted by hour"], ())


def test_what_an_item_says_is_for_later_is_left_out() -> None:
    text = "# Ferry\n\n## Features\n\n- A till\n- **(Optional/Future) Boats:** two\n- (v2) Dogs\n- (cash) Refunds\n"
    spec = _read(text)
    assert _said(spec) == ["A till", "(cash) Refunds"]
    assert [r.statement for r in spec.non_goals] == ["two", "(v2) Dogs"]


def test_what_is_out_of_a_scope_with_a_name_is_left_out() -> None:
    spec = _read("# Ferry\n\n## MVP scope\n\n- A till\n\n### Explicitly out of MVP scope\n\n- A boat\n")
    assert (_said(spec), [r.statement for r in spec.non_goals]) == (["A till"], ["A boat"])


def test_ids_with_a_dot_are_ids_and_names_of_milestones_are_none() -> None:
    text = "# Ferry\n\n## Requirements\n\n- **FR1.2:** The till shall open\n- M0 must show a till\n- P1 must be first\n"
    assert [r.aliases[0] for r in _read(text).requirements] == ["FR1.2", "R-001", "R-002"]


def test_a_table_that_lists_what_has_a_heading_below_asks_for_nothing_more() -> None:
    text = (
        "# Ferry requirements\n\n| ID | Requirement |\n|---|---|\n| R-01 | A till |\n| R-02 | A boat |\n\n"
        "## R-01 A till\n\nIt must open.\n"
    )
    assert [(r.aliases[0], r.statement) for r in _read(text).requirements] == [
        ("R-02", "A boat"),
        ("R-01", "It must open."),
    ]


def test_a_line_that_says_all_keeps_its_list() -> None:
    text = "# Ferry\n\n## Requirements\n\n{}\n\n1. the ticket\n2. the money\n"
    (one,) = _read(text.format("Upon payment the following must occur at once:")).requirements
    assert one.statement == "Upon payment the following must occur at once:\n\n- the ticket\n- the money"
    assert len(_said(_read(text.format("The till must have the following features:")))) == 2


def test_acceptance_criteria_are_known_by_their_names_in_other_languages() -> None:
    for word in ("验收", "Akzeptanzkriterien", "Critérios de aceitação"):
        (one,) = _read(f"# X\n\n## FR-01 Y\n\n- a\n\n**{word}**\n\n- b\n").requirements
        assert [c.text for c in one.acceptance] == ["b"]


def test_a_vision_above_all_makes_no_background_of_what_the_product_will_do() -> None:
    spec = _read("# vision\n\nWhy?\n\n## our ferry will do\n\n- carry dogs\n\n## our ferry won't do\n\n- carry cars\n")
    assert (_said(spec), [r.statement for r in spec.non_goals]) == (["carry dogs"], ["carry cars"])


def test_a_title_that_ends_with_its_kind_gives_a_short_namespace() -> None:
    text = "# Ferry {}\n\n## Features\n\n- A till\n"
    for kind in ("Product Requirements Document (PRD)", "\u2014 PRD", "Product Requirements"):
        assert _read(text.format(kind)).namespace == "ferry"
    assert _read("# PRD\n\n## Features\n\n- A till\n".replace("# PRD", "# Ferry PRDs")).namespace == "ferry-prds"


@pytest.mark.parametrize(
    "item",
    [
        "- [x] A till",
        "- A till\n\n  **Status:** done",
        "[DONE] 1. He shall sell.",
        "- A till\n\n  Situação: implementado",
    ],
)
def test_what_says_that_it_is_done_is_planned_and_pointed_at(item: str) -> None:
    spec = _read(f"# Ferry\n\n## Requirements\n\n- [ ] A boat\n\n{item}\n")
    assert len(spec.requirements) == 2
    (told,) = [p for p in spec.warnings if p.code == "PRD038"]
    assert told.message == "R-002 says that it is done, and is planned."
    assert told.line >= 7


@pytest.mark.parametrize("item", ["- [ ] A till", "- The list shows Status: done", "- Done is a button"])
def test_what_only_speaks_of_done_is_not_pointed_at(item: str) -> None:
    assert "PRD038" not in _codes(_read(f"# Ferry\n\n## Requirements\n\n{item}\n"))


def test_a_demand_below_an_item_that_asks_for_nothing_is_found() -> None:
    text = "# Ferry\n\n## Pier\n\n- Opening\n\n  - The pier must open at six\n  - Ropes are blue\n"
    assert _said(_read(text)) == ["The pier must open at six"]
