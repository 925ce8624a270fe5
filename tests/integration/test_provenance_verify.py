"""What statements and decisions must say about a commit so that it verifies."""

from pathlib import Path

import pytest
from provenance_support import MAIN, NOW, SECRET, World, codes, replace

from orchestrator.errors import ExitCode, StoreError
from orchestrator.models.decision import Verdict
from orchestrator.models.found import Result
from orchestrator.models.gate import Demonstration
from orchestrator.models.ids import sha256
from orchestrator.models.policy import Custody, Role
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.verification import Checks, Trust, Verified
from orchestrator.provenance import dsse
from orchestrator.provenance.predicates import statements
from orchestrator.provenance.predicates.claims import Contributor


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def test_a_whole_commit_verifies(world: World):
    world.publish()
    found = world.verify()
    assert codes(found) == set()
    assert found.verdict is Verified.VERIFIED
    assert found.human_approved
    assert found.trust is Trust.PINNED
    (commit,) = found.commits
    assert commit.commit == world.commit
    assert commit.gates == {"ruff": Result.PASSED, "bandit": Result.PASSED}
    assert commit.acceptance is Result.PASSED
    assert commit.demonstrated
    assert commit.reviewers == ("ana",)
    assert commit.decisions == (sha256(world.lines["decision"]),)
    assert commit.checks is Checks.SELF_ATTESTED
    assert any("self-attested" in n for n in found.notes)
    assert commit.texts_withheld == 1


def test_a_machine_that_reviews_is_no_human(tmp_path: Path):
    world = World(tmp_path, human=False)
    world.publish()
    found = world.verify()
    assert codes(found) == set()
    assert found.verdict is Verified.WITHOUT_HUMAN
    assert found.commits[0].roles == {}, "a role is held by people when somebody demands it"
    assert not found.human_approved


def test_a_second_signature_from_ci_makes_the_checks_independent(world: World):
    for name, claim in (("ruff", world.gate("ruff")), ("bandit", world.gate("bandit")), ("acc", world.acceptance())):
        world.lines["ci-" + name] = world.sealed(claim.model_copy(update={"custody": Custody.CI}), "ci")
    world.publish()
    assert world.verify().commits[0].checks is Checks.INDEPENDENT


def test_texts_that_are_here_are_read_and_erased_ones_change_nothing(world: World):
    class Folder:
        def __init__(self, present):
            self.present = present

        def put(self, data):
            raise AssertionError(data)

        def get(self, digest):
            if digest not in self.present:
                raise StoreError("STORE001", "absent")
            return self.present[digest]

    blob = world.text_blob
    world.publish()
    assert world.verify(blobs=Folder({sha256(blob): blob})).commits[0].texts_withheld == 0
    erased = world.verify(blobs=Folder({}))
    assert erased.verdict is Verified.VERIFIED
    assert erased.commits[0].texts_withheld == 1
    assert SECRET not in b"".join(world.lines.values())


@pytest.mark.parametrize(
    ("missing", "code"),
    [
        ("ruff", "EVID045"),
        ("acceptance", "EVID049"),
        ("decision", "EVID050"),
        ("plan", "EVID052"),
        ("change", "EVID053"),
    ],
)
def test_a_missing_statement(world: World, missing: str, code: str):
    del world.lines[missing]
    world.publish()
    assert codes(world.verify()) == {code}


@pytest.mark.parametrize("result", [Result.FAILED, Result.ERROR])
def test_a_gate_that_refused(world: World, result: Result):
    assert codes(replace(world, "ruff", world.gate("ruff", result=result), "runner")) == {"EVID046"}


def test_a_later_refusal_counts_beside_an_earlier_pass(world: World):
    failed = world.gate("ruff", result=Result.FAILED, failing=(sha256(b"f"),), custody=Custody.CI)
    assert codes(replace(world, "again", failed, "ci")) == {"EVID046"}


def test_a_pass_with_failing_findings_is_no_pass(world: World):
    assert codes(replace(world, "ruff", world.gate("ruff", failing=(sha256(b"f"),)), "runner")) == {"EVID046"}


def test_a_finding_that_a_person_must_lift(world: World):
    finding = sha256(b"finding")
    needs = world.gate("ruff", result=Result.NEEDS_PERSON, to_lift=(finding,))
    assert codes(replace(world, "ruff", needs, "runner")) == {"EVID048"}
    lifted = replace(world, "decision", world.decision(lifts=(finding,)), "ana")
    assert codes(lifted) == set()
    assert lifted.commits[0].gates["ruff"] is Result.NEEDS_PERSON


def test_acceptance_that_failed(world: World):
    assert codes(replace(world, "acceptance", world.acceptance(result=Result.FAILED), "runner")) == {"EVID049"}


def test_acceptance_that_contradicts_itself(world: World):
    command = world.acceptance().commands[0].model_copy(update={"shows": Demonstration.FAILED})
    assert codes(replace(world, "acceptance", world.acceptance(commands=(command,)), "runner")) == {"EVID049"}


def test_a_step_without_commands_is_not_demonstrated(world: World):
    del world.lines["acceptance"]
    found = replace(world, "change", world.change(acceptance=None), "runner")
    assert codes(found) == set()
    assert (found.commits[0].acceptance, found.commits[0].demonstrated) == (None, False)


def test_a_requirement_that_no_command_shows_is_not_demonstrated(world: World):
    command = world.acceptance().commands[0].model_copy(update={"shows": Demonstration.REGRESSION})
    found = replace(world, "acceptance", world.acceptance(commands=(command,)), "runner")
    assert codes(found) == set()
    assert not found.commits[0].demonstrated


@pytest.mark.parametrize(("who", "code"), [("ana", "EVID040"), ("root", "EVID040"), ("stranger", "EVID053")])
def test_a_change_by_a_key_without_the_role(world: World, who: str, code: str):
    found = replace(world, "change", world.change(), who)
    assert codes(found) == {code}
    assert any("no key of the policy" in n for n in found.notes) == (who == "stranger")


def test_a_strangers_signature_beside_a_runners_is_noted(world: World):
    found = replace(world, "change", world.change(), "runner", "stranger")
    assert codes(found) == set()
    assert any("also carries a signature" in n for n in found.notes)


def test_a_gate_result_by_a_reviewer_counts_for_nothing(world: World):
    assert codes(replace(world, "ruff", world.gate("ruff"), "ana")) == {"EVID045"}


@pytest.mark.parametrize("who", ["runner", "ci", "root", "stranger"])
def test_a_decision_by_a_key_without_the_role(world: World, who: str):
    assert codes(replace(world, "decision", world.decision(who), who)) == {"EVID050"}


def test_a_decision_in_another_reviewers_name(world: World):
    assert codes(replace(world, "decision", world.decision("ben"), "ana")) == {"EVID050"}


def test_a_decision_for_another_tree(world: World):
    other = world.identity_of(world.base, world.repo.make_tree({"app.py": b"x = 3\n"}))
    elsewhere = world.decision(subject=other.digest(), change=other)
    assert codes(replace(world, "decision", elsewhere, "ana")) == {"EVID050"}
    forged = world.decision(change=other)
    assert codes(replace(world, "decision", forged, "ana")) == {"EVID050"}


def test_a_decision_on_the_same_tree_on_another_tip_or_ref(world: World):
    other_tip = world.repo.make_commit(world.repo.make_tree({"a": b""}), ())
    for other in (world.identity_of(other_tip, world.tree), world.identity_of(world.base, world.tree, "refs/heads/x")):
        decision = world.decision(subject=other.digest(), change=other)
        assert codes(replace(world, "decision", decision, "ana")) == {"EVID050"}


def test_a_risk_that_the_policy_does_not_list(world: World):
    risk = AcceptedRisk(protection="pids", owner="ana", until=NOW.date())
    stated = world.change(risks=(risk,))
    assert codes(replace(world, "change", stated, "runner")) == {"EVID069"}
    found = world.verify()
    assert found.risks == (risk,)


@pytest.mark.parametrize("verdict", [Verdict.REJECT, Verdict.REQUEST_CHANGES])
def test_one_refusal_beside_an_approval(world: World, verdict: Verdict):
    assert codes(replace(world, "no", world.decision("ben", verdict=verdict), "ben")) == {"EVID051"}


def test_two_reviewers_are_two_people(tmp_path: Path):
    world = World(tmp_path, threshold=2)
    world.publish()
    assert codes(world.verify()) == {"EVID050", "EVID052"}
    world.lines["again"] = world.sealed(world.decision(item="i2"), "ana")
    world.lines["ben-plan"] = world.sealed(world.plan_decision("ben"), "ben")
    world.publish()
    assert codes(world.verify()) == {"EVID050"}
    world.lines["ben"] = world.sealed(world.decision("ben"), "ben")
    world.publish()
    found = world.verify()
    assert found.verdict is Verified.VERIFIED
    assert found.commits[0].reviewers == ("ana", "ben")


def test_who_edited_a_change_by_hand_is_not_its_only_approver(world: World):
    edited = world.change(people=("ana",))
    world.lines |= {"change": world.sealed(edited, "runner")}
    world.lines["lines"] = world.sealed(world.lines_of(edited, world.lines["change"]), "runner")
    world.publish()
    found = world.verify()
    assert codes(found) == {"EVID047"}
    assert found.commits[0].people == ("ana",)
    world.lines["ben"] = world.sealed(world.decision("ben"), "ben")
    world.publish()
    assert world.verify().verdict is Verified.VERIFIED


def test_by_policy_who_signed_a_change_as_made_is_not_its_only_approver(tmp_path: Path):
    roles = {"root": Role(principals=("root",)), "runner": Role(principals=("ana", "runner"))}
    roles["reviewer"] = Role(principals=("ana", "ben"))

    class Shared(World):
        separate = False

        def policy(self, version: int = 1, **changes):
            return super().policy(version, **{"roles": roles, "separate_approval": self.separate, **changes})

        def statements(self):
            found = super().statements()
            change = self.change(custody=Custody.USER)
            found["change"] = self.sealed(change, "ana")
            return found | {"lines": self.sealed(self.lines_of(change, found["change"]), "runner")}

    class Separate(Shared):
        separate = True

    for kind, wanted in ((Shared, set()), (Separate, {"EVID047"})):
        folder = tmp_path / kind.__name__
        folder.mkdir()
        world = kind(folder)
        world.publish()
        assert codes(world.verify()) == wanted
    world.lines["ben"] = world.sealed(world.decision("ben"), "ben")
    world.publish()
    assert world.verify().verdict is Verified.VERIFIED


def test_lines_by_a_person_whom_the_change_does_not_name(world: World):
    lines = world.lines_of(world.change(), world.lines["change"])
    one = lines.files[0].ranges[0].model_copy(update={"contributor": Contributor.HUMAN})
    file = lines.files[0].model_copy(update={"ranges": (one,)})
    claim = lines.model_copy(update={"files": (file,), "requirements": requirements_of(world)})
    assert codes(replace(world, "lines", claim, "runner")) == {"EVID059"}


def requirements_of(world: World):
    return statements.read(dsse.unpack(world.lines["change"]).payload).requirements


def test_a_statement_replayed_onto_another_commit(world: World):
    world.publish()
    world.files["app.py"] = b"import os\n"
    world.head = world.repo.make_commit(world.repo.make_tree(world.files), (world.base,))
    found = world.verify()
    assert codes(found) == {"EVID053"}
    assert found.unattested == (world.head,)


def test_a_swapped_tree(world: World):
    world.files["app.py"] = b"import os\n"
    world.head = world.repo.make_commit(world.repo.make_tree(world.files), (world.base,))
    assert codes(replace(world, "change", world.change(commit=world.head), "runner")) == {"EVID043"}


def test_a_commit_on_another_tip(world: World):
    middle = world.repo.make_commit(world.repo.tree_of(world.base), (world.base,), "by hand")
    world.head = world.repo.make_commit(world.tree, (middle,))
    found = replace(world, "change", world.change(commit=world.head), "runner")
    assert codes(found) == {"EVID042", "EVID053"}


def test_a_merge_is_no_single_change(world: World):
    side = world.repo.make_commit(world.repo.tree_of(world.base), (world.base,), "side")
    world.head = world.repo.make_commit(world.tree, (world.base, side))
    assert "EVID041" in codes(replace(world, "change", world.change(commit=world.head), "runner"))


def test_another_manifest(world: World):
    identity = world.identity.model_copy(update={"manifest": sha256(b"other")})
    world.identity = identity
    world.lines = world.statements()
    world.publish()
    assert codes(world.verify()) == {"EVID044"}


def test_a_servers_squash_with_the_same_tree_verifies(world: World):
    world.publish()
    world.head = world.repo.make_commit(world.tree, (world.base,), "squashed on the server")
    found = world.verify()
    assert found.verdict is Verified.VERIFIED
    assert found.commits[0].same_tree


def test_commits_by_hand_outside_protected_refs(world: World):
    world.publish()
    world.head = world.repo.make_commit(world.tree, (world.commit,), "by hand")
    on_topic = world.verify(ref="refs/heads/topic")
    assert codes(on_topic) == set()
    assert on_topic.unattested == (world.head,)
    assert codes(world.verify(ref=MAIN)) == {"EVID053"}
    assert codes(world.verify(ref=None)) == {"EVID053"}


def test_nothing_attested_is_not_verified_and_no_mismatch(world: World):
    found = world.verify(ref="refs/heads/topic")
    assert (found.verdict, found.exit_code) == (Verified.NOT_VERIFIED, ExitCode.DONE)


def test_an_end_of_run_decision_covers_what_it_lists(world: World):
    end = world.second_step({"app.py": b"x = 3\n"})
    found = replace(world, "decision", end, "ana")
    assert found.verdict is Verified.VERIFIED
    assert [c.step for c in found.commits] == ["S01", "S02"]
    only_one = end.model_copy(update={"shown": end.shown[1:]})
    assert codes(replace(world, "decision", only_one, "ana")) == {"EVID050"}
    gone = world.identity_of(world.base, world.repo.make_tree({"app.py": b"x = 4\n"}))
    not_on_line = end.model_copy(update={"change": gone, "subject": gone.digest()})
    assert codes(replace(world, "decision", not_on_line, "ana")) == {"EVID050"}
