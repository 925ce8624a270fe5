"""``handrail plan SPEC``."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import note, print_json, say, table

if TYPE_CHECKING:
    from orchestrator.app.specs.model_planning import PlannerChoice
    from orchestrator.models.plan import Plan
    from orchestrator.planning.rows import PlanRow

_OF_THE_PLAN = ("PRD032", "PRD036", "PRD037", "PRD038")
"""Remarks that say what the plan may lack, or hold twice."""


@click.command(help="Plan a spec: steps, grants, commands, and where each came from. Nothing runs.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("-o", "output", type=click.Path(path_type=Path), help="Save the plan for `handrail apply`.")
@click.option("--changed", is_flag=True, help="Only what has changed since it was built; the rest is kept.")
@click.option("--workflow", default="prd-to-code", show_default=True)
@click.option("--review", type=click.Choice(["each-step", "end-of-run"]), default="each-step", show_default=True)
@click.option("--target", help="The branch that the changes are for (default: the one checked out).")
@click.option("--model", default="", help="The model to grant to the steps, as ENDPOINT/MODEL.")
@click.option("--planner", type=click.Choice(["rules", "model"]), default="rules", show_default=True)
@click.option("--planner-model", default="", help="ENDPOINT/MODEL that refines the plan (default: the role's).")
@click.option("--record", type=click.Path(path_type=Path), help="Keep what the planning model said in this file.")
@click.option("--replay", type=click.Path(path_type=Path), help="Plan with such a file in the model's place, offline.")
@click.option("--limit", "limits", multiple=True, help="A ceiling for each step, such as tokens=100000. Repeatable.")
@click.option("--trust", help="Trust the .handrail folder with this digest (for CI).")
@repository
@as_json
def command(
    spec: Path,
    output: Path | None,
    changed: bool,
    workflow: str,
    review: str,
    target: str | None,
    model: str,
    planner: str,
    planner_model: str,
    record: Path | None,
    replay: Path | None,
    limits: tuple[str, ...],
    trust: str | None,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.specs.planning import plan_spec, save_plan
    from orchestrator.models.plan import ReviewMode

    with open_project(repo) as project:
        plan = plan_spec(
            project,
            spec,
            workflow=workflow,
            review=ReviewMode(review),
            target=target,
            trust=digest(trust),
            model=model,
            limits=limits,
            planner=_planner(planner, planner_model, record, replay),
            changed=changed,
        )
    if output:
        save_plan(plan, output)
        note(f"Saved {output}. Try: handrail apply {output}")
    if json_:
        print_json("plan", {**plan.model_dump(mode="json"), "digest": plan.digest()})
        return
    _print(plan)
    _tell_spec(spec)
    if not output:
        note(f"Nothing has run. Try: handrail run {spec}")


def _print(plan: Plan) -> None:
    """For people: each step with its grants and commands, and what is kept of earlier runs."""
    from orchestrator.planning.rows import plan_rows, shared_rows

    rows = plan_rows(plan)
    groups = shared_rows(rows)
    apart = {group.row.step for group in groups if len(group.steps) == 1}
    for row in rows:
        after = f", after {', '.join(row.depends_on)}" if row.depends_on else ""
        say(f"{row.step} {row.title} ({', '.join(row.requirements)}){after}")
        if row.step in apart:
            _grants(row)
    for group in groups:
        if len(group.steps) > 1:
            say(f"\n{group.named}, each:")
            _grants(group.row)
    for one in plan.kept:
        say(f"kept {one.requirement}: {one.step} of {one.run} ({one.commit[:12]}), by {', '.join(one.approvers)}")


def _grants(row: PlanRow) -> None:
    table(
        ("", "WHAT", "VALUE", "SOURCE"),
        [
            *(("", "may write", glob, source) for glob, source in row.write),
            *(("", "must pass", argv, source) for argv, source in row.acceptance),
        ],
    )
    for remark in row.notes:
        say(f"  note: {remark}")
    say("")


def _tell_spec(path: Path) -> None:
    """What is no step: what each step is told, and what the reading of the spec was not sure of."""
    from orchestrator.app.specs.files import read_spec

    found, _ = read_spec(path)
    told = [
        f"{what} ({', '.join(r.aliases[0] for r in held)})"
        for what, held in (("holds", found.throughout), ("is left out", found.non_goals))
        if held
    ]
    if told:
        say(f"Each step is also told what {' and what '.join(told)}. See: handrail prd show {path}")
    for problem in found.warnings:
        if problem.code in _OF_THE_PLAN:
            note(str(problem))


def _planner(planner: str, model: str, record: Path | None, replay: Path | None) -> PlannerChoice | None:
    from orchestrator.app.files import read_file
    from orchestrator.app.specs.model_planning import PlannerChoice
    from orchestrator.app.specs.planning import save
    from orchestrator.errors import UsageError

    if planner == "rules":
        if model or record or replay:
            text = "--planner-model, --record and --replay are for a plan that a model makes."
            raise UsageError("PLAN030", text, "add --planner model")
        return None
    return PlannerChoice(note, model, read_file(replay) if replay else None, partial(save, record) if record else None)
