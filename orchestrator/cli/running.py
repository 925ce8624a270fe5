"""What ``run``, ``apply`` and ``resume`` share: ask the person at the terminal, tell how it ended, exit accordingly."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from orchestrator.cli.options import digest, interactive
from orchestrator.cli.telling import note, print_json
from orchestrator.errors import ExitCode
from orchestrator.models.ids import Digest

if TYPE_CHECKING:
    from orchestrator.app.project import Project
    from orchestrator.engine.run import Waiting
    from orchestrator.models.decision import ReviewItem
    from orchestrator.models.run import Run

_LATELY = timedelta(hours=1)
F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--key", type=click.Path(path_type=Path), help="The signing key (default: your own)."),
    click.option("--trust", help="Trust the .handrail folder with this digest (for CI)."),
    click.option("--approve-plan", is_flag=True, help="Sign the plan's approval without looking at it here."),
)


_WORK = (
    click.option("--agent", help="The coding agent that implements the steps."),
    click.option("--model", help="The model that it asks, as ENDPOINT/MODEL (default: the role coder's)."),
    click.option("--script", type=click.Path(path_type=Path), help="The scripted agent's file of actions."),
    click.option("--escalate", help="AGENT[:ENDPOINT/MODEL] that takes a step over after failures."),
    click.option("--escalate-after", type=click.IntRange(1, 19), help="After how many failed attempts (default: 2)."),
    click.option("--tester", help="AGENT[:ENDPOINT/MODEL] that writes the tests in the test-first lane."),
    click.option("--max-parallel", type=click.IntRange(1, 64), help="Steps worked on at once (default: 2)."),
    click.option(
        "--limit", "limits", multiple=True, help="A ceiling for each step, such as tokens=100000. Repeatable."
    ),
    click.option("--budget-tokens", type=click.IntRange(0), help="A ceiling of tokens for the whole run."),
    click.option("--budget-usd", type=click.FloatRange(0), help="A ceiling of money for the whole run."),
    click.option("--budget-seconds", type=click.IntRange(1), help="A ceiling of the agents' time in the whole run."),
    click.option("--record", is_flag=True, help="Keep what models said, so that the run can be replayed."),
    click.option("--replay", help="Answer from the recordings of this run; no model is asked."),
    click.option(
        "--wheelhouse",
        type=click.Path(path_type=Path),
        help="A folder of packages instead of any index: for the environment, and read-only for the steps.",
    ),
    click.option("--image", help="A sandbox image by its id (default: the one that `sandbox build` made)."),
    click.option("--runtime", help="A container runtime that the engine has, such as runsc."),
    click.option("--osv", metavar="FILE", help="An OSV export in which gates look for known vulnerabilities."),
)


def work_options(function: F) -> F:
    """Options of every command that begins a run. ``None`` leaves it to the preferences."""
    for option in reversed(_WORK):
        function = option(function)
    return function


def owner_options(function: F) -> F:
    """Options of every command that advances a run."""
    for option in _OPTIONS:
        function = option(function)
    return function


def risk_option(function: F) -> F:
    """``--accept-risk``, on commands that a run of one's own begins or goes on with."""
    words = "Go on without a protection that the policy lists as sandbox:NAME; it stands in the evidence. Repeatable."
    metavar = "PROTECTION:OWNER:DATE"
    return click.option("--accept-risk", multiple=True, metavar=metavar, help=words)(function)


def advance(
    project: Project,
    run: Run,
    *,
    key: Path | None,
    trust: str | None,
    approve_plan: bool,
    no_input: bool,
    json_: bool,
    executor: str = "local",
    needs: tuple[str, ...] = (),
) -> NoReturn:
    """Advance the run and leave with its exit code."""
    from orchestrator.app.runs import listing
    from orchestrator.app.runs.start import go_on
    from orchestrator.engine.run import Waiting

    trusted = digest(trust)
    if executor == "cluster" or needs:
        _send(project, run, key=key, trust=trusted, approve_plan=approve_plan, json_=json_, where=(executor, needs))

    def ask(item: ReviewItem) -> None:
        _ask(project, run, item, key=key, trust=trusted, approve_plan=approve_plan, no_input=no_input or json_)

    if not json_:
        note(f"Run {run.id}")
    result = go_on(project, run, key=key, trust=trusted, ask=ask, say=note)
    if json_:
        print_json("run", {"runs": [listing.one(project, run.id)]})
    if isinstance(result, Waiting):
        _tell_waiting(project, run, result)
        sys.exit(ExitCode.WAITING)
    for step, (status, why) in result.steps.items():
        note(f"{step} {status}" + (f": {why.splitlines()[0]}" if why and status != "merged" else ""))
    if run.spec_path.endswith("process.md"):
        more = (
            f"handrail merge {run.id}"
            if "merged" in {s for s, _ in result.steps.values()}
            else f"handrail show {run.id}"
        )
        note(f"{run.spec_path}: the process came to its end: {project.index.run(run.id).message}. Try: {more}")
    elif result.exit_code == ExitCode.DONE:
        note(f"Done. The changes are on {run.run_ref}. Try: handrail merge {run.id}")
    else:
        note(f"Nothing of this reached {run.target_ref}. Try: handrail show {run.id}")
    sys.exit(result.exit_code)


def _send(
    project: Project,
    run: Run,
    *,
    key: Path | None,
    trust: Digest | None,
    approve_plan: bool,
    json_: bool,
    where: tuple[str, tuple[str, ...]],
) -> NoReturn:
    """Have a worker advance the run, and leave with its exit code."""
    from orchestrator.app.runs import listing
    from orchestrator.app.signals import interruptible
    from orchestrator.cli.batching import executor_of
    from orchestrator.ports import RunJob

    place, signing = str(project.repository.folder), str(key.resolve()) if key else ""
    job = RunJob(place, run.id, key=signing, trust=trust or "", approve_plan=approve_plan)
    note(f"Run {run.id}")
    with interruptible(), executor_of(*where, 1) as executor:
        executor.submit(job)
        while not (ends := executor.wait(1.0)):
            pass
    end = ends[0]
    if json_:
        print_json("run", {"runs": [listing.one(project, run.id)]})
    message = end.message or project.index.run(run.id).message
    note(f"{end.code} {message}".strip() or f"Run {run.id} ended with {end.exit_code}.")
    sys.exit(end.exit_code)


_HOW = {
    "answers": "handrail answer {run} {names}",
    "task": "handrail review approve {item} --reason NOTE when it is done, or reject it",
    "event": "handrail review approve {item} when it has happened",
}


def _tell_waiting(project: Project, run: Run, result: Waiting) -> None:
    from orchestrator.app.runs.handing import asks_for_a_change, names_asked

    for item in result.items:
        article = "an" if item.role[:1] in set("aeiou") else "a"
        note(f"Run {run.id} waits for {article} {item.role}: {item.title}{_number(project, item)}")
        how = _HOW.get(item.kind, "handrail review show {item}, then approve or reject it")
        if asks_for_a_change(project, run, item):
            how = "handrail answer {run} --change REVISION, with a commit of yours"
        names = names_asked(project, run, item)
        note(f"Try: {how.format(run=run.id, item=item.id, names=names)}, then: handrail resume {run.id}")
    if result.due_at is None:
        return
    due = result.due_at.isoformat(timespec="seconds")
    note(f"A timer of it is due at {due}." if result.items else f"Run {run.id} waits until {due}.")
    if not result.items:
        note(f"Try: handrail resume {run.id}, from then on")
    seen = project.timers.last_tick()
    if seen is None or project.clock.now() - seen > _LATELY:
        note("Nothing here fires timers by itself. Try: a line in crontab, * * * * * handrail tick --repo FOLDER")


def _number(project: Project, item: ReviewItem) -> str:
    """How many have to approve, where it is more than one, and how many have signed so far."""
    if item.threshold == 1:
        return ""
    return f" ({item.threshold} have to approve, {len(project.index.decisions(item.id))} signed so far)"


def _ask(
    project: Project,
    run: Run,
    item: ReviewItem,
    *,
    key: Path | None,
    trust: Digest | None,
    approve_plan: bool,
    no_input: bool,
) -> None:
    from orchestrator.app.review.queue import approve_plan as sign
    from orchestrator.app.review.queue import open_reviews

    if approve_plan and sign(project, run, item, key=key, trust=trust):
        return
    if interactive(no_input):
        from orchestrator.app.review.desk import Desk
        from orchestrator.tui.app import HandrailApp

        with open_reviews(project, run, key=key, trust=trust) as reviews:
            HandrailApp(reviews, item.id, only=True, desk=Desk(project)).run()
