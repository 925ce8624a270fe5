"""The door of this room: bytes become a :class:`~orchestrator.models.spec.Spec`, or all problems at once."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from orchestrator.errors import UsageError
from orchestrator.models.base import RequirementId
from orchestrator.models.spec import Spec, SpecFormat
from orchestrator.specs import ears, feature, speckit
from orchestrator.specs.codes import Report, shown
from orchestrator.specs.detect import detect_format
from orchestrator.specs.draft import Draft, Found, to_requirement
from orchestrator.specs.markdown import Block, BlockKind, parse_markdown
from orchestrator.specs.naming import choose_namespace
from orchestrator.specs.read import Text, read_text

_UNANSWERED = re.compile(r"\[\s*NEEDS\s+CLARIFICATION\b[^\]]{0,2000}\]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document and as much of a spec as could be read. It must not be planned when ``report`` has errors."""

    text: Text
    blocks: tuple[Block, ...]
    spec: Spec
    report: Report


def parse_spec(data: bytes, path: str, format: SpecFormat | None = None, namespace: str | None = None) -> Spec:  # noqa: A002  the word of the command line
    """Parse a PRD with no model.

    ``path`` is only printed and offered as a namespace. ``format`` overrides
    detection. Raises :class:`~orchestrator.specs.codes.SpecProblems` (exit 6)
    with every problem. Not checked: whether the words make sense.
    """
    parsed = parse_document(data, path, format, namespace)
    parsed.report.refuse_errors()
    return parsed.spec


def parse_document(data: bytes, path: str, format: SpecFormat | None = None, namespace: str | None = None) -> Parsed:  # noqa: A002  the word of the command line
    """Parse what can be parsed, for those who look at a spec without planning it.

    Raises :class:`~orchestrator.specs.codes.SpecProblems` only for a file that
    cannot be read as a text at all. Every other problem is in ``report``.
    """
    report = Report(path)
    text = read_text(data, report)
    blocks = parse_markdown(text, report)
    report.refuse_errors()
    _refuse_unanswered(blocks, report)
    chosen = format or detect_format(blocks, report)
    found = _read(chosen, blocks, report)
    name = choose_namespace(text, namespace, found.names, report)
    _check(found.drafts, report)
    depends = _resolve(found.drafts, name, report)
    spec = Spec(
        namespace=name,
        title=found.title or name,
        format=chosen,
        path=path,
        source_digest=text.digest,
        requirements=tuple(to_requirement(d, name, depends[d.key]) for d in found.drafts),
        criteria=tuple(found.criteria),
        warnings=report.warnings,
    )
    return Parsed(text, blocks, spec, report)


def _read(chosen: SpecFormat, blocks: Sequence[Block], report: Report) -> Found:
    match chosen:
        case SpecFormat.FEATURE:
            return feature.read(blocks, report)
        case SpecFormat.SPEC_KIT:
            return speckit.read(blocks, report)
        case SpecFormat.EARS:
            return ears.read(blocks, report)
        case SpecFormat.PROCESS:
            raise UsageError("SPEC004", "A process is no spec.", "handrail run --workflow ID_OR_PATH")
        case _:
            assert_never(chosen)


def _refuse_unanswered(blocks: Sequence[Block], report: Report) -> None:
    for block in blocks:
        if block.kind is BlockKind.CODE or "clarification" not in block.raw.casefold():
            continue
        for found in _UNANSWERED.finditer(block.plain):
            question = block.text[found.start() : found.end()]
            report.add("PRD012", *block.place(found.start()), f"Nobody has answered {shown(question)!r}.")


def _check(drafts: Sequence[Draft], report: Report) -> None:
    if not drafts:
        report.add("PRD010", 1, 1, "There is no requirement in this file.")
    seen: dict[str, Draft] = {}
    for draft in drafts:
        line, column = draft.span.line, draft.span.column
        first = seen.setdefault(draft.key.casefold(), draft)
        if first is not draft:
            report.add("PRD011", line, column, f"{draft.key} is already the id of line {first.span.line}.")
        if not draft.statement.strip():
            report.add("PRD014", line, column, f"{draft.key} has no statement.")


def _resolve(drafts: Sequence[Draft], namespace: str, report: Report) -> dict[str, tuple[RequirementId, ...]]:
    """Names in *Depends on* as ids: by the source's id, an alias, or the full id."""
    keys = {name.casefold(): d.key for d in drafts for name in (d.key, f"{namespace}/{d.key}", *d.aliases)}
    edges: dict[str, tuple[str, ...]] = {}
    for draft in drafts:
        targets: list[str] = []
        for named in draft.body.depends:
            target = keys.get(named.value.casefold())
            if target is None:
                message = f"{draft.key} depends on {shown(named.value)!r}, which is not in this file."
                report.add("PRD013", named.span.line, named.span.column, message)
            else:
                targets.append(target)
        edges[draft.key] = tuple(dict.fromkeys(targets))
    _refuse_circles(drafts, edges, report)
    return {key: tuple(RequirementId(f"{namespace}/{t}") for t in targets) for key, targets in edges.items()}


def _refuse_circles(drafts: Sequence[Draft], edges: dict[str, tuple[str, ...]], report: Report) -> None:
    """Take away whatever depends on nothing that is left; what stays is in, or behind, a circle."""
    left = {key: set(targets) for key, targets in edges.items()}
    waiting = Counter({key: len(targets) for key, targets in left.items()})
    users: dict[str, list[str]] = {}
    for key, targets in left.items():
        for target in targets:
            users.setdefault(target, []).append(key)
    free = [key for key in left if not waiting[key]]
    while free:
        key = free.pop()
        del left[key]
        for user in users.get(key, ()):
            waiting[user] -= 1
            if not waiting[user]:
                free.append(user)
    stuck = next((d for d in drafts if d.key in left), None)
    if stuck is not None:
        names = ", ".join(sorted(left))
        report.add("PRD018", stuck.span.line, stuck.span.column, f"These depend on each other: {shown(names)}.")
