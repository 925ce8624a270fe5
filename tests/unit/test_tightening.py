"""A smaller ceiling keeps what was used, never grants more, and is the same where all was used."""

import pytest

from orchestrator.models.capabilities import Capabilities, Egress, Limits
from orchestrator.models.usage import Peaks
from orchestrator.policy.capabilities import is_within
from orchestrator.policy.tightening import Seen, tightened

WIDE = Capabilities(
    write=("**", "docs/*.md"),
    write_protected=("**/Makefile", "pyproject.toml"),
    egress=(Egress(host="*.example.org"), Egress(host="other.example")),
    models=("here/*", "there/m", "*"),
    secrets=("token",),
    refused=("curl",),
    limits=Limits(memory_mib=8192, pids=1024, tokens=10_000_000, wall_seconds=60),
)
NOTHING = Seen(frozenset(), frozenset(), frozenset(), Peaks())


@pytest.mark.parametrize(
    "seen",
    [
        NOTHING,
        Seen(frozenset({"src/a.py", "x.py"}), frozenset({"docs.example.org"}), frozenset({"here"}), Peaks(pids=4000)),
        Seen(frozenset({"../up", "a*b/c"}), frozenset({"127.0.0.1"}), frozenset({"*"}), Peaks(memory_mib=1 << 40)),
    ],
)
def test_a_proposal_never_grants_more(seen):
    assert is_within(tightened(WIDE, seen), WIDE)


def test_what_was_used_stays_and_the_rest_goes():
    seen = Seen(
        frozenset({"src/a.py", "pyproject.toml"}),
        frozenset({"docs.example.org"}),
        frozenset({"there"}),
        Peaks(memory_mib=300, pids=20),
        wall_seconds=50.0,
        tokens=1000,
    )
    made = tightened(WIDE, seen)
    assert made.write == ("pyproject.toml", "src/**")
    assert made.write_protected == ("pyproject.toml",)
    assert [rule.host for rule in made.egress] == ["*.example.org"]
    assert made.models == ("there/m", "there/*")
    assert (made.secrets, made.refused) == (("token",), ("curl",))
    limits = made.limits
    assert (limits.memory_mib, limits.pids, limits.tokens, limits.wall_seconds) == (600, 64, 100_000, 60)


def test_without_a_host_no_secret_is_of_use():
    assert tightened(WIDE, NOTHING).secrets == ()
