"""``handrail report RUN``: a page to send."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json
from orchestrator.errors import UsageError


@click.command(help="Write one page that tells a run to people who were not there (default: the newest run).")
@click.argument("run", required=False)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="The file to write (default: RUN.html).")
@repository
@as_json
def command(run: str | None, output: Path | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.reporting import report
    from orchestrator.app.runs import resolve

    with open_project(repo) as project:
        found = resolve(project, run)
        body = report(project, found)
    if json_:
        print_json("report", body)
    if output is not None or not json_:
        _write(output or Path(f"{found.id}.html"), body)


def _write(path: Path, body: dict[str, object]) -> None:
    from orchestrator.render.run_page import run_page

    try:
        path.write_text(run_page(body), encoding="utf-8")
    except OSError as error:
        raise UsageError("RUN011", f"{path} cannot be written: {error.strerror}.", "name another file") from error
    note(f"Written: {path}")
