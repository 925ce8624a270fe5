"""``handrail runs``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.options import as_json, repository
from orchestrator.cli.telling import note, print_json, table


@click.command(help="List the runs of this repository, or all batches, newest first.")
@click.option("--batches", is_flag=True, help="List batches, of whatever repositories, instead.")
@repository
@as_json
def command(batches: bool, repo: Path, json_: bool) -> None:
    if batches:
        _batches(json_=json_)
        return
    from orchestrator.app.project import open_project
    from orchestrator.app.runs import listing

    with open_project(repo) as project:
        rows = listing.rows(project)
    if json_:
        print_json("runs", {"runs": rows})
    elif rows:
        table(
            ("RUN", "STATUS", "SPEC", "MESSAGE"), [(r["id"], r["status"], r["spec_path"], r["message"]) for r in rows]
        )
    else:
        note("No runs yet. Try: handrail run SPEC")


def _batches(*, json_: bool) -> None:
    from orchestrator.app.batches.listing import rows

    found = rows()
    if json_:
        print_json("batches", {"batches": found})
    elif found:
        standing = (", ".join(f"{n} {name}" for name, n in sorted(b["standing"].items())) for b in found)
        table(
            ("BATCH", "CREATED", "RUNS"),
            [(b["batch"], b["created_at"], s) for b, s in zip(found, standing, strict=True)],
        )
    else:
        note("No batches yet. Try: handrail run SPEC SPEC…")
