"""Whom ``verify`` believes: the root of trust, versions of the policy, roles that change."""

from datetime import timedelta
from pathlib import Path

import pytest
from provenance_support import NOW, World, codes, replace

from orchestrator.errors import EvidenceInvalid
from orchestrator.models.ids import sha256
from orchestrator.models.policy import Role
from orchestrator.models.verification import Trust, Verified
from orchestrator.provenance.roots import root
from orchestrator.provenance.roots.trust import TrustStore


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


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


def test_a_policy_that_is_taken_away_whole_and_put_back(world: World):
    policy = root.policy_path(1)
    kept = world.files.pop(policy)
    world.lines["end"] = world.sealed(world.second_step({}), "ana")
    world.files[policy] = kept
    world.head = world.repo.make_commit(world.repo.make_tree(world.files), (world.head,))
    world.publish()
    found = world.verify()
    assert codes(found) == {"EVID026"}


def test_a_policy_commit_that_changes_anything_else_vouches_for_nothing(world: World):
    world.publish()
    world.files |= {"app.py": b"import os\n", **root.sign_policy(world.policy(2), [world.keys["root"]])}
    world.head = world.repo.make_commit(world.repo.make_tree(world.files), (world.commit,))
    found = world.verify()
    assert (codes(found), found.unattested) == ({"EVID053"}, (world.head,))


def test_a_merge_keeps_the_newest_policy_of_all_its_parents(world: World):
    world.publish()
    first = dict(world.files)
    newer = {**first, **root.sign_policy(world.policy(2), [world.keys["root"]])}
    second = world.repo.make_commit(world.repo.make_tree(newer), (world.commit,))
    world.head = world.repo.make_commit(world.repo.make_tree(first), (world.commit, second))
    assert codes(world.verify()) == {"EVID026", "EVID053"}


def test_a_policy_commit_with_a_second_parent_vouches_for_nothing(world: World):
    """Against a parent that knows no policy it would touch nothing but the policy."""
    world.publish()
    nobodys = world.repo.make_commit(world.repo.make_tree({"app.py": b"import os\n"}), ())
    world.files |= {"app.py": b"import os\n", **root.sign_policy(world.policy(2), [world.keys["root"]])}
    world.head = world.repo.make_commit(world.repo.make_tree(world.files), (nobodys, world.commit))
    found = world.verify()
    assert codes(found) == {"EVID053"}
    assert set(found.unattested) == {nobodys, world.head}


def test_an_attested_commit_before_any_policy(world: World):
    first = world.repo.make_commit(world.repo.make_tree({"app.py": b""}), ())
    world.commit = world.head = world.repo.make_commit(world.tree, (first,))
    world.identity = world.identity_of(first, world.tree)
    world.lines = world.statements()
    world.publish()
    assert codes(world.verify(base=first)) == {"EVID054"}
