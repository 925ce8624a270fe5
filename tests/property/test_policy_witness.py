"""z3 as the oracle of our own decision procedure: on listed pairs, and on thousands that are generated."""

from __future__ import annotations

import random
import re

import pytest

from orchestrator.models.capabilities import Capabilities, Egress
from orchestrator.policy import egress, globs
from orchestrator.policy.paths import matches
from orchestrator.policy.proof.grants import above
from orchestrator.policy.witness import Answer, host_beyond, path_beyond

PATHS = [
    ("src/**", "src/billing/**", True),
    ("src/", "src/a.py", True),
    ("**", "a*/?b/**", True),
    ("**/*.py", "src/**/x.py", True),
    ("src/*", "src/a*", True),
    ("src/**", "src", False),
    ("src/**", "**/src/**", False),
    ("src/*", "src/**", False),
    ("src/**", "src2/**", False),
    ("src/*.py", "src/*", False),
    ("a?", "a*", False),
    ("**/b", "a/*", False),
]
HOSTS = [
    ("*.a.example", "x.a.example", True),
    ("*", "*.a.example", True),
    ("*.example", "*.a.example", True),
    ("*.a.example", "a.example", False),
    ("*.a.example", "b-a.example", False),
    ("a.example", "*.a.example", False),
    ("*.a.example", "*", False),
]


@pytest.mark.parametrize(("outer", "inner", "within"), PATHS)
def test_listed_paths(outer: str, inner: str, *, within: bool) -> None:
    assert globs.subsumes(outer, inner) is within
    found = path_beyond(inner, [outer])
    if within:
        assert found is Answer.NONE
    else:
        assert isinstance(found, str)
        assert matches(inner, found)
        assert not matches(outer, found)


@pytest.mark.parametrize(("outer", "inner", "within"), HOSTS)
def test_listed_hosts(outer: str, inner: str, *, within: bool) -> None:
    assert egress.below((Egress(host=inner),), (Egress(host=outer),)) is within
    assert (host_beyond(inner, [outer]) is Answer.NONE) is within


@pytest.mark.parametrize(("outer", "inner"), [(["a*?"], "a?*"), (["src/*", "src/*/**"], "src/**")])
def test_what_z3_proves_and_we_do_not_is_a_no(outer: list[str], inner: str) -> None:
    assert path_beyond(inner, outer) is Answer.NONE
    assert not globs.below([inner], outer)


def test_commands_have_no_patterns_so_only_the_same_word_is_within() -> None:
    assert path_beyond("make", ["make"]) is Answer.NONE
    assert path_beyond("make", ["mak"]) == "make"


def agreement(pairs: int, seed: int) -> tuple[int, int]:
    """(pairs that both decide alike, pairs that are within and that we do not prove). Anything else fails."""
    draw = random.Random(seed)  # noqa: S311  a seed, no secret
    parts = ["a", "b", "ab", "*", "**", "a*", "*b", "?", "a?", "*a*"]
    alike = unproved = 0
    for _ in range(pairs):
        inner, outer = ("/".join(draw.choices(parts, k=draw.randint(1, 3))) for _ in range(2))
        ours, found = globs.subsumes(outer, inner), path_beyond(inner, [outer])
        assert found is not Answer.UNKNOWN, (outer, inner)
        if isinstance(found, str):
            assert not ours, (outer, inner, found)
            assert matches(inner, found), (outer, inner, found)
            assert not matches(outer, found), (outer, inner, found)
        alike += ours is (found is Answer.NONE)
        unproved += not ours and found is Answer.NONE
    return alike, unproved


def test_we_never_prove_what_z3_refutes() -> None:
    alike, unproved = agreement(40, 9)
    assert alike >= 35
    assert alike + unproved == 40


@pytest.mark.soak
def test_we_never_prove_what_z3_refutes_in_thousands() -> None:
    alike, unproved = agreement(2500, 10)
    assert alike + unproved == 2500
    assert alike >= 2400


def test_a_refused_grant_is_told_with_something_that_it_covers() -> None:
    wide = Capabilities(write=("src/**",), egress=(Egress(host="*.example"),))
    narrow = Capabilities(write=("src/*.py",), egress=(Egress(host="a.example"),))
    write, host = above(wide, narrow)
    said = re.fullmatch(r"write 'src/\*\*' \(such as '(.+)'\)", write)
    assert said
    assert matches("src/**", said[1])
    assert not matches("src/*.py", said[1])
    assert re.fullmatch(r"egress '\*\.example' \(such as '.+\.example'\)", host)
    assert above(narrow, narrow) == []
