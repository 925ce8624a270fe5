"""Items for people without a screen, and for programs.

The words read well aloud and need no colour: no boxes, no columns to hold in
mind, a marker before each line of a diff. Line numbers are of the new side, for
removed lines of the old.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType
from typing import Any

from orchestrator.models.decision import ReviewItem
from orchestrator.models.ids import Digest
from orchestrator.models.review import ChangeSheet, Mark
from orchestrator.policy import enforcement
from orchestrator.review import risk, sections
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.escape import escape, fold, fold_words
from orchestrator.review.risk import Ranked
from orchestrator.review.view import ChangeDiff, ItemView

SCHEMA = "handrail.review/1"
Marked = Mapping[Digest, Mark]
_MARKS = {RowKind.ADDED: "+", RowKind.REMOVED: "-", RowKind.CONTEXT: " "}
_GUTTER = 9


def item_rows(items: Sequence[ReviewItem]) -> tuple[tuple[str, ...], ...]:
    """Rows for a table: id, kind, run, step, title, who is asked, waiting since (UTC). Escaped."""
    return tuple(
        (
            escape(item.id),
            item.kind.value,
            escape(item.run),
            escape(item.step or "-"),
            escape(item.title),
            escape(f"{item.threshold} x {item.role}"),
            item.created_at.strftime("%Y-%m-%d %H:%M"),
        )
        for item in items
    )


def describe(view: ItemView, width: int = 100, marks: Marked = MappingProxyType({})) -> str:
    """Everything about an item as plain text of at most ``width`` columns; long lines are folded, none is left out.

    Hunks stand in the order of the files; before them is said which to read first.
    """
    lines = [line for row in sections.everything(view) for line in _folded(row, width)]
    for part in view.diffs:
        first = [line for row in risk.rows(view, part) for line in _folded(row, width)]
        lines += ["", "== Read first", *first, "", "== Diff", *_diff_lines(part, width, marks, view.item.id)]
    return "\n".join(lines) + "\n"


def changed_lines(rows: Iterable[Row], width: int = 100) -> list[str]:
    """Rows that lead from one form of an item to the next, as plain text with a marker before each line."""
    lines: list[str] = []
    for row in rows:
        mark = _MARKS.get(row.kind)
        if mark is None:
            lines += _folded(row, width)
        else:
            first, *more = fold(escape(row.text), width - _GUTTER)
            lines += [f"{mark} {first}".rstrip(), *(f"{mark}>{line}" for line in more)]
    return lines


def _folded(row: Row, width: int) -> list[str]:
    return fold_words(escape(row.text), width)


def mark_words(mark: Mark | None, item: str) -> str:
    """A mark on a hunk in words; one that was made on an earlier item says so (D2)."""
    if mark is None:
        return "no mark of yours"
    kept = "" if mark.item == item else f", kept from item {mark.item}"
    why = f": {mark.reason}" if mark.reason else ""
    return f"{mark.state.value} by you{kept}{why}"


def _diff_lines(part: ChangeDiff, width: int, marks: Marked, item: str) -> Iterator[str]:
    for row in part.rows:
        mark = _MARKS.get(row.kind)
        if mark is None:
            yield from _folded(row, width)
            if row.kind is RowKind.HUNK:
                yield from fold(f"hunk {row.hunk}", width)
                noted = marks.get(row.hunk) if row.hunk else None
                if noted:
                    yield from fold_words(escape(mark_words(noted, item)), width)
            continue
        number = row.new or row.old
        first, *more = fold(escape(row.text), width - _GUTTER)
        yield f"{number:>6} {mark} {first}".rstrip()
        yield from (f"{'':>6} {mark}>{line}" for line in more)


def to_json(view: ItemView, marks: Marked = MappingProxyType({})) -> dict[str, Any]:
    r"""One item as ``items[0]``, everything in it. Texts are as they came: whoever prints them escapes them.

    Bytes of a diff that are not UTF-8 are written ``\xNN``; ``diff_digest`` is of the exact bytes.
    """
    return {"schema": SCHEMA, "items": [_item(view.item) | _shown(view, marks)]}


def list_json(items: Iterable[ReviewItem]) -> dict[str, Any]:
    """What waits, as ``items[]``."""
    return {"schema": SCHEMA, "items": [_item(item) for item in items]}


def _item(item: ReviewItem) -> dict[str, Any]:
    return item.model_dump(mode="json")


def _shown(view: ItemView, marks: Marked) -> dict[str, Any]:
    return {
        "hunks": [_hunk_json(view, hunk, marks) for hunk in risk.ordered(view)],
        "outcome": view.outcome,
        "sheet": view.sheet.model_dump(mode="json"),
        "used": [_used_json(part) for part in view.sheet.changes],
        "to_lift": [finding.model_dump(mode="json") for finding in view.to_lift],
        "diffs": [_diff_json(part) for part in view.diffs],
        "decisions": [
            said.decision.model_dump(mode="json")
            | {"keyid": said.keyid, "reason": said.reason, "seconds_on_screen": said.seconds_on_screen}
            for said in view.decisions
        ],
        "changed_lines": view.changed_lines,
        "proof": asdict(view.proof) if view.proof else None,
        "comments": [remark.model_dump(mode="json") for remark in view.comments],
    }


def _used_json(part: ChangeSheet) -> dict[str, Any]:
    """Each grant of a step: what of it was used (``null``: not observed), and who holds it."""
    spent = (part.used,) if part.used else ()
    grants = enforcement.rows(part.step.capabilities, (f.path for f in part.change.files), spent)
    return {"step": part.step.id, "grants": enforcement.as_json(grants)}


def _hunk_json(view: ItemView, ranked: Ranked, marks: Marked) -> dict[str, Any]:
    mark = marks.get(ranked.hunk.id)
    return ranked.hunk.model_dump(mode="json") | {
        "risk": ranked.score,
        "why": list(ranked.why),
        "mark": mark.model_dump(mode="json") if mark else None,
        "kept": mark is not None and mark.item != view.item.id,
    }


def _diff_json(part: ChangeDiff) -> dict[str, Any]:
    return {
        "step": part.change.step,
        "diff_digest": part.change.diff,
        "diff": part.text.decode("utf-8", "backslashreplace"),
    }
