"""OpenSpec: base specs (``### Requirement: Name`` with scenarios), delta specs, and a change as a whole.

The heading is the requirement's own name, so its slug is the id. A delta is
applied to the base it stands on: a heading that the base lacks is an error
where OpenSpec 1.10 skips it, and each requirement keeps the digest of what it
changes, so that a base that has moved on is seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from orchestrator.models.ids import Digest
from orchestrator.models.spec import Criterion, Delta, Span
from orchestrator.specs.beside import Beside, openspec_place, parse_beside
from orchestrator.specs.body import one_line
from orchestrator.specs.codes import Report, shown
from orchestrator.specs.draft import Draft, Found, document_title, extent, make_draft, text_digest, with_trail
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.naming import slug

_REQUIREMENT = re.compile(r"Requirement:\s*(\S.*)", re.IGNORECASE | re.DOTALL)
_SCENARIO = re.compile(r"Scenario:\s*", re.IGNORECASE)
_SECTION = re.compile(r"(ADDED|MODIFIED|REMOVED|RENAMED)\s+Requirements\b", re.IGNORECASE)
_RENAME = re.compile(r"(FROM|TO)\s*:\s*`?(?:#+\s*)?Requirement:\s*([^`\n]+?)`?\s*$", re.IGNORECASE)
_NAMED = re.compile(r"`?(?:#+\s*)?Requirement:\s*([^`\n]+?)`?\s*$", re.IGNORECASE)


@dataclass(slots=True)
class _Delta:
    """One capability's changes, with the place and the base of each."""

    capability: str
    drafts: dict[Delta, list[Draft]] = field(default_factory=dict[Delta, list[Draft]])
    renames: list[tuple[str, str, Span]] = field(default_factory=list[tuple[str, str, Span]])
    path: str = ""


def count(blocks: Sequence[Block]) -> int:
    """How many headings look like this format."""
    return len(_starts(blocks)) + sum(1 for b in blocks if _section(b) is not None) + 2 * is_proposal(blocks)


def is_proposal(blocks: Sequence[Block]) -> bool:
    """Whether this is a change's ``proposal.md``."""
    names = {b.text.strip().casefold() for b in blocks if b.kind is BlockKind.HEADING}
    return {"why", "what changes"} <= names


def read(blocks: Sequence[Block], path: str, beside: Beside, report: Report) -> Found:
    """The requirements of a base spec, of one delta spec, or of a whole change with all its delta specs."""
    place = openspec_place(path)
    if is_proposal(blocks):
        return _change(blocks, path, beside, report)
    title = document_title(blocks)
    if all(_section(b) is None for b in blocks):
        return Found(title, _names(path, title), list(_requirements(blocks, report)))
    capability = place.capability if place else slug(title)
    delta = _read_delta(capability, blocks, report)
    drafts = _applied(delta, _base(capability, beside, report), report)
    return Found(title, [capability, *_names(path, title)], drafts)


def _names(path: str, title: str) -> list[str]:
    parts = path.replace("\\", "/").split("/")
    folder = parts[-2] if len(parts) > 1 and parts[-1] in {"spec.md", "proposal.md"} else ""
    return [name for name in (folder, title.removesuffix("Specification").strip()) if not _SECTION.match(name)]


def _change(blocks: Sequence[Block], path: str, beside: Beside, report: Report) -> Found:
    drafts: list[Draft] = []
    for capability, (name, data) in sorted(beside.deltas.items()):
        found, inner = parse_beside(name, data, report)
        delta = _read_delta(capability, found, inner)
        delta.path = name
        for draft in _applied(delta, _base(capability, beside, inner), inner):
            draft.namespace = capability
            _stand_in(draft, name)
            drafts.append(draft)
    if not drafts:
        report.add("PRD026", 1, 1, "No delta spec stands beside this proposal, at specs/CAPABILITY/spec.md.")
    heading = document_title([b for b in blocks if b.kind is BlockKind.HEADING and b.level == 1])
    names = _names(path, "")
    return Found(heading.removeprefix("Change:").strip() or (names[0] if names else ""), names, drafts)


def _stand_in(draft: Draft, path: str) -> None:
    draft.span = draft.span.model_copy(update={"path": path})
    draft.body.acceptance = [
        c.model_copy(update={"span": c.span.model_copy(update={"path": path})}) for c in draft.body.acceptance
    ]
    for declared in (draft.body.where, draft.body.verify_by, draft.body.reaches):
        declared[:] = [d.model_copy(update={"span": d.span.model_copy(update={"path": path})}) for d in declared]


def _section(block: Block) -> Delta | None:
    found = _SECTION.match(block.text) if block.kind is BlockKind.HEADING else None
    return Delta(found[1].casefold()) if found else None


def _starts(blocks: Sequence[Block]) -> list[int]:
    return [i for i, b in enumerate(blocks) if b.kind is BlockKind.HEADING and _REQUIREMENT.match(b.text)]


def _requirements(blocks: Sequence[Block], report: Report) -> Iterator[Draft]:
    starts = _starts(blocks)
    known = frozenset(starts)
    for i in starts:
        inside = blocks[i + 1 : extent(blocks, i, known)]
        yield _requirement(blocks[i], inside, report)


def _requirement(head: Block, inside: Sequence[Block], report: Report) -> Draft:
    found = _REQUIREMENT.match(head.text)
    name = one_line(found[1]) if found else head.text
    first = next((i for i, b in enumerate(inside) if _is_scenario(b)), len(inside))
    draft = make_draft(slug(name) or "requirement", name, inside[:first], head, report)
    if not draft.statement.strip():
        draft.statement = name
    draft.aliases.append(name)
    draft.body.acceptance += _scenarios(inside[first:])
    last = max([head, *inside], key=lambda b: (b.end_line, b.end_column)).span
    draft.span = draft.span.model_copy(update={"end_line": last.end_line, "end_column": last.end_column})
    return draft


def _is_scenario(block: Block) -> bool:
    return block.kind is BlockKind.HEADING and _SCENARIO.match(block.text) is not None


def _scenarios(blocks: Sequence[Block]) -> Iterator[Criterion]:
    """One criterion each: the scenario's name, then its lines."""
    starts = [i for i, b in enumerate(blocks) if _is_scenario(b)]
    for i, end in pairwise([*starts, len(blocks)]):
        head, last = blocks[i], blocks[end - 1]
        lines = [one_line(_SCENARIO.sub("", head.text, count=1)), *(_line(b) for b in blocks[i + 1 : end])]
        span = Span(line=head.line, column=head.column, end_line=last.end_line, end_column=last.end_column)
        yield Criterion(text="\n".join(line for line in lines if line), span=span)


def _line(block: Block) -> str:
    return block.text if block.kind is BlockKind.CODE else one_line(block.text)


def _read_delta(capability: str, blocks: Sequence[Block], report: Report) -> _Delta:
    delta = _Delta(capability)
    for i, block in enumerate(blocks):
        kind = _section(block)
        if kind is None:
            continue
        inside = blocks[i + 1 : extent(blocks, i, frozenset())]
        if kind is Delta.RENAMED:
            delta.renames += _renames(inside, report)
            continue
        drafts = list(_requirements(inside, report))
        if kind is Delta.REMOVED:
            drafts += _listed(inside, report)
        delta.drafts.setdefault(kind, []).extend(drafts)
    if not delta.renames and not any(delta.drafts.values()):
        report.add("PRD026", 1, 1, "This delta spec changes no requirement.")
    return delta


def _listed(blocks: Sequence[Block], report: Report) -> Iterator[Draft]:
    """A removal may be one line of a list."""
    for block, trail in with_trail(blocks):
        found = _NAMED.match(block.text) if block.kind is BlockKind.ITEM and not trail else None
        if found:
            draft = make_draft(slug(found[1]) or "requirement", one_line(found[1]), [], block, report)
            draft.aliases.append(draft.title)
            yield draft


def _renames(blocks: Sequence[Block], report: Report) -> Iterator[tuple[str, str, Span]]:
    old = ""
    for line, place in ((line, b) for b in blocks for line in b.text.split("\n")):
        found = _RENAME.search(line)
        if found is None:
            continue
        if found[1].upper() == "FROM":
            old = one_line(found[2])
        elif old:
            yield old, one_line(found[2]), place.span
            old = ""
        else:
            report.add("PRD022", place.line, place.column, f"{shown(found[2])!r} has no line FROM before it.")


def _base(capability: str, beside: Beside, report: Report) -> Mapping[str, Draft]:
    """The present requirements of a capability, by their names; empty when it has no spec yet."""
    if capability not in beside.bases:
        return {}
    name, data = beside.bases[capability]
    blocks, inner = parse_beside(name, data, report)
    return {_key(d.title): d for d in _requirements(blocks, inner)}


def _key(name: str) -> str:
    return one_line(name)


def _print_of(draft: Draft) -> Digest:
    return text_digest(draft.title, draft.statement, [c.text for c in draft.body.acceptance])


def _applied(delta: _Delta, base: Mapping[str, Draft], report: Report) -> list[Draft]:
    """The work of a change, each piece with the fingerprint of what it changes."""
    new_names = {new: old for old, new, _ in delta.renames}
    _refuse_twice(delta, report)
    made = [d for d in (_renamed(*rename, base, report) for rename in delta.renames) if d is not None]
    for kind in (Delta.ADDED, Delta.MODIFIED, Delta.REMOVED):
        for draft in delta.drafts.get(kind, []):
            _apply(kind, draft, base.get(_key(new_names.get(draft.title, draft.title))), base, report)
            made.append(draft)
    changed = {_key(d.title) for d in delta.drafts.get(Delta.MODIFIED, [])}
    return [d for d in made if d.delta is not Delta.RENAMED or _key(d.title) not in changed]


def _apply(kind: Delta, draft: Draft, old: Draft | None, base: Mapping[str, Draft], report: Report) -> None:
    place = draft.span.line, draft.span.column
    draft.delta = kind
    if kind is Delta.ADDED:
        if old is not None:
            report.add("PRD023", *place, f"The base has {shown(draft.title)!r} already.")
        return
    if old is None:
        what = "has no requirement" if base else "spec is not there, so it has no requirement"
        report.add("PRD022", *place, f"The base {what} {shown(draft.title)!r}.{_near(draft.title, base)}")
        return
    draft.base_digest = _print_of(old)
    if kind is Delta.REMOVED:
        reason = draft.statement if draft.statement != draft.title else ""
        draft.statement = "\n\n".join(part for part in (f"This holds no more: {old.statement}", reason) if part)
        return
    kept = {c.text.split("\n")[0] for c in draft.body.acceptance}
    lost = [name for c in old.body.acceptance if (name := c.text.split("\n")[0]) not in kept]
    if lost:
        report.add("PRD035", *place, f"{len(lost)} scenarios of the base are left out, such as {shown(lost[0])!r}.")


def _near(name: str, base: Mapping[str, Draft]) -> str:
    same = next((known for known in base if known.casefold() == name.casefold()), None)
    return f" It has {shown(same)!r}." if same else ""


def _renamed(old: str, new: str, place: Span, base: Mapping[str, Draft], report: Report) -> Draft | None:
    before = base.get(_key(old))
    if before is None:
        report.add("PRD022", place.line, place.column, f"The base has no requirement {shown(old)!r}.{_near(old, base)}")
        return None
    if _key(new) in base:
        report.add("PRD023", place.line, place.column, f"The base has {shown(new)!r} already.")
    made = Draft(slug(new) or "requirement", new, before.statement, before.body, place, [new, slug(old), old])
    made.delta, made.base_digest = Delta.RENAMED, _print_of(before)
    return made


def _refuse_twice(delta: _Delta, report: Report) -> None:
    seen: dict[str, Delta] = {}
    for kind, drafts in delta.drafts.items():
        for draft in drafts:
            first = seen.setdefault(_key(draft.title), kind)
            if first is not kind:
                text = f"{shown(draft.title)!r} stands under {first.value} and under {kind.value}."
                report.add("PRD024", draft.span.line, draft.span.column, text)
