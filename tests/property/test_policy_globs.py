"""What the algebra claims about patterns holds for every path that could refute it."""

import re

from hypothesis import given
from hypothesis import strategies as st

from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.policy import capabilities, globs
from orchestrator.policy.commands import split_command
from orchestrator.policy.paths import PROTECTED, covers, expression, fold, matches, protects

_component = st.one_of(
    st.sampled_from(["a", "b", "ab", "*", "**", "a*", "*b", "?", "a?", "*a*"]), st.text("ab*?", min_size=1, max_size=4)
)
_pattern = st.lists(_component, min_size=1, max_size=4).map("/".join)
_patterns = st.lists(_pattern, max_size=3).map(tuple)
_path = st.lists(st.text("ab", min_size=1, max_size=3), min_size=1, max_size=5).map("/".join)
_grants = st.builds(
    Capabilities,
    read=_patterns,
    write=_patterns,
    write_protected=_patterns,
    commands=st.lists(st.sampled_from(["make", "npm", "go"]), unique=True).map(tuple),
    limits=st.builds(Limits, memory_mib=st.integers(64, 256), pids=st.integers(16, 32)),
)


@given(_pattern, _pattern, _path)
def test_subsumption_is_never_refuted(outer: str, inner: str, path: str) -> None:
    if globs.subsumes(outer, inner) and matches(inner, path):
        assert matches(outer, path)


@given(_pattern, _pattern, _path)
def test_disjoint_is_never_refuted(left: str, right: str, path: str) -> None:
    if matches(left, path) and matches(right, path):
        assert globs.may_overlap(left, right)


@given(_patterns, _patterns, _path)
def test_a_meet_covers_no_more_than_both(left: tuple[str, ...], right: tuple[str, ...], path: str) -> None:
    if covers(globs.meet(left, right), path):
        assert covers(left, path)
        assert covers(right, path)


_rough = st.lists(st.text("aB*?/.é ", min_size=1, max_size=6), max_size=3).map(tuple)
_near = st.sampled_from(PROTECTED).map(lambda p: p.replace("**/", "x/").replace("**", "y/z").replace("*", "q"))


@given(_rough | st.just(PROTECTED), st.text("aBb/.é ", max_size=8) | _near | _near.map(str.upper))
def test_protects_is_what_its_patterns_are_as_one_expression(patterns: tuple[str, ...], path: str) -> None:
    whole = (*patterns, *(p.removesuffix("/**") for p in patterns if p.endswith("/**")))
    one = re.compile(expression(map(fold, whole)), re.DOTALL)
    assert protects(patterns, path) is (one.fullmatch(fold(path)) is not None)


@given(_grants, _grants)
def test_meet_is_below_both_and_commutes(left: Capabilities, right: Capabilities) -> None:
    met = capabilities.meet(left, right)
    assert capabilities.is_within(met, left)
    assert capabilities.is_within(met, right)
    other = capabilities.meet(right, left)
    assert (set(met.read), set(met.write), met.limits) == (set(other.read), set(other.write), other.limits)


@given(_grants)
def test_meet_with_itself_changes_nothing(grant: Capabilities) -> None:
    assert set(capabilities.meet(grant, grant).write) == set(grant.write)
    assert capabilities.is_within(grant, grant)


@given(_grants, _grants, _grants)
def test_within_is_transitive_through_meets(one: Capabilities, two: Capabilities, three: Capabilities) -> None:
    assert capabilities.is_within(capabilities.meet(capabilities.meet(one, two), three), one)


@given(st.text(max_size=40))
def test_a_command_is_split_or_refused(text: str) -> None:
    try:
        argv = split_command(text)
    except ValueError:
        return
    assert argv[0]


def test_the_cases_that_matter() -> None:
    assert globs.subsumes("src/**", "src/billing/**")
    assert globs.subsumes("src/", "src/a.py")
    assert globs.subsumes("**", "anything/at*/all")
    assert globs.subsumes("**/*.py", "src/**/x.py")
    assert not globs.subsumes("src/**", "src")
    assert not globs.subsumes("src/**", "**/src/**")
    assert not globs.subsumes("src/*", "src/**")
    assert not globs.subsumes("src/**", "src2/**")
    assert not globs.may_overlap("src/**", "tests/**")
    assert globs.may_overlap("src/*.py", "src/a*")
