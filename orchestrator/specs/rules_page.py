"""The reference page of all codes, made from the tables, so that it cannot say something else than the program."""

from __future__ import annotations

from orchestrator.specs.check import all_codes, explain

_HEAD = """# What `handrail prd check` says

Codes are stable: one is retired, never reused. *error* forbids planning (exit 6); *warning* and *info* do not, unless
`--strict` asks for no warnings. Choose with `--select CODE`, `--ignore CODE`, or `lint-ignore: PRD120, PRD121` in the
front matter. Rules that read words are for English and are silent in a document of another language (`language: de` in
the front matter says which it is). Each rule's bad and good example are its tests; `handrail prd explain CODE` prints
them. Rates on sentences labelled by hand, [our own](../benchmarks.md#spec_rules) and [those of published
specs](../benchmarks.md#spec_strangers); a rule that is right in less than 0.7 of its remarks there is off by default.
"""
_TABLE = ("| code | severity | what it finds | why | what to do |", "|---|---|---|---|---|")


def rules_page() -> str:
    """The whole page as Markdown."""
    rows: dict[str, list[str]] = {}
    for code in all_codes():
        told = explain(code)
        off = "" if told.default else " Off by default."
        rows.setdefault(told.family, []).append(
            f"| {code} | {told.severity} | {_cell(told.summary)} | {_cell(told.why)}{off} | {_cell(told.hint)} |"
        )
    parts = [_HEAD]
    for family, lines in rows.items():
        parts.append("\n".join([f"## {family.capitalize()}", "", *_TABLE, *lines, ""]))
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")
