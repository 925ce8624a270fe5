"""A plan can be narrowed before it is approved, and by nothing that is called narrowing made wider."""

import pytest

from orchestrator.errors import UsageError
from orchestrator.models.capabilities import Capabilities, Egress, Limits
from orchestrator.models.ids import Digest, GitOid, RequirementId, StepId
from orchestrator.models.plan import Budget, Plan, Source, SourceKind, Step, WritePath
from orchestrator.policy.narrowing import Narrowing, narrowed, wider

NOTHING = Digest("sha256:" + "0" * 64)
SPEC = Source(kind=SourceKind.SPEC, place="prd.md:3")
PROFILE = Source(kind=SourceKind.PROFILE, place="source_roots")


def step(name, **grant):
    grants = {
        "write": ("src/**", "docs/a.md"),
        "egress": (Egress(host="mirror.example"), Egress(host="example.org")),
        "models": ("here/small", "here/large"),
        "secrets": ("token",),
        "limits": Limits(tokens=1000, wall_seconds=60),
    }
    return Step(
        id=StepId(name),
        title="Part",
        requirements=(RequirementId("a/REQ-001"),),
        instruction="Make it.",
        write=(WritePath(glob="src/**", source=SPEC), WritePath(glob="docs/a.md", source=PROFILE)),
        acceptance=(),
        capabilities=Capabilities(**{**grants, **grant}),
        budget=Budget(attempts=3, wall_seconds=600),
    )


PLAN = Plan(
    spec=NOTHING,
    spec_source=NOTHING,
    spec_path="prd.md",
    workflow=NOTHING,
    profile=NOTHING,
    base_commit=GitOid("0" * 40),
    target_ref="refs/heads/main",
    steps=(step("S01"), step("S02")),
)


def test_each_grant_can_be_taken_and_the_other_step_stays():
    what = Narrowing(
        step=StepId("S01"),
        write=("src/one.py",),
        read=("src/**",),
        egress=("mirror.example",),
        models=("here/small",),
        secrets=(),
        limits={"tokens": 10},
        attempts=1,
        budget_seconds=60,
    )
    made = narrowed(PLAN, what)
    first, second = made.steps
    grant = first.capabilities
    assert first.write == (WritePath(glob="src/one.py", source=SPEC),)
    assert (grant.write, grant.read, grant.models, grant.secrets) == (("src/one.py",), ("src/**",), ("here/small",), ())
    assert [rule.host for rule in grant.egress] == ["mirror.example"]
    assert (grant.limits.tokens, first.budget) == (10, Budget(attempts=1, wall_seconds=60))
    assert second == PLAN.steps[1]
    assert made.digest() != PLAN.digest()
    assert list(wider(PLAN, made)) == []
    assert list(wider(made, PLAN)) != []


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("NAR001", {"step": "S09", "write": ("src/x",)}),
        ("NAR002", {"write": ("other/x",)}),
        ("NAR002", {"write": ("**",)}),
        ("NAR002", {"write": ("src/../x",)}),
        ("NAR002", {"write": ()}),
        ("NAR002", {"egress": ("evil.example",)}),
        ("NAR002", {"models": ("here/other",)}),
        ("NAR002", {"models": ("no model",)}),
        ("NAR002", {"models": ("*",)}),
        ("NAR002", {"secrets": ("other",)}),
        ("NAR002", {"limits": {"nothing": 1}}),
        ("NAR002", {"attempts": 4}),
        ("NAR002", {"budget_seconds": 10}),
        ("NAR002", {"budget_seconds": 601}),
        ("NAR003", {}),
        ("NAR003", {"limits": {"tokens": 1_000_000}}),
    ],
)
def test_nothing_is_widened(code, said):
    with pytest.raises(UsageError) as found:
        narrowed(PLAN, Narrowing.model_validate({"step": "S01", **said}))
    assert found.value.code == code, found.value


@pytest.mark.parametrize(
    "forged",
    [
        {"steps": (step("S01"),)},
        {"steps": (step("S02"), step("S01"))},
        {"target_ref": "refs/heads/other"},
        {"steps": (step("S01", commands=("make",)), step("S02"))},
        {"steps": (step("S01", write_protected=("src/**",)), step("S02"))},
        {"steps": (step("S01").model_copy(update={"instruction": "Do more."}), step("S02"))},
        {"steps": (step("S01").model_copy(update={"alone": True, "title": "x"}), step("S02"))},
        {"steps": (step("S01", write=("**",)), step("S02"))},
    ],
)
def test_a_plan_that_is_called_narrower_and_is_not_is_found(forged):
    assert list(wider(PLAN, PLAN.model_copy(update=forged)))
