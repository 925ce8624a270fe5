"""Claims from the nouns of a run. The claims themselves are in :mod:`.claims`."""

from __future__ import annotations

from typing import TypeVar

from pydantic import ValidationError

from orchestrator.models.base import Instant, Noun
from orchestrator.models.change import Change, Observed, Proposal
from orchestrator.models.found import Disposition, GateReport
from orchestrator.models.gate import AcceptanceReport, AcceptanceRun
from orchestrator.models.ids import Digest, GitOid, RequirementId
from orchestrator.models.plan import Plan
from orchestrator.models.policy import Custody
from orchestrator.provenance import strict
from orchestrator.provenance.predicates.claims import (
    AcceptanceClaim,
    ChangeClaim,
    CommandClaim,
    GateClaim,
    RequirementClaim,
)

_Noun = TypeVar("_Noun", bound=Noun)


def _stated(kind: type[_Noun], **values: object) -> _Noun:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        fields = ", ".join(sorted({str(e["loc"][0]) for e in error.errors() if e["loc"]}))
        raise strict.invalid(
            "EVID013", f"this cannot be stated: {fields}", "digests are sha256: and 64 digits"
        ) from None


def of_change(
    change: Change,
    proposal: Proposal,
    plan: Plan,
    *,
    repository: str,
    commit: GitOid,
    texts: dict[RequirementId, Digest],
    spec_text: Digest,
    transcript: Digest | None,
    observed: Observed,
    acceptance: AcceptanceReport | None,
    custody: Custody,
    started_at: Instant,
    finished_at: Instant,
) -> ChangeClaim:
    """A claim from the nouns of a run. ``texts``, the two text digests and those in ``observed`` are salted ones.

    Raises ``EvidenceInvalid`` EVID013 for a digest or id that is none.
    """
    step = next(s for s in plan.steps if s.id == change.step)
    return _stated(
        ChangeClaim,
        repository=repository,
        run=change.run,
        step=change.step,
        attempt=change.attempt,
        commit=commit,
        identity=change.identity,
        base_commit=proposal.base_commit,
        plan=plan.digest(),
        workflow=plan.workflow,
        spec_text=spec_text,
        requirements=tuple(RequirementClaim(id=r, text=texts[r]) for r in step.requirements),
        agent=proposal.agent,
        agent_version=proposal.agent_version,
        image=proposal.image or None,
        capabilities=step.capabilities.digest(),
        environment=acceptance.environment if acceptance else None,
        transcript=transcript,
        proposed=proposal.tree,
        observed=observed,
        denials=len(proposal.denials),
        risks=proposal.risks,
        acceptance=acceptance.digest() if acceptance else None,
        people=proposal.people,
        custody=custody,
        started_at=started_at,
        finished_at=finished_at,
    )


def of_report(report: GateReport, custody: Custody, at: Instant) -> GateClaim:
    """A claim from a gate's report. Raises ``EvidenceInvalid`` EVID013."""
    return _stated(
        GateClaim,
        gate=report.gate,
        tool=report.tool,
        tool_version=report.tool_version,
        config=report.config,
        report=report.digest(),
        identity=report.change,
        result=report.result,
        to_lift=_fingerprints(report, {Disposition.PERSON}),
        failing=_fingerprints(report, {Disposition.AGENT, Disposition.DENY}),
        custody=custody,
        at=at,
    )


def _fingerprints(report: GateReport, kinds: set[Disposition]) -> tuple[Digest, ...]:
    return tuple(sorted({f.fingerprint for f in report.findings if f.disposition in kinds}))


def of_acceptance(report: AcceptanceReport, custody: Custody, at: Instant) -> AcceptanceClaim:
    """A claim from an acceptance report. Raises ``EvidenceInvalid`` EVID013."""
    return _stated(
        AcceptanceClaim,
        identity=report.change,
        image=report.image,
        environment=report.environment,
        result=report.result,
        report=report.digest(),
        commands=tuple(_command(run) for run in report.runs),
        custody=custody,
        at=at,
    )


def _command(run: AcceptanceRun) -> CommandClaim:
    return CommandClaim(
        argv=run.argv,
        source=run.source,
        exit_on_base=run.exit_on_base,
        exit_on_change=run.exit_on_change,
        shows=run.shows,
        output=run.output,
    )
