"""Where each step of a run stands, for who follows requirements to code: commit, files, tests, approvers."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from orchestrator.app.observe.decided import Told, decided_in
from orchestrator.app.observe.reporting import acceptance_of, sheets_of
from orchestrator.app.project import Project
from orchestrator.app.trust.policies import chain_at
from orchestrator.models.decision import ON_A_CHANGE, SubjectKind, Verdict
from orchestrator.models.ids import RequirementId
from orchestrator.models.plan import Plan, Step
from orchestrator.models.review import ChangeSheet
from orchestrator.models.run import Run
from orchestrator.models.spec import Spec


@dataclass(frozen=True, slots=True)
class Stood:
    """Where a step stood. ``commit`` is empty until it is merged; ``texts`` are digests of what was asked then.

    ``tests`` are command and what it shows; ``approvers`` only people whose signature holds. ``after`` are the
    requirements of the steps that ``planned``, the step as it was planned, depended on.
    """

    run: str
    step: str
    status: str
    commit: str
    at: datetime
    requirements: tuple[str, ...]
    texts: Mapping[str, str]
    files: tuple[str, ...]
    tests: tuple[tuple[str, str], ...]
    approvers: tuple[str, ...]
    planned: Step
    after: frozenset[RequirementId]

    def as_body(self) -> dict[str, Any]:
        """For ``--json``."""
        tests = [{"command": command, "shows": shows} for command, shows in self.tests]
        return {
            "run": self.run,
            "step": self.step,
            "status": self.status,
            "commit": self.commit or None,
            "at": self.at.isoformat(),
            "files": list(self.files),
            "tests": tests,
            "approvers": list(self.approvers),
        }


def stood(project: Project, run: Run) -> tuple[Stood, ...]:
    """Every step of a run's plan, without asking whether its evidence holds; none for a run without a plan."""
    events = tuple(event for _, event in project.index.events(run.id))
    told = Told(project, run, events, chain_at(project, run.base_commit).keys())
    plan, spec = told.load(Plan, run.plan), told.load(Spec, run.spec)
    if plan is None:
        return ()
    decided, sheets = decided_in(told), sheets_of(told)
    texts: dict[str, str] = {r.id: r.text_digest for r in spec.requirements} if spec else {}
    whole = [d for d in decided.get("", []) if d["kind"] == SubjectKind.RUN]
    owners = {step.id: step.requirements for step in plan.steps}
    return tuple(
        _stood(
            told,
            step,
            sheets.get(step.id),
            [*decided.get(step.id, []), *whole],
            {key: text for key, text in texts.items() if key in step.requirements},
            frozenset(r for d in step.depends_on for r in owners[d]) | _kept_before(plan, spec, step),
        )
        for step in plan.steps
    )


def _kept_before(plan: Plan, spec: Spec | None, step: Step) -> frozenset[RequirementId]:
    """What a step depends on in the spec and needed no step, since it was kept."""
    kept = {one.requirement for one in plan.kept}
    own = [r for r in spec.requirements if r.id in step.requirements] if spec and kept else []
    return frozenset(target for r in own for target in r.depends_on if target in kept)


def _stood(  # noqa: PLR0917  what was found of one step
    told: Told,
    step: Step,
    sheet: ChangeSheet | None,
    decided: list[dict[str, Any]],
    texts: Mapping[str, str],
    after: frozenset[RequirementId],
) -> Stood:
    ends = [e for e in told.events if e.step == step.id and e.kind.startswith("step-")]
    landed = [e for e in ends if e.data.get("commit")]
    names = [d["reviewer"] for d in decided if d["verdict"] == Verdict.APPROVE and d["kind"] in ON_A_CHANGE]
    return Stood(
        run=told.run.id,
        step=step.id,
        status=ends[-1].kind.removeprefix("step-") if ends else "pending",
        commit=str(landed[-1].data["commit"]) if landed else "",
        at=landed[-1].at if landed else told.run.created_at,
        requirements=tuple(step.requirements),
        texts=texts,
        files=tuple(f.path for f in sheet.change.files) if sheet else (),
        tests=tuple((shlex.join(a["argv"]), a["shows"]) for a in acceptance_of(sheet)),
        approvers=tuple(dict.fromkeys(names)),
        planned=step,
        after=after,
    )
