"""What a person has noted and not signed: marks on hunks, and waivers to come. It survives restarts and rebuilds.

A mark is known by its hunk's digest (D2), so it stays with a hunk that a rebuild left as it was, and is gone where
path, mode, old text, enclosing definition or the changed bytes are others. It saves reading. Nothing is approved by it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel

from orchestrator.errors import UsageError
from orchestrator.models.change import Hunk
from orchestrator.models.ids import Digest, RunId
from orchestrator.models.review import Mark, MarkState, Waiver
from orchestrator.ports import Blobs, Clock, RunIndex
from orchestrator.review import rules
from orchestrator.review.escape import escape
from orchestrator.review.view import ItemView

_HUNK, _WAIVER = "hunk ", "waiver "
_Kept = TypeVar("_Kept", bound=BaseModel)


class Marks:
    """Of one person's key."""

    def __init__(self, index: RunIndex, blobs: Blobs, clock: Clock, keyid: str) -> None:
        self._index = index
        self._blobs = blobs
        self._clock = clock
        self._keyid = keyid

    def of(self, view: ItemView) -> dict[Digest, Mark]:
        """Hunk → mark, of the hunks that the item shows."""
        return {h: mark for h, mark in self._all(view.item.run, _HUNK, Mark).items() if h in set(view.hunks)}

    def put(self, view: ItemView, hunks: Sequence[Digest], state: MarkState, reason: str = "") -> None:
        """Mark hunks of an item.

        Raises ``UsageError``: REV001 (rejected, no reason), REV006 and REV007 (closed, outdated), REV009, REV031.
        """
        words = rules.text(reason)
        if state is MarkState.REJECTED and not words:
            raise UsageError("REV001", "A rejected hunk needs a reason.", "say in a sentence what must be different")
        rules.still_asked(view)
        for hunk in self._known(view, hunks):
            mark = Mark(
                hunk=hunk.id,
                state=state,
                item=view.item.id,
                path=hunk.path,
                line=hunk.new_start,
                reason=words,
                at=self._clock.now(),
            )
            self._index.put_draft(view.item.run, self._keyid, _HUNK + hunk.id, self._blobs.put(mark.to_bytes()))

    def drop(self, view: ItemView, hunks: Sequence[Digest]) -> None:
        """Take marks away again; harmless where there is none."""
        for hunk in self._known(view, hunks):
            self._index.drop_draft(view.item.run, self._keyid, _HUNK + hunk.id)

    def waive(self, view: ItemView, finding: Digest, *, reason: str, owner: str, expires: datetime) -> Waiver:
        """Prepare the lift of a finding; the next approval with this key signs it.

        Raises ``UsageError``: REV001 (no reason or owner), REV003 (no such finding), REV034 (``expires`` is past).
        """
        words, name = rules.text(reason), rules.text(owner)
        if not words or not name:
            raise UsageError("REV001", "A waiver needs a reason and an owner.", "give --reason and --owner")
        if finding not in view.item.findings:
            raise UsageError("REV003", "Not a finding that a person may lift.", f"handrail review show {view.item.id}")
        waiver = Waiver(finding=finding, reason=words, owner=name, expires=expires)
        rules.in_force((waiver,), self._clock.now())
        self._index.put_draft(view.item.run, self._keyid, _WAIVER + finding, self._blobs.put(waiver.to_bytes()))
        return waiver

    def waivers(self, view: ItemView) -> dict[Digest, Waiver]:
        """Finding → prepared waiver, of the findings of the item."""
        found = self._all(view.item.run, _WAIVER, Waiver)
        return {f: waiver for f, waiver in found.items() if f in view.item.findings}

    def _all(self, run: RunId, prefix: str, kind: type[_Kept]) -> dict[Digest, _Kept]:
        found = self._index.drafts(run, self._keyid)
        return {
            Digest(subject.removeprefix(prefix)): kind.model_validate_json(self._blobs.get(document))
            for subject, document in found.items()
            if subject.startswith(prefix)
        }

    def _known(self, view: ItemView, hunks: Sequence[Digest]) -> list[Hunk]:
        known = {hunk.id: hunk for part in view.diffs for hunk in part.change.hunks}
        strange = [escape(hunk) for hunk in hunks if hunk not in known]
        if strange:
            raise UsageError("REV031", "Not a hunk of this item.", f"handrail review show {view.item.id}", strange)
        return [known[hunk] for hunk in hunks]


def find_hunks(view: ItemView, names: Sequence[str] = (), paths: Sequence[str] = ()) -> tuple[Digest, ...]:
    """Hunks by the start of their ids, and all hunks of files. Raises ``UsageError`` REV031 unless each names one."""
    found: dict[Digest, None] = {}
    every = [hunk for part in view.diffs for hunk in part.change.hunks]
    for name in names:
        start = name.removeprefix("sha256:")
        hits = {h.id for h in every if h.id.removeprefix("sha256:").startswith(start)} if start else set[Digest]()
        if len(hits) != 1:
            text = f"{escape(name) or 'An empty id'} names {len(hits)} hunks of this item."
            raise UsageError("REV031", text, f"handrail review show {view.item.id}")
        found.update(dict.fromkeys(hits))
    for path in paths:
        inside = {h.id: None for h in every if h.path == path}
        if not inside:
            text = f"{escape(path)} is no changed file of this item."
            raise UsageError("REV031", text, f"handrail review show {view.item.id}")
        found |= inside
    return tuple(found)


def find_findings(view: ItemView, names: Sequence[str]) -> tuple[Digest, ...]:
    """Findings for a person by the start of their fingerprints, or ``all``.

    Raises ``UsageError`` REV022 unless each names one.
    """
    if "all" in names:
        return view.item.findings
    found: dict[Digest, None] = {}
    for name in names:
        start = name.removeprefix("sha256:")
        hits = [f for f in view.item.findings if f.removeprefix("sha256:").startswith(start)]
        if len(hits) != 1:
            text = f"{escape(name)!r} names {len(hits)} of the findings that need a person."
            raise UsageError("REV022", text, f"handrail review show {view.item.id}")
        found[hits[0]] = None
    return tuple(found)
