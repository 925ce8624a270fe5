"""The rows of a change as its screen shows them: what to read first, marks beside hunks, files folded or open."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from collections.abc import Set as AbstractSet

from orchestrator.models.change import ChangedFile
from orchestrator.models.decision import SubjectKind
from orchestrator.models.found import Finding
from orchestrator.models.ids import Digest
from orchestrator.models.review import Mark, MarkState
from orchestrator.review import risk, sections
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.view import ChangeDiff, ItemView

_SIGNS = {MarkState.VIEWED: "[viewed]", MarkState.ACCEPTED: "[accepted]", MarkState.REJECTED: "[REJECTED]"}
_GENERATED = re.compile(r"(^|/)(package-lock\.json|[^/]+\.(lock|min\.js|min\.css|map|svg)|yarn\.lock|go\.sum)$")
_LARGE_LINES = 2000


def first_folded(view: ItemView) -> frozenset[str]:
    """Generated and very large files start folded. A folded file never counts as looked at."""
    files = (file for part in view.diffs for file in part.change.files)
    large = {f.path for f in files if f.added_lines + f.removed_lines > _LARGE_LINES and len(_paths(view)) > 1}
    return frozenset(large | {path for path in _paths(view) if _GENERATED.search(path)})


def _paths(view: ItemView) -> set[str]:
    return {file.path for part in view.diffs for file in part.change.files}


def diff_rows(view: ItemView, marks: Mapping[Digest, Mark], folded: AbstractSet[str]) -> tuple[Row, ...]:
    """All rows, top to bottom."""
    found: list[Row] = []
    for part in view.diffs:
        if view.item.kind is SubjectKind.RUN:
            step = next(c.step for c in view.sheet.changes if c.change is part.change)
            found.append(sections.heading(f"{step.id} {step.title}"))
        found.append(sections.heading("Read first (enter goes there)"))
        found += risk.rows(view, part)
        found.append(sections.BLANK)
        found += _of_part(view, part, marks, folded)
    return tuple(found)


def _of_part(view: ItemView, part: ChangeDiff, marks: Mapping[Digest, Mark], folded: AbstractSet[str]) -> list[Row]:
    """Most rows are taken as they are: there may be hundreds of thousands."""
    found = [row for row in part.rows if row.path not in folded or row.kind is RowKind.FILE] if folded else [*part.rows]
    heads_of = (RowKind.HUNK, RowKind.FILE)
    heads = [n for n, row in enumerate(found) if row.kind in heads_of]
    files = {file.path: file for file in part.change.files}
    for n in reversed(heads):
        row = found[n]
        if row.kind is RowKind.HUNK:
            found[n] = row._replace(text=hunk_text(view, row, marks))
        else:
            found[n : n + 1] = _file_rows(part, row, files.get(row.path), marks, folded)
    return found


def _file_rows(
    part: ChangeDiff, row: Row, file: ChangedFile | None, marks: Mapping[Digest, Mark], folded: AbstractSet[str]
) -> Iterator[Row]:
    told = sections.file_line(file) if file else row.text
    yield row._replace(text=f"{told}{file_marks(part, row.path, marks)}")
    if row.path in folded:
        new = file.new_blob if file and file.new_blob else "none"
        lines = file.added_lines + file.removed_lines if file else 0
        words = f"{lines} changed lines folded, NOT looked at; new blob {new[:12]}; z opens"
        yield Row(RowKind.ALERT, f"! {words}", row.path)


def hunk_text(view: ItemView, row: Row, marks: Mapping[Digest, Mark]) -> str:
    """The head of a hunk with the person's own mark; one from an earlier item says so."""
    mark = marks.get(row.hunk) if row.hunk else None
    if mark is None:
        return row.text
    kept = "" if mark.item == view.item.id else " kept"
    why = f" ({mark.reason})" if mark.reason else ""
    return f"{_SIGNS[mark.state]}{kept} {row.text}{why}"


def file_marks(part: ChangeDiff, path: str, marks: Mapping[Digest, Mark]) -> str:
    """How far a file's hunks are marked."""
    hunks = [h.id for h in part.change.hunks if h.path == path]
    states = [marks[h].state for h in hunks if h in marks]
    if not states:
        return ""
    counts = [f"{states.count(s)} {s.value}" for s in (MarkState.ACCEPTED, MarkState.REJECTED, MarkState.VIEWED)]
    told = ", ".join(c for c in counts if not c.startswith("0 "))
    return f" [{told}; of {len(hunks)}]"


def places(rows: tuple[Row, ...], findings: tuple[Finding, ...]) -> dict[int, list[Finding]]:
    """Row number to findings: on the new side's line, or on the file's head where there is no line shown."""
    wanted = {finding.path for finding in findings}
    mine = [(n, row) for n, row in enumerate(rows) if row.path in wanted] if wanted else []
    lines = {(r.path, r.new): n for n, r in mine if r.new and r.kind not in (RowKind.HUNK, RowKind.TEXT)}
    files = {r.path: n for n, r in mine if r.kind is RowKind.FILE}
    found: dict[int, list[Finding]] = {}
    for finding in findings:
        row = lines.get((finding.path, finding.line), files.get(finding.path))
        if row is not None:
            found.setdefault(row, []).append(finding)
    return found


def hunk_at(view: ItemView, rows: tuple[Row, ...], cursor: int) -> Digest | None:
    """The hunk that a row belongs to: of a context line the one around it, of a file without text its only one."""
    row = rows[cursor]
    if row.hunk is not None:
        return row.hunk
    if row.kind in {RowKind.CONTEXT, RowKind.META}:
        for place in range(cursor, -1, -1):
            if rows[place].kind is RowKind.HUNK:
                return rows[place].hunk
            if rows[place].kind is RowKind.FILE:
                break
    mine = [h.id for part in view.diffs for h in part.change.hunks if h.path == row.path]
    return mine[0] if len(mine) == 1 and row.path else None
