"""A plan with less granted. Pure: what a person takes from a step before they approve it, and never gives (D18)."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field, ValidationError

from orchestrator.errors import UsageError
from orchestrator.models.base import Noun
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import StepId
from orchestrator.models.plan import Budget, Plan, Step, WritePath
from orchestrator.policy import capabilities, globs

_HINT = "handrail review show ITEM prints what the step is granted"


class Narrowing(Noun):
    """What stays granted to one step. ``None`` leaves a grant as it is; an empty list takes all of it.

    ``egress`` are hosts, ``limits`` named as in :class:`~orchestrator.models.capabilities.Limits`, ``attempts`` and
    ``budget_seconds`` those of the step's budget.
    """

    step: StepId
    write: tuple[str, ...] | None = None
    read: tuple[str, ...] | None = None
    egress: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    secrets: tuple[str, ...] | None = None
    limits: dict[str, float] = Field(default_factory=dict)
    attempts: int | None = None
    budget_seconds: int | None = None


def narrowed(plan: Plan, what: Narrowing) -> Plan:
    """The plan with one step narrowed.

    Raises ``UsageError``: NAR001 no such step, NAR002 something that is no less than what is granted, NAR003 nothing
    changes.
    """
    step = next((s for s in plan.steps if s.id == what.step), None)
    if step is None:
        raise UsageError("NAR001", f"The plan has no step {what.step!r}.", _HINT)
    try:
        less = _less(step, what)
    except ValidationError as wrong:
        told = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in wrong.errors()]
        raise UsageError("NAR002", "That is no grant.", _HINT, told) from None
    made = plan.model_copy(update={"steps": tuple(less if s is step else s for s in plan.steps)})
    if made == plan:
        raise UsageError("NAR003", f"{what.step} is granted nothing less by that.", _HINT)
    problems = list(wider(plan, made))
    if problems:
        raise UsageError("NAR002", "That would not only take grants away.", _HINT, problems)
    return made


def _less(step: Step, what: Narrowing) -> Step:
    grant = step.capabilities
    write = step.write if what.write is None else tuple(_path(step, glob) for glob in what.write)
    kept = tuple(g for g in grant.write_protected if globs.below([g], [path.glob for path in write]))
    update = {
        "write": tuple(path.glob for path in write),
        "write_protected": kept,
        "read": grant.read if what.read is None else what.read,
        "egress": grant.egress if what.egress is None else _hosts(grant, what.egress),
        "models": grant.models if what.models is None else what.models,
        "secrets": grant.secrets if what.secrets is None else what.secrets,
        "limits": _limits(step, what),
    }
    least = Capabilities.model_validate({**grant.model_dump(), **update})
    budget = step.budget.model_dump()
    given = {"attempts": what.attempts, "wall_seconds": what.budget_seconds}
    whole = Budget.model_validate(budget | {name: value for name, value in given.items() if value is not None})
    return step.model_copy(update={"write": write, "capabilities": least, "budget": whole})


def _path(step: Step, glob: str) -> WritePath:
    """A narrower path keeps the source of the one that it lies in."""
    inside = next(
        (path for path in step.write if globs.refusal(glob) is None and globs.below([glob], [path.glob])), None
    )
    if inside is None:
        raise UsageError("NAR002", f"{step.id} is not granted to write {glob!r}.", _HINT)
    return WritePath(glob=glob, source=inside.source)


def _hosts(grant: Capabilities, hosts: tuple[str, ...]) -> tuple[object, ...]:
    strange = sorted(set(hosts) - {rule.host for rule in grant.egress})
    if strange:
        raise UsageError("NAR002", f"It is not granted to reach {', '.join(map(repr, strange))}.", _HINT)
    return tuple(rule.model_dump() for rule in grant.egress if rule.host in hosts)


def _limits(step: Step, what: Narrowing) -> object:
    try:
        return capabilities.lowered(step.capabilities, what.limits).limits.model_dump()
    except KeyError as unknown:
        raise UsageError("NAR002", f"{unknown.args[0]!r} is no limit.", _HINT) from None


def wider(before: Plan, after: Plan) -> Iterator[str]:
    """Why ``after`` is not ``before`` with less granted: one sentence for each thing. Nothing when it is."""
    if before.model_copy(update={"steps": after.steps}) != after or [s.id for s in before.steps] != [
        s.id for s in after.steps
    ]:
        yield "It is another plan."
        return
    for old, new in zip(before.steps, after.steps, strict=True):
        yield from _wider(old, new)


def _wider(old: Step, new: Step) -> Iterator[str]:
    free = {"write": new.write, "capabilities": new.capabilities, "budget": new.budget}
    if old.model_copy(update=free) != new:
        yield f"{new.id} is another step."
    if not all(any(_inside(path, wide) for wide in old.write) for path in new.write) or not new.write:
        yield f"{new.id} would write what it was not granted, or nothing at all."
    if new.capabilities.write != tuple(path.glob for path in new.write):
        yield f"{new.id} has a write grant that no source explains."
    if not capabilities.is_within(new.capabilities, old.capabilities):
        yield f"{new.id} would be granted more than before."
    if new.budget.attempts > old.budget.attempts or new.budget.wall_seconds > old.budget.wall_seconds:
        yield f"{new.id} would have a larger budget."
    if new.budget.wall_seconds < new.capabilities.limits.wall_seconds:
        yield f"{new.id} has a budget that ends before one attempt may."


def _inside(path: WritePath, wide: WritePath) -> bool:
    refused = globs.refusal(path.glob) is not None
    return not refused and path.source == wide.source and globs.below([path.glob], [wide.glob])
