"""Who counts as somebody else: several roles that decide, and machines beside the author's that check."""

from pathlib import Path

import pytest
from provenance_support import World, codes

from orchestrator.models.decision import Verdict
from orchestrator.models.policy import Custody, Role
from orchestrator.models.verification import Checks, Verified


class TwoRoles(World):
    """A second role decides too; ``stranger`` is a machine elsewhere that is no runner."""

    def policy(self, version: int = 1, **changes):
        usual = super().policy(version)
        more = {"security": Role(principals=("ben",))}
        elsewhere = self.principal("stranger", Custody.CI, human=False)
        values = {
            "roles": {**usual.roles, **more},
            "approve_roles": ("reviewer", "security"),
            "principals": (*usual.principals, elsewhere),
        }
        return super().policy(version, **{**values, **changes})


@pytest.fixture
def world(tmp_path: Path) -> World:
    return TwoRoles(tmp_path)


@pytest.mark.parametrize("refuser", ["ana", "ben"])
def test_a_role_that_refuses_is_not_outvoted_by_another(world: World, refuser: str):
    roles = {"ana": "reviewer", "ben": "security"}
    world.lines["decision"], world.lines["more"] = (
        world.sealed(world.decision(who, role=role, verdict=Verdict.REJECT if who == refuser else Verdict.APPROVE), who)
        for who, role in roles.items()
    )
    world.publish()
    assert codes(world.verify()) == {"EVID051"}


def checks(world: World) -> Checks:
    world.publish()
    found = world.verify()
    assert (codes(found), found.verdict) == (set(), Verified.VERIFIED)
    return found.commits[0].checks


def by(world: World, *who: str, names: tuple[str, ...] = ("ruff", "bandit", "acceptance")) -> None:
    for name in names:
        claim = world.acceptance() if name == "acceptance" else world.gate(name)
        world.lines[name] = world.sealed(claim.model_copy(update={"custody": Custody.CI}), *who)


def test_all_of_them_by_a_machine_elsewhere_are_independent(world: World):
    by(world, "ci")
    assert checks(world) is Checks.INDEPENDENT


def test_one_check_that_only_the_authors_machine_made_leaves_all_self_attested(world: World):
    by(world, "ci", names=("ruff", "bandit"))
    assert checks(world) is Checks.SELF_ATTESTED


def test_what_the_author_signs_is_not_independent_wherever_its_key_is_kept(world: World):
    made = world.change(custody=Custody.CI)
    world.lines["change"] = world.sealed(made, "ci")
    world.lines["lines"] = world.sealed(world.lines_of(made, world.lines["change"]), "ci")
    by(world, "ci")
    assert checks(world) is Checks.SELF_ATTESTED


def test_a_machine_elsewhere_that_is_no_runner_makes_nothing_independent(world: World):
    by(world, "runner", "stranger")
    assert checks(world) is Checks.SELF_ATTESTED
