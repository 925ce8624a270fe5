"""What is different since somebody decided: the earlier form of an item beside the present one."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.errors import UsageError
from orchestrator.models.decision import ReviewItem
from orchestrator.review import diff
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.service import Reviews
from orchestrator.review.view import ItemView


@dataclass(frozen=True, slots=True)
class Since:
    """``then`` is the item that was decided last, ``now`` the present one; ``rows`` lead from the one to the other.

    Of a change only files are compared that one of the two touches: what else is new came with the tip.
    """

    then: ItemView
    now: ItemView
    text: bytes
    rows: tuple[Row, ...]

    @property
    def tip_moved(self) -> bool:
        """Whether the two were made on different commits."""
        old, new = self.then.item.change, self.now.item.change
        return old is not None and new is not None and old.tip != new.tip


def since_decision(project: Project, reviews: Reviews, item_id: str) -> Since:
    """Raises ``UsageError`` REV045 when nobody has decided on an earlier form of the item."""
    now = reviews.view(item_id)
    then = next((view for view in _earlier(project, reviews, now.item) if view.decisions), None)
    if then is None:
        text = f"Nobody has decided on an earlier form of {item_id}."
        raise UsageError("REV045", text, f"handrail review show {item_id}")
    old, new = then.item.change, now.item.change
    if old is None or new is None:
        return Since(then, now, *_documents(then, now))
    with open_trees(project) as trees:
        found = trees.diff(old.tree, new.tree).text
    touched = {p for v in (then, now) for d in v.diffs for f in d.change.files for p in (f.path, f.old_path) if p}
    return Since(then, now, found, tuple(row for row in diff.parse(found) if row.path in touched))


def _earlier(project: Project, reviews: Reviews, item: ReviewItem) -> Iterator[ItemView]:
    """Newest first."""
    known = [other for other, _ in project.index.items_of(item.run)]
    before = known[: [other.id for other in known].index(item.id)]
    same = (item.node, item.kind, item.step)
    return (reviews.view(o.id) for o in reversed(before) if (o.node, o.kind, o.step) == same)


def _documents(then: ItemView, now: ItemView) -> tuple[bytes, tuple[Row, ...]]:
    """Of plans and of work: their JSON, a value a line."""
    old, new = (_lines(v.sheet.plan or v.sheet.work) for v in (then, now))
    found = list(unified_diff(old, new, lineterm="", n=2))[2:]
    kinds = {"+": RowKind.ADDED, "-": RowKind.REMOVED}
    rows = tuple(Row(kinds.get(line[:1], RowKind.CONTEXT), line[1:]) for line in found if not line.startswith("@"))
    return "\n".join(found).encode(), rows


def _lines(noun: Any) -> list[str]:  # noqa: ANN401  a plan, or work
    return json.dumps(noun.model_dump(mode="json"), indent=1, sort_keys=True).splitlines()
