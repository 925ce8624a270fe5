"""``handrail resume RUN``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from orchestrator.cli import batching
from orchestrator.cli.options import as_json, digest, no_input, repository
from orchestrator.cli.running import advance, owner_options, risk_option

if TYPE_CHECKING:
    from orchestrator.app.project import Project
    from orchestrator.models.run import Run


@click.command(help="Go on with a run, or a whole batch, that waits for a person or was interrupted.")
@click.argument("run")
@click.option("--remote", help="Take the run over from this remote: nothing of it needs to be here.")
@click.option("--offline", is_flag=True, help="Do not ask the remote that the run was pushed to.")
@click.option("--keep-workflow", is_flag=True, help="Go on by the workflow that the run began with (after RUN005).")
@batching.telling_options
@batching.executor_options
@risk_option
@owner_options
@repository
@no_input
@as_json
def command(
    run: str,
    remote: str | None,
    offline: bool,
    keep_workflow: bool,
    repo: Path,
    accept_risk: tuple[str, ...],
    events: str | None,
    junit: Path | None,
    sarif: Path | None,
    **owner: Any,  # noqa: ANN401  click's own
) -> None:
    from orchestrator.app.batches import book
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.pausing import unpause
    from orchestrator.app.runs.risks import accept
    from orchestrator.app.workflows.kept import keep
    from orchestrator.errors import UsageError

    telling = {"events": events, "junit": junit, "sarif": sarif}
    if book.is_batch(run):
        if remote is not None or keep_workflow:
            raise UsageError("BAT007", "--remote and --keep-workflow are for one run.", f"handrail show {run}")
        _resume_batch(run, telling, accept_risk, offline=offline, **owner)
    if any(telling.values()):
        raise UsageError("BAT007", "--events, --junit and --sarif are for a batch.", f"handrail report {run}")
    with open_project(repo) as project:
        found = _found(project, run, remote, offline=offline, key=owner["key"], trust=owner["trust"])
        unpause(project, found.id)
        if keep_workflow:
            found = keep(project, found)
        advance(project, accept(project, found, accept_risk, digest(owner["trust"])), **owner)


def _resume_batch(
    name: str,
    telling: dict[str, Any],
    accept_risk: tuple[str, ...],
    *,
    offline: bool,
    **owner: Any,  # noqa: ANN401  the command's own options
) -> NoReturn:
    from orchestrator.app.batches import book
    from orchestrator.app.batches.beginning import accepting
    from orchestrator.app.batches.listing import unpause_all
    from orchestrator.app.batches.travelling import pull_all
    from orchestrator.cli.review.remote import tell_refused

    key, trust = owner["key"], owner["trust"]
    unpause_all(name)
    batch = accepting(book.load(name), accept_risk, digest(trust))
    for brought in () if offline else pull_all(batch, key, digest(trust)):
        tell_refused(brought)
    place, needs, json_ = owner["executor"], owner["needs"], owner["json_"]
    batching.conduct(batch, key=key, trust=trust, telling=telling, json_=json_, place=place, needs=needs)


def _found(
    project: Project, run: str, remote: str | None, *, offline: bool, key: Path | None, trust: str | None
) -> Run:
    """The run, with the decisions that have come to its remote."""
    from orchestrator.app.remotes import arriving, travel
    from orchestrator.app.remotes.post import Asked
    from orchestrator.cli.review.remote import tell_refused
    from orchestrator.models.ids import RunId
    from orchestrator.store.carrying import travelling

    name = RunId(run)
    if remote is not None:
        travel.take_over(project, name, Asked(remote, key, digest(trust)))
    found, known = project.index.run(name), travelling(project.index, name)
    if known is not None and known.held and not offline:
        brought = arriving.pull(project, name, Asked(known.remote, key, digest(trust)))
        tell_refused(brought)
    return found
