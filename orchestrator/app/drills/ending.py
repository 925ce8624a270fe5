"""The end of a drill: what was planted is told, what was found is counted, and the rest is taken away."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from orchestrator.app.drills.beginning import PLANTED, planted_file
from orchestrator.app.observe.decided import opened_decision
from orchestrator.app.project import Project
from orchestrator.app.trust.keys import signer
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import HandrailError, StoreError, UsageError
from orchestrator.models.decision import Decision, ReviewItem, SubjectKind, Verdict
from orchestrator.models.ids import Digest, RunId
from orchestrator.models.review import Comment, Mark, ReviewSheet
from orchestrator.review.drill import judging
from orchestrator.review.drill.judging import Outcome, Planted
from orchestrator.store import drills
from orchestrator.store.whole import write_whole


@dataclass(frozen=True, slots=True)
class Ended:
    """What was planted. ``found`` is ``None`` for everybody but who decided; ``verdict`` before anybody did."""

    planted: tuple[Planted, ...]
    verdict: Verdict | None
    found: frozenset[Digest] | None


def end(project: Project, key: Path | None = None) -> Ended:
    """What was planted, and for who decided what they found; then nothing of the drill is left but its counts.

    Before anybody has decided the drill is only taken away. Raises ``UsageError`` DRILL005 when no drill waits.
    """
    run = _the_one(project)
    ((item, _),) = project.index.items_of(run)
    planted = _read(project, run)
    lines = project.index.decisions(item.id)
    keys = chain_at(project, project.index.run(run).base_commit).keys()
    said = [d for line in lines if (d := opened_decision(line, keys)) is not None and d.kind is SubjectKind.DRILL]
    told = Ended(planted, None, None)
    if said:
        told = _judged(project, item, planted, said, key)
    _forget(project, run, item, said)
    return told


def _the_one(project: Project) -> RunId:
    waiting = drills.waiting(project.index)
    if not waiting:
        raise UsageError("DRILL005", "There is no drill here.", "handrail review drill")
    return waiting[0]


def _read(project: Project, run: RunId) -> tuple[Planted, ...]:
    path = planted_file(project, run)
    try:
        return PLANTED.validate_json(path.read_bytes())
    except FileNotFoundError:
        return ()
    except (OSError, ValidationError) as problem:
        raise StoreError("STORE003", f"{path} cannot be read as what was planted.", f"remove {path}") from problem


def _judged(
    project: Project, item: ReviewItem, planted: tuple[Planted, ...], said: Sequence[Decision], key: Path | None
) -> Ended:
    verdict = next((d.verdict for d in said if d.verdict is not Verdict.APPROVE), Verdict.APPROVE)
    sheet = ReviewSheet.model_validate_json(project.blobs.get(item.document))
    marks = _loaded(project, Mark, drills.notes(project.index, item.run))
    comments = list(_loaded(project, Comment, project.index.comments(item.id)))
    reasons = _loaded(project, Comment, [d.comment for d in said if d.comment])
    words = "\n".join(one.text for one in reasons)
    found = judging.found(planted, sheet.changes[0].change.hunks, marks, comments, words)
    _keep(project, judging.outcome(f"{project.clock.now():%Y-%m-%d}", verdict, planted, found))
    mine = _by(project, item, key)
    return Ended(planted, verdict, (found if verdict is not Verdict.APPROVE else frozenset()) if mine else None)


def _by(project: Project, item: ReviewItem, key: Path | None) -> bool:
    """Whether this key is the one that decided: what somebody found is theirs to see, and nobody else's."""
    try:
        keyid = signer(key).keyid
    except HandrailError:
        return False
    return any(keyid.encode() in line for line in project.index.decisions(item.id))


def _loaded(project: Project, kind: Any, digests: Iterable[Digest]) -> Iterable[Any]:  # noqa: ANN401  a noun of that kind
    for digest in digests:
        try:
            yield kind.model_validate_json(project.blobs.get(digest))
        except (StoreError, ValidationError):
            continue


def _keep(project: Project, outcome: Outcome) -> None:
    path = project.layout.drill_outcomes
    before = path.read_bytes() if path.exists() else b""
    write_whole(path, before + outcome.to_bytes() + b"\n")


def _forget(project: Project, run: RunId, item: ReviewItem, said: Sequence[Decision]) -> None:
    sheet = ReviewSheet.model_validate_json(project.blobs.get(item.document))
    change = sheet.changes[0].change
    remarks = [
        *project.index.comments(item.id),
        *drills.notes(project.index, run),
        *(d.comment for d in said if d.comment),
    ]
    project.blobs.erase([item.document, change.diff, change.proposal, *remarks])
    drills.forget(project.index, run)
    shutil.rmtree(project.layout.drill(run), ignore_errors=True)


def results(project: Project) -> dict[str, Any]:
    """What all drills of this repository's store came to, as plain data.

    Raises ``UsageError`` DRILL006 where the figures would be one person's: a role that one person holds alone, or
    fewer than five drills; unless the policy keeps review times. ``StoreError`` STORE003 for a file that is altered.
    """
    outcomes, policy = _outcomes(project), chain_at(project).current
    holders = {name for role in policy.approve_roles if role in policy.roles for name in policy.roles[role].principals}
    people = [p.name for p in policy.principals if p.human and p.name in holders]
    if not policy.keep_review_times and (len(people) < 2 or len(outcomes) < judging.FEWEST):  # noqa: PLR2004  a team
        text = f"{len(outcomes)} drills and {len(people)} reviewers: the figures would be one person's."
        raise UsageError("DRILL006", text, f"{judging.FEWEST} drills, and two people in the role that approves")
    approved = sum(o.verdict is Verdict.APPROVE for o in outcomes)
    return {"drills": len(outcomes), "approved": approved, "kinds": judging.summed(outcomes)}


def _outcomes(project: Project) -> list[Outcome]:
    path = project.layout.drill_outcomes
    try:
        lines = path.read_bytes().splitlines() if path.exists() else []
        return [Outcome.model_validate_json(line) for line in lines]
    except (OSError, ValidationError, ValueError) as problem:
        raise StoreError("STORE003", f"{path} cannot be read as outcomes of drills.", f"remove {path}") from problem
