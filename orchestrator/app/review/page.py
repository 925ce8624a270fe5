"""A review item as one HTML page, for those who read it without a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from orchestrator.models.ids import Digest
from orchestrator.models.review import Mark
from orchestrator.render.pages import html
from orchestrator.review import risk, sections
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.escape import escape
from orchestrator.review.present import mark_words
from orchestrator.review.view import ChangeDiff, ItemView

TEMPLATE = "review.html.j2"
_MARKS = {RowKind.ADDED: "+", RowKind.REMOVED: "-"}


def page(view: ItemView, marks: Mapping[Digest, Mark]) -> str:
    """The whole item, nothing folded away. Text of agents and repositories is literal, as in the terminal."""
    item = view.item
    parts: list[dict[str, Any]] = []
    for row in sections.everything(view):
        title = row.text.removeprefix("== ") if row.kind is RowKind.HEADING and row.text.startswith("== ") else ""
        if title or not parts:
            parts.append({"title": escape(title or "Item"), "rows": []})
        if not title:
            parts[-1]["rows"].append(_row(row))
    files: list[dict[str, Any]] = []
    for part in view.diffs:
        parts.append({"title": "Read first", "rows": [_row(row) for row in risk.rows(view, part)]})
        files += _files(part, marks, item.id)
    return html(
        TEMPLATE, {"title": escape(f"{item.kind.value.capitalize()}: {item.title}"), "parts": parts, "files": files}
    )


def _row(row: Row) -> dict[str, str]:
    return {"kind": row.kind.value, "text": escape(row.text)}


def _files(part: ChangeDiff, marks: Mapping[Digest, Mark], item: str) -> Iterable[dict[str, Any]]:
    told = {file.path: sections.file_line(file) for file in part.change.files}
    files: list[dict[str, Any]] = []
    for row in part.rows:
        if row.kind is RowKind.FILE:
            files.append({"title": escape(told.get(row.path, row.path)), "rows": []})
        elif files:
            files[-1]["rows"].append(_line(row))
            if row.kind is RowKind.HUNK and row.hunk is not None:
                words = f"hunk {row.hunk}: {mark_words(marks.get(row.hunk), item)}"
                files[-1]["rows"].append({"kind": "meta", "number": "", "mark": "", "text": escape(words)})
    return files


def _line(row: Row) -> dict[str, str]:
    code = row.kind in {RowKind.ADDED, RowKind.REMOVED, RowKind.CONTEXT}
    number = str(row.new or row.old) if code else ""
    return {"kind": row.kind.value, "number": number, "mark": _MARKS.get(row.kind, ""), "text": escape(row.text)}
