"""The one table of lint rules, and running them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from orchestrator.models.spec import Problem, Severity, Spec
from orchestrator.specs.lint import acceptance, security, sentences, size, structure, terms, together, words
from orchestrator.specs.lint.document import Document
from orchestrator.specs.lint.rule import Edit, Remark, Rule

RULES: dict[str, Rule] = {
    rule.code: rule
    for rule in sorted(
        (
            *structure.RULES,
            *words.RULES,
            *sentences.RULES,
            *acceptance.RULES,
            *terms.RULES,
            *together.RULES,
            *security.RULES,
            *size.RULES,
        ),
        key=lambda rule: rule.code,
    )
}
"""By code. Codes share the numbers of :data:`orchestrator.specs.codes.CODES`; a rule's begin at PRD100."""

MAX_REMARKS_PER_RULE = 30
"""More of one rule are counted in its last remark: a long list is not read."""
MAX_COUNTED_PER_RULE = 1_000
"""A rule that has found more stops there, and its last remark says so."""


@dataclass(frozen=True, slots=True)
class Found:
    """One remark with its rule; ``problem`` is what people and programs are shown."""

    rule: Rule
    remark: Remark
    problem: Problem

    @property
    def edit(self) -> Edit | None:
        """The mechanical mending, when there is one."""
        return self.remark.edit


def lint(document: Document, *, select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Found, ...]:
    """All remarks in the order of their places.

    ``select`` adds rules that are off by default; ``ignore`` takes rules
    away. Rules of another language than the document's do not speak.
    """
    chosen = [r for r in RULES.values() if (r.default or r.code in set(select)) and r.code not in set(ignore)]
    found: list[Found] = []
    for rule in chosen:
        if rule.languages and document.language not in rule.languages:
            continue
        found += _run(rule, document)
    return tuple(sorted(found, key=lambda f: (f.remark.line, f.remark.column, f.rule.code)))


def _run(rule: Rule, document: Document) -> list[Found]:
    remarks = list(islice(rule.check(document), MAX_COUNTED_PER_RULE + 1))
    kept = [_found(rule, r, document.spec, r.message) for r in remarks[:MAX_REMARKS_PER_RULE]]
    if len(remarks) > MAX_REMARKS_PER_RULE:
        last = remarks[MAX_REMARKS_PER_RULE]
        more = len(remarks) - MAX_REMARKS_PER_RULE - 1
        bound = "more than " if len(remarks) > MAX_COUNTED_PER_RULE else ""
        kept.append(_found(rule, last, document.spec, f"{last.message} And {bound}{more - bool(bound)} more like it."))
    return kept


def _found(rule: Rule, remark: Remark, spec: Spec, message: str) -> Found:
    problem = Problem(
        code=rule.code,
        severity=rule.severity,
        path=spec.path,
        line=remark.line,
        column=remark.column,
        message=message,
        hint=rule.hint,
    )
    return Found(rule, remark, problem)


def worst(found: Sequence[Found]) -> Severity | None:
    """The highest severity among the remarks."""
    order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
    said = {f.rule.severity for f in found}
    return next((severity for severity in order if severity in said), None)


def mend(source: str, found: Sequence[Found]) -> tuple[str, int]:
    """The text with every mechanical mending made, and how many: from the end to the start, none over another."""
    lines = source.split("\n")
    done: set[tuple[int, int]] = set()
    edits = sorted({f.edit for f in found if f.edit is not None}, key=lambda e: (e.line, e.column), reverse=True)
    for edit in edits:
        line, at = lines[edit.line - 1], edit.column - 1
        if line[at : at + len(edit.old)] == edit.old and not any(
            (edit.line, c) in done for c in range(at, at + len(edit.old))
        ):
            lines[edit.line - 1] = line[:at] + edit.new + line[at + len(edit.old) :]
            done |= {(edit.line, c) for c in range(at, at + len(edit.old))}
    return "\n".join(lines), len({(e.line, e.column) for e in edits if (e.line, e.column - 1) in done})
