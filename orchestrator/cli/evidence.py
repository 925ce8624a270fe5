"""``handrail evidence``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import repository
from orchestrator.cli.telling import note


@click.group(help="Export evidence.")
def command() -> None: ...


@command.command(help="Write all statements to one file that can be carried anywhere (in-toto bundle, signed index).")
@click.option("-o", "output", type=click.Path(path_type=Path), default=Path("evidence.intoto.jsonl"), show_default=True)
@click.option("--key", type=click.Path(path_type=Path), help="The signing key (default: your own).")
@repository
def export(output: Path, key: Path | None, repo: Path) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.verifying import export as export_lines

    with open_project(repo) as project:
        data = export_lines(project, key)
    output.write_bytes(data)
    count = data.count(b"\n") - 1
    note(f"{output}: {count} statements.")
