"""The review queue for the person whose key is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestrator.app.base import read_base
from orchestrator.app.project import Project
from orchestrator.app.remotes import places
from orchestrator.app.trees import drill_trees, open_trees
from orchestrator.app.trust.keys import signer
from orchestrator.app.wiring import decision_opener, workflow_of
from orchestrator.errors import HandrailError, UsageError
from orchestrator.models.decision import OUTDATED, Decision, ReviewItem, SubjectKind, Verdict, decided_key
from orchestrator.models.ids import Digest
from orchestrator.models.run import DRILL, Run
from orchestrator.review.service import Reviews
from orchestrator.review.view import Proof
from orchestrator.store.carrying import travelling
from orchestrator.vcs.repository import read_ref


@contextmanager
def open_reviews(
    project: Project, run: Run, *, key: Path | None = None, trust: Digest | None = None
) -> Iterator[Reviews]:
    """The queue as one reviewer sees it. Raises ``UsageError`` (REV020) for a key that the policy does not name."""
    from orchestrator.provenance import dsse
    from orchestrator.provenance.predicates import claims, statements

    who = signer(key)
    with open_trees(project, private=drill_trees(project, run.id) if run.workflow == DRILL else None) as trees:
        base = read_base(project, trees, run.base_commit, trust)
        policy = base.chain.current
        principal = policy.principal(who.keyid)
        if principal is None:
            text = f"The policy names no person with the key {who.keyid[:16]}."
            raise UsageError("REV020", text, "use --key, or have the key added to the policy")
        custody = principal.custody

        def seal(decision: Decision) -> tuple[str, bytes]:
            payload = statements.build(claims.DecisionClaim(decision=decision, keyid=who.keyid, custody=custody))
            return who.keyid, dsse.seal(payload, [who])

        def outdated(item: ReviewItem) -> bool:
            present = trees.ref(item.change.target_ref) if item.change else None
            return item.change is not None and present not in {None, item.change.tip}

        yield Reviews(
            index=project.index,
            blobs=project.blobs,
            seal=seal,
            open_decision=decision_opener(base),
            policy=policy,
            reviewer=principal.name,
            keyid=who.keyid,
            clock=project.clock,
            outdated=outdated,
            trees=trees,
            prove=lambda mine: proof_of(project, project.index.run(mine)),
            drill=run.workflow == DRILL,
        )


def proof_of(project: Project, run: Run) -> Proof:
    """The run's workflow, searched now. What keeps it from being proved here is told, not raised."""
    from orchestrator.policy.proof import judge

    try:
        workflow = workflow_of(project, run)
        wrong = next((f"{code} {text}" for _, code, text in judge.problems(workflow)), "")
    except HandrailError as problem:
        return Proof(run.workflow, run.workflow_digest, problem=f"{problem.code} {problem.message}")
    if wrong:
        return Proof(run.workflow, run.workflow_digest, problem=wrong)
    found = judge.proved(workflow)
    return Proof(workflow.id, run.workflow_digest, judge.PROPERTIES, found.states, found.transitions)


def approve_plan(project: Project, run: Run, item: ReviewItem, *, key: Path | None, trust: Digest | None) -> bool:
    """Sign a plan's approval unseen, because its reviewer said so when the run began. Whether ``item`` was a plan."""
    if item.kind is not SubjectKind.PLAN:
        return False
    with open_reviews(project, run, key=key, trust=trust) as reviews:
        reviews.decide(item.id, Verdict.APPROVE)
    return True


def undo(project: Project, item_id: str, *, key: Path | None = None, trust: Digest | None = None) -> None:
    """Take one's own decision back, as long as no run has gone on with it.

    Raises ``RunBusy`` while the run goes on, ``UsageError`` REV041 once it has, REM028 when the decision was pushed to
    whoever advances the run, REV033 when there is no decision.
    """
    item = project.index.item(item_id)
    run = project.index.run(item.run)
    with project.owners.own(run.id), open_reviews(project, run, key=key, trust=trust) as reviews:
        if project.index.effect(decided_key(item_id)) is not None or project.index.outcome(item_id) == OUTDATED:
            text = f"The run has gone on with the decision on {item_id}."
            raise UsageError("REV041", text, "reject a later item, or revert the merge with git")
        _refuse_sent(project, run, item_id, key)
        reviews.undo(item_id)


def _refuse_sent(project: Project, run: Run, item_id: str, key: Path | None) -> None:
    known = travelling(project.index, run.id)
    if known is None or known.held:
        return
    ref = places.here(known.remote, places.decision(run.id, item_id, signer(key).keyid))
    if read_ref(project.repository, ref) is not None:
        text = f"Your decision on {item_id} was pushed; whoever advances the run may have it."
        raise UsageError("REM028", text, "ask them to wait, and decide otherwise on the next item")
