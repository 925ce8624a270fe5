"""``handrail attest``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import note, print_json, say


@click.command(help="Run gates and acceptance of merged commits again, and countersign them with this key.")
@click.option("--recheck", "commits", multiple=True, required=True, metavar="COMMIT", help="A commit (repeatable).")
@click.option("--key", type=click.Path(path_type=Path), help="The key of a runner, held elsewhere than the author's.")
@click.option("--trust", help="The digest of the .handrail folder that is trusted (CI).")
@repository
@as_json
def command(commits: tuple[str, ...], key: Path | None, trust: str | None, repo: Path, json_: bool) -> None:
    from orchestrator.app.evidence.rechecking import recheck
    from orchestrator.app.project import open_project
    from orchestrator.errors import ExitCode
    from orchestrator.models.found import Result

    with open_project(repo) as project:
        done = recheck(project, commits, key=key, trust=digest(trust), say=note)
    if json_:
        rows = [
            {
                "commit": d.commit,
                "result": d.result,
                "independent": d.independent,
                "gates": {r.gate: r.result for r in d.gates},
                "acceptance": d.acceptance.result if d.acceptance else None,
            }
            for d in done
        ]
        print_json("attest", {"commits": rows})
    else:
        for d in done:
            gates = " ".join(f"{r.gate}={r.result}" for r in d.gates)
            tested = f"acceptance={d.acceptance.result}" if d.acceptance else "no acceptance command"
            who = "independent" if d.independent else "not independent: the author's own custody"
            say(f"{d.commit[:12]} {d.result} {gates} {tested}; {who}")
    good = all(d.result in {Result.PASSED, Result.NEEDS_PERSON} for d in done)
    sys.exit(int(ExitCode.DONE if good else ExitCode.GATE_REFUSED))
