"""``handrail report``: a page to send, of a run, of a batch, or of what a team did lately."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, say
from orchestrator.errors import UsageError


@click.command(help="Write one page that tells a run to people who were not there (default: the newest run).")
@click.argument("run", required=False)
@click.option("--batch", metavar="BATCH", help="Instead of a run: all runs of a batch, with what verify says of each.")
@click.option("--since", metavar="30d", help="Instead of a run: what the team did since then (12h, 30d, 4w, or a day).")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write (default: RUN.html).")
@repository
@as_json
def command(
    run: str | None, batch: str | None, since: str | None, output: Path | None, repo: Path, json_: bool
) -> None:
    if sum(name is not None for name in (run, batch, since)) > 1:
        raise UsageError("RUN015", "Say a run, --batch or --since: one of them.", "handrail report --help")
    if batch is not None or since is not None:
        _many(batch, since, output, repo, json_=json_)
        return
    from orchestrator.app.observe.reporting import report
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.listing import resolve
    from orchestrator.render.run_page import run_page

    with open_project(repo) as project:
        found = resolve(project, run)
        body = report(project, found)
    if json_:
        print_json("report", body)
    if output is not None or not json_:
        _write(output or Path(f"{found.id}.html"), run_page, body)


def _many(batch: str | None, since: str | None, output: Path | None, repo: Path, *, json_: bool) -> None:
    """Figures on stdout, and with ``-o`` as a page."""
    from orchestrator.app.observe.team import of_batch, of_team, read_since
    from orchestrator.app.project import open_project
    from orchestrator.render.team_page import lines, team_page

    if batch is not None:
        body = of_batch(batch)
    else:
        with open_project(repo) as project:
            body = of_team(project, read_since(str(since), project.clock.now()))
    if json_:
        print_json("team-report", body)
    elif output is None:
        say("\n".join(line.rstrip() for line in lines(body)))
    if output is not None:
        _write(output, team_page, body)


def _write(path: Path, page: Callable[[dict[str, Any]], str], body: dict[str, Any]) -> None:
    try:
        path.write_text(page(body), encoding="utf-8")
    except OSError as error:
        raise UsageError("RUN011", f"{path} cannot be written: {error.strerror}.", "name another file") from error
    note(f"Written: {path}")
