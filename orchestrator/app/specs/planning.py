"""A plan on its own: made, saved, read back."""

from __future__ import annotations

from pathlib import Path

from pydantic import ValidationError

from orchestrator.app.base import read_base
from orchestrator.app.files import read_file
from orchestrator.app.project import Project
from orchestrator.app.runs.choosing import read_limits
from orchestrator.app.runs.start import base_and_target
from orchestrator.app.specs.files import read_again
from orchestrator.app.specs.model_planning import PlannerChoice, plan_with_model
from orchestrator.app.specs.replanning import only_changed
from orchestrator.app.trees import open_trees
from orchestrator.app.wiring import open_workflow, plan_for
from orchestrator.errors import UsageError
from orchestrator.models.ids import Digest
from orchestrator.models.plan import Plan, ReviewMode
from orchestrator.models.run import RunSettings


def plan_spec(
    project: Project,
    spec: Path,
    *,
    workflow: str,
    review: ReviewMode,
    target: str | None,
    trust: Digest | None,
    model: str = "",
    limits: tuple[str, ...] = (),
    planner: PlannerChoice | None = None,
    changed: bool = False,
) -> Plan:
    """The plan of a spec on the present base. Asks no engine, and does not look ``model`` up.

    ``changed``: only of what is not built yet as it stands; raises as
    :func:`~orchestrator.app.specs.replanning.only_changed` then.

    ``planner`` has a model refine it; raises as
    :func:`~orchestrator.app.specs.model_planning.plan_with_model` then.
    """
    parsed, _ = read_again(spec, project)
    commit, ref = base_and_target(project, target)
    with open_trees(project) as trees:
        base = read_base(project, trees, commit, trust)
        settings = RunSettings(agent="", model=model, review=review, limits=read_limits(limits))
        process = open_workflow(workflow)
        made = plan_for(trees, base, parsed, process, target=ref, settings=settings)
        made = only_changed(project, parsed, made) if changed else made
        if planner is None:
            return made
        paths = [entry.path for entry in trees.entries(trees.tree_of(commit))]
        ceilings = [base.chain.current.ceiling, process.ceiling]
        return plan_with_model(project, made, parsed, ceilings, paths, planner)


def save_plan(plan: Plan, path: Path) -> None:
    """Canonical JSON. Raises as :func:`save`."""
    save(path, plan.to_bytes() + b"\n")


def save(path: Path, data: bytes) -> None:
    """Raises ``UsageError`` (PLAN020) when the file cannot be written."""
    try:
        path.write_bytes(data)
    except OSError as problem:
        raise UsageError("PLAN020", f"{path} cannot be written: {problem.strerror}.", "check the path") from problem


def read_plan(path: Path) -> Plan:
    """Raises ``UsageError`` (PLAN021) for a file that is no plan. Whether it fits the repository is not checked."""
    try:
        return Plan.model_validate_json(read_file(path))
    except ValidationError as problem:
        raise UsageError("PLAN021", f"{path} is no plan.", "make one with handrail plan SPEC -o FILE") from problem


def planned_spec(project: Project, plan: Plan) -> Path:
    """Where the plan's spec lies: in the work tree, else below the current folder; not checked to be the same."""
    from orchestrator.vcs.repository import work_tree

    top = work_tree(project.repository)
    inside = top / plan.spec_path if top else None
    return inside if inside and inside.is_file() else Path(plan.spec_path)
