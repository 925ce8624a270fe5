"""A model's proposal for a plan, taken as hostile: it may narrow, order and explain what was planned, and add nothing.

Steps, requirements, commands and grants are those of the deterministic plan. A model may give a step
another title, an approach below the requirement's own words, further dependencies, and fewer or narrower paths.
The result passes the same checks as every plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from orchestrator.errors import PlanInvalid
from orchestrator.models.answers import first_object
from orchestrator.models.base import Noun
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import StepId
from orchestrator.models.plan import Plan, Step, WritePath
from orchestrator.models.spec import Spec
from orchestrator.planning.check import check_plan, check_sources
from orchestrator.policy import globs

_SHOWN = 20
_Line = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\r\n]*$")]
_Text = Annotated[str, StringConstraints(max_length=4000)]
_Id = Annotated[str, StringConstraints(pattern=r"^[A-Z][0-9]{2,4}$")]
_Glob = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class ProposedStep(Noun):
    """What a model says of one step. ``write`` '' means: as planned."""

    id: _Id
    title: _Line
    approach: _Text
    depends_on: tuple[_Id, ...] = ()
    write: tuple[_Glob, ...] = ()


class ProposedPlan(Noun):
    steps: tuple[ProposedStep, ...] = Field(min_length=1)


def schema() -> dict[str, Any]:
    """The JSON schema of an answer."""
    return ProposedPlan.model_json_schema()


def refine(text: str, made: Plan, spec: Spec, ceilings: Sequence[Capabilities]) -> tuple[Plan | None, tuple[str, ...]]:
    """The refined plan, or the sentences that say what is wrong with the answer."""
    try:
        proposed = ProposedPlan.model_validate(first_object(text))
        plan = _apply(proposed, made)
        check_plan(plan, spec, ceilings)
        check_sources(plan, made)
    except ValidationError as error:
        where = (".".join(map(str, e["loc"])) + ": " + e["msg"] for e in error.errors(include_url=False)[:_SHOWN])
        return None, tuple(where)
    except PlanInvalid as error:
        return None, error.details[:_SHOWN] or (error.message,)
    except ValueError as error:
        return None, (str(error),)
    return plan, ()


def _apply(proposed: ProposedPlan, made: Plan) -> Plan:
    told = {step.id: step for step in proposed.steps}
    known = [step.id for step in made.steps]
    if len(told) != len(proposed.steps) or set(told) != set(known):
        raise ValueError(f"The answer must have exactly these steps, each once: {', '.join(known)}.")
    steps = [_refined(step, told[step.id]) for step in made.steps]
    return made.model_copy(update={"steps": tuple(_ordered(steps))})


def _refined(step: Step, told: ProposedStep) -> Step:
    write = _narrowed(step, told.write)
    patterns = tuple(path.glob for path in write)
    exact = tuple(glob for glob in step.capabilities.write_protected if glob in patterns)
    approach = f"\n\nApproach (proposed by a model, approved with this plan):\n{told.approach}" if told.approach else ""
    return step.model_copy(
        update={
            "title": told.title,
            "instruction": step.instruction + approach,
            "depends_on": tuple(StepId(d) for d in dict.fromkeys((*step.depends_on, *told.depends_on))),
            "write": write,
            "capabilities": step.capabilities.model_copy(update={"write": patterns, "write_protected": exact}),
        }
    )


def _narrowed(step: Step, wanted: Sequence[str]) -> tuple[WritePath, ...]:
    """Each wanted path with the source of the grant that holds it."""
    if not wanted:
        return step.write
    found: list[WritePath] = []
    for glob in dict.fromkeys(wanted):
        if (wrong := globs.refusal(glob)) is not None:
            raise ValueError(f"{step.id}: the path {glob} {wrong}.")
        holder = next((path for path in step.write if globs.below([glob], [path.glob])), None)
        if holder is None:
            offered = ", ".join(path.glob for path in step.write)
            raise ValueError(f"{step.id}: {glob} is not within what the plan may grant: {offered}.")
        found.append(WritePath(glob=glob, source=holder.source))
    return tuple(found)


def _ordered(steps: Sequence[Step]) -> list[Step]:
    """Each after what it depends on; a circle stays, for the check to find."""
    done: dict[StepId, Step] = {}
    left = list(steps)
    while left:
        ready = [step for step in left if all(d in done for d in step.depends_on)] or left
        done |= {step.id: step for step in ready}
        left = [step for step in left if step.id not in done]
    return list(done.values())
