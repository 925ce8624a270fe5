"""A plan as rows for a table; printing is somebody else's work."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.models.capabilities import DataClass
from orchestrator.models.plan import Plan, Source, SourceKind, Step, StepKind
from orchestrator.policy.globs import may_overlap


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One step. ``write`` and ``acceptance`` hold (value, source) pairs; ``notes`` are sentences a reviewer needs."""

    step: str
    title: str
    requirements: tuple[str, ...]
    write: tuple[tuple[str, str], ...]
    acceptance: tuple[tuple[str, str], ...]
    depends_on: tuple[str, ...]
    alone: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shared:
    """What several steps have in common to the letter: what they may write, what must pass, and the notes."""

    steps: tuple[str, ...]
    row: PlanRow

    @property
    def named(self) -> str:
        """``S01 to S03, S07``: runs of neighbours by their ends."""
        return ", ".join(_runs(self.steps))


def shared_rows(rows: Sequence[PlanRow]) -> list[Shared]:
    """The groups of steps that are granted and asked the same, by their first; a step of its own is one too."""
    groups: dict[object, list[PlanRow]] = {}
    for row in rows:
        groups.setdefault((row.write, row.acceptance, row.notes), []).append(row)
    return [Shared(tuple(r.step for r in group), group[0]) for group in groups.values()]


def _runs(steps: Sequence[str]) -> Iterator[str]:
    start = 0
    for i, step in enumerate(steps):
        last = i + 1 == len(steps)
        if last or int(steps[i + 1][1:]) != int(step[1:]) + 1:
            joined = " to " if i - start > 1 else ", "
            yield joined.join(dict.fromkeys((steps[start], step)))
            start = i + 1


def plan_rows(plan: Plan) -> list[PlanRow]:
    """One row a step, in the plan's order."""
    behind = _behind(plan)
    return [_row(plan, step, behind) for step in plan.steps]


def _row(plan: Plan, step: Step, behind: dict[str, set[str]]) -> PlanRow:
    return PlanRow(
        step=step.id,
        title=step.title,
        requirements=step.requirements,
        write=tuple((path.glob, _named(path.source)) for path in step.write),
        acceptance=tuple((shlex.join(a.argv), _named(a.source)) for a in step.acceptance),
        depends_on=step.depends_on,
        alone=step.alone,
        notes=tuple(_notes(plan, step, behind)),
    )


def _named(source: Source) -> str:
    return f"inferred ({source.place})" if source.kind is SourceKind.INFERRED else source.place


def _notes(plan: Plan, step: Step, behind: dict[str, set[str]]) -> Iterator[str]:
    if step.kind is StepKind.TESTS:
        yield "Writes tests only: a command must fail on them, and the next step cannot change them."
    for path in step.write:
        if path.glob in step.capabilities.write_protected:
            yield f"{path.glob} is protected; granted because {path.source.place} names it exactly."
    yield from _outward(step)
    if not step.acceptance:
        yield "No command shows this requirement: it will be reported as not demonstrated."
    elif all(a.source.kind is SourceKind.PROFILE for a in step.acceptance):
        yield "Only the project's own test command runs: nobody named one for this requirement."
    if step.alone:
        yield "Nobody named where to write: the paths are inferred and the step runs alone."
        return
    beside = [other.id for other in plan.steps if _may_collide(step, other, behind)]
    if beside:
        yield f"May touch the same files as {', '.join(beside)}; they are integrated one after the other."


def _outward(step: Step) -> Iterator[str]:
    held = step.capabilities
    if held.data is DataClass.RESTRICTED:
        yield "Sees restricted data: only model endpoints labelled local may answer it."
    for rule in held.egress:
        yield f"May {', '.join(rule.methods)} {rule.host}{', '.join(rule.paths)}, at most {rule.max_kib} KiB."
    if held.models:
        yield f"May ask {', '.join(held.models)} for up to {held.limits.tokens} tokens."


def _may_collide(step: Step, other: Step, behind: dict[str, set[str]]) -> bool:
    if step.id == other.id or other.alone or other.id in behind[step.id] or step.id in behind[other.id]:
        return False
    return any(may_overlap(a.glob, b.glob) for a in step.write for b in other.write)


def _behind(plan: Plan) -> dict[str, set[str]]:
    """Step to all that it waits for, near and far. Plans list a step after its dependencies."""
    found: dict[str, set[str]] = {step.id: set() for step in plan.steps}
    for step in plan.steps:
        for target in step.depends_on:
            found[step.id] |= {target} | found.get(target, set())
    return found
