"""A person's own work as the change that a process asked for: a commit of theirs, within what the process may write."""

from __future__ import annotations

from pathlib import Path

from orchestrator.app.project import Project
from orchestrator.app.review.queue import open_reviews
from orchestrator.app.trees import open_trees
from orchestrator.app.wiring import workflow_of
from orchestrator.errors import UsageError
from orchestrator.models.change import Proposal
from orchestrator.models.decision import ReviewItem
from orchestrator.models.ids import Digest, RunId
from orchestrator.models.plan import Plan
from orchestrator.models.run import Run
from orchestrator.policy import answers
from orchestrator.policy.paths import covers

BY_HAND = "by-hand"
"""Stands where a change has the name of its agent, when there was none."""


def hand_in(project: Project, run: str, revision: str, note: str, *, key: Path | None, trust: Digest | None) -> str:
    """The item that is done with it. The change is from where the commit left the run's base to its tree.

    Raises ``UsageError``: ANS004 no such task waits, ANS005 the commit has nothing in common with the run or changes
    nothing, ANS006 it changes what the process may not write; and what the review queue raises.
    """
    found = project.index.run(RunId(run))
    item = _asked(project, found)
    made = _proposal(project, found, revision)
    with open_reviews(project, found, key=key, trust=trust) as reviews:
        reviews.hand_in(item.id, made, note)
    return item.id


def asks_for_a_change(project: Project, run: Run, item: ReviewItem) -> bool:
    """Whether an item is done with a person's own change."""
    node = workflow_of(project, run).nodes.get(item.node)
    return node is not None and node.edits


def names_asked(project: Project, run: Run, item: ReviewItem) -> str:
    """An item's questions, as they are answered: ``amount=NUMBER urgent=YES/NO``."""
    workflow = workflow_of(project, run)
    node = workflow.nodes.get(item.node)
    return answers.asked_as({name: workflow.facts[name] for name in node.asks}) if node else "NAME=VALUE"


def _asked(project: Project, run: Run) -> ReviewItem:
    waiting = [item for item in project.index.open_items(run.id) if asks_for_a_change(project, run, item)]
    if not waiting:
        raise UsageError("ANS004", f"Run {run.id} waits for no change by a person.", f"handrail show {run.id}")
    return waiting[0]


def _proposal(project: Project, run: Run, revision: str) -> Proposal:
    step = Plan.model_validate_json(project.blobs.get(run.plan)).steps[0] if run.plan else None
    now = project.clock.now()
    with open_trees(project) as trees:
        commit = trees.resolve(revision)
        base = trees.merge_base(commit, run.base_commit)
        if base is None or step is None or trees.tree_of(base) == trees.tree_of(commit):
            words = f"{revision} changes nothing of what run {run.id} began with."
            raise UsageError("ANS005", words, f"git switch -c BRANCH {run.base_commit[:12]}, edit, commit")
        before, after = trees.tree_of(base), trees.tree_of(commit)
        touched = {p for f in trees.diff(before, after).files for p in (f.path, f.old_path) if p}
    outside = sorted(p for p in touched if not covers(step.capabilities.write, p))
    if outside:
        words = f"{revision} changes {len(outside)} files that this process may not write."
        raise UsageError("ANS006", words, "leave them out", outside)
    return Proposal(
        run=run.id,
        step=step.id,
        attempt=0,
        base_commit=base,
        base_tree=before,
        tree=after,
        agent=BY_HAND,
        agent_version="",
        image="",
        started_at=now,
        finished_at=now,
    )
