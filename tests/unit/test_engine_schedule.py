"""Which step is judged and which are worked on next."""

from __future__ import annotations

import pytest

from orchestrator.engine.nodes.for_each import choose, next_to_judge
from orchestrator.engine.state import StepState, StepStatus, opened
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import GitOid, RequirementId, StepId, sha256
from orchestrator.models.plan import Plan, Step

D = sha256(b"x")


def step(number: int, *after: int, alone: bool = False) -> Step:
    return Step(
        id=StepId(f"S{number}"),
        title="t",
        requirements=(RequirementId(f"n/{number}"),),
        depends_on=tuple(StepId(f"S{n}") for n in after),
        instruction="i",
        write=(),
        acceptance=(),
        capabilities=Capabilities(),
        alone=alone,
    )


def plan(*steps: Step) -> Plan:
    return Plan(
        spec=D,
        spec_source=D,
        spec_path="prd.md",
        workflow=D,
        profile=D,
        base_commit=GitOid("a" * 40),
        target_ref="refs/heads/main",
        steps=steps,
    )


def states(**statuses: StepStatus) -> dict[str, StepState]:
    return {name: {**opened(), "status": status} for name, status in statuses.items()}


P = StepStatus


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ({"S1": P.PROPOSED, "S2": P.PROPOSED}, "S1"),
        ({"S1": P.MERGED, "S2": P.PROPOSED}, "S2"),
        ({"S1": P.STACKED, "S2": P.PROPOSED}, "S2"),
        ({"S1": P.RETRY, "S2": P.PROPOSED}, None),
        ({"S1": P.REJECTED, "S2": P.PROPOSED}, None),
        ({"S1": P.PENDING, "S2": P.PENDING}, None),
    ],
)
def test_a_proposal_is_judged_only_on_what_it_depends_on(statuses: dict[str, StepStatus], expected: str | None) -> None:
    assert next_to_judge(plan(step(1), step(2, 1)), states(**statuses)) == expected


def test_work_waits_for_predecessors_respects_the_limit_and_leaves_some_alone() -> None:
    a_plan = plan(step(1), step(2), step(3, 1), step(4, alone=True))
    fresh = states(S1=P.PENDING, S2=P.PENDING, S3=P.PENDING, S4=P.PENDING)
    assert [s.id for s in choose(a_plan, fresh, 9)] == ["S1", "S2"]
    assert [s.id for s in choose(a_plan, fresh, 1)] == ["S1"]
    later = states(S1=P.MERGED, S2=P.MERGED, S3=P.PENDING, S4=P.PENDING)
    assert [s.id for s in choose(a_plan, later, 9)] == ["S3"]
    last = states(S1=P.MERGED, S2=P.MERGED, S3=P.MERGED, S4=P.PENDING)
    assert [s.id for s in choose(a_plan, last, 9)] == ["S4"]
