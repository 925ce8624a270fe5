"""The merge asks everything again, of exactly this tree, whatever the graph believes."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from orchestrator.engine.authorize import authorize
from orchestrator.errors import EvidenceInvalid
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import Change, ChangeIdentity
from orchestrator.models.decision import Decision, ReviewItem, SubjectKind, Verdict
from orchestrator.models.found import Disposition, Finding, GateReport, Result
from orchestrator.models.gate import AcceptanceReport
from orchestrator.models.ids import GitOid, RequirementId, RunId, StepId, sha256
from orchestrator.models.plan import ReviewMode, Step
from orchestrator.models.policy import Policy, Principal, Role
from orchestrator.models.review import ChangeSheet
from orchestrator.models.workflow import Needs

D, NOW = sha256(b"x"), datetime(2026, 1, 2, tzinfo=UTC)
TIP, TREE, OTHER = GitOid("a" * 40), GitOid("b" * 40), GitOid("c" * 40)
HERE = ChangeIdentity(target_ref="refs/heads/handrail/r", tip=TIP, tree=TREE, manifest=D)
ELSEWHERE = HERE.model_copy(update={"tree": OTHER})
FINDING = Finding(rule="PROTECTED", message="m", path="p", disposition=Disposition.PERSON, fingerprint=sha256(b"f"))
POLICY = Policy(
    version=1,
    expires=NOW,
    roles={"reviewer": Role(principals=("bob",))},
    principals=(Principal(name="bob", keyid="k", public_key=""),),
    gates=("ruff",),
)


def report(
    gate: str = "ruff", change: ChangeIdentity = HERE, result: Result = Result.PASSED, *found: Finding
) -> GateReport:
    return GateReport(gate=gate, tool="t", tool_version="1", config=D, change=change, result=result, findings=found)


def sheet(*reports: GateReport, accepted: ChangeIdentity = HERE, result: Result = Result.PASSED) -> ChangeSheet:
    step = Step(
        id=StepId("S1"),
        title="t",
        requirements=(RequirementId("n/1"),),
        instruction="i",
        write=(),
        acceptance=(),
        capabilities=Capabilities(),
    )
    change = Change(run=RunId("r"), step=step.id, attempt=1, proposal=D, identity=HERE, files=(), hunks=(), diff=D)
    tested = AcceptanceReport(change=accepted, image="i", environment=None, result=result, runs=())
    return ChangeSheet(step=step, requirements=(), change=change, reports=reports or (report(),), acceptance=tested)


def decision(
    change: ChangeIdentity = HERE, verdict: Verdict = Verdict.APPROVE, lifts: tuple[Any, ...] = ()
) -> Decision:
    return Decision(
        item="R",
        run=RunId("r"),
        kind=SubjectKind.CHANGE,
        subject=change.digest(),
        change=change,
        verdict=verdict,
        reviewer="bob",
        role="reviewer",
        lifts=lifts,
        decided_at=NOW,
    )


def context(
    *decisions: Decision,
    asked: ChangeIdentity = HERE,
    findings: tuple[Any, ...] = (),
    manifest: Any = D,
    key: str = "k",
    roles: tuple[str, ...] = (),
    tests: bool = True,
):
    item = ReviewItem(
        id="R",
        run=RunId("r"),
        node="approve",
        kind=SubjectKind.CHANGE,
        subject=asked.digest(),
        change=asked,
        document=D,
        findings=findings,
        title="t",
        role="reviewer",
        created_at=NOW,
    )
    return SimpleNamespace(
        trees=SimpleNamespace(manifest=lambda _: manifest),
        workflow=SimpleNamespace(
            nodes={"check": SimpleNamespace(gates=("ruff",))}, needs=Needs(roles=roles, tests=tests)
        ),
        policy=POLICY,
        index=SimpleNamespace(item=lambda _: item, decisions=lambda _: decisions),
        open_decision=lambda line: (key, line),
        settings=SimpleNamespace(review=ReviewMode.EACH_STEP),
        run=SimpleNamespace(run_ref=HERE.target_ref, base_commit=TIP),
    )


def test_what_was_gated_tested_and_approved_may_merge() -> None:
    authorize(context(decision()), [sheet()], ["R"])
    needs = report("ruff", HERE, Result.NEEDS_PERSON, FINDING)
    lifted = decision(lifts=(FINDING.fingerprint,))
    authorize(context(lifted, findings=(FINDING.fingerprint,)), [sheet(needs)], ["R"])


NEEDS = report("ruff", HERE, Result.NEEDS_PERSON, FINDING)


@pytest.mark.parametrize(
    ("code", "ctx", "change"),
    [
        ("EVID010", context(decision(), manifest=sha256(b"other")), sheet()),
        ("EVID011", context(decision()), sheet(report("bandit"))),
        ("EVID011", context(decision()), sheet(report("ruff", ELSEWHERE))),
        ("EVID012", context(decision()), sheet(report("ruff", HERE, Result.FAILED))),
        ("EVID012", context(decision()), sheet(report("ruff", HERE, Result.ERROR))),
        ("EVID013", context(decision()), sheet(accepted=ELSEWHERE)),
        ("EVID013", context(decision()), sheet(result=Result.FAILED)),
        ("EVID014", context(), sheet()),
        ("EVID014", context(decision(verdict=Verdict.REJECT)), sheet()),
        ("EVID014", context(decision(ELSEWHERE)), sheet()),
        ("EVID014", context(decision(), key="stranger"), sheet()),
        ("EVID015", context(decision(ELSEWHERE), asked=ELSEWHERE), sheet()),
        ("EVID014", context(decision(), roles=("legal",)), sheet()),
        ("EVID016", context(decision()), sheet(NEEDS)),
        ("EVID014", context(decision(), findings=(FINDING.fingerprint,)), sheet(NEEDS)),
    ],
)
def test_anything_else_is_refused_by_its_code(code: str, ctx: Any, change: ChangeSheet) -> None:
    with pytest.raises(EvidenceInvalid) as caught:
        authorize(ctx, [change], ["R"])
    assert caught.value.code == code


def test_documents_need_no_tests_where_the_workflow_says_so_and_always_an_approval() -> None:
    untested = sheet().model_copy(update={"acceptance": None})
    authorize(context(decision(), tests=False), [untested], ["R"])
    for ctx, items, code in ((context(decision()), ["R"], "EVID013"), (context(tests=False), [], "EVID014")):
        with pytest.raises(EvidenceInvalid, match=code):
            authorize(ctx, [untested], items)


def test_a_stacked_change_needs_gates_and_tests_but_no_approval_yet() -> None:
    authorize(context(), [sheet()], None)
    with pytest.raises(EvidenceInvalid, match="EVID012"):
        authorize(context(), [sheet(report("ruff", HERE, Result.FAILED))], None)
