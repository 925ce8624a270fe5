"""Attacks on ``verify`` by statements that somebody signed who may sign something, each with a harmless twin.

All are bundles about one repository; each puts other statements in the place of some of the good ones, or beside them.
"""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from provenance_support import MAIN, NOW, World
from test_provenance_places import NoTexts

from orchestrator.models.change import ChangeIdentity
from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.found import Result
from orchestrator.models.gate import Demonstration
from orchestrator.models.ids import GitOid, sha256
from orchestrator.models.verification import Verified
from orchestrator.ports import BlamedLine
from orchestrator.provenance.logs import bundle
from orchestrator.provenance.predicates.claims import Contributor
from orchestrator.provenance.roots import root
from orchestrator.provenance.verification.verify import Request, verify
from orchestrator.vcs.trees import GitTrees

OTHER, FINDING = sha256(b"other"), sha256(b"finding")
LATER = NOW + timedelta(minutes=1)


@dataclass
class Court:
    world: World
    trees: GitTrees

    def judge(self, lines, signer: str = "runner"):
        world = self.world
        known = root.read_chain({root.policy_path(1): world.files[root.policy_path(1)]}, None).root_digest
        data = bundle.export_bundle(lines, world.keys[signer], NOW)
        asked = {"base": world.base, "ref": MAIN, "repository": "r1", "now": NOW, "root_digest": known}
        return verify(self.trees, Request(head=world.head, bundle=data, **asked))


@pytest.fixture(scope="module")
def court(tmp_path_factory) -> Iterator[Court]:
    folder = tmp_path_factory.mktemp("court")
    world = World(folder)
    world.repo.git("update-ref", MAIN, world.head)
    with GitTrees.open(world.repo.path, folder / "private") as trees:
        yield Court(world, trees)


Lines = dict[str, bytes]


class Attack(Protocol):
    """The statements to put in place or beside, by name; with ``twin`` the harmless ones that look like them."""

    def __call__(self, w: World, *, twin: bool) -> Lines: ...


def gate(who: str, twin_who: str = "runner", *, name: str = "ruff", put: str = "ruff", **changes) -> Attack:
    return lambda w, *, twin: {put: w.sealed(w.gate(name, **({} if twin else changes)), twin_who if twin else who)}


def decided(who: str = "ana", *, signer: str = "", put: str = "decision", **changes) -> Attack:
    return lambda w, *, twin: {
        put: w.sealed(w.decision(), "ana") if twin else w.sealed(w.decision(who, **changes), signer or who)
    }


def foreign(w: World, **changes) -> ChangeIdentity:
    return w.identity.model_copy(update=changes)


def of_another_ref(w: World, *, twin: bool) -> Lines:
    asked = w.identity if twin else foreign(w, target_ref="refs/heads/other")
    return {"decision": w.sealed(w.decision(subject=asked.digest(), change=asked), "ana")}


def of_the_subject_alone(w: World, *, twin: bool) -> Lines:
    return {"decision": w.sealed(w.decision(change=w.identity if twin else None), "ana")}


def with_another_change_inside(w: World, *, twin: bool) -> Lines:
    inside = w.identity if twin else foreign(w, tree=GitOid("1" * 40))
    return {"decision": w.sealed(w.decision(change=inside), "ana")}


def of_a_run(final: str) -> Attack:
    def attack(w: World, *, twin: bool) -> Lines:
        end = w.identity if twin or final == "subject" else foreign(w, tree=GitOid("1" * 40))
        subject = OTHER if final == "subject" and not twin else end.digest()
        shown = () if final == "unlisted" and not twin else (w.identity.digest(),)
        end = w.identity if final == "unlisted" else end
        subject = end.digest() if final == "unlisted" else subject
        said = w.decision(kind=SubjectKind.RUN, subject=subject, change=end, shown=shown)
        return {"decision": w.sealed(said, "ana")}

    return attack


def in_anothers_name(w: World, *, twin: bool) -> Lines:
    from orchestrator.provenance import dsse
    from orchestrator.provenance.predicates import claims, statements

    said = claims.DecisionClaim(
        decision=w.decision(), keyid=w.keys["ana"].keyid, custody=w.policy().principals[3].custody
    )
    return {"decision": dsse.seal(statements.build(said), [w.keys["ana" if twin else "ben"]])}


def beside(verdict: Verdict) -> Attack:
    return lambda w, *, twin: {
        "more": w.sealed(w.decision("ben", verdict=Verdict.APPROVE if twin else verdict, decided_at=LATER), "ben")
    }


def needing_a_person(w: World, *, twin: bool) -> Lines:
    found = w.gate("ruff", result=Result.NEEDS_PERSON, to_lift=(FINDING,))
    said = w.decision(lifts=(FINDING,) if twin else (OTHER,))
    return {"ruff": w.sealed(found, "runner"), "decision": w.sealed(said, "ana")}


def changed(who: str = "runner", **changes) -> Attack:
    def attack(w: World, *, twin: bool) -> Lines:
        made = w.change(**({} if twin else changes))
        line = w.sealed(made, "runner" if twin else who)
        return {"change": line, "lines": w.sealed(w.lines_of(made, line), "runner")}

    return attack


def of_another_manifest(w: World, *, twin: bool) -> Lines:
    """Every statement agrees, and the tree is the right one; only its content is said to be another."""
    asked = w.identity if twin else foreign(w, manifest=OTHER)
    made = w.change(identity=asked)
    line = w.sealed(made, "runner")
    return {
        "change": line,
        "lines": w.sealed(w.lines_of(made, line), "runner"),
        **{g: w.sealed(w.gate(g, identity=asked), "runner") for g in w.gates},
        "acceptance": w.sealed(w.acceptance(identity=asked), "runner"),
        "decision": w.sealed(w.decision(subject=asked.digest(), change=asked), "ana"),
    }


def edited_and_approved_by_one(w: World, *, twin: bool) -> Lines:
    return {**changed(people=("ben" if twin else "ana",))(w, twin=False)}


def lifted_by_its_author(w: World, *, twin: bool) -> Lines:
    """Somebody else approves beside, and lifts nothing."""
    own, other = ((), (FINDING,)) if twin else ((FINDING,), ())
    return {
        **changed(people=("ana",))(w, twin=False),
        "ruff": w.sealed(w.gate("ruff", result=Result.NEEDS_PERSON, to_lift=(FINDING,)), "runner"),
        "decision": w.sealed(w.decision("ana", lifts=own), "ana"),
        "more": w.sealed(w.decision("ben", lifts=other, decided_at=LATER), "ben"),
    }


def disowned_acceptance(w: World, *, twin: bool) -> Lines:
    """The change names no acceptance at all, so that nobody asks for the one that failed."""
    result = Result.PASSED if twin else Result.FAILED
    return {**changed(acceptance=None)(w, twin=False), "acceptance": w.sealed(w.acceptance(result=result), "runner")}


def acceptance(who: str = "runner", **changes) -> Attack:
    return lambda w, *, twin: {"acceptance": w.sealed(w.acceptance(**({} if twin else changes)), "ci" if twin else who)}


def a_failed_command_in_a_passed_report(w: World, *, twin: bool) -> Lines:
    shows = Demonstration.DEMONSTRATED if twin else Demonstration.FAILED
    command = w.acceptance().commands[0].model_copy(update={"shows": shows})
    return {"acceptance": w.sealed(w.acceptance(commands=(command,)), "runner")}


def second_lines(contributor: Contributor, who: str = "runner") -> Attack:
    """A second statement of the lines, behind the true one."""

    def attack(w: World, *, twin: bool) -> Lines:
        made = w.change()
        line = w.sealed(made, "runner")
        true = w.lines_of(made, line)
        of = true.files[0].ranges[0].model_copy(update={"contributor": Contributor.AI if twin else contributor})
        other = true.model_copy(update={"files": (true.files[0].model_copy(update={"ranges": (of,)}),), "at": LATER})
        return {"change": line, "lines": w.sealed(true, "runner"), "more": w.sealed(other, who)}

    return attack


def lines_of_another_blob(w: World, *, twin: bool) -> Lines:
    """What stands in the lines is true, and the file that they are said to be of is another."""
    made = w.change()
    line = w.sealed(made, "runner")
    true = w.lines_of(made, line)
    other = true.files[0].model_copy(update={} if twin else {"blob": GitOid("0" * 40)})
    return {"change": line, "lines": w.sealed(true.model_copy(update={"files": (other,)}), "runner")}


def a_plan_approved_as(kind: SubjectKind) -> Attack:
    """A decision on the plan's digest that says it is of something else."""

    def attack(w: World, *, twin: bool) -> Lines:
        said = w.plan_decision()
        return {"plan": w.sealed(said if twin else said.model_copy(update={"kind": kind}), "ana")}

    return attack


ATTACKS: dict[str, tuple[Attack, set[str]]] = {
    "a-gate-signed-by-a-reviewer": (gate("ana", "ci"), {"EVID045"}),
    "a-gate-of-another-ref": (
        lambda w, *, twin: gate("runner", identity=foreign(w, target_ref=MAIN))(w, twin=twin),
        {"EVID045"},
    ),
    "a-second-result-that-failed": (gate("ci", "ci", put="more", result=Result.FAILED, at=LATER), {"EVID046"}),
    "a-passed-gate-with-failures": (gate("runner", failing=(FINDING,)), {"EVID046"}),
    "a-finding-for-a-person-without-name": (gate("runner", result=Result.NEEDS_PERSON), {"EVID046"}),
    "a-gate-that-broke": (gate("runner", result=Result.ERROR), {"EVID046"}),
    "another-finding-lifted": (needing_a_person, {"EVID048"}),
    "an-approval-of-another-ref": (of_another_ref, {"EVID050"}),
    "an-approval-of-a-digest-alone": (of_the_subject_alone, {"EVID050"}),
    "an-approval-with-another-change-inside": (with_another_change_inside, {"EVID050"}),
    "an-approval-as-if-of-a-plan": (decided(kind=SubjectKind.PLAN), {"EVID050"}),
    "an-approval-in-a-role-not-held": (decided(role="root"), {"EVID050"}),
    "an-approval-in-a-role-that-decides-nothing": (decided(role="observer"), {"EVID050"}),
    "an-approval-by-the-root-key": (decided("root", role="reviewer"), {"EVID050"}),
    "an-approval-under-anothers-name": (decided("ben", signer="ana"), {"EVID050"}),
    "an-approval-with-anothers-key-id": (in_anothers_name, {"EVID050"}),
    "an-approval-of-a-run-that-ended-elsewhere": (of_a_run("elsewhere"), {"EVID050"}),
    "an-approval-of-a-run-with-another-subject": (of_a_run("subject"), {"EVID050"}),
    "an-approval-of-a-run-that-does-not-list-it": (of_a_run("unlisted"), {"EVID050"}),
    "a-rejection-beside-the-approval": (beside(Verdict.REJECT), {"EVID051"}),
    "a-request-beside-the-approval": (beside(Verdict.REQUEST_CHANGES), {"EVID051"}),
    "a-plan-approved-by-a-machine": (
        lambda w, *, twin: {"plan": w.sealed(w.plan_decision(who := "ana" if twin else "ci"), who)},
        {"EVID052"},
    ),
    "a-plan-approved-as-a-task": (a_plan_approved_as(SubjectKind.TASK), {"EVID052"}),
    "a-change-signed-by-its-reviewer": (changed("ana"), {"EVID040"}),
    "a-change-made-after-the-policy": (
        changed(finished_at=NOW + timedelta(days=366)),
        {"EVID024", "EVID056"},
    ),
    "a-change-made-tomorrow": (changed(finished_at=NOW + timedelta(days=1)), {"EVID056"}),
    "a-content-that-is-only-said": (of_another_manifest, {"EVID044"}),
    "an-author-who-approves-alone": (edited_and_approved_by_one, {"EVID047"}),
    "an-author-who-lifts-what-was-found-in-it": (lifted_by_its_author, {"EVID048"}),
    "a-failed-acceptance-that-is-not-named": (disowned_acceptance, {"EVID049"}),
    "an-acceptance-signed-by-a-reviewer": (acceptance("ana"), {"EVID049"}),
    "another-acceptance-report": (acceptance(report=OTHER), {"EVID049"}),
    "a-failed-command-in-a-passed-report": (a_failed_command_in_a_passed_report, {"EVID049"}),
    "a-second-statement-of-lines-that-lies": (second_lines(Contributor.HUMAN), {"EVID059"}),
    "lines-of-another-blob": (lines_of_another_blob, {"EVID059"}),
}


def put(court: Court, name: str, *, twin: bool):
    attack, _ = ATTACKS[name]
    lines = {**court.world.lines, **attack(court.world, twin=twin)}
    return court.judge(lines.values())


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_a_statement_that_must_not_count_does_not(court: Court, name: str):
    found = put(court, name, twin=False)
    assert {p.code for p in found.problems} == ATTACKS[name][1], found.problems
    assert (found.verdict, int(found.exit_code)) == (Verified.NOT_VERIFIED, 9)


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_its_harmless_twin_counts(court: Court, name: str):
    found = put(court, name, twin=True)
    assert (found.verdict, found.problems) == (Verified.VERIFIED, ())


def test_a_bundle_whose_index_a_stranger_signed_is_not_read(court: Court):
    found = court.judge(court.world.lines.values(), signer="stranger")
    assert {p.code for p in found.problems} == {"EVID009", "EVID053"}


def test_blame_believes_only_runners_about_who_wrote_a_line(court: Court, tmp_path: Path):
    from orchestrator.provenance.verification.blame import blame

    world = court.world
    lines = {**world.lines, **second_lines(Contributor.MIXED, "ana")(world, twin=False)}
    more = lines.pop("more")
    world.publish(world.log_files([more, *lines.values()]))
    row = BlamedLine(1, b"x = 2", GitOid(world.commit), "app.py", 1, "a")
    with GitTrees.open(world.repo.path, tmp_path / "private") as trees:
        (found,) = blame(trees, [[row]], trees.resolve(world.head), NOW, NoTexts())
    assert (found.standing.value, found.contributor) == ("verified", Contributor.AI)


PROGRAM = Path(__file__).parents[2] / "docs" / "verify.py"
TIMES_OR_LINES = {"a-change-made-tomorrow", "a-second-statement-of-lines-that-lies", "lines-of-another-blob"}
SAMPLE = [
    "a-change-made-after-the-policy",
    "a-finding-for-a-person-without-name",
    "an-approval-as-if-of-a-plan",
    "an-approval-of-a-digest-alone",
    "an-approval-in-a-role-that-decides-nothing",
    "an-approval-of-a-run-with-another-subject",
    "an-author-who-lifts-what-was-found-in-it",
    "an-approval-with-another-change-inside",
]
"""What the second verifier once took."""


def second_opinion(court: Court, folder: Path, name: str, *, twin: bool) -> int:
    world = court.world
    known = root.read_chain({root.policy_path(1): world.files[root.policy_path(1)]}, None).root_digest
    lines = {**world.lines, **ATTACKS[name][0](world, twin=twin)}
    (folder / "b.jsonl").write_bytes(bundle.export_bundle(lines.values(), world.keys["runner"], NOW))
    asked = ["--root", known, "--base", world.base, "--head", world.head, "--bundle", str(folder / "b.jsonl")]
    argv = [sys.executable, "-I", str(PROGRAM), str(world.repo.path), *asked]
    return subprocess.run(argv, check=False, capture_output=True).returncode


@pytest.mark.parametrize("name", SAMPLE)
def test_the_stand_alone_verifier_agrees(court: Court, tmp_path: Path, name: str):
    assert second_opinion(court, tmp_path, name, twin=False) == 9


@pytest.mark.soak
@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_the_stand_alone_verifier_agrees_on_all_but_times_and_lines(court: Court, tmp_path: Path, name: str):
    assert second_opinion(court, tmp_path, name, twin=False) == (0 if name in TIMES_OR_LINES else 9)
    assert second_opinion(court, tmp_path, name, twin=True) == 0
