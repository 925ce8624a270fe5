"""What was stored of a run and not erased, and who decided what on it, signatures held against the policy's keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from orchestrator.app.project import Project
from orchestrator.errors import EvidenceInvalid, StoreError
from orchestrator.models.decision import Decision
from orchestrator.models.event import Event
from orchestrator.models.ids import Digest
from orchestrator.models.plain import Stored
from orchestrator.models.review import Comment
from orchestrator.models.run import Run

N = TypeVar("N", bound=Stored)
WITHHELD = "text withheld"


@dataclass(frozen=True, slots=True)
class Told:
    """What was stored of a run. A blob that was erased is ``None`` wherever it is asked for (D13)."""

    project: Project
    run: Run
    events: tuple[Event, ...]
    keys: Mapping[str, str]

    def load(self, kind: type[N], digest: str | None) -> N | None:
        text = self.text(digest)
        return kind.model_validate_json(text) if text is not None else None

    def text(self, digest: str | None) -> bytes | None:
        try:
            return self.project.blobs.get(Digest(digest)) if digest else None
        except StoreError:
            return None

    def of(self, step: str, kind: str) -> list[Event]:
        return [e for e in self.events if e.step == step and e.kind == kind]


def decided_in(told: Told) -> dict[str, list[dict[str, Any]]]:
    """Step, or '' for plan and run → its decisions. One whose signature does not hold is said to be so."""
    found: dict[str, list[dict[str, Any]]] = {}
    for item, _ in told.project.index.items_of(told.run.id):
        for line in told.project.index.decisions(item.id):
            row = {"item": item.id, "kind": item.kind.value, "step": item.step or "", "title": item.title}
            found.setdefault(item.step or "", []).append({**row, **_said(told, line)})
    return found


def _said(told: Told, line: bytes) -> dict[str, Any]:
    decision = opened_decision(line, told.keys)
    if decision is None:
        nobody = {"reviewer": "", "role": "", "comment": "", "seconds_on_screen": None, "decided_at": ""}
        return {"verdict": "not verified", **nobody, "lifts": [], "waivers": []}
    comment = told.load(Comment, decision.comment)
    text = comment.text if comment else WITHHELD if decision.comment else ""
    said = {"verdict": decision.verdict.value, "reviewer": decision.reviewer, "role": decision.role}
    waivers = [w.model_dump(mode="json") for w in comment.waivers] if comment else []
    looked = comment.seconds_on_screen if comment else None
    return {
        **said,
        "comment": text,
        "lifts": list(decision.lifts),
        "waivers": waivers,
        "seconds_on_screen": looked,
        "decided_at": decision.decided_at.isoformat(timespec="milliseconds"),
    }


def opened_decision(line: bytes, keys: Mapping[str, str]) -> Decision | None:
    """What a stored line says, when a key among these (id → public key) signed it."""
    from orchestrator.provenance import dsse
    from orchestrator.provenance.predicates import claims, statements

    try:
        claim = statements.read(dsse.open_line(line, keys).payload)
    except EvidenceInvalid:
        return None
    return claim.decision if isinstance(claim, claims.DecisionClaim) else None
