"""The SLSA verification summary: what in-toto's own package makes of it; no level is said that was not seen."""

import base64
import json
from dataclasses import replace
from pathlib import Path

import pytest
from google.protobuf.json_format import MessageToDict, Parse
from in_toto_attestation.predicates.vsa.v1.vsa_pb2 import VerificationSummary
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage
from provenance_support import MAIN, NOW, World
from securesystemslib.dsse import Envelope
from securesystemslib.signer import SSlibKey

from orchestrator.app.evidence.verifying import Options, Summary, verify_and_tell, verify_push
from orchestrator.app.project import open_project
from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.ids import GitOid, sha256
from orchestrator.models.policy import Custody
from orchestrator.models.verification import Verified
from orchestrator.provenance import dsse
from orchestrator.provenance.logs import log
from orchestrator.provenance.predicates import summary
from orchestrator.provenance.predicates.summary import TWO_PARTY, About
from orchestrator.provenance.roots import root
from orchestrator.provenance.verification.verify import Request, examine

DOOR = About(when=NOW, ref=MAIN, at_the_door=True)


def found(world: World, **changes):
    world.publish()
    known = root.read_chain({p: d for p, d in world.files.items() if p == root.policy_path(1)}, None).root_digest
    asked = {"base": world.base, "head": world.head, "ref": MAIN, "repository": "r1", "now": NOW, "root_digest": known}
    return examine(world.repo, Request(**{**asked, **changes}))


def predicate(answer, about: About = DOOR):
    return summary.statement(answer, about, "k")["predicate"]


def levels(answer, about: About = DOOR) -> list[str]:
    return [word for word in predicate(answer, about)["verifiedLevels"] if word.startswith("SLSA_SOURCE_LEVEL")]


def test_in_toto_and_securesystemslib_take_it(tmp_path: Path):
    world = World(tmp_path)
    answer = found(world)
    line = summary.sealed(answer, replace(DOOR, base=GitOid(world.base)), world.keys["ci"])
    envelope = json.loads(line)
    key = SSlibKey(world.keys["ci"].keyid, "ed25519", "ed25519", {"public": world.keys["ci"].public_key})
    assert list(Envelope.from_dict(envelope).verify([key], 1)) == [world.keys["ci"].keyid]
    value = json.loads(base64.b64decode(envelope["payload"]))
    message = Parse(json.dumps(value), StatementMessage())
    Statement.copy_from_pb(message).validate()
    assert value["predicateType"] == "https://slsa.dev/verification_summary/v1"
    rest = dict(value["predicate"])
    # in-toto-attestation 0.9.3 has one string here, where the specification and later versions have a list
    assert all(isinstance(word, str) for word in rest.pop("verifiedLevels"))
    read = Parse(json.dumps(rest), VerificationSummary())
    assert MessageToDict(read) == rest
    assert read.verification_result == "PASSED"
    assert value["subject"][0]["digest"] == {"gitCommit": world.commit}
    assert value["subject"][0]["annotations"] == {"sourceRefs": [MAIN], "handrailBase": world.base}


def test_it_names_the_policy_in_force_and_the_heads_of_the_logs(tmp_path: Path):
    world = World(tmp_path)
    answer = found(world)
    said = predicate(answer)
    payload = answer.chain.payloads[-1]
    assert said["policy"] == {"uri": "urn:handrail:policy:1", "digest": {"sha256": sha256(payload)[7:]}}
    assert said["resourceUri"] == f"urn:handrail:repository:{sha256(payload)[7:]}"
    note = world.log_files()[log.HEAD]
    (head,) = said["inputAttestations"]
    assert head["digest"] == {"sha256": sha256(note)[7:]}
    assert predicate(answer, replace(DOOR, resource="git+https://x.invalid/r"))["resourceUri"].startswith("git+")
    assert predicate(answer, replace(DOOR, bundle=sha256(b"b")))["inputAttestations"][0]["uri"] == "urn:handrail:bundle"


def test_one_approver_is_never_level_4_and_two_are(tmp_path: Path):
    world = World(tmp_path)
    alone = found(world)
    assert levels(alone) == ["SLSA_SOURCE_LEVEL_3"]
    assert TWO_PARTY not in predicate(alone)["verifiedLevels"]
    world.lines["ben"] = world.sealed(world.decision("ben"), "ben")
    both = found(world)
    assert levels(both) == ["SLSA_SOURCE_LEVEL_4"]
    assert TWO_PARTY in predicate(both)["verifiedLevels"]


def test_who_edited_a_change_is_none_of_the_two(tmp_path: Path):
    world = World(tmp_path)
    edited = world.change(people=("ana",))
    world.lines["change"] = world.sealed(edited, "runner")
    world.lines["lines"] = world.sealed(world.lines_of(edited, world.lines["change"]), "runner")
    world.lines["ben"] = world.sealed(world.decision("ben"), "ben")
    assert levels(found(world)) == ["SLSA_SOURCE_LEVEL_3"]


def test_a_machine_that_reviews_is_no_party(tmp_path: Path):
    world = World(tmp_path, human=False)
    world.lines["ben"] = world.sealed(world.decision("ben"), "ben")
    said = predicate(found(world))["verifiedLevels"]
    assert said[0] == "SLSA_SOURCE_LEVEL_3"
    assert not {TWO_PARTY, "ORG_SOURCE_HANDRAIL_HUMAN_APPROVED"} & set(said)


@pytest.mark.parametrize(
    ("about", "asked"),
    [
        (replace(DOOR, at_the_door=False), {}),
        (replace(DOOR, ref="refs/heads/topic"), {}),
        (replace(DOOR, ref=None), {}),
        (DOOR, {"root_digest": None, "allow_self_asserted": True}),
    ],
)
def test_what_nobody_saw_enforced_is_level_1(tmp_path: Path, about: About, asked: dict):
    assert levels(found(World(tmp_path), **asked), about) == ["SLSA_SOURCE_LEVEL_1"]


def test_without_demanded_gates_it_is_level_2(tmp_path: Path):
    assert levels(found(World(tmp_path, gates=()))) == ["SLSA_SOURCE_LEVEL_2"]


def test_a_commit_by_hand_leaves_level_1_and_no_property(tmp_path: Path):
    world = World(tmp_path)
    world.head = world.repo.make_commit(world.tree, (world.commit,), "by hand")
    answer = found(world, ref="refs/heads/topic")
    assert answer.answer.problems == ()
    assert predicate(answer)["verifiedLevels"] == ["SLSA_SOURCE_LEVEL_1"]


def test_properties_hold_at_every_commit(tmp_path: Path):
    world = World(tmp_path)
    every = {f"ORG_SOURCE_HANDRAIL_{name}" for name in ("ATTESTED", "HUMAN_APPROVED", "DEMONSTRATED", "LINES_STATED")}
    gates = {"ORG_SOURCE_HANDRAIL_GATE_RUFF", "ORG_SOURCE_HANDRAIL_GATE_BANDIT"}
    assert set(predicate(found(world))["verifiedLevels"]) - {"SLSA_SOURCE_LEVEL_3"} == every | gates
    for name in ("ruff", "bandit"):
        world.lines[f"ci-{name}"] = world.sealed(world.gate(name, custody=Custody.CI), "ci")
    world.lines["ci-acceptance"] = world.sealed(world.acceptance(custody=Custody.CI), "ci")
    assert "ORG_SOURCE_HANDRAIL_INDEPENDENT_CHECKS" in predicate(found(world))["verifiedLevels"]


def test_what_does_not_verify_is_said_to_have_failed(tmp_path: Path):
    world = World(tmp_path)
    del world.lines["decision"]
    said = predicate(found(world))
    assert (said["verificationResult"], said["verifiedLevels"]) == ("FAILED", ["FAILED"])
    world.head = world.base
    assert predicate(found(world))["verifiedLevels"] == ["FAILED"]


# --- at the door --------------------------------------------------------------


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """A bare repository with evidence; ``main`` is still at the base."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    world = World(tmp_path)
    world.publish()
    world.repo.git("update-ref", MAIN, world.base)
    return world


def pushed(world: World, *lines: str, **more):
    known = root.read_chain({root.policy_path(1): world.files[root.policy_path(1)]}, None).root_digest
    return verify_push(world.repo.path, lines, Options(root=known), **more)


def test_at_the_door_each_branch_gets_its_summary(server: World, tmp_path: Path):
    answers, lines = pushed(server, f"{server.base} {server.commit} {MAIN}", told=Summary(tmp_path / "ci"))
    assert [a.verdict for a in answers] == [Verified.VERIFIED]
    line, end = dsse.lines_of(lines)[0], dsse.lines_of(lines)[1:]
    assert end == []
    said = json.loads(dsse.open_line(line, {server.keys["ci"].keyid: server.keys["ci"].public_key}).payload)
    assert said["predicate"]["verifiedLevels"][0] == "SLSA_SOURCE_LEVEL_3"
    assert said["subject"][0]["annotations"]["handrailBase"] == server.base


def test_protected_branches_and_evidence_only_grow(server: World):
    gone, later = "0" * 40, server.repo.make_commit(server.tree, (server.commit,), "by hand")
    evidence = log.branch(server.keys["runner"].keyid)
    tip = server.repo.resolve(evidence)
    other = server.repo.make_commit(server.repo.tree_of(tip), (), "another history")
    for refused in (
        f"{server.commit} {gone} {MAIN}",
        f"{server.commit} {server.base} {MAIN}",
        f"{later} {server.commit} {MAIN}",
        f"{tip} {gone} {evidence}",
        f"{tip} {other} {evidence}",
    ):
        with pytest.raises(EvidenceInvalid, match="only grows"):
            pushed(server, refused)
    after = server.repo.make_commit(server.repo.tree_of(tip), (tip,), "more")
    for taken in (f"{later} {server.commit} refs/heads/topic", f"{tip} {after} {evidence}", f"{gone} {gone} {MAIN}"):
        assert all(a.problems == () for a in pushed(server, taken)[0])


def test_a_summary_of_a_part_is_refused(server: World, tmp_path: Path):
    with open_project(server.repo.path) as project, pytest.raises(UsageError, match="EVID068"):
        verify_and_tell(project, server.commit, Options(incremental=True), Summary(tmp_path / "ci"))
