"""``handrail worker``."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import click

from orchestrator.cli.options import as_json, digest
from orchestrator.cli.telling import note, print_json, table


@click.group(invoke_without_command=True, help="Advance runs of a cluster on this machine, until told to stop.")
@click.option(
    "--repo", "repos", type=click.Path(path_type=Path), multiple=True, help="A repository to serve (default: here)."
)
@click.option("--label", "labels", multiple=True, help="What this machine has, such as docker, runsc, gpu. Repeatable.")
@click.option("--jobs", type=click.IntRange(1, 64), default=1, show_default=True, help="Runs advanced at once.")
@click.option("--key", type=click.Path(path_type=Path), help="The worker's own signing key (default: your own).")
@click.option("--trust", help="Trust the .handrail folder with this digest.")
@click.pass_context
def command(
    ctx: click.Context, repos: tuple[Path, ...], labels: tuple[str, ...], jobs: int, key: Path | None, trust: str | None
) -> None:
    if ctx.invoked_subcommand is not None:
        return
    from orchestrator.app.cluster.settings import required

    required()
    from orchestrator.app.cluster.enrolling import enrolled
    from orchestrator.app.cluster.worker import ClusterWorker

    settings = enrolled(repos or (Path(),), labels, jobs=jobs, key=key, trust=digest(trust))
    logging.getLogger("procrastinate").setLevel(logging.CRITICAL)  # what it says the loops say, a line each
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)
    note(f"Serves {', '.join(settings.repositories)} with {', '.join(settings.labels) or 'no label'}, {jobs} at once.")
    asyncio.run(ClusterWorker(settings, note).serve())


@command.command(help="Who works in this cluster, and what waits for whom.")
@as_json
def status(json_: bool) -> None:
    from orchestrator.app.cluster.settings import required

    required()
    from orchestrator.app.cluster.status import status as look

    found = look()
    if json_:
        print_json("cluster-status", found)
        return
    rows = [(w["name"], "yes" if w["alive"] else "no", str(w["jobs"]), " ".join(w["serves"])) for w in found["workers"]]
    table(("WORKER", "ALIVE", "JOBS", "SERVES"), rows)
    waits = [
        (q["repository"], " ".join(q["needs"]), str(q["waiting"]), str(q["running"]), "yes" if q["served"] else "NO")
        for q in found["queues"]
    ]
    table(("REPOSITORY", "NEEDS", "WAITING", "RUNNING", "SERVED"), waits)
