"""The door of this room: bytes become a :class:`~orchestrator.models.spec.Spec`, or all problems at once."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import assert_never

from orchestrator.errors import UsageError
from orchestrator.models.ids import RequirementId
from orchestrator.models.spec import Kind, Spec, SpecFormat
from orchestrator.specs import ears, feature, openspec, plain, pr_faq, speckit
from orchestrator.specs.beside import NOTHING, Beside, companions, source_digest
from orchestrator.specs.codes import Report, shown
from orchestrator.specs.companions import name_sources
from orchestrator.specs.detect import detect_format
from orchestrator.specs.draft import Draft, Found, requirement_id, to_requirement, with_trail
from orchestrator.specs.kinds import kind_of
from orchestrator.specs.leaving import excluded
from orchestrator.specs.lint.document import heading_name
from orchestrator.specs.lint.words import unquoted
from orchestrator.specs.lock import Assigned, SpecLock, assign, read_lock
from orchestrator.specs.markdown import Block, BlockKind, parse_markdown
from orchestrator.specs.naming import choose_namespace
from orchestrator.specs.prose import DEMANDS, insists
from orchestrator.specs.read import Text, read_text

_PROSE = (SpecFormat.PLAIN, SpecFormat.PR_FAQ)
_DONE = re.compile(
    r"^\W{0,3}(\[(?:x|done|shipped|implemented)\])"
    r"|^\W{0,3}((?:status|situa[c\u00e7][a\u00e3]o|estado|statut)\W{1,6}"
    r"(?:done|implemented|shipped|complete|completed|implementado|conclu[i\u00ed]do|erledigt|termin[e\u00e9])\b)",
    re.IGNORECASE | re.MULTILINE,
)
_NAMED = 5
_NAME = 32
"""How many sections a message names, and how much of each name."""
_UNANSWERED = re.compile(r"\[\s*NEEDS\s+CLARIFICATION\b[^\]]{0,2000}\]?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A document and as much of a spec as could be read. It must not be planned when ``report`` has errors.

    ``used`` are the bytes of the files that were read with it, ``assigned`` says what became of its ids.
    """

    text: Text
    blocks: tuple[Block, ...]
    spec: Spec
    report: Report
    assigned: Assigned
    used: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


def parse_spec(
    data: bytes,
    path: str,
    format: SpecFormat | None = None,  # noqa: A002  the word of the command line
    namespace: str | None = None,
    beside: Beside = NOTHING,
) -> Spec:
    """Parse a PRD with no model.

    ``path`` is only printed and offered as a namespace. ``format``, or that of the
    front matter, overrides detection. Raises :class:`~orchestrator.specs.codes.SpecProblems` (exit 6)
    with every problem. Not checked: whether the words make sense.
    """
    parsed = parse_document(data, path, format, namespace, beside)
    parsed.report.refuse_errors()
    return parsed.spec


def parse_document(
    data: bytes,
    path: str,
    format: SpecFormat | None = None,  # noqa: A002  the word of the command line
    namespace: str | None = None,
    beside: Beside = NOTHING,
) -> Parsed:
    """Parse what can be parsed, for those who look at a spec without planning it.

    Raises :class:`~orchestrator.specs.codes.SpecProblems` only for a file that
    cannot be read as a text at all. Every other problem is in ``report``.
    """
    report = Report(path)
    text = read_text(data, report)
    blocks = parse_markdown(text, report)
    report.refuse_errors()
    _refuse_unanswered(blocks, report)
    chosen = format or _said_format(text) or detect_format(blocks, report)
    found = _read(chosen, blocks, path, beside, report)
    found.left_out += [] if chosen in _PROSE else excluded(blocks)
    used = _named(chosen, found, beside, report)
    name = choose_namespace(text, namespace, found.names, report)
    assigned = assign(found.drafts, found.left_out, _lock(beside, path, report), report)
    _check(found.drafts, name, report)
    _say_sections(found, report)
    depends = _resolve(found.drafts, name, report)
    kinds = _kinds(blocks, found.drafts)
    spec = Spec(
        namespace=name,
        title=found.title or name,
        format=chosen,
        path=path,
        source_digest=source_digest(data, used) if used else text.digest,
        requirements=tuple(
            to_requirement(d, name, targets, kind)
            for d, targets, kind in zip(found.drafts, depends, kinds, strict=True)
        ),
        non_goals=tuple(to_requirement(d, name, (), Kind.NON_GOAL) for d in found.left_out),
        criteria=tuple(found.criteria),
        companions=companions(used),
    )
    _say_unread(blocks, spec, report)
    return Parsed(text, blocks, spec.model_copy(update={"warnings": report.warnings}), report, assigned, used)


def _said_format(text: Text) -> SpecFormat | None:
    """``format: ears`` in the front matter; another word there is the author's own."""
    word = text.front.get("format", ("", 1, 1))[0]
    return SpecFormat(word) if word in {f.value for f in SpecFormat} else None


def _read(chosen: SpecFormat, blocks: Sequence[Block], path: str, beside: Beside, report: Report) -> Found:
    match chosen:
        case SpecFormat.FEATURE:
            return feature.read(blocks, report)
        case SpecFormat.SPEC_KIT:
            return speckit.read(blocks, report)
        case SpecFormat.EARS:
            return ears.read(blocks, report)
        case SpecFormat.OPENSPEC:
            return openspec.read(blocks, path, beside, report)
        case SpecFormat.PR_FAQ:
            return pr_faq.read(blocks, report)
        case SpecFormat.PLAIN:
            return plain.read(blocks, report)
        case SpecFormat.PROCESS:
            raise UsageError("SPEC005", "A process is no spec.", "handrail run --workflow ID_OR_PATH")
        case _:
            assert_never(chosen)


def _named(chosen: SpecFormat, found: Found, beside: Beside, report: Report) -> dict[str, bytes]:
    """The files that the requirements were read from, beside the spec itself."""
    if chosen not in (SpecFormat.SPEC_KIT, SpecFormat.OPENSPEC):
        return {}
    names = name_sources(found.drafts, beside.tasks, report, all_of=chosen is SpecFormat.OPENSPEC)
    used = {name: beside.tasks[name] for name in names}
    if chosen is SpecFormat.OPENSPEC:
        used |= dict([*beside.bases.values(), *beside.deltas.values()])
    return used


def _lock(beside: Beside, path: str, report: Report) -> SpecLock:
    return read_lock(beside.lock, report).specs.get(PurePosixPath(path.replace("\\", "/")).name, SpecLock())


def _kinds(blocks: Sequence[Block], drafts: Sequence[Draft]) -> list[Kind]:
    """What the author wrote, else what the format found, else by id, section and measure."""
    wanted = {(d.span.line, d.span.column) for d in drafts}
    trails = {(b.line, b.column): trail for b, trail in with_trail(blocks) if (b.line, b.column) in wanted}
    found: list[Kind] = []
    for draft in drafts:
        names = [heading_name(b.text) for b in trails.get((draft.span.line, draft.span.column), ())]
        names.append(draft.title.casefold())
        found.append(draft.body.kind or draft.kind or kind_of(draft.key, names, draft.statement))
    return found


def _refuse_unanswered(blocks: Sequence[Block], report: Report) -> None:
    for block in blocks:
        if block.kind is BlockKind.CODE or "clarification" not in block.raw.casefold():
            continue
        for found in _UNANSWERED.finditer(block.plain):
            question = block.text[found.start() : found.end()]
            report.add("PRD012", *block.place(found.start()), f"Nobody has answered {shown(question)!r}.")


def _say_sections(found: Found, report: Report) -> None:
    """Name the sections whose lists and tables became nothing: their names do not say that they are wanted."""
    names = [f"{shown(name, _NAME)} (line {line})" for line, name in found.unread[:_NAMED]]
    more = f" and {len(found.unread) - _NAMED} more" if len(found.unread) > _NAMED else ""
    if not found.drafts:
        told = f" Lists are not read as any under {', '.join(names)}{more}." if names else ""
        report.add("PRD010", 1, 1, f"There is no requirement in this file.{told}")
    elif names:
        report.add("PRD036", found.unread[0][0], 1, f"Read as background: {', '.join(names)}{more}.")


def _check(drafts: Sequence[Draft], namespace: str, report: Report) -> None:
    seen: dict[str, Draft] = {}
    for draft in drafts:
        line, column = draft.span.line, draft.span.column
        first = seen.setdefault(requirement_id(draft, namespace).casefold(), draft)
        if first is not draft:
            report.add("PRD011", line, column, f"{draft.key} is already the id of line {first.span.line}.")
        if not draft.statement.strip():
            report.add("PRD014", line, column, f"{draft.key} has no statement.")


def _say_unread(blocks: Sequence[Block], spec: Spec, report: Report) -> None:
    """A demand that stands in no requirement, criterion or non-goal is pointed at, so that none is lost unseen."""
    taken = {
        line
        for span in (
            *(r.span for r in (*spec.requirements, *spec.non_goals)),
            *(c.span for r in spec.requirements for c in r.acceptance),
            *(c.span for c in spec.criteria),
        )
        if not span.path
        for line in range(span.line, span.end_line + 1)
    }
    for block, trail in with_trail(blocks):
        if block.kind in (BlockKind.CODE, BlockKind.HEADING) or block.quoted or _is_answered(trail):
            continue
        if taken.isdisjoint(range(block.line, block.end_line + 1)) and insists(block.raw):
            found = DEMANDS.search(unquoted(block.plain))
            if found is not None:
                line, column = block.place(found.start())
                report.add("PRD032", line, column, f"No requirement holds {shown(block.text)!r}.")
    _say_done(blocks, spec, report)
    provisional = [r for r in spec.requirements if r.provisional]
    if provisional:
        text = f"{len(provisional)} ids, such as {provisional[0].aliases[0]}, hold only until the text is edited."
        report.add("PRD033", provisional[0].span.line, provisional[0].span.column, text)


def _say_done(blocks: Sequence[Block], spec: Spec, report: Report) -> None:
    """Requirements that are ticked, or whose status says that they are done: they are planned like the others."""
    done: dict[RequirementId, int] = {}
    placed = sorted((r for r in spec.requirements if not r.span.path), key=lambda r: r.span.line)
    for block in blocks:
        if block.kind is BlockKind.CODE or block.quoted:
            continue
        for found in _DONE.finditer(block.text):
            line = block.place(found.end() - 1)[0]
            at = bisect_right(placed, line, key=lambda r: r.span.line) - 1
            if at >= 0 and line <= placed[at].span.end_line:
                done.setdefault(placed[at].id, line)
    if done:
        first, line = next(iter(done.items()))
        more = f", and so do {len(done) - 1} more" if len(done) > 1 else ""
        report.add("PRD038", line, 1, f"{first.rpartition('/')[2]} says that it is done, and is planned{more}.")


def _is_answered(trail: Sequence[Block]) -> bool:
    """Whether a block stands under Clarifications, where questions and answers are kept."""
    return any(heading_name(heading.text) == "clarifications" for heading in trail)


def _resolve(drafts: Sequence[Draft], namespace: str, report: Report) -> list[tuple[RequirementId, ...]]:
    """Names in *Depends on* as ids: by the source's id, an alias, or the full id."""
    ids = [requirement_id(d, namespace) for d in drafts]
    keys = {
        name.casefold(): whole
        for whole, d in zip(ids, drafts, strict=True)
        for name in (d.key, whole, *d.aliases, *d.body.aliases)
    }
    edges: dict[RequirementId, tuple[RequirementId, ...]] = {}
    for whole, draft in zip(ids, drafts, strict=True):
        targets: list[RequirementId] = []
        for named in draft.body.depends:
            target = keys.get(named.value.casefold())
            if target is None:
                message = f"{draft.key} depends on {shown(named.value)!r}, which is not in this file."
                report.add("PRD013", named.span.line, named.span.column, message)
            else:
                targets.append(target)
        edges[whole] = tuple(dict.fromkeys(targets))
    _refuse_circles(dict(zip(ids, drafts, strict=True)), edges, report)
    return [edges[whole] for whole in ids]


def _refuse_circles(
    drafts: Mapping[RequirementId, Draft], edges: Mapping[RequirementId, tuple[RequirementId, ...]], report: Report
) -> None:
    """Take away whatever depends on nothing that is left; what stays is in, or behind, a circle."""
    left = {key: set(targets) for key, targets in edges.items()}
    waiting = Counter({key: len(targets) for key, targets in left.items()})
    users: dict[RequirementId, list[RequirementId]] = {}
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
    if left:
        stuck = next(drafts[key] for key in drafts if key in left)
        names = ", ".join(sorted(drafts[key].key for key in left))
        report.add("PRD018", stuck.span.line, stuck.span.column, f"These depend on each other: {shown(names)}.")
