"""Rules about how much one person can review."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.models.spec import Severity
from orchestrator.specs.lint.document import Document
from orchestrator.specs.lint.rule import Family, Remark, Rule, clip

MAX_SPEC_WORDS = 8_000
MAX_REQUIREMENTS = 60
MAX_REQUIREMENT_WORDS = 250
MAX_SECTION_WORDS = 1_500


def _words(document: Document) -> Iterator[Remark]:
    if document.words > MAX_SPEC_WORDS:
        yield Remark(1, 1, f"The spec has {document.words:,} words; {MAX_SPEC_WORDS:,} are an hour of careful reading.")


def _requirements(document: Document) -> Iterator[Remark]:
    if len(document.requirements) > MAX_REQUIREMENTS:
        place = document.requirements[MAX_REQUIREMENTS].span
        yield Remark(
            place.line,
            place.column,
            f"The spec has {len(document.requirements)} requirements; {MAX_REQUIREMENTS} can be reviewed together.",
        )


def _requirement(document: Document) -> Iterator[Remark]:
    for requirement in document.requirements:
        words = len(requirement.statement.split())
        if words > MAX_REQUIREMENT_WORDS:
            yield Remark(
                requirement.span.line,
                requirement.span.column,
                f"{requirement.aliases[0]} has {words} words without its criteria.",
            )


def _section(document: Document) -> Iterator[Remark]:
    for section in document.sections:
        words = sum(b.words for b in section.own)
        if words > MAX_SECTION_WORDS:
            yield Remark(
                section.heading.line,
                section.heading.column,
                f"{clip(section.heading.text)!r} has {words:,} words without a heading among them.",
            )


_HEAD = "# Shop\n\nCustomers wait.\n\n## Requirements\n\n### REQ-001: One\n\n"
_TWO = _HEAD + "The till must show the balance.\n"

RULES = (
    Rule(
        "PRD170", Family.SIZE, f"a spec of more than {MAX_SPEC_WORDS:,} words",
        "It is approved without being read.",
        "split it by feature",
        bad=_TWO + "\n## Notes\n" + ("\n" + "The shop opens at nine and closes at six. " * 30 + "\n") * 32,
        good=_TWO, check=_words, languages=(),
    ),
    Rule(
        "PRD171", Family.SIZE, f"more than {MAX_REQUIREMENTS} requirements in one spec",
        "Nobody sees how they fit together.",
        "split it by feature",
        bad=_HEAD + "The till must show it.\n" + "".join(f"\n### REQ-{n:03d}: N{n}\n\nThe till must show {n}.\n" for n in range(2, 64)),
        good=_TWO, check=_requirements, languages=(),
    ),
    Rule(
        "PRD172", Family.SIZE, f"a requirement of more than {MAX_REQUIREMENT_WORDS} words",
        "There are several requirements in it, and an agent will miss one.",
        "split it, or move the reasons out",
        bad=_HEAD + "The till must show the balance of the card in euros. " * 30 + "\n",
        good=_TWO, check=_requirement, languages=(),
    ),
    Rule(
        "PRD173", Family.SIZE, f"{MAX_SECTION_WORDS:,} words without a heading",
        "Nobody finds a place in it again.",
        "put headings between its thoughts",
        bad=_TWO + "\n## Notes\n" + ("\n" + "The shop opens at nine and closes at six. " * 30 + "\n") * 8,
        good=_TWO, check=_section, languages=(), severity=Severity.INFO,
    ),
)  # fmt: skip
"""Entered in :data:`orchestrator.specs.lint.table.RULES`."""
