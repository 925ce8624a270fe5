"""``handrail workflow``: list and check workflows."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import print_json, say


@click.group(help="List and check workflows.")
def command() -> None: ...


@command.command("list", help="List the workflows that this installation brings.")
@as_json
def list_(json_: bool) -> None:
    from orchestrator.assets.find import workflow_ids

    if json_:
        print_json("workflows", {"workflows": list(workflow_ids())})
    else:
        say("\n".join(workflow_ids()))


@command.command(
    help="Check a workflow.yaml with the process.md beside it: complete, connected, nothing merged unseen."
)
@click.argument("path", type=click.Path(path_type=Path))
@as_json
def check(path: Path, json_: bool) -> None:
    from orchestrator.app.start import read_file
    from orchestrator.workflows.load import load_workflow

    found = load_workflow(read_file(path), read_file(path.parent / "process.md"), str(path))
    if json_:
        print_json("workflow", {"id": found.id, "digest": found.digest(), "nodes": len(found.nodes), "problems": []})
    else:
        say(f"{path}: {len(found.nodes)} nodes; no path merges a change without gates, tests and a reviewer.")
