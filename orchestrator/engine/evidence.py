"""What a merge leaves behind: signed statements, appended to this writer's log."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from orchestrator.engine.context import RunContext
from orchestrator.errors import RepositoryError
from orchestrator.models.base import Digest, GitOid, sha256
from orchestrator.models.change import Proposal
from orchestrator.models.policy import Custody
from orchestrator.models.review import ChangeSheet
from orchestrator.ports import RefUpdate
from orchestrator.provenance import claims, dsse, log, statements


def custody(ctx: RunContext) -> Custody:
    """Who holds the key that signs here, as the policy says; on a host that the policy does not know, the host."""
    principal = ctx.policy.principal(ctx.signer.keyid)
    return principal.custody if principal else Custody.HOST


def change_lines(ctx: RunContext, plan: str, sheet: ChangeSheet, commit: GitOid) -> list[bytes]:
    """The sealed statements of one commit: where it came from, each gate, the acceptance."""
    proposal = ctx.load(Proposal, sheet.change.proposal)
    who = custody(ctx)
    tested = sheet.acceptance if sheet.acceptance and sheet.acceptance.runs else None
    change = claims.of_change(
        sheet.change,
        proposal,
        ctx.plan(plan),
        repository=ctx.run.repository,
        commit=commit,
        texts={r.id: _salted(ctx, r.id, r.to_bytes()) for r in sheet.requirements},
        spec_text=_salted(ctx, "spec", ctx.blobs.get(ctx.spec.source_digest)),
        transcript=_salted(ctx, f"transcript:{proposal.transcript}", ctx.blobs.get(proposal.transcript))
        if proposal.transcript
        else None,
        acceptance=tested,
        custody=who,
        started_at=proposal.started_at,
        finished_at=proposal.finished_at,
    )
    said: list[claims.Claim] = [change, *(claims.of_report(r, who) for r in sheet.reports)]
    if tested:
        said.append(claims.of_acceptance(tested, who))
    return [dsse.seal(statements.build(claim), [ctx.signer]) for claim in said]


def evidence_update(ctx: RunContext, lines: Sequence[bytes], when: datetime) -> RefUpdate:
    """The writer's log with one more batch, not yet visible. Raises ``RepositoryError`` REPO020 when it just moved."""
    ref = log.branch(ctx.signer.keyid)
    tip = ctx.trees.ref(ref)
    head = ctx.trees.file(tip, log.HEAD) if tip else None
    files = log.append({log.HEAD: head} if head else {}, lines, ctx.signer, when)
    update = ctx.trees.prepare_evidence(ref, files, when)
    if update.old != tip:
        raise RepositoryError("REPO020", "The evidence branch moved.", f"handrail resume {ctx.run.id}")
    return update


def _salted(ctx: RunContext, name: str, text: bytes) -> Digest:
    """The digest of a text behind its salt. The salt is made once per run and text, and kept in the store alone."""
    key = f"salted:{ctx.run.id}:{name}:{sha256(text)}"
    known = ctx.index.effect(key)
    if known is None:
        digest, blob = claims.salted(text)
        ctx.blobs.put(blob)
        ctx.index.record_effect(key, digest)
        known = ctx.index.effect(key)
    return Digest(str(known))
