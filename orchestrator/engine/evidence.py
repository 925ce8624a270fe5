"""What a merge leaves behind: signed statements, appended to this writer's log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from orchestrator.engine.context import RunContext
from orchestrator.engine.watch import check_transition
from orchestrator.errors import RepositoryError, WorkflowInvalid
from orchestrator.models.change import Observed, Proposal
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest, GitOid, canonical, sha256
from orchestrator.models.policy import Custody
from orchestrator.models.review import ChangeSheet
from orchestrator.policy.proof import judge
from orchestrator.ports import RefUpdate
from orchestrator.provenance import dsse
from orchestrator.provenance.logs import checkpoint, log
from orchestrator.provenance.predicates import claims, statements, stating
from orchestrator.provenance.verification import ranges


def custody(ctx: RunContext) -> Custody:
    """Who holds the key that signs here, as the policy says; on a host that the policy does not know, the host."""
    principal = ctx.policy.principal(ctx.signer.keyid)
    return principal.custody if principal else Custody.HOST


def change_lines(ctx: RunContext, plan: str, sheet: ChangeSheet, commit: GitOid, when: datetime) -> list[bytes]:
    """The sealed statements of one commit: where it came from, its lines, each gate, the acceptance."""
    proposal = ctx.load(Proposal, sheet.change.proposal)
    who = custody(ctx)
    tested = sheet.acceptance if sheet.acceptance and sheet.acceptance.runs else None
    change = stating.of_change(
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
        observed=_observed(ctx, proposal),
        acceptance=tested,
        custody=who,
        started_at=proposal.started_at,
        finished_at=proposal.finished_at,
    )
    said: list[claims.Claim] = [stating.of_report(r, who, when) for r in sheet.reports]
    if tested:
        said.append(stating.of_acceptance(tested, who, when))
    authorship = _sealed(ctx, change)
    return [authorship, _sealed(ctx, _lines(ctx, sheet, change, authorship)), *(_sealed(ctx, c) for c in said)]


def _sealed(ctx: RunContext, claim: claims.Claim) -> bytes:
    return dsse.seal(statements.build(claim), [ctx.signer])


def _observed(ctx: RunContext, proposal: Proposal) -> Observed:
    """The records by salted digests: what a broker saw may hold texts."""
    records = {"network": proposal.traffic, "processes": proposal.processes}
    salted = {n: _salted(ctx, f"{n}:{d}", ctx.blobs.get(d)) for n, d in records.items() if d}
    return Observed(
        model=proposal.model,
        network=salted.get("network"),
        processes=salted.get("processes"),
        sandbox_policy=proposal.sandbox_policy,
    )


def _lines(ctx: RunContext, sheet: ChangeSheet, change: claims.ChangeClaim, authorship: bytes) -> claims.LinesClaim:
    found = sheet.change
    return claims.LinesClaim(
        commit=change.commit,
        identity=change.identity,
        run=change.run,
        step=change.step,
        attempt=change.attempt,
        requirements=change.requirements,
        authorship=sha256(authorship),
        agent=change.agent,
        agent_version=change.agent_version,
        model=change.observed.model,
        files=ranges.of_change(
            found.files, found.hunks, ctx.blobs.get(found.diff), ctx.trees.blob, _by_people(ctx, sheet)
        ),
        custody=change.custody,
        at=change.finished_at,
    )


def _by_people(ctx: RunContext, sheet: ChangeSheet) -> dict[str, frozenset[int] | None]:
    """Path → numbers of the lines that people wrote; ``None`` where a rebuild has moved them since."""
    made = ctx.load(Proposal, sheet.change.proposal)
    if made.written is None:
        return {}
    edited = ctx.trees.diff(made.written, made.tree)
    if made.mixed or made.tree != sheet.change.identity.tree:
        return {file.path: None for file in edited.files}
    return {path: frozenset(lines) for path, lines in ranges.numbers(edited.hunks, edited.text).items()}


def proof_line(ctx: RunContext, when: datetime) -> bytes:
    """The certificate that the workflow of this run merges nothing unseen, made by searching it again now.

    Raises ``WorkflowInvalid`` WF030 when the search finds a way: nothing is merged then.
    """
    found = judge.proved(ctx.workflow)
    if found.broken is not None or not found.complete:
        raise WorkflowInvalid("WF030", f"The workflow {ctx.workflow.id} can merge a change unseen.")
    return _sealed(
        ctx,
        claims.ProofClaim(
            run=ctx.run.id,
            workflow=Digest(ctx.workflow.digest()),
            property=judge.PROPERTY,
            engine=judge.ENGINE,
            rules=rules_digest(),
            states=found.states,
            transitions=found.transitions,
            custody=custody(ctx),
            at=when,
        ),
    )


def rules_digest() -> Digest:
    """The digest of the proof's own source: every file of it, in the order of their names."""
    folder = Path(judge.__file__).parent
    return sha256(canonical([sha256(path.read_bytes()) for path in sorted(folder.glob("*.py"))]))


def monitor_line(ctx: RunContext, tip: GitOid, commit: GitOid, when: datetime) -> bytes:
    """The monitor's verdict on every transition since the commit before, each compared with the workflow once more."""
    after, last = _watched_until(ctx, tip)
    events = [(n, e) for n, e in ctx.index.events(ctx.run.id, last) if e.kind is EventKind.TRANSITION]
    names: list[list[str]] = []
    for _, event in events:
        before, outcome = str(event.data["before"]), str(event.data["outcome"])
        check_transition(ctx.workflow, before, outcome, event.node)
        names.append([before, outcome, event.node])
    seen = [after + len(events), events[-1][0] if events else last]
    ctx.index.record_effect(_watch_key(ctx, commit), ctx.blobs.put(canonical(seen)))
    return _sealed(
        ctx,
        claims.MonitorClaim(
            run=ctx.run.id,
            workflow=Digest(ctx.workflow.digest()),
            commit=commit,
            after=after,
            transitions=len(events),
            trace=sha256(canonical(names)),
            custody=custody(ctx),
            at=when,
        ),
    )


def _watch_key(ctx: RunContext, commit: GitOid) -> str:
    return f"monitor:{ctx.run.id}:{commit}"


def _watched_until(ctx: RunContext, tip: GitOid) -> tuple[int, int]:
    """How many transitions were told with the commit before, and the number of its last event."""
    known = ctx.index.effect(_watch_key(ctx, tip))
    if known is None:
        return 0, 0
    count, event = json.loads(ctx.blobs.get(known))
    return int(count), int(event)


def evidence_update(ctx: RunContext, lines: Sequence[bytes], when: datetime) -> RefUpdate:
    """The writer's log with one more batch, not yet visible. Raises ``RepositoryError`` REPO020 when it just moved."""
    ref = log.branch(ctx.signer.keyid)
    tip = ctx.trees.ref(ref)
    read = {path: ctx.trees.file(tip, path) for path in (log.HEAD, log.FRONTIER)} if tip else {}
    present = {path: data for path, data in read.items() if data is not None}
    files = log.append(present, lines, ctx.signer)
    update = ctx.trees.prepare_evidence(ref, files, when)
    if update.old != tip:
        raise RepositoryError("REPO020", "The evidence branch moved.", f"handrail resume {ctx.run.id}")
    return update


def log_size(ctx: RunContext) -> int:
    """How many lines this writer's log has. Raises ``EvidenceInvalid`` for one that is not this writer's."""
    tip = ctx.trees.ref(log.branch(ctx.signer.keyid))
    head = ctx.trees.file(tip, log.HEAD) if tip else None
    return checkpoint.read(head, ctx.signer.public_key).size if head is not None else 0


def logged(ctx: RunContext, first: int) -> list[bytes]:
    """The lines of this writer's log from leaf ``first`` on, where a batch begins."""
    tip, lines = ctx.trees.ref(log.branch(ctx.signer.keyid)), list[bytes]()
    while tip and (batch := ctx.trees.file(tip, log.bundle_path(first + len(lines)))) is not None:
        lines += dsse.lines_of(batch)
    return lines


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
