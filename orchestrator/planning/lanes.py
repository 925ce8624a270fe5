"""The test-first lane: a requirement's tests are a step of their own, and what they wrote is closed to the next."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.models.ids import StepId
from orchestrator.models.plan import Source, SourceKind, Step, StepKind, WritePath
from orchestrator.models.profile import RepositoryProfile
from orchestrator.planning.check import Problem
from orchestrator.policy import globs


def tests_first(steps: Sequence[Step], profile: RepositoryProfile, problems: list[Problem]) -> list[Step]:
    """Each step ``Snn`` becomes ``Tnn``, which writes its tests, and ``Snn``, which makes them pass.

    Paths in the profile's test roots go to the first, all others to the second; where the spec names none in a
    test root, the roots themselves are inferred. PLAN019: no place for tests or code, or no command that could fail.
    """
    found: list[Step] = []
    for step in steps:
        pair = _pair(step, profile.test_roots)
        for part, what in zip(pair, ("the tests", "the code"), strict=True):
            if not part.write:
                problems.append(("PLAN019", f"{step.id}: nothing says where {what} of {step.requirements[0]} go."))
        if not step.acceptance:
            problems.append(("PLAN019", f"{step.id}: no command of {step.requirements[0]} could fail first."))
        found += pair
    return found


def _pair(step: Step, roots: Sequence[str]) -> tuple[Step, Step]:
    whole = [f"{root.rstrip('/')}/**" for root in roots]
    named = [path for path in step.write if globs.below([path.glob], [*whole, *roots])]
    code = [path for path in step.write if path not in named]
    source = Source(kind=SourceKind.INFERRED, place="profile test_roots")
    tests = named or [WritePath(glob=glob, source=source) for glob in whole]
    first = StepId("T" + step.id.removeprefix("S"))
    return (
        _part(step, tests, id=first, kind=StepKind.TESTS, title=f"Tests for: {step.title}"),
        _part(step, code, depends_on=(*step.depends_on, first)),
    )


def _part(step: Step, write: Sequence[WritePath], **update: object) -> Step:
    patterns = tuple(path.glob for path in write)
    protected = tuple(glob for glob in step.capabilities.write_protected if glob in patterns)
    grant = step.capabilities.model_copy(update={"write": patterns, "write_protected": protected})
    alone = any(path.source.kind is SourceKind.INFERRED for path in write)
    return step.model_copy(update={"write": tuple(write), "capabilities": grant, "alone": alone, **update})
