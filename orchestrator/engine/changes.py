"""A proposal rebuilt on a tip: what every verdict is of (D1)."""

from __future__ import annotations

from orchestrator.engine.context import RunContext
from orchestrator.models.change import Change, ChangeIdentity, Proposal
from orchestrator.models.ids import GitOid


def change_on(ctx: RunContext, proposal: Proposal, tip: GitOid, tree: GitOid) -> Change:
    """The change from the tip to ``tree``, which is the proposal integrated there."""
    diff = ctx.trees.diff(ctx.trees.tree_of(tip), tree)
    manifest = ctx.trees.manifest(tree)
    return Change(
        run=ctx.run.id,
        step=proposal.step,
        attempt=proposal.attempt,
        proposal=proposal.digest(),
        identity=ChangeIdentity(target_ref=ctx.run.run_ref, tip=tip, tree=tree, manifest=manifest),
        files=diff.files,
        hunks=diff.hunks,
        diff=ctx.blobs.put(diff.text),
    )
