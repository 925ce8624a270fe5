"""What a plan must be, whoever made it. Each broken rule is one line with its code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from orchestrator.errors import PlanInvalid
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import StepId
from orchestrator.models.plan import Plan, SourceKind, Step, WritePath
from orchestrator.models.spec import Spec
from orchestrator.policy import capabilities, egress, globs

Problem = tuple[str, str]


def check_plan(plan: Plan, spec: Spec, ceilings: Sequence[Capabilities]) -> None:
    """Raise :class:`~orchestrator.errors.PlanInvalid` with every broken rule.

    PLAN001 a step id twice; PLAN002 a dependency on no step; PLAN003 a circle;
    PLAN004 a requirement without a step; PLAN005 a step for no requirement of
    this spec; PLAN006 a grant above a ceiling; PLAN007 a grant that the list of
    sources does not explain; PLAN008 a budget below one attempt; PLAN009 an
    inferred grant that would not run alone; PLAN015 a plan of another spec.
    Not checked: whether the paths exist.
    """
    problems = [*_identity(plan, spec), *_shape(plan), *_coverage(plan, spec)]
    for step in plan.steps:
        problems += _grants(step, ceilings)
    if problems:
        raise_invalid(problems)


def check_sources(plan: Plan, made: Plan) -> None:
    """A plan from elsewhere may narrow what the planner made of the same inputs, and add nothing of its own.

    Raises :class:`~orchestrator.errors.PlanInvalid` (PLAN017) for a write path,
    command or source that ``made`` does not have for one of the step's requirements, and
    for another workflow, profile or target; a path within one of ``made``, of the same source, is a narrower one.
    Titles and instructions are not compared: a person reads and approves them.
    """
    same = (plan.workflow, plan.profile, plan.target_ref) == (made.workflow, made.profile, made.target_ref)
    problems: list[Problem] = [] if same else [("PLAN017", "The plan is for another workflow, profile or target.")]
    for step in plan.steps:
        equals = [s for s in made.steps if set(s.requirements) & set(step.requirements)]
        paths = [path for s in equals for path in s.write]
        commands = [command for s in equals for command in s.acceptance]
        problems += [
            ("PLAN017", f"{step.id}: nothing names {p.glob} there.") for p in step.write if not _within(p, paths)
        ]
        odd = [c for c in step.acceptance if c not in commands]
        problems += [("PLAN017", f"{step.id}: nothing names the command {' '.join(c.argv)} there.") for c in odd]
    if problems:
        raise_invalid(problems)


def _within(path: WritePath, made: Sequence[WritePath]) -> bool:
    return any(path.source == other.source and globs.below([path.glob], [other.glob]) for other in made)


def raise_invalid(problems: Sequence[Problem]) -> None:
    """One error for all; its code is the first one's."""
    details = [f"{code} {text}" for code, text in problems]
    message = f"The plan breaks {len(problems)} rule{'s' if len(problems) > 1 else ''}."
    hint = "change the spec or the profile, and plan again"
    raise PlanInvalid(problems[0][0], message, hint, details)


def _identity(plan: Plan, spec: Spec) -> Iterator[Problem]:
    if plan.spec != spec.digest() or plan.spec_source != spec.source_digest:
        yield "PLAN015", f"The plan was made for another spec than {spec.path}."


def _shape(plan: Plan) -> Iterator[Problem]:
    ids = Counter(step.id for step in plan.steps)
    for twice in sorted(i for i, number in ids.items() if number > 1):
        yield "PLAN001", f"The step id {twice} stands twice."
    for step in plan.steps:
        for target in step.depends_on:
            if target not in ids:
                yield "PLAN002", f"{step.id} depends on {target}, which is not in the plan."
    stuck = _in_circles(plan)
    if stuck:
        yield "PLAN003", f"These steps wait for each other: {', '.join(stuck)}."


def _in_circles(plan: Plan) -> list[StepId]:
    known = {step.id for step in plan.steps}
    left = {step.id: set(step.depends_on) & known for step in plan.steps}
    while free := [i for i, targets in left.items() if not targets & left.keys()]:
        for step in free:
            del left[step]
    return list(left)


def _coverage(plan: Plan, spec: Spec) -> Iterator[Problem]:
    wanted = {requirement.id for requirement in spec.requirements}
    planned = {requirement for step in plan.steps for requirement in step.requirements}
    kept = [one.requirement for one in plan.kept]
    for missing in (r.id for r in spec.built if r.id not in planned and r.id not in kept):
        yield "PLAN004", f"No step covers {missing}."
    for twice in sorted({r for r in kept if r in planned or kept.count(r) > 1}):
        yield "PLAN001", f"{twice} is kept, and has a step or is kept twice."
    for unknown in sorted((planned | set(kept)) - wanted):
        yield "PLAN005", f"A step is for {unknown}, which is not in the spec."


def _grants(step: Step, ceilings: Sequence[Capabilities]) -> Iterator[Problem]:
    grant = step.capabilities
    for ceiling in ceilings:
        yield from _above(step, ceiling)
    if set(grant.write) != {path.glob for path in step.write} or not grant.write:
        yield "PLAN007", f"{step.id}: the write grant and its sources differ, or there is none."
    if not all(globs.is_exact(g) and globs.below([g], grant.write) for g in grant.write_protected):
        yield "PLAN007", f"{step.id}: a protected path is granted that is not named exactly."
    if step.budget.wall_seconds < grant.limits.wall_seconds:
        yield "PLAN008", f"{step.id}: the budget ends before one attempt may."
    if any(path.source.kind is SourceKind.INFERRED for path in step.write) and not step.alone:
        yield "PLAN009", f"{step.id}: its write paths are inferred, so it must run alone."


def _above(step: Step, ceiling: Capabilities) -> Iterator[Problem]:
    grant = step.capabilities
    for glob in (g for g in grant.write if not globs.below([g], ceiling.write)):
        yield "PLAN006", f"{step.id}: writing {glob} is not provably within the ceiling."
    for glob in (g for g in grant.write_protected if not globs.below([g], ceiling.write_protected)):
        yield "PLAN006", f"{step.id}: writing the protected {glob} is not within the ceiling."
    for model in (m for m in grant.models if not egress.models_below([m], ceiling.models)):
        yield "PLAN006", f"{step.id}: the model {model} is not within the ceiling."
    rest = grant.model_copy(update={"write": (), "write_protected": (), "models": ()})
    if not capabilities.is_within(rest, ceiling):
        yield "PLAN006", f"{step.id}: reading, commands, hosts, secrets, data or limits are above the ceiling."
