"""Attacks on ``verify`` through the repository itself, each by name with the answer it must get and a harmless twin.

What a bundle can carry has vectors of its own (``tests/vectors/provenance``); here is what only a repository has: its
settings, files below ``.git``, objects, headers, and branches that anybody may push.
"""

from datetime import timedelta
from pathlib import Path
from typing import Protocol

import pytest
from attack_support import Desk, hidden_by_a_graft
from provenance_support import MAIN, NOW, World
from provenance_vectors import raw_line

from orchestrator.models.verification import Verified
from orchestrator.provenance import dsse
from orchestrator.provenance.logs import log
from orchestrator.provenance.roots import root


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    world = World(tmp_path)
    world.publish()
    world.repo.git("update-ref", MAIN, world.head)
    return Desk(world, tmp_path / "mark")


class Attack(Protocol):
    """Does it, or with ``twin`` the harmless thing that looks like it; the head to verify, '' for that of the world."""

    def __call__(self, desk: Desk, *, twin: bool) -> str: ...


def replaced_commit(desk: Desk, *, twin: bool) -> str:
    old = desk.by_hand(b"of another line\n") if twin else desk.world.commit
    desk.git("update-ref", f"refs/replace/{old}", desk.by_hand())
    return ""


def replaced_blob(desk: Desk, *, twin: bool) -> str:
    there = b"in no tree\n" if twin else desk.world.files["app.py"]
    old = desk.git("hash-object", "-w", "--stdin", stdin=there)
    desk.git("update-ref", f"refs/replace/{old}", desk.git("hash-object", "-w", "--stdin", stdin=b"evil\n"))
    return ""


def hidden_by_a_shallow_file(desk: Desk, *, twin: bool) -> str:
    """As above; the clone says that it ends there."""
    below = desk.by_hand()
    head = desk.by_hand(b"x = 9\n", below)
    (desk.git_dir / "shallow").write_text(f"{desk.world.base if twin else head}\n")
    return desk.world.head if twin else head


def attested_by_tree_over_a_cut_history(desk: Desk, *, twin: bool) -> str:
    below = desk.world.base if twin else desk.by_hand()
    head = desk.world.repo.make_commit(desk.world.tree, (below,), "again")
    (desk.git_dir / "shallow").write_text(f"{below}\n")
    return head


def forged_commit_object(desk: Desk, *, twin: bool) -> str:
    """An unattested commit's object says that it has the approved tree and parent."""
    approved = desk.header(desk.world.tree, desk.world.base) + b"\nsquashed\n"
    if twin:
        return desk.write_commit(desk.header(desk.world.tree, desk.world.base), b"squashed\n")
    middle = desk.by_hand()
    head = desk.by_hand(b"on top of it\n", middle)
    desk.forge(middle, "commit", approved)
    return head


def forged_blob_object(desk: Desk, *, twin: bool) -> str:
    oid = desk.git("hash-object", "-w", "--stdin", stdin=desk.world.files["app.py"])
    desk.forge(oid, "blob", desk.world.files["app.py"] if twin else b"import backdoor\n")
    return ""


def two_trees_in_one_header(desk: Desk, *, twin: bool) -> str:
    evil = desk.git("rev-parse", desk.by_hand() + "^{tree}")
    header = desk.header(desk.world.tree, desk.world.base)
    more = b"" if twin else f"tree {evil}\n".encode()
    return desk.write_commit(header.replace(b"author", more + b"author", 1))


def a_parent_after_the_author(desk: Desk, *, twin: bool) -> str:
    header = desk.header(desk.world.tree, desk.world.base)
    return desk.write_commit(header + (b"" if twin else f"parent {desk.by_hand()}\n".encode()))


def a_parent_inside_a_signature(desk: Desk, *, twin: bool) -> str:
    """A header's continuation lines begin with a space; without it the line is a header of its own."""
    space = b" " if twin else b""
    lines = b"gpgsig -----BEGIN SSH SIGNATURE-----\n" + space + f"parent {desk.by_hand()}\n".encode()
    return desk.write_commit(desk.header(desk.world.tree, desk.world.base) + lines + b" -----END SSH SIGNATURE-----\n")


def a_merge_that_brings_an_unattested_side(desk: Desk, *, twin: bool) -> str:
    side = () if twin else (desk.by_hand(),)
    return desk.world.repo.make_commit(desk.world.tree, (desk.world.base, *side), "merge")


def a_submodule_swapped(desk: Desk, *, twin: bool) -> str:
    index = {"GIT_INDEX_FILE": str(desk.git_dir / "sub-index")}
    desk.world.repo.git("read-tree", desk.world.tree, env=index)
    if not twin:
        desk.world.repo.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendored", env=index)
    tree = desk.world.repo.git("write-tree", env=index).decode().strip()
    return desk.world.repo.make_commit(tree, (desk.world.base,), "squash")


def a_policy_in_a_colliding_case(desk: Desk, *, twin: bool) -> str:
    """On a file system that folds case the two paths are one; the exact one alone counts."""
    policy = desk.world.policy().model_copy(update={"gates": ()})
    line = root.sign_policy(policy, [desk.world.keys["stranger"]])[root.policy_path(1)]
    files = dict(desk.world.files) if twin else {**desk.world.files, ".Handrail/Policy/0001.json": line}
    return desk.world.repo.make_commit(desk.world.repo.make_tree(files), (desk.world.base,), "squash")


def an_evidence_branch_with_one_more_file(desk: Desk, *, twin: bool) -> str:
    oid = desk.git("hash-object", "-w", "--stdin", stdin=b"more\n")
    desk.evidence("" if twin else f"100644 blob {oid} log/README\n")
    return ""


def an_evidence_branch_with_a_link(desk: Desk, *, twin: bool) -> str:
    oid = desk.git("hash-object", "-w", "--stdin", stdin=b"/etc/passwd")
    desk.evidence("" if twin else f"120000 blob {oid} log/link\n")
    return ""


def an_evidence_branch_with_a_submodule(desk: Desk, *, twin: bool) -> str:
    desk.evidence("" if twin else f"160000 commit {'1' * 40} log/module\n")
    return ""


def an_evidence_branch_of_65_mib(desk: Desk, *, twin: bool) -> str:
    oid = desk.git("hash-object", "-w", "--stdin", stdin=b"\0" * ((0 if twin else 65) * 1024 * 1024))
    desk.evidence("" if twin else f"100644 blob {oid} log/huge\n")
    return ""


def an_evidence_branch_that_stands_for_another(desk: Desk, *, twin: bool) -> str:
    name = "0123456789abcdef" if twin else desk.world.keys["ci"].keyid
    desk.git("symbolic-ref", log.branch(name), log.branch(desk.world.keys["runner"].keyid))
    return ""


def another_log_under_a_remotes_name(desk: Desk, *, twin: bool) -> str:
    """The writer's own key signs two heads of one size; an older copy of one log is no contradiction."""
    runner, world = desk.world.keys["runner"].keyid, desk.world
    first = list(world.lines.values())
    lines = first[:3] if twin else [*first[:-1], world.sealed(world.plan_decision("ben"), "ben")]
    if not twin:
        world.publish()
    files = log.append({}, lines, world.keys["runner"])
    if twin:
        whole = {**files, **log.append(files, first[3:], world.keys["runner"])}
        world.publish(whole)
    world.repo.set_ref(f"refs/remotes/origin/handrail-evidence/{runner[: log.PREFIX_DIGITS]}", files)
    return ""


def statement_with(payload: bytes):
    """An attack by a further line of the runner's own."""

    def attack(desk: Desk, *, twin: bool) -> str:
        more = [] if twin else [raw_line(desk.world, payload)]
        desk.world.publish(desk.world.log_files([*desk.world.lines.values(), *more]))
        return ""

    return attack


def changed_payload(before: bytes, after: bytes):
    """An attack by the gate's statement with other bytes, signed anew by its runner."""

    def attack(desk: Desk, *, twin: bool) -> str:
        payload = dsse.unpack(desk.world.lines["ruff"]).payload
        assert before in payload
        line = desk.world.lines["ruff"] if twin else raw_line(desk.world, payload.replace(before, after, 1))
        desk.world.publish(desk.world.log_files([*(x for n, x in desk.world.lines.items() if n != "ruff"), line]))
        return ""

    return attack


def a_revoked_reviewers_later_approval(desk: Desk, *, twin: bool) -> str:
    """The key is revoked in the very second of the approval; one second later the approval stands."""
    from orchestrator.models.policy import Revocation

    world = desk.world
    since = NOW + timedelta(seconds=1) if twin else NOW
    second = world.policy(2, revoked=(Revocation(keyid=world.keys["ana"].keyid, since=since),))
    world.files |= root.sign_policy(second, [world.keys["root"]])
    return world.repo.make_commit(world.repo.make_tree(world.files), (world.commit,))


ATTACKS: dict[str, tuple[Attack, set[str]]] = {
    "replaced-commit": (replaced_commit, {"EVID039"}),
    "replaced-blob": (replaced_blob, {"EVID039"}),
    "hidden-by-a-graft": (hidden_by_a_graft, {"EVID053"}),
    "hidden-by-a-shallow-file": (hidden_by_a_shallow_file, {"EVID058"}),
    "attested-by-tree-over-a-cut-history": (attested_by_tree_over_a_cut_history, {"EVID053"}),
    "forged-commit-object": (forged_commit_object, {"EVID058", "REPO016"}),
    "forged-blob-object": (forged_blob_object, {"EVID044", "EVID059"}),
    "two-trees-in-one-header": (two_trees_in_one_header, {"EVID058"}),
    "a-parent-after-the-author": (a_parent_after_the_author, {"EVID058"}),
    "a-parent-inside-a-signature": (a_parent_inside_a_signature, {"EVID058"}),
    "a-merge-that-brings-an-unattested-side": (a_merge_that_brings_an_unattested_side, {"EVID053"}),
    "a-submodule-swapped": (a_submodule_swapped, {"EVID053"}),
    "a-policy-in-a-colliding-case": (a_policy_in_a_colliding_case, {"EVID053"}),
    "an-evidence-branch-with-one-more-file": (an_evidence_branch_with_one_more_file, {"EVID032", "EVID053"}),
    "an-evidence-branch-with-a-link": (an_evidence_branch_with_a_link, {"REPO027", "EVID053"}),
    "an-evidence-branch-with-a-submodule": (an_evidence_branch_with_a_submodule, {"REPO027", "EVID053"}),
    "an-evidence-branch-of-65-mib": (an_evidence_branch_of_65_mib, {"REPO027", "EVID053"}),
    "an-evidence-branch-that-stands-for-another": (an_evidence_branch_that_stands_for_another, {"EVID030"}),
    "two-heads-of-one-size": (another_log_under_a_remotes_name, {"EVID034"}),
    "a-statement-with-nan": (statement_with(b'{"predicate":NaN}'), {"EVID002"}),
    "a-statement-with-infinity": (statement_with(b'{"predicate":1e999}'), {"EVID006"}),
    "a-statement-with-a-lone-surrogate": (statement_with(b'{"predicate":"\\ud800"}'), {"EVID006"}),
    "a-statement-with-a-huge-number": (statement_with(b'{"predicate":' + b"9" * 4000 + b"}"), {"EVID012"}),
    "a-statement-with-a-number-beyond-all": (statement_with(b'{"predicate":' + b"9" * 100_000 + b"}"), {"EVID002"}),
    "a-statement-that-is-a-list": (statement_with(b"[]"), {"EVID012"}),
    "a-doubled-key-deep-inside": (changed_payload(b'"custody":', b'"custody":"ci","custody":'), {"EVID003", "EVID045"}),
    "a-member-that-nobody-reads": (changed_payload(b'"custody":', b'"also":1,"custody":'), {"EVID011", "EVID045"}),
    "a-number-as-text": (changed_payload(b'"warnedTests":[]', b'"warnedTests":{}'), {"EVID011", "EVID045"}),
    "an-approval-after-its-key-was-revoked": (a_revoked_reviewers_later_approval, {"EVID050", "EVID052"}),
}


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_an_attack_gets_its_answer(desk: Desk, name: str):
    attack, wanted = ATTACKS[name]
    found = desk.judge(attack(desk, twin=False))
    assert {p.code for p in found.problems} == wanted, found.problems
    assert (found.verdict, int(found.exit_code)) == (Verified.NOT_VERIFIED, 9)


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_its_harmless_twin_does_no_harm(desk: Desk, name: str):
    attack, _ = ATTACKS[name]
    found = desk.judge(attack(desk, twin=True))
    assert (found.verdict, found.problems) == (Verified.VERIFIED, ())
