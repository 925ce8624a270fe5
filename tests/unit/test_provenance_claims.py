from datetime import UTC, datetime

import pytest

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import Change, ChangeIdentity, Observed, Proposal
from orchestrator.models.found import Disposition, Finding, GateReport, Result
from orchestrator.models.gate import AcceptanceReport, AcceptanceRun, Demonstration
from orchestrator.models.ids import GitOid, RequirementId, RunId, StepId, sha256
from orchestrator.models.plan import Plan, Step
from orchestrator.models.policy import Custody
from orchestrator.provenance.predicates import claims, statements, stating

NOW = datetime(2026, 11, 22, tzinfo=UTC)
D = sha256(b"d")
REQ = RequirementId("pay/REQ-001")
IDENTITY = ChangeIdentity(target_ref="refs/heads/handrail/r", tip=GitOid("a" * 40), tree=GitOid("b" * 40), manifest=D)
STEP = Step(
    id=StepId("S01"),
    title="t",
    requirements=(REQ,),
    instruction="i",
    write=(),
    acceptance=(),
    capabilities=Capabilities(write=("app.py",)),
)
PLAN = Plan(
    spec=D,
    spec_source=D,
    spec_path="prd.md",
    workflow=D,
    profile=D,
    base_commit=GitOid("c" * 40),
    target_ref="refs/heads/main",
    steps=(STEP,),
)
PROPOSAL = Proposal(
    run=RunId("r"),
    step=StepId("S01"),
    attempt=2,
    base_commit=GitOid("c" * 40),
    base_tree=GitOid("b" * 40),
    tree=GitOid("b" * 40),
    agent="scripted",
    agent_version="1",
    image=D,
    denials=("one", "two"),
    started_at=NOW,
    finished_at=NOW,
)
CHANGE = Change(
    run=RunId("r"), step=StepId("S01"), attempt=2, proposal=D, identity=IDENTITY, files=(), hunks=(), diff=D
)
RUN = AcceptanceRun(
    argv=("true",), source="prd.md:1", exit_on_base=1, exit_on_change=0, shows=Demonstration.DEMONSTRATED, output=D
)
ACCEPTANCE = AcceptanceReport(change=IDENTITY, image=D, environment=None, result=Result.PASSED, runs=(RUN,))


def finding(name: bytes, disposition: Disposition) -> Finding:
    return Finding(rule="S1", message="m", path="p", disposition=disposition, fingerprint=sha256(name))


def change_claim(proposal: Proposal) -> claims.ChangeClaim:
    return stating.of_change(
        CHANGE,
        proposal,
        PLAN,
        repository="r1",
        commit=GitOid("e" * 40),
        texts={REQ: D},
        spec_text=D,
        transcript=None,
        observed=Observed(),
        acceptance=ACCEPTANCE,
        custody=Custody.HOST,
        started_at=NOW,
        finished_at=NOW,
    )


def test_a_change_claim_binds_plan_proposal_and_acceptance():
    claim = change_claim(PROPOSAL)
    assert (claim.plan, claim.acceptance, claim.denials) == (PLAN.digest(), ACCEPTANCE.digest(), 2)
    assert claim.capabilities == STEP.capabilities.digest()
    assert statements.read(statements.build(claim)) == claim


@pytest.mark.parametrize("image", ["latest", "sha256:short", D.upper(), D + "\n"])
def test_what_is_no_digest_cannot_be_stated(image: str):
    with pytest.raises(EvidenceInvalid) as caught:
        change_claim(PROPOSAL.model_copy(update={"image": image}))
    assert caught.value.code == "EVID013"
    assert "image" in caught.value.message


def test_a_report_tells_what_must_be_lifted_and_what_cannot():
    kinds = (Disposition.PERSON, Disposition.DENY, Disposition.AGENT, Disposition.NOTE)
    report = GateReport(
        gate="ruff",
        tool="ruff",
        tool_version="1",
        config=D,
        change=IDENTITY,
        result=Result.FAILED,
        findings=tuple(finding(k.value.encode(), k) for k in kinds),
    )
    claim = stating.of_report(report, Custody.CI, NOW)
    assert claim.to_lift == (sha256(b"person"),)
    assert set(claim.failing) == {sha256(b"deny"), sha256(b"agent")}
    assert claim.report == report.digest()
    assert statements.read(statements.build(claim)) == claim


def test_an_acceptance_claim_names_each_command():
    claim = stating.of_acceptance(ACCEPTANCE, Custody.HOST, NOW)
    assert claim.commands[0].argv == ("true",)
    assert statements.read(statements.build(claim)) == claim


def test_a_salted_text_cannot_be_confirmed_by_guessing():
    digest, blob = claims.salted(b"yes")
    assert digest == sha256(blob) != sha256(b"yes")
    assert claims.salted(b"yes")[0] != digest
    assert claims.text_of(blob, digest) == b"yes"
    for wrong in (b"yes", blob + b"!", b""):
        with pytest.raises(EvidenceInvalid) as caught:
            claims.text_of(wrong, digest)
        assert caught.value.code == "EVID014"
