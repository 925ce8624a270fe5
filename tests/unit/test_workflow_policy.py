"""A workflow under a policy, its certificate, and its monitor."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from workflow_support import ROOT, bundled, workflow

from orchestrator.app.workflows.compiling import check_file
from orchestrator.cli.main import cli
from orchestrator.errors import EvidenceInvalid
from orchestrator.models.capabilities import Capabilities, DataClass, Egress, Limits
from orchestrator.models.certificate import PAYLOAD_TYPE, Certificate
from orchestrator.models.policy import Policy, Principal, Role
from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof import judge
from orchestrator.policy.proof.machine import machine
from orchestrator.policy.proof.monitor import Monitor, Standing, Violation
from orchestrator.provenance import dsse
from orchestrator.provenance.signing.keys import generate_key
from orchestrator.provenance.signing.signers import open_signer

HAND_EDIT = (ROOT / "tests/golden/processes/hand-edit/process.md").read_text()
WIDE = Capabilities(write=("**",), secrets=("token",), egress=(Egress(host="a.example"),))


def policy(risk: tuple[str, ...] = (), **roles: list[str]) -> Policy:
    names = sorted({name for held in roles.values() for name in held})
    return Policy(
        version=1,
        expires=datetime(2030, 1, 1, tzinfo=UTC),
        roles={role.replace("_", "-"): Role(principals=tuple(held)) for role, held in roles.items()},
        principals=tuple(Principal(name=n, keyid=n, public_key="", human=n != "robot") for n in names),
        ceiling=WIDE,
        accept_risk=risk,
        approve_roles=tuple(role.replace("_", "-") for role in roles),
    )


def codes(made: Workflow, under: Policy) -> set[str]:
    return {code for _, code, _ in judge.under(made, under)}


def test_whoever_approves_together_is_set_apart_together() -> None:
    """Two approve the draft, and the final word is of somebody who was none of the two."""
    made = workflow("""# Two and another

Roles: lead, clerk.

1. The clerk writes the draft.
2. Two of the leads approve the draft.
3. The lead approves the text, other than whoever did step 2.
""")
    assert codes(made, policy(lead=["ann", "bob", "cy"], clerk=["dan"])) == set()
    assert codes(made, policy(lead=["ann", "bob"], clerk=["dan"])) == {"WF054"}


def test_only_those_who_hold_both_roles_can_be_set_apart() -> None:
    """Two leads have approved, and one person alone is lead and boss: whoever else is boss is there in any case."""
    made = workflow("""# Two and a boss

Roles: lead, boss.

1. Two of the leads approve the draft.
2. The boss approves the draft, other than whoever did step 1.
""")
    assert codes(made, policy(lead=["ann", "bob", "cy"], boss=["ann", "dan"])) == set()
    (told,) = [text for _, _, text in judge.under(made, policy(lead=["ann", "bob", "dan"], boss=["ann", "dan"]))]
    assert told.endswith("needs 1 of 'boss'; 2 hold the role, and 2 of them may be set apart by what they did before.")
    assert codes(made, policy(lead=["ann", "bob"], boss=["ann"])) == {"WF054"}


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        (["ann", "bob", "cy"], set[str]()),
        (["ann", "bob"], {"WF054"}),
        (["ann", "bob", "robot"], {"WF054"}),
        (["robot"], {"WF054", "WF055"}),
    ],
)
def test_two_of_a_role_need_three_people_when_one_may_be_the_author(held: list[str], expected: set[str]) -> None:
    assert codes(workflow(HAND_EDIT), policy(author=held)) == expected


def test_a_role_that_the_policy_does_not_have_is_named() -> None:
    assert codes(workflow(HAND_EDIT), policy()) == {"WF055"}


def test_a_role_whose_approval_the_policy_does_not_take_is_named() -> None:
    held = policy(author=["ann", "bob", "cy"])
    assert codes(workflow(HAND_EDIT), held.model_copy(update={"approve_roles": ()})) == {"WF056"}


def test_untrusted_input_a_secret_and_a_way_out_need_the_policy_to_name_the_node() -> None:
    text = "It may use the secrets `token`.\nIt may reach `a.example`.\n\n1. `it`: Ask the agent to look.\n"
    made = workflow(text)
    assert codes(made, policy()) == {"WF051"}
    assert codes(made, policy(("trifecta:test/other",))) == {"WF051"}
    assert codes(made, policy(("trifecta:test/it",))) == set()


def test_a_ceiling_above_the_policys_is_named() -> None:
    assert "WF053" in codes(workflow("It may reach `b.example`.\n\n1. The clerk files it.\n"), policy(clerk=["ann"]))


def test_what_no_sentence_grants_is_not_held_against_the_policys_ceiling() -> None:
    limits = WIDE.limits.meet(Limits(memory_mib=64, wall_seconds=5))
    strict = WIDE.model_copy(update={"limits": limits, "refused": ("curl",), "data": DataClass.RESTRICTED})
    held = policy(clerk=["ann"]).model_copy(update={"ceiling": strict})
    assert codes(workflow("It may reach `a.example`.\n\n1. The clerk files it.\n"), held) == set()
    assert codes(workflow("It may ask any model.\n\n1. The clerk files it.\n"), held) == {"WF053"}


@pytest.fixture
def signer(tmp_path: Path) -> Path:
    path = tmp_path / "key.pem"
    generate_key(path, "test")
    return path


def check(*words: str) -> tuple[int, dict[str, object]]:
    path = str(ROOT / "workflows/hotfix/workflow.yaml")
    done = CliRunner().invoke(cli, ["workflow", "check", path, "--json", *words])
    if isinstance(done.exception, Exception):
        raise done.exception
    return done.exit_code, json.loads(done.stdout)


def test_a_certificate_is_made_and_checked_by_the_independent_checker(signer: Path, tmp_path: Path) -> None:
    certificate = tmp_path / "c.json"
    _, made = check("--certify", str(certificate), "--key", str(signer))
    _, seen = check("--certificate", str(certificate), "--signer", str(made["signed_by"]))
    assert seen["signed_by"] == made["signed_by"]
    assert int(str(seen["situations"])) > 0
    with pytest.raises(EvidenceInvalid, match="signed by"):
        check("--certificate", str(certificate), "--signer", "0" * 64)


@pytest.mark.parametrize("place", [30, 200, -20])
def test_a_certificate_with_a_changed_byte_is_refused(signer: Path, tmp_path: Path, place: int) -> None:
    certificate = tmp_path / "c.json"
    check("--certify", str(certificate), "--key", str(signer))
    data = bytearray(certificate.read_bytes())
    data[place] ^= 1
    certificate.write_bytes(data)
    with pytest.raises(EvidenceInvalid):
        check("--certificate", str(certificate))


def test_a_certificate_of_another_workflow_is_refused(signer: Path, tmp_path: Path) -> None:
    certificate = tmp_path / "c.json"
    other = ROOT / "workflows/release/workflow.yaml"
    words = ["workflow", "check", str(other), "--certify", str(certificate), "--key", str(signer)]
    assert CliRunner().invoke(cli, words).exit_code == 0
    with pytest.raises(EvidenceInvalid, match="another workflow"):
        check("--certificate", str(certificate))


def claims(certificate: Path, signer: Path, claimed: dict[str, object]) -> None:
    """A certificate of the hotfix, signed, that says this."""
    check("--certify", str(certificate), "--key", str(signer))
    line = certificate.read_bytes()
    stated = Certificate.model_validate_json(dsse.unpack(line, PAYLOAD_TYPE).payload).model_copy(update=claimed)
    certificate.write_bytes(dsse.seal(stated.to_bytes(), [open_signer(signer)], PAYLOAD_TYPE))


@pytest.mark.parametrize("claimed", [{"engine": "a wish"}, {"states": 1}, {"transitions": 0}])
def test_a_signed_certificate_of_another_search_is_refused(
    signer: Path, tmp_path: Path, claimed: dict[str, object]
) -> None:
    certificate, place = tmp_path / "c.json", ROOT / "workflows/hotfix/workflow.yaml"
    claims(certificate, signer, claimed)
    with pytest.raises(EvidenceInvalid) as found:
        check_file(place, certificate, None)
    assert found.value.code == "EVID074"


@pytest.mark.parametrize(
    ("claimed", "code"),
    [
        ({"id": "another"}, "EVID071"),
        ({"properties": (*judge.PROPERTIES, *judge.PROPERTIES)}, "EVID072"),
        ({"properties": judge.PROPERTIES[:-1]}, "EVID072"),
        ({"properties": (*judge.PROPERTIES, "agents write no faults")}, "EVID072"),
    ],
)
def test_a_signed_certificate_that_says_something_else_is_refused(
    signer: Path, tmp_path: Path, claimed: dict[str, object], code: str
) -> None:
    certificate, place = tmp_path / "c.json", ROOT / "workflows/hotfix/workflow.yaml"
    claims(certificate, signer, claimed)
    with pytest.raises(EvidenceInvalid) as found:
        check_file(place, certificate, None)
    assert found.value.code == code


def test_a_certificate_of_another_version_of_the_prover_is_told_to_be_one(signer: Path, tmp_path: Path) -> None:
    certificate, place = tmp_path / "c.json", ROOT / "workflows/hotfix/workflow.yaml"
    claims(certificate, signer, {})
    assert check_file(place, certificate, None).same_prover
    claims(certificate, signer, {"rules": "sha256:" + "0" * 64})
    assert not check_file(place, certificate, None).same_prover
    done = CliRunner().invoke(cli, ["workflow", "check", str(place), "--certificate", str(certificate)])
    assert "another version of the prover" in done.stderr
    assert "--signer" in done.stderr


def test_the_monitor_follows_a_run_and_stops_at_what_is_not_there() -> None:
    tables = machine(bundled("refund-approval"))
    here: Standing | Violation = Monitor(tables).begin()
    for _ in range(40):
        assert isinstance(here, Standing)
        if here.tokens[0] in tables.ends:
            break
        here = Monitor(tables).passed(here, here.tokens[0], tables.edges[here.tokens[0]][0].outcome)
    assert isinstance(here, Standing)
    assert here.tokens[0] in tables.ends
    wrong = Monitor(tables).passed(Monitor(tables).begin(), "notify-customer-refund-paid", "sent")
    assert isinstance(wrong, Violation)
    assert wrong.code == "WF040"


def test_the_monitor_counts_bounds_and_watches_guards() -> None:
    made = workflow(HAND_EDIT)
    tables, gate = machine(made), "gates-check-change"
    here: Standing | Violation = Monitor(tables).begin()
    for _ in range(9):
        assert isinstance(here, Standing)
        edited = Monitor(tables).passed(here, "author-edits-change", "done")
        assert isinstance(edited, Standing)
        here = Monitor(tables).passed(edited, gate, "again")
    assert isinstance(here, Standing)
    edited = Monitor(tables).passed(here, "author-edits-change", "done")
    assert isinstance(edited, Standing)
    assert isinstance(Monitor(tables).passed(edited, gate, "again"), Violation)
    unseen = Monitor(tables).passed(Standing((next(n for n in made.nodes if n.startswith("two-authors")),)), "x", "y")
    assert isinstance(unseen, Violation)
