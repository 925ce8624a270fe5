"""Accepted risks without an engine: their form, the policy's yes, and the day on which they end."""

from datetime import UTC, date, datetime, timedelta

import pytest

from orchestrator.app.runs.risks import in_force, read_risks
from orchestrator.errors import SandboxUnsafe, UsageError
from orchestrator.models.risk import AcceptedRisk
from orchestrator.policy.risks import headline, refusals
from orchestrator.provenance.roots.root import create_policy
from orchestrator.provenance.signing.keys import generate_key

DAY = datetime(2027, 1, 31, 23, 59, tzinfo=UTC)
CPU = AcceptedRisk(protection="cpu", owner="ana", until=date(2027, 1, 31))


class Fixed:
    def __init__(self, when):
        self.when = when

    def now(self):
        return self.when


@pytest.fixture
def policy(tmp_path):
    made = create_policy("ana", generate_key(tmp_path / "k.pem", "ana").public_key, DAY)
    machine = made.principals[0].model_copy(update={"name": "robot", "human": False})
    return made.model_copy(update={"accept_risk": ("sandbox:cpu",), "principals": (*made.principals, machine)})


def test_the_form():
    assert read_risks(["cpu:ana:2027-01-31"]) == (CPU,)
    assert read_risks(["cpu:Ana: of Ops:2027-01-31"])[0].owner == "Ana: of Ops"
    assert read_risks([]) == ()


BAD = {
    "RISK001": ["cpu", "cpu:ana", "cpu:ana:", "cpu::2027-01-31", "cpu:ana:2027-02-30", "CPU:ana:2027-01-31"],
    "RISK002": ["firewall:ana:2027-01-31", "sandbox:ana:2027-01-31"],
}


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in BAD.items() for text in texts])
def test_bad_forms(code, text):
    with pytest.raises(UsageError) as caught:
        read_risks([text])
    assert caught.value.code == code


def test_one_protection_has_one_owner():
    with pytest.raises(UsageError) as caught:
        read_risks(["cpu:ana:2027-01-31", "cpu:ben:2027-01-31"])
    assert caught.value.code == "RISK002"


def test_what_the_policy_lets(policy):
    assert refusals([CPU], policy, DAY) == []
    wrong = {
        "does not list": CPU.model_copy(update={"protection": "pids"}),
        "no person": CPU.model_copy(update={"owner": "mallory"}),
        "is no person of": CPU.model_copy(update={"owner": "robot"}),
        "ended": CPU.model_copy(update={"until": date(2027, 1, 30)}),
    }
    for words, risk in wrong.items():
        (said,) = refusals([risk], policy, DAY)
        assert words in said


def test_it_ends_with_its_day():
    assert in_force((CPU,), frozenset({"cpu"}), Fixed(DAY)) == (CPU,)
    assert in_force((CPU,), frozenset(), Fixed(DAY + timedelta(days=9))) == ()
    with pytest.raises(SandboxUnsafe) as caught:
        in_force((CPU,), frozenset({"cpu"}), Fixed(DAY + timedelta(minutes=2)))
    assert (caught.value.code, caught.value.exit_code) == ("RISK005", 8)


def test_the_headline():
    assert headline("VERIFIED", []) == "VERIFIED"
    assert headline("VERIFIED", [CPU, CPU]) == "VERIFIED, RISK ACCEPTED: cpu (ana, until 2027-01-31)"
