from datetime import timedelta
from pathlib import Path

import pytest
from provenance_support import MAIN, NOW, PLAN, SECRET, World

from orchestrator.errors import EvidenceInvalid, ExitCode, StoreError
from orchestrator.models.base import canonical, sha256
from orchestrator.models.decision import Verdict
from orchestrator.models.gate import Demonstration, Result
from orchestrator.models.policy import Custody, Role
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.verification import Checks, Trust, Verified
from orchestrator.provenance import bundle, dsse, log, root, statements
from orchestrator.provenance.claims import Contributor
from orchestrator.provenance.trust import TrustStore


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def codes(found) -> set[str]:
    assert (found.verdict is Verified.NOT_VERIFIED) == bool(found.problems or not found.commits)
    assert found.exit_code is (ExitCode.EVIDENCE if found.problems else ExitCode.DONE)
    assert all(p.message and p.hint for p in found.problems)
    return {p.code for p in found.problems}


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


def replace(world: World, name: str, claim, *who: str):
    world.lines[name] = world.sealed(claim, *who)
    world.publish()
    return world.verify()


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


# --- the root of trust --------------------------------------------------------


def test_trust_is_pinned_given_or_asserted(world: World, tmp_path: Path):
    world.publish()
    store = TrustStore(tmp_path / "config" / "trust.json")
    assert world.verify(root_digest=None, trust=store).trust is Trust.FIRST_USE
    assert world.verify(root_digest=None, trust=store).trust is Trust.PINNED
    assert codes(world.verify(root_digest=sha256(b"other"))) == {"EVID025"}
    alone = world.verify(root_digest=None)
    assert (codes(alone), alone.trust) == ({"EVID027"}, Trust.SELF_ASSERTED)
    allowed = world.verify(root_digest=None, allow_self_asserted=True)
    assert (allowed.verdict, allowed.trust) == (Verified.VERIFIED, Trust.SELF_ASSERTED)


def test_another_root_than_the_pinned_one(world: World, tmp_path: Path):
    world.publish()
    store = TrustStore(tmp_path / "config" / "trust.json")
    store.pin("r1", sha256(b"the real one"))
    assert codes(world.verify(root_digest=None, trust=store)) == {"EVID025"}


def test_no_policy_at_all(world: World):
    bare = world.repo.make_commit(world.repo.make_tree({"a": b""}), ())
    with pytest.raises(EvidenceInvalid) as caught:
        world.verify(base=None, head=bare)
    assert caught.value.code == "EVID020"


def test_an_expired_policy(world: World):
    world.publish()
    assert codes(world.verify(now=NOW + timedelta(days=366))) == {"EVID024"}


def test_a_change_made_after_expiry(world: World):
    late = world.change(finished_at=NOW + timedelta(days=400))
    assert codes(replace(world, "change", late, "runner")) == {"EVID024", "EVID056"}


def test_whoever_has_no_role_any_more_signs_in_vain(world: World):
    without = world.policy(2)
    roles = {**without.roles, "runner": Role(principals=("ci",))}
    second = without.model_copy(update={"roles": roles})
    world.files.update(root.sign_policy(second, [world.keys["root"]]))
    world.files["app.py"] = b"x = 1\n"
    renewed = world.repo.make_commit(world.repo.make_tree(world.files), (world.base,), "policy 2")
    world.files["app.py"] = b"x = 2\n"
    world.tree = world.repo.make_tree(world.files)
    world.head = world.commit = world.repo.make_commit(world.tree, (renewed,))
    world.identity = world.identity_of(renewed, world.tree)
    world.lines = world.statements()
    world.publish()
    found = world.verify()
    assert codes(found) == {"EVID040", "EVID045", "EVID049"}
    assert any("policy version 2" in n for n in found.notes)
    assert found.unattested == ()


def test_a_policy_that_its_predecessors_root_did_not_sign(world: World):
    world.publish()
    usurped = world.policy(2, roles={**world.policy().roles, "root": Role(principals=("ana",))})
    world.files.update(root.sign_policy(usurped, [world.keys["ana"]]))
    world.head = world.repo.make_commit(world.repo.make_tree(world.files), (world.commit,))
    with pytest.raises(EvidenceInvalid) as caught:
        world.verify()
    assert caught.value.code == "EVID023"


def test_a_policy_version_that_is_taken_away_again(world: World):
    first = dict(world.files)
    world.files.update(root.sign_policy(world.policy(2), [world.keys["root"]]))
    second = world.repo.make_commit(world.repo.make_tree(world.files), (world.commit,))
    world.head = world.repo.make_commit(world.repo.make_tree(first), (second,))
    world.publish()
    assert codes(world.verify()) == {"EVID026", "EVID053"}


def test_an_attested_commit_before_any_policy(world: World):
    first = world.repo.make_commit(world.repo.make_tree({"app.py": b""}), ())
    world.commit = world.head = world.repo.make_commit(world.tree, (first,))
    world.identity = world.identity_of(first, world.tree)
    world.lines = world.statements()
    world.publish()
    assert codes(world.verify(base=first)) == {"EVID054"}


# --- logs and bundles ---------------------------------------------------------


def damaged(world: World, files: dict[str, bytes]) -> set[str]:
    world.publish(files)
    return codes(world.verify()) - {"EVID053"}


def two_batches(world: World) -> dict[str, bytes]:
    lines = list(world.lines.values())
    return world.log_files(lines[:3], lines[3:])


def test_a_log_of_two_batches_verifies(world: World):
    assert damaged(world, two_batches(world)) == set()


def second(files) -> str:
    return max(p for p in files if p.startswith("log/"))


def test_a_bundle_cut_away(world: World):
    files = two_batches(world)
    del files[second(files)]
    assert damaged(world, files) == {"EVID031"}


def test_bundles_that_change_places(world: World):
    files = two_batches(world)
    one, two = log.bundle_path(0), second(files)
    assert damaged(world, {**files, one: files[two], two: files[one]}) <= {"EVID031", "EVID033"}


def test_lines_that_change_places_within_a_bundle(world: World):
    files = two_batches(world)
    lines = dsse.lines_of(files[log.bundle_path(0)])
    assert damaged(world, {**files, log.bundle_path(0): b"".join(lines[::-1])}) == {"EVID033"}


def test_a_line_taken_out_of_a_bundle(world: World):
    files = two_batches(world)
    lines = dsse.lines_of(files[second(files)])
    assert damaged(world, {**files, second(files): b"".join(lines[:-1])}) == {"EVID031"}


def test_a_file_that_nobody_logged(world: World):
    assert damaged(world, {**two_batches(world), "log/00000/000000099.intoto.jsonl": b""}) == {"EVID032"}


def test_a_log_without_its_head(world: World):
    files = two_batches(world)
    del files[log.HEAD]
    assert damaged(world, files) == {"EVID030"}


def test_a_cut_tail_with_its_older_head_is_found_by_who_has_seen_the_newer(world: World, tmp_path: Path):
    lines = list(world.lines.values())
    older = world.log_files(lines)
    newer = {**older, **log.append(older, [world.sealed(world.decision("ben"), "ben")], world.keys["runner"])}
    store = TrustStore(tmp_path / "config" / "trust.json")
    world.publish(newer)
    assert codes(world.verify(trust=store)) == set()
    world.publish(older)
    assert codes(world.verify(trust=store)) == {"EVID034"}
    assert codes(world.verify()) == set()


def test_a_log_that_vanished(world: World, tmp_path: Path):
    store = TrustStore(tmp_path / "config" / "trust.json")
    world.publish()
    world.verify(trust=store)
    world.repo.git("update-ref", "-d", log.branch(world.keys["runner"].keyid))
    assert codes(world.verify(trust=store, ref="refs/heads/topic")) == {"EVID035"}


def test_two_histories_of_one_writer(world: World):
    world.publish()
    other = world.log_files([world.lines["plan"]])
    world.repo.set_ref("refs/remotes/origin/handrail-evidence/" + world.keys["runner"].keyid[:16], other)
    assert codes(world.verify()) == {"EVID034"}


def test_an_older_copy_on_a_remote_is_no_contradiction(world: World):
    files = two_batches(world)
    lines = list(world.lines.values())
    world.publish(files)
    remote = "refs/remotes/origin/handrail-evidence/" + world.keys["runner"].keyid[:16]
    world.repo.set_ref(remote, world.log_files(lines[:3]))
    assert codes(world.verify()) == set()


def test_a_strangers_branch_is_noted_and_not_read(world: World):
    world.publish()
    world.publish({"junk": b"\x00"}, "stranger")
    found = world.verify()
    assert codes(found) == set()
    assert any("does not name" in n for n in found.notes)


def test_a_log_under_another_writers_name(world: World):
    world.publish(world.log_files(), "ci")
    assert codes(world.verify(ref="refs/heads/topic")) == {"EVID030"}


def mangled(world: World, payload: bytes) -> set[str]:
    world.lines["extra"] = dsse.seal(payload, [world.keys["runner"]])
    world.publish()
    return codes(world.verify())


def test_payloads_that_are_signed_and_still_refused(world: World):
    import json

    good = statements.build(world.gate("ruff"))
    assert mangled(world, json.dumps(json.loads(good), indent=1).encode()) == {"EVID006"}
    assert mangled(world, good[:-1] + b',"subject":[]}') == {"EVID003"}
    assert mangled(world, b"[" * 5000) == {"EVID002"}
    assert mangled(world, canonical({**json.loads(good), "extra": 1})) == {"EVID011"}
    assert mangled(world, canonical({**json.loads(good), "predicateType": "x"})) == {"EVID012"}
    assert mangled(world, canonical({**json.loads(good), "predicate": {}})) == {"EVID011"}
    assert mangled(world, b"7") == {"EVID012"}


def test_a_huge_line(world: World):
    world.lines["huge"] = b'{"payload":"' + b"A" * (5 * 1024 * 1024) + b'"}\n'
    world.publish()
    assert codes(world.verify()) == {"EVID001"}


def test_a_bundle_alone_is_enough(world: World):
    data = bundle.export_bundle(world.lines.values(), world.keys["runner"], NOW)
    found = world.verify(bundle=data)
    assert found.verdict is Verified.VERIFIED


def test_a_bundle_with_a_line_less_more_or_elsewhere(world: World):
    first, *lines = dsse.lines_of(bundle.export_bundle(world.lines.values(), world.keys["runner"], NOW))
    for wrong in (lines[:-1], [*lines, lines[0]], lines[::-1], [*lines[:-1], lines[-1][:-1]]):
        found = world.verify(bundle=first + b"".join(wrong), ref="refs/heads/topic")
        assert codes(found) == {"EVID036"}
    stranger = bundle.export_bundle(world.lines.values(), world.keys["stranger"], NOW)
    assert codes(world.verify(bundle=stranger, ref="refs/heads/topic")) == {"EVID009"}
    assert codes(world.verify(bundle=b"", ref="refs/heads/topic")) == {"EVID006"}


def test_the_plan_digest_binds(world: World):
    assert codes(replace(world, "change", world.change(plan=sha256(PLAN.encode())), "runner")) == {"EVID052"}
