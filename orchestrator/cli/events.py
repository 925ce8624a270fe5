"""``handrail events RUN``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import repository
from orchestrator.cli.telling import note, print_line


@click.command(help="Print what happened in a run, one JSON object a line.")
@click.argument("run")
@click.option("--after", type=click.IntRange(min=0), default=0, help="Only events after this number.")
@click.option("--kind", "kinds", multiple=True, metavar="KIND", help="Only events of this kind; may be repeated.")
@click.option("--follow", is_flag=True, help="Go on until the run is over; Ctrl-C ends it before.")
@click.option("--otlp", metavar="URL", help="Send the run to this collector, as spans and metrics, and print nothing.")
@repository
def command(run: str, after: int, kinds: tuple[str, ...], *, follow: bool, otlp: str | None, repo: Path) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.runs import following
    from orchestrator.errors import UsageError
    from orchestrator.models.event import line
    from orchestrator.models.event_kinds import EventKind
    from orchestrator.models.ids import RunId

    known = {kind.value for kind in EventKind}
    if strange := sorted(set(kinds) - known):
        raise UsageError("RUN013", f"There is no kind of event {', '.join(strange)}.", "docs/reference/events.md")
    wanted = {EventKind(kind) for kind in kinds}
    with open_project(repo) as project:
        found = project.index.run(RunId(run)).id
        if otlp is not None:
            from orchestrator.app.observe.exporting import send

            note(f"{send(project, found, otlp)} spans were sent.")
            return
        read = following.follow if follow else following.so_far
        for number, event in read(project, found, after, wanted):
            print_line(line(number, event))
