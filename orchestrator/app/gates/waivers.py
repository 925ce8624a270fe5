"""The ledger of what persons let pass: which finding, why, who answers and approved, until when, and if it stands.

Read from this repository's own runs: the texts are there and not in the evidence (D13). Whether a finding stands is
found by the gate that reported it, on the files as they are now, under the path that they had.

Not seen: waivers whose run lies on another machine, or whose texts were erased (the lift is listed, without an end).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING

from orchestrator.app.project import Project
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import EvidenceInvalid, RepositoryError, StoreError
from orchestrator.models.changed import ChangedFile, ChangeIdentity, ChangeKind
from orchestrator.models.decision import ON_A_CHANGE, Decision, ReviewItem, Verdict
from orchestrator.models.found import Finding
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.review import Comment, ReviewSheet, Waiver
from orchestrator.models.run import Run
from orchestrator.ports import Candidate

if TYPE_CHECKING:
    from orchestrator.gates.changes.differential import Hit
    from orchestrator.gates.scanners.worker import Worker
    from orchestrator.vcs.trees import GitTrees

_ACTS = frozenset({"protected", "integrity"})
"""Gates whose findings are about what a change did: nothing of it stands afterwards."""


@dataclass(frozen=True, slots=True)
class Lift:
    """One finding that somebody lifted. Without a waiver ``expires`` is ``None``, and the approver answers for it.

    ``path`` is that of the finding, ``place`` the one where it stands now, or '' where it does not.
    ``looked`` is false for findings of gates that are not asked again (those of a team's own, and of packages).
    """

    finding: Digest
    gate: str
    rule: str
    message: str
    path: str
    line: int
    reason: str
    owner: str
    approver: str
    lifted_at: datetime
    expires: datetime | None
    run: str
    item: str
    tree: GitOid
    place: str = ""
    looked: bool = True

    def ended(self, now: datetime) -> bool:
        """Whether it had an end that is past."""
        return self.expires is not None and self.expires <= now

    def overdue(self, now: datetime) -> bool:
        """Whether it has ended and the finding still stands, or nobody looked."""
        return self.ended(now) and (bool(self.place) or not self.looked)


def ledger(project: Project, trees: GitTrees, tree: GitOid, worker: Worker | None = None) -> tuple[Lift, ...]:
    """All of this repository's runs, newest first; of one finding the newest approval counts. Judged on ``tree``.

    A decision whose signature does not hold by the policy at its run's base lifts nothing and is not listed.
    """
    newest: dict[Digest, Lift] = {}
    for run in project.index.runs():
        for lift in _of_run(project, run):
            known = newest.get(lift.finding)
            if known is None or known.lifted_at < lift.lifted_at:
                newest[lift.finding] = lift
    found = sorted(newest.values(), key=lambda lift: lift.lifted_at, reverse=True)
    return tuple(_placed(trees, tree, found, worker))


def ended_hits(lifts: Sequence[Lift], now: datetime) -> dict[str, list[Hit]]:
    """What the gate ``waivers`` reports, by path."""
    from orchestrator.gates.changes.differential import Hit
    from orchestrator.models.found import Disposition

    found: dict[str, list[Hit]] = defaultdict(list)
    for lift in lifts:
        if lift.overdue(now) and lift.expires is not None:
            text = f"the waiver of {lift.rule} ended on {lift.expires:%Y-%m-%d} ({lift.owner}): {lift.message}"
            hit = Hit("WAIVER-ENDED", text, Disposition.PERSON, text=f"{lift.finding} {lift.expires.isoformat()}")
            found[lift.place or lift.path].append(hit)
    return found


def _of_run(project: Project, run: Run) -> Iterator[Lift]:
    items = [item for item, _ in project.index.items_of(run.id) if item.kind in ON_A_CHANGE and item.findings]
    keys = chain_at(project, run.base_commit).keys() if items else {}
    for item in items:
        known = _findings(project, item)
        for line in project.index.decisions(item.id):
            decision = _opened(line, keys)
            if decision is not None and decision.verdict is Verdict.APPROVE and decision.change is not None:
                yield from _of_decision(project, item, decision, decision.change, known)


def _opened(line: bytes, keys: Mapping[str, str]) -> Decision | None:
    from orchestrator.provenance import dsse
    from orchestrator.provenance.predicates import claims, statements

    try:
        claim = statements.read(dsse.open_line(line, keys).payload)
    except EvidenceInvalid:
        return None
    return claim.decision if isinstance(claim, claims.DecisionClaim) else None


def _findings(project: Project, item: ReviewItem) -> dict[Digest, tuple[str, Finding]]:
    try:
        sheet = ReviewSheet.model_validate_json(project.blobs.get(item.document))
    except StoreError:
        return {}
    return {f.fingerprint: (r.gate, f) for c in sheet.changes for r in c.reports for f in r.findings}


def _of_decision(
    project: Project,
    item: ReviewItem,
    decision: Decision,
    change: ChangeIdentity,
    known: Mapping[Digest, tuple[str, Finding]],
) -> Iterator[Lift]:
    comment = _comment(project, decision)
    waivers: dict[Digest, Waiver] = {w.finding: w for w in comment.waivers} if comment else {}
    for fingerprint in decision.lifts:
        gate, finding = known.get(fingerprint, ("", None))
        waiver = waivers.get(fingerprint)
        yield Lift(
            finding=fingerprint,
            gate=gate,
            rule=finding.rule if finding else "",
            message=finding.message if finding else "text withheld",
            path=finding.path if finding else "",
            line=finding.line if finding else 0,
            reason=waiver.reason if waiver else comment.text if comment else "",
            owner=waiver.owner if waiver else decision.reviewer,
            approver=decision.reviewer,
            lifted_at=decision.decided_at,
            expires=waiver.expires if waiver else None,
            run=item.run,
            item=item.id,
            tree=change.tree,
        )


def _comment(project: Project, decision: Decision) -> Comment | None:
    try:
        return Comment.model_validate_json(project.blobs.get(decision.comment)) if decision.comment else None
    except StoreError:
        return None


def _placed(trees: GitTrees, tree: GitOid, lifts: Sequence[Lift], worker: Worker | None) -> Iterator[Lift]:
    from orchestrator.gates.catalog import GATES

    by_tree: dict[GitOid, list[Lift]] = defaultdict(list)
    for lift in lifts:
        if lift.gate in GATES and lift.gate not in _ACTS:
            by_tree[lift.tree].append(lift)
    standing = {pair: place for old, some in by_tree.items() for pair, place in _stands(trees, old, tree, some, worker)}
    for lift in lifts:
        place = standing.get((lift.tree, lift.finding), "")
        yield replace(lift, place=place, looked=lift.gate in GATES)


def _stands(
    trees: GitTrees, old: GitOid, new: GitOid, lifts: Sequence[Lift], worker: Worker | None
) -> Iterator[tuple[tuple[GitOid, Digest], str]]:
    """The gates again, on each file as if it were new under its old name: a fingerprint names path, place and text."""
    from orchestrator.gates.catalog import default_gates
    from orchestrator.gates.runner import run_gates

    moved = _moved(trees, old, new)
    files = {p: _as_new(trees, new, p, moved.get(p, p)) for p in sorted({lift.path for lift in lifts})}
    identity = ChangeIdentity(target_ref="waivers", tip=old, tree=new, manifest=Digest("sha256:" + "0" * 64))
    candidate = Candidate(identity, tuple(f for f in files.values() if f), trees.blob, (), ())
    names = sorted({lift.gate for lift in lifts})
    reports = run_gates(default_gates(names, worker=worker), candidate)
    found = {f.fingerprint for r in reports for f in r.findings}
    broken = {r.gate for r in reports if r.reason}
    for lift in lifts:
        # A gate that broke has not said that it is gone.
        if files[lift.path] is not None and (lift.finding in found or lift.gate in broken):
            yield (old, lift.finding), moved.get(lift.path, lift.path)


def _moved(trees: GitTrees, old: GitOid, new: GitOid) -> dict[str, str]:
    """Old path → new path. Of a tree that is not here any more no rename is known."""
    try:
        changed = trees.changed_files(old, new)
    except RepositoryError:
        return {}
    return {f.old_path: f.path for f in changed if f.old_path}


def _as_new(trees: GitTrees, tree: GitOid, path: str, place: str) -> ChangedFile | None:
    entry = trees.entry(tree, place)
    if entry is None:
        return None
    return ChangedFile(path=path, kind=ChangeKind.ADDED, new_mode=entry.mode, new_blob=entry.oid)
