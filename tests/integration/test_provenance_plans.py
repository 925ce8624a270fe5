"""What people decided on a plan counts for the changes of that plan, under the policy of the day, and for no others."""

from pathlib import Path

import pytest
from provenance_support import PLAN, World, codes, replace

from orchestrator.models.ids import sha256
from orchestrator.models.policy import Role
from orchestrator.provenance.roots import root


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def refused(world: World) -> list[tuple[str, str]]:
    """The commits and codes of problems with the plan."""
    world.publish()
    return [(p.commit, p.code) for p in world.verify().problems if p.code == "EVID052"]


def test_an_approved_plan_does_not_speak_for_another(world: World):
    world.second_step({"app.py": b"x = 3\n"}, plan=sha256(b"a plan that nobody approved"))
    assert refused(world) == [(world.head, "EVID052")]


def test_a_plan_that_nobody_approved_does_not_void_another(world: World):
    world.lines["change"] = world.sealed(world.change(plan=sha256(b"a plan that nobody approved")), "runner")
    world.second_step({"app.py": b"x = 3\n"})
    assert refused(world) == [(world.commit, "EVID052")]


def test_whoever_may_approve_no_longer_has_not_approved_for_later_changes(world: World):
    before = world.policy(2)
    after = before.model_copy(update={"roles": {**before.roles, "reviewer": Role(principals=("ben",))}})
    world.files.update(root.sign_policy(after, [world.keys["root"]]))
    renewed = world.repo.make_commit(world.repo.make_tree(world.files), (world.commit,), "policy 2")
    world.second_step({"app.py": b"x = 3\n"}, tip=renewed)
    assert refused(world) == [(world.head, "EVID052")]


def test_the_plan_digest_binds(world: World):
    assert codes(replace(world, "change", world.change(plan=sha256(PLAN.encode())), "runner")) == {"EVID052"}
