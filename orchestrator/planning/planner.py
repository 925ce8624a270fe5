"""Spec and profile become a plan: one step a requirement, each path and command with its source (D4).

Nothing is invented. Write paths come from *Where*, else from the profile's
roots, marked inferred and run alone. Commands come from *Verify by* and the
profile's test command. Dependencies come from *Depends on* only: overlapping
grants may still work in parallel, since integration is serial (D1).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from textwrap import shorten

from orchestrator.models.capabilities import Capabilities, DataClass, Egress
from orchestrator.models.ids import GitOid, RequirementId, StepId
from orchestrator.models.plan import Acceptance, Budget, Plan, ReviewMode, Source, SourceKind, Step, WritePath
from orchestrator.models.policy import Policy
from orchestrator.models.profile import RepositoryProfile
from orchestrator.models.spec import Declared, Requirement, Spec
from orchestrator.models.workflow import Lane, Workflow
from orchestrator.planning.check import Problem, check_plan, raise_invalid
from orchestrator.planning.lanes import tests_first
from orchestrator.policy import capabilities, globs
from orchestrator.policy.commands import split_command
from orchestrator.policy.egress import meet, reached
from orchestrator.policy.paths import FORBIDDEN, PROTECTED, fold, may_read, protects

_TITLE_CHARACTERS = 80
_ATTEMPTS = 3


def make_plan(  # noqa: PLR0917  the four nouns of a plan, then its place
    spec: Spec,
    profile: RepositoryProfile,
    workflow: Workflow,
    policy: Policy,
    base_commit: GitOid,
    target_ref: str,
    *,
    paths: Sequence[str],
    review: ReviewMode,
    models: Sequence[str] = (),
    limits: Mapping[str, float] | None = None,
) -> Plan:
    """An acyclic plan in which every requirement has its step; checked before it is returned.

    ``paths`` are the files of the base tree, ``models`` those that the run's agents ask (nothing
    else is granted), ``limits`` ceilings by name that the person adds. Constraints
    that name neither path nor command become no step: each step is told them, and what is left out. Raises
    :class:`~orchestrator.errors.PlanInvalid` with every problem; beside the
    codes of :func:`~orchestrator.planning.check.check_plan` these are PLAN012
    nothing says where to write, PLAN013 a path above a ceiling, PLAN014 a
    protected path that is not named exactly, PLAN016 a command that cannot run, PLAN019 a
    requirement that the test-first lane cannot split, PLAN023 a host above the ceiling, PLAN031 nothing to build.
    """
    ground = _Ground(spec, profile, workflow.ceiling, policy, frozenset(paths), tuple(models), limits or {})
    order = _ordered(spec.built)
    if not order:
        raise_invalid([("PLAN031", f"Nothing in {spec.path} is to be built: it only gives new names.")])
    ids = {requirement.id: StepId(f"S{i:02d}") for i, requirement in enumerate(order, 1)}
    problems: list[Problem] = []
    steps = [step for r in order if (step := ground.step(r, ids, problems)) is not None]
    if any(node.lane is Lane.TEST_FIRST for node in workflow.nodes.values()):
        steps = tests_first(steps, profile, problems)
    if problems:
        raise_invalid(problems)
    plan = Plan(
        spec=spec.digest(),
        spec_source=spec.source_digest,
        spec_path=spec.path,
        workflow=workflow.digest(),
        profile=profile.digest(),
        base_commit=base_commit,
        target_ref=target_ref,
        review=review,
        steps=tuple(steps),
    )
    check_plan(plan, spec, [policy.ceiling, workflow.ceiling])
    return plan


def instruction(requirement: Requirement, spec: Spec | None = None) -> str:
    """What the agent is told: the spec's own words, and nothing else. Deterministic.

    With ``spec`` also the constraints that hold in every step, and what is left out.
    """
    head = f"{requirement.id} {requirement.title}".strip()
    parts = [head, requirement.statement]
    if requirement.acceptance:
        criteria = (f"{i}. {c.text.replace(chr(10), chr(10) + '   ')}" for i, c in enumerate(requirement.acceptance, 1))
        parts.append("Accepted when:\n" + "\n".join(criteria))
    for head, others in (("Holds in every step:", spec.throughout), ("Left out:", spec.non_goals)) if spec else ():
        if others:
            parts.append("\n".join([head, *(f"- {' '.join(r.statement.split())}" for r in others)]))
    return "\n\n".join(part for part in parts if part)


def data_class(ceiling: Capabilities, profile: RepositoryProfile, paths: Iterable[str]) -> DataClass:
    """Of a step under this ceiling: restricted when that says so, or when one of the base's ``paths`` in sight is."""
    seen = any(protects(profile.restricted, p) and may_read(ceiling, p) for p in paths)
    return DataClass.RESTRICTED if seen or ceiling.data is DataClass.RESTRICTED else DataClass.OPEN


def _ordered(requirements: Sequence[Requirement]) -> list[Requirement]:
    """In the spec's order, each after what it depends on. A circle stays in spec order, for the check to find."""
    done: dict[RequirementId, None] = {}
    left = list(requirements)
    here = {r.id for r in left}
    while left:
        ready = [r for r in left if all(d in done or d not in here for d in r.depends_on)] or left
        done |= dict.fromkeys(r.id for r in ready)
        left = [r for r in left if r.id not in done]
    known = {r.id: r for r in requirements}
    return [known[i] for i in done]


@dataclass(frozen=True)
class _Ground:
    """All that a step is made from."""

    spec: Spec
    profile: RepositoryProfile
    workflow_ceiling: Capabilities
    policy: Policy
    files: frozenset[str]
    models: tuple[str, ...]
    limits: Mapping[str, float]

    @cached_property
    def ceiling(self) -> Capabilities:
        return capabilities.lowered(capabilities.meet(self.policy.ceiling, self.workflow_ceiling), self.limits)

    @cached_property
    def protected(self) -> tuple[str, ...]:
        return (*PROTECTED, *self.policy.protected_paths, *self.profile.protected)

    @cached_property
    def directories(self) -> frozenset[str]:
        found: set[str] = set()
        for path in self.files:
            parts = path.split("/")[:-1]
            found.update("/".join(parts[:n]) for n in range(1, len(parts) + 1))
        return frozenset(found)

    def step(self, requirement: Requirement, ids: dict[RequirementId, StepId], problems: list[Problem]) -> Step | None:
        before = len(problems)
        write = self._named(requirement, problems) if requirement.where else self._inferred(requirement, problems)
        acceptance = tuple(self._acceptance(requirement, problems))
        egress = tuple(self._egress(requirement, problems))
        if len(problems) > before:
            return None
        exact = (p.glob for p in write if globs.is_exact(p.glob) and protects(self.protected, p.glob))
        least = {"write": tuple(p.glob for p in write), "write_protected": tuple(exact)}
        out = {"egress": egress, "secrets": (), "models": self.models, "data": self._data(requirement)}
        grant = self.ceiling.model_copy(update={**least, **out})
        return Step(
            id=ids[requirement.id],
            title=requirement.title or _begin(requirement.statement),
            requirements=(requirement.id,),
            depends_on=tuple(ids[d] for d in requirement.depends_on if d in ids),
            instruction=instruction(requirement, self.spec),
            write=write,
            acceptance=acceptance,
            capabilities=grant,
            budget=Budget(attempts=_ATTEMPTS, wall_seconds=_ATTEMPTS * grant.limits.wall_seconds),
            alone=not requirement.where,
        )

    def _named(self, requirement: Requirement, problems: list[Problem]) -> tuple[WritePath, ...]:
        """The spec's own paths. A directory of the base tree means everything below it."""
        found: dict[str, WritePath] = {}
        for declared in requirement.where:
            glob = declared.value
            if glob not in self.files and glob.rstrip("/") in self.directories:
                glob = f"{glob.rstrip('/')}/**"
            reason = self._refused(glob)
            if reason:
                problems.append((reason[0], f"{self._place(declared)}: {reason[1]}"))
            found.setdefault(glob, WritePath(glob=glob, source=self._from_spec(declared)))
        return tuple(found.values())

    def _refused(self, glob: str) -> Problem | None:
        wrong = globs.refusal(glob)
        if wrong:
            return "PLAN013", f"the path {glob} {wrong}."
        if any(globs.subsumes(fold(p), fold(glob)) for p in FORBIDDEN):
            return "PLAN013", f"{glob} is never an agent's to write; a person changes it."
        if not globs.below([glob], self.policy.ceiling.write) or not globs.below([glob], self.workflow_ceiling.write):
            return "PLAN013", f"writing {glob} is not provably within the ceiling of policy and workflow."
        if globs.is_exact(glob):
            if protects(self.protected, glob) and not globs.below([glob], self.ceiling.write_protected):
                return "PLAN013", f"{glob} is protected, and policy or workflow lets no step write it."
        elif any(globs.subsumes(fold(p), fold(glob)) for p in self.protected):
            return "PLAN014", f"everything in {glob} is protected; name each file exactly."
        return None

    def _inferred(self, requirement: Requirement, problems: list[Problem]) -> tuple[WritePath, ...]:
        """Nobody named a path: the profile's roots, as far as the ceiling goes. Protected paths stay closed."""
        offers = [
            WritePath(glob=glob, source=Source(kind=SourceKind.INFERRED, place=f"profile {name}"))
            for name in ("source_roots", "test_roots")
            for glob in self._root_globs(getattr(self.profile, name))
        ]
        found = {path.glob: path for path in reversed(offers) if globs.below([path.glob], self.ceiling.write)}
        if not found:
            place = f"{self.spec.path}:{requirement.span.line}"
            why = "the profile has no source root" if not offers else "the ceiling closes the profile's roots"
            problems.append(
                ("PLAN012", f"{place}: nothing says where {requirement.id} may write: no *Where*, and {why}.")
            )
        return tuple(reversed(found.values()))

    def _root_globs(self, roots: Sequence[str]) -> Iterator[str]:
        for root in roots:
            exact = root in self.files
            if not (exact and protects(self.protected, root)):
                yield root if exact else f"{root.rstrip('/')}/**"

    def _acceptance(self, requirement: Requirement, problems: list[Problem]) -> Iterator[Acceptance]:
        seen: set[tuple[str, ...]] = set()
        for declared in requirement.verify_by:
            try:
                argv = split_command(declared.value)
            except ValueError as error:
                problems.append(("PLAN016", f"{self._place(declared)}: the command cannot be run: {error}."))
                continue
            if argv not in seen:
                seen.add(argv)
                yield Acceptance(argv=argv, source=self._from_spec(declared))
        if self.profile.test and self.profile.test not in seen:
            yield Acceptance(argv=self.profile.test, source=Source(kind=SourceKind.PROFILE, place="profile test"))

    def _egress(self, requirement: Requirement, problems: list[Problem]) -> Iterator[Egress]:
        """The hosts that the spec names, each as narrow as the ceiling's rules for it."""
        for declared in requirement.reaches:
            rules = meet([reached(declared.value)], self.ceiling.egress)
            if not rules:
                text = f"{self._place(declared)}: reaching {declared.value} is not within the ceiling."
                problems.append(("PLAN023", text))
            yield from rules

    def _data(self, requirement: Requirement) -> DataClass:
        """Restricted when the requirement says so, or when the step gets to see a path that is."""
        if requirement.data is DataClass.RESTRICTED:
            return DataClass.RESTRICTED
        return data_class(self.ceiling, self.profile, self.files)

    def _from_spec(self, declared: Declared) -> Source:
        return Source(kind=SourceKind.SPEC, place=self._place(declared))

    def _place(self, declared: Declared) -> str:
        return f"{declared.span.path or self.spec.path}:{declared.span.line}"


def _begin(statement: str) -> str:
    return shorten(statement.split("\n", maxsplit=1)[0], _TITLE_CHARACTERS, placeholder=" …")
