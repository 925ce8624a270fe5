"""Every attack on the broker is held, and succeeds on the broker that lacks what holds it."""

import pytest

from orchestrator.broker.attacks import CATALOGUE, Verdict, judge


@pytest.mark.parametrize("attack", CATALOGUE, ids=lambda a: a.attempt.__name__)
def test_an_attack_is_held_by_its_control(attack):
    assert judge(attack) is Verdict.HELD


def test_the_catalogue_covers_the_brokers_numbers():
    assert {attack.id for attack in CATALOGUE} == {34, 35, 36, 37, 38, 39, 41, *range(70, 76)}
