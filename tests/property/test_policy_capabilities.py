"""Grants are a lattice as far as they are compared: meet is below both sides, and below is an order."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.models.capabilities import Capabilities, DataClass, Egress, Limits
from orchestrator.policy import capabilities, egress, globs

HOSTS = st.sampled_from(["*", "*.example.org", "*.a.example.org", "a.example.org", "b.a.example.org", "other.net"])
PATHS = st.sampled_from(["/", "/simple", "/simple/", "/simple/x", "/simplest", "/files"])
METHODS = st.sampled_from(["GET", "HEAD", "POST"])
MODELS = st.sampled_from(["*", "local/*", "local/small", "hosted/*", "hosted/large"])
GLOBS = st.sampled_from(["**", "src/**", "src/*.py", "src/a.py", "docs/**"])
RULES = st.builds(
    Egress,
    host=HOSTS,
    port=st.sampled_from([443, 8443]),
    methods=st.lists(METHODS, min_size=1, max_size=3, unique=True).map(tuple),
    paths=st.lists(PATHS, min_size=1, max_size=3, unique=True).map(tuple),
    max_kib=st.integers(0, 20),
)
LIMITS = st.builds(
    Limits,
    memory_mib=st.integers(64, 70),
    tokens=st.integers(0, 5),
    egress_kib=st.integers(0, 5),
    cost_usd=st.none() | st.integers(0, 3).map(float),
)
GRANTS = st.builds(
    Capabilities,
    read=st.lists(GLOBS, max_size=2, unique=True).map(tuple),
    write=st.lists(GLOBS, max_size=2, unique=True).map(tuple),
    commands=st.lists(st.sampled_from(["make", "pytest"]), max_size=2, unique=True).map(tuple),
    egress=st.lists(RULES, max_size=3).map(tuple),
    models=st.lists(MODELS, max_size=3, unique=True).map(tuple),
    secrets=st.lists(st.sampled_from(["npm", "docs"]), max_size=2, unique=True).map(tuple),
    data=st.sampled_from(DataClass),
    limits=LIMITS,
)
REQUESTS = st.tuples(
    st.sampled_from(["a.example.org", "b.a.example.org", "example.org", "other.net", "evilexample.org"]),
    st.sampled_from([443, 8443]),
    METHODS,
    st.sampled_from(["/", "/simple", "/simple/x", "/simple/x/y", "/simplest", "/files"]),
)


def equal(one: Capabilities, two: Capabilities) -> bool:
    return capabilities.is_within(one, two) and capabilities.is_within(two, one)


@given(GRANTS, GRANTS)
def test_a_meet_is_below_both_sides_in_either_order(one, two):
    both = capabilities.meet(one, two)
    assert capabilities.is_within(both, one)
    assert capabilities.is_within(both, two)
    assert equal(both, capabilities.meet(two, one))


@given(GRANTS, GRANTS, GRANTS)
def test_what_is_below_both_sides_is_below_their_meet(one, two, low):
    low = capabilities.meet(low, capabilities.meet(one, two))
    assert capabilities.is_within(low, capabilities.meet(one, two))


@given(GRANTS, GRANTS, GRANTS)
@settings(max_examples=200)
def test_below_is_an_order(one, two, three):
    assert capabilities.is_within(one, one)
    lower = capabilities.meet(one, two)
    lowest = capabilities.meet(lower, three)
    assert capabilities.is_within(lowest, one)


@given(GRANTS)
def test_meeting_itself_changes_nothing_and_nothing_is_below_everything(grant):
    assert equal(capabilities.meet(grant, grant), grant)
    nothing = Capabilities(
        read=(),
        data=DataClass.RESTRICTED,
        limits=Limits(memory_mib=64, tokens=0, egress_kib=0, cost_usd=0.0),
    )
    assert capabilities.is_within(capabilities.meet(nothing, grant), grant)


@given(GRANTS, GRANTS, GRANTS)
def test_grants_meet_in_any_order(one, two, three):
    """Of patterns that are nested or apart. Where two only overlap, a meet may be narrower than what both cover."""
    left = capabilities.meet(capabilities.meet(one, two), three)
    assert equal(left, capabilities.meet(one, capabilities.meet(two, three)))
    assert equal(left, capabilities.meet(capabilities.meet(three, one), two))


@given(GRANTS, GRANTS)
def test_meeting_again_absorbs_and_the_order_is_that_of_the_meet(one, two):
    both = capabilities.meet(one, two)
    assert equal(capabilities.meet(one, both), both)
    assert equal(both, one) == capabilities.is_within(one, two)


@given(st.permutations([("src/*",), ("**/*.py",), ("src/a.py", "docs/**"), ("*/a.py", "**")]))
def test_where_patterns_only_overlap_no_order_grants_what_one_side_does_not(sides):
    met = sides[0]
    for side in sides[1:]:
        met = globs.meet(met, side)
    assert all(globs.below(met, side) for side in sides)


@given(GRANTS)
def test_by_default_a_step_reads_and_does_nothing_else(grant):
    """What is not said is not granted; the limits alone have a default that is not the lowest."""
    plain = Capabilities(limits=grant.limits, data=grant.data)
    assert (plain.write, plain.write_protected, plain.commands, plain.egress, plain.models, plain.secrets) == ((),) * 6
    assert capabilities.is_within(plain.model_copy(update={"read": ()}), grant)


@given(GRANTS, st.sampled_from(sorted(Limits.model_fields)), st.floats(0, 1))
def test_each_limit_by_flag_only_lowers(grant, name, share):
    least = {
        "cpus": 0.1,
        "memory_mib": 64,
        "pids": 16,
        "disk_mib": 8,
        "inodes": 256,
        "wall_seconds": 1,
        "output_kib": 1,
    }
    now = getattr(grant.limits, name)
    most = 1 if now is None else now
    low = least.get(name, 0) + share * max(most - least.get(name, 0), 0)
    lower = capabilities.lowered(grant, {name: low})
    assert capabilities.is_within(lower, grant)
    assert getattr(lower.limits, name) == (low if name in {"cpus", "cost_usd"} else int(low))
    assert capabilities.lowered(grant, {name: most + 10}).limits.model_copy(update={"cost_usd": None}) == (
        grant.limits.model_copy(update={"cost_usd": None})
    )


@given(st.lists(RULES, max_size=4), st.lists(RULES, max_size=4), REQUESTS)
@settings(max_examples=500)
def test_a_request_passes_a_meet_only_if_it_passes_both_sides(left, right, request):
    both = egress.allowance_kib(egress.meet(left, right), *request)
    sides = [egress.allowance_kib(left, *request), egress.allowance_kib(right, *request)]
    if None in sides:
        assert both is None
    else:
        assert both is not None
        assert both <= min(side for side in sides if side is not None)


@given(st.lists(RULES, max_size=3), st.lists(RULES, max_size=3), REQUESTS)
@settings(max_examples=500)
def test_rules_below_others_let_nothing_more_through(inner, outer, request):
    if not egress.below(inner, outer):
        return
    low, high = egress.allowance_kib(inner, *request), egress.allowance_kib(outer, *request)
    assert low is None or (high is not None and low <= high)
