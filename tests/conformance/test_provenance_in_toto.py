"""Our statements, read by the in-toto project's own package."""

import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import jsonschema
import pytest
from google.protobuf.json_format import MessageToDict, Parse, ParseError
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance as ProvenanceMessage
from in_toto_attestation.predicates.test_result.v0.test_result_pb2 import TestResult as ResultMessage
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage

from orchestrator.models.change import ChangeIdentity, Observed
from orchestrator.models.decision import Decision, SubjectKind, Verdict
from orchestrator.models.found import Result
from orchestrator.models.gate import Demonstration
from orchestrator.models.ids import GitOid, RequirementId, RunId, StepId, sha256
from orchestrator.models.policy import Custody
from orchestrator.provenance.predicates import approval, statements
from orchestrator.provenance.predicates.claims import (
    AcceptanceClaim,
    ChangeClaim,
    CommandClaim,
    Contributor,
    DecisionClaim,
    GateClaim,
    LineRange,
    LinesClaim,
    LinesOfFile,
    MonitorClaim,
    ProofClaim,
    RequirementClaim,
)

D = sha256(b"x")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
IDENTITY = ChangeIdentity(
    target_ref="refs/heads/handrail/r", tip=GitOid("a" * 40), tree=GitOid("b" * 40), manifest=sha256(b"m")
)
CHANGE = ChangeClaim(
    repository="r1",
    run=RunId("20261122-abcdef"),
    step=StepId("S01"),
    attempt=1,
    commit=GitOid("c" * 40),
    identity=IDENTITY,
    base_commit=GitOid("d" * 40),
    plan=D,
    workflow=D,
    spec_text=D,
    requirements=(RequirementClaim(id=RequirementId("pay/REQ-001"), text=D),),
    agent="scripted",
    agent_version="1",
    image=D,
    capabilities=D,
    transcript=D,
    proposed=GitOid("b" * 40),
    observed=Observed(model="vendor/model-1", network=D, processes=D, sandbox_policy=D),
    denials=3,
    acceptance=D,
    custody=Custody.HOST,
    started_at=NOW,
    finished_at=NOW,
)
GATE = GateClaim(
    gate="ruff",
    tool="ruff",
    tool_version="1",
    config=D,
    report=D,
    identity=IDENTITY,
    result=Result.NEEDS_PERSON,
    to_lift=(D,),
    custody=Custody.CI,
    at=NOW,
)
COMMAND = CommandClaim(
    argv=("pytest", "-q"),
    source="prd.md:3",
    exit_on_base=1,
    exit_on_change=0,
    shows=Demonstration.DEMONSTRATED,
    output=D,
)
FAILED = COMMAND.model_copy(update={"shows": Demonstration.FAILED, "exit_on_change": 124})
ACCEPTANCE = AcceptanceClaim(
    identity=IDENTITY, image=D, result=Result.FAILED, report=D, commands=(COMMAND, FAILED), custody=Custody.HOST, at=NOW
)
DECISION = DecisionClaim(
    decision=Decision(
        item="i",
        run=RunId("20261122-abcdef"),
        kind=SubjectKind.CHANGE,
        subject=IDENTITY.digest(),
        change=IDENTITY,
        verdict=Verdict.APPROVE,
        reviewer="Ana Ünal",
        role="reviewer",
        document=D,
        diff=D,
        hunks=(D,),
        shown=(D,),
        lifts=(D,),
        requirements=(RequirementId("pay/REQ-001"),),
        comment=D,
        decided_at=NOW,
    ),
    keyid="e" * 64,
    custody=Custody.USER,
)
PLAN_DECISION = DECISION.model_copy(
    update={"decision": DECISION.decision.model_copy(update={"kind": SubjectKind.PLAN, "change": None})}
)
LINES = LinesClaim(
    commit=CHANGE.commit,
    identity=IDENTITY,
    run=CHANGE.run,
    step=CHANGE.step,
    attempt=1,
    requirements=CHANGE.requirements,
    authorship=D,
    agent="scripted",
    agent_version="1",
    model="vendor/model-1",
    files=(
        LinesOfFile(
            path="src/größe.py",
            blob=GitOid("f" * 40),
            ranges=(
                LineRange(start=1, end=2, content=D),
                LineRange(start=9, end=9, content=D, contributor=Contributor.HUMAN),
            ),
        ),
        LinesOfFile(path="empty.py", blob=GitOid("f" * 40), ranges=()),
    ),
    custody=Custody.HOST,
    at=NOW,
)
NO_LINES = LINES.model_copy(update={"files": (), "model": ""})
PROOF = ProofClaim(
    run=CHANGE.run,
    workflow=D,
    property="p",
    engine="e",
    rules=D,
    states=9,
    transitions=20,
    custody=Custody.HOST,
    at=NOW,
)
MONITOR = MonitorClaim(
    run=CHANGE.run, workflow=D, commit=CHANGE.commit, after=3, transitions=7, trace=D, custody=Custody.HOST, at=NOW
)
BARE = CHANGE.model_copy(
    update={"environment": None, "transcript": None, "acceptance": None, "denials": 0, "observed": Observed()}
)
ALL = [CHANGE, BARE, GATE, ACCEPTANCE, ACCEPTANCE.model_copy(update={"environment": D}), DECISION,
       PLAN_DECISION, LINES, NO_LINES, PROOF, MONITOR]  # fmt: skip


@pytest.mark.parametrize("claim", ALL)
def test_in_toto_takes_each_statement(claim):
    payload = statements.build(claim)
    message = Parse(payload.decode(), StatementMessage())
    Statement.copy_from_pb(message).validate()
    assert MessageToDict(message, preserving_proto_field_name=False) == json.loads(payload)


@pytest.mark.parametrize("claim", ALL)
def test_each_claim_comes_back(claim):
    assert statements.read(statements.build(claim)) == claim


@pytest.mark.parametrize("claim", [CHANGE, BARE])
def test_a_change_is_slsa_provenance(claim):
    value = json.loads(statements.build(claim))
    assert value["predicateType"] == "https://slsa.dev/provenance/v1"
    message = Parse(json.dumps(value["predicate"]), ProvenanceMessage())
    assert message.build_definition.build_type == "https://refs.arewm.com/agent-commit/v0.3"
    assert message.build_definition.resolved_dependencies[0].digest["gitCommit"] == "d" * 40
    assert [s["digest"] for s in value["subject"]] == [
        {"gitCommit": "c" * 40},
        {"gitTree": "b" * 40},
        {"sha256": IDENTITY.manifest.removeprefix("sha256:")},
    ]


@pytest.mark.parametrize(("claim", "result"), [(GATE, "WARNED"), (ACCEPTANCE, "FAILED")])
def test_gates_and_acceptance_are_test_results(claim, result: str):
    value = json.loads(statements.build(claim))
    assert value["predicateType"] == "https://in-toto.io/attestation/test-result/v0.1"
    message = Parse(json.dumps(value["predicate"]), ResultMessage())
    assert message.result == result
    assert len(message.configuration) >= 3


@pytest.mark.parametrize(
    ("name", "claim"),
    [
        ("change", CHANGE),
        ("lines", LINES),
        ("gate", GATE),
        ("acceptance", ACCEPTANCE),
        ("decision", DECISION),
        ("proof", PROOF),
        ("monitor", MONITOR),
    ],
)
def test_the_wire_form_is_a_contract(name: str, claim):
    golden = Path(__file__).parent.parent / "golden" / f"provenance_{name}.json"
    assert json.loads(golden.read_bytes()) == json.loads(statements.build(claim))


def test_the_oracle_does_refuse():
    value = json.loads(statements.build(GATE))
    with pytest.raises(ParseError):
        Parse(json.dumps({**value["predicate"], "surprise": 1}), ResultMessage())


def test_no_text_is_in_a_statement():
    assert b"prompt" not in statements.build(CHANGE)


SCHEMA = json.loads((Path(__file__).parents[2] / "docs/reference/schemas/human-approval.v0.1.json").read_bytes())


@pytest.mark.parametrize("claim", [DECISION, PLAN_DECISION])
def test_a_decision_fits_the_published_schema_and_a_changed_one_does_not(claim):
    value = json.loads(statements.build(claim))
    assert value["predicateType"] == "urn:handrail:human-approval:0.1"
    jsonschema.validate(value["predicate"], SCHEMA)
    for wrong in ({"decision": "maybe"}, {"subject": "sha256:0"}, {"surprise": 1}, {"reviewer": {}}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**value["predicate"], **wrong}, SCHEMA)


def test_the_published_schema_is_the_one_of_the_code():
    assert json.loads(json.dumps(approval.schema())) == SCHEMA


def test_the_embedded_record_is_an_agent_trace():
    trace = json.loads(statements.build(LINES))["predicate"]["agentTrace"]
    assert set(trace) == {"version", "id", "timestamp", "vcs", "tool", "files"}
    assert trace["vcs"] == {"type": "git", "revision": CHANGE.commit}
    assert uuid.UUID(trace["id"]).version == 5
    (talk,) = trace["files"][0]["conversations"]
    assert talk["contributor"] == {"type": "ai", "model_id": "vendor/model-1"}
    assert talk["ranges"][1] == {
        "start_line": 9,
        "end_line": 9,
        "content_hash": D,
        "contributor": {"type": "human"},
    }
    assert {r["type"] for r in talk["related"]} == {"requirement", "authorship"}


def test_what_nobody_watched_is_said():
    internal = json.loads(statements.build(BARE))["predicate"]["buildDefinition"]["internalParameters"]
    assert internal["handrailNotObserved"] == ["model", "network", "process", "sandboxPolicy"]
    whole = json.loads(statements.build(CHANGE))["predicate"]
    assert whole["buildDefinition"]["internalParameters"]["handrailNotObserved"] == []
    made = {b["name"]: b for b in whole["runDetails"]["byproducts"]}
    assert made["observed-network"]["mediaType"] == "application/vnd.runtime-observations+json"
    assert made["observed-filesystem"]["digest"] == {"gitTree": "b" * 40}
