"""Planning a spec again, for what has changed since it was built.

A requirement is *kept*, and becomes no step, when the newest merged step of it was made from the same text, with
the same paths, commands and predecessors, was approved by a person whose signature holds, and every file that it
changed still has at the base the content of that step or of a later one that was approved too. Whatever stands on
something that is built again is built again. Read from the runs of this repository's store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import count

from orchestrator.app.project import Project
from orchestrator.app.specs.files import lasting
from orchestrator.app.specs.stood import Stood, stood
from orchestrator.app.trees import open_trees
from orchestrator.errors import PlanInvalid
from orchestrator.models.ids import GitOid, RequirementId, RunId, StepId
from orchestrator.models.plan import Kept, Plan, Step
from orchestrator.models.spec import Spec

_PREFIX = 1
"""Letters before the number of a step's id."""


def only_changed(project: Project, spec: Spec, made: Plan) -> Plan:
    """What of a whole plan has to be built, with what is kept beside it.

    Each requirement keeps the number of its newest step; a number is never given to another one. Raises
    ``UsageError`` (PRD062) when the spec's ids are provisional, and ``PlanInvalid`` (PLAN032) when nothing has changed.
    """
    lasting(spec, "nobody can say which requirement was built before")
    every = [step for run in project.index.runs() for step in stood(project, run)]
    kept = _kept(project, spec, made, every)
    if len(kept) == len({r for step in made.steps for r in step.requirements}):
        text = f"Nothing in {made.spec_path} has changed since it was built and approved."
        raise PlanInvalid("PLAN032", text, f"handrail trace {made.spec_path}; without --changed all of it is planned")
    left = [step for step in made.steps if step.requirements[0] not in kept]
    return made.model_copy(update={"steps": _renamed(left, _names(made, every, kept)), "kept": tuple(kept.values())})


def ensure_kept(project: Project, spec: Spec, plan: Plan, made: Plan) -> None:
    """Raise ``PlanInvalid`` (PLAN033) when a plan keeps what does not, or no more, stand as it says."""
    every = [step for run in project.index.runs() for step in stood(project, run)]
    there = _kept(project, spec, made, every)
    for one in plan.kept:
        if there.get(one.requirement) != one:
            text = f"The plan keeps {one.requirement} as {one.step} of {one.run}, and that does not hold any more."
            raise PlanInvalid("PLAN033", text, f"plan again: handrail plan {plan.spec_path} --changed")


def _kept(project: Project, spec: Spec, made: Plan, every: Sequence[Stood]) -> dict[RequirementId, Kept]:
    """In the order of the plan, in which each step stands after what it depends on."""
    texts = {r.id: r.text_digest for r in spec.requirements}
    needed = _needed(made.steps)
    found: dict[RequirementId, Kept] = {}
    with open_trees(project) as trees:

        def content(commit: str, path: str) -> str:
            entry = trees.entry(trees.tree_of(GitOid(commit)), path)
            return entry.oid if entry else ""

        for requirement in needed:
            olds = _newest(requirement, every)
            if (
                olds
                and needed[requirement] <= found.keys()
                and olds[-1].texts.get(requirement) == texts[requirement]
                and _same([s for s in made.steps if s.requirements[0] == requirement], needed[requirement], olds)
                and _stands(olds, every, made.base_commit, content)
            ):
                last = olds[-1]
                found[requirement] = Kept(
                    requirement=requirement,
                    step=StepId(last.step),
                    run=RunId(last.run),
                    commit=GitOid(last.commit),
                    approvers=last.approvers,
                )
    return found


def _needed(steps: Sequence[Step]) -> dict[RequirementId, frozenset[RequirementId]]:
    """Each requirement with those that its steps depend on."""
    owner = {step.id: step.requirements[0] for step in steps}
    found: dict[RequirementId, frozenset[RequirementId]] = {}
    for step in steps:
        own = step.requirements[0]
        found[own] = found.get(own, frozenset()) | {owner[d] for d in step.depends_on if owner[d] != own}
    return found


def _newest(requirement: RequirementId, every: Sequence[Stood]) -> list[Stood]:
    """The merged steps of the run that built a requirement last, in their order; empty unless people approved each."""
    merged = [s for s in every if s.commit and requirement in s.requirements]
    last = max(merged, key=lambda s: s.at, default=None)
    olds = sorted((s for s in merged if last and s.run == last.run), key=lambda s: s.at)
    return olds if all(s.approvers and s.files for s in olds) else []


def _same(steps: Sequence[Step], needs: frozenset[RequirementId], olds: Sequence[Stood]) -> bool:
    """Whether the same steps are planned: kinds, paths, commands, what they stand on. Places in the spec may differ."""
    before = frozenset(r for old in olds for r in old.after) - {r for old in olds for r in old.requirements}
    return before == needs and [_grants(s) for s in steps] == [_grants(old.planned) for old in olds]


def _grants(step: Step) -> tuple[object, ...]:
    return step.kind, sorted(p.glob for p in step.write), [a.argv for a in step.acceptance], step.capabilities


def _stands(olds: Sequence[Stood], every: Sequence[Stood], base: GitOid, content: Callable[[str, str], str]) -> bool:
    """Whether each file still has what the step, or a later approved one, made of it."""
    for path in {path for old in olds for path in old.files}:
        later = [s for s in every if s.commit and s.approvers and path in s.files and s.at >= olds[0].at]
        if content(base, path) not in {content(s.commit, path) for s in later if s.at >= olds[-1].at or s in olds}:
            return False
    return True


def _names(made: Plan, every: Sequence[Stood], kept: Mapping[RequirementId, Kept]) -> dict[RequirementId, str]:
    """The number of each requirement's steps: its newest, else one that no step ever had."""
    numbers = {s.step[_PREFIX:] for s in every}
    free: Iterator[str] = (name for n in count(1) if (name := f"{n:02d}") not in numbers)
    found = {r: one.step[_PREFIX:] for r, one in kept.items()}
    for requirement in dict.fromkeys(step.requirements[0] for step in made.steps):
        olds = sorted((s for s in every if requirement in s.requirements), key=lambda s: s.at)
        own = olds[-1].step[_PREFIX:] if olds else ""
        if requirement not in found:
            found[requirement] = own if own and own not in found.values() else next(free)
    return found


def _renamed(steps: Sequence[Step], names: Mapping[RequirementId, str]) -> tuple[Step, ...]:
    """With their lasting numbers, and without what they depend on that is there already."""
    ids = {step.id: StepId(step.id[:_PREFIX] + names[step.requirements[0]]) for step in steps}
    return tuple(
        step.model_copy(
            update={"id": ids[step.id], "depends_on": tuple(ids[d] for d in step.depends_on if d in ids)},
        )
        for step in steps
    )
