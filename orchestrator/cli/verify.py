"""``handrail verify``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import print_json, say

if TYPE_CHECKING:
    from orchestrator.models.verification import Verification


@click.command(help="Check the evidence of merged changes, offline. Exit 9 when anything does not hold.")
@click.argument("head", default="HEAD")
@click.option("--base", help="Only commits that this one does not reach.")
@click.option("--root", help="The root of trust, from outside the repository (sha256:…).")
@click.option(
    "--bundle", type=click.Path(path_type=Path), help="Evidence from an exported file instead of the branches."
)
@click.option("--allow-self-asserted", is_flag=True, help="Accept that the repository vouches for itself.")
@repository
@as_json
def command(
    head: str,
    base: str | None,
    root: str | None,
    bundle: Path | None,
    allow_self_asserted: bool,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.start import read_file
    from orchestrator.app.verifying import verify_line

    with open_project(repo) as project:
        found = verify_line(
            project,
            head,
            base=base,
            root=digest(root),
            allow_self_asserted=allow_self_asserted,
            bundle=read_file(bundle) if bundle else None,
        )
    if json_:
        print_json("verification", {**found.model_dump(mode="json"), "human_approved": found.human_approved})
    else:
        _tell(found)
    sys.exit(found.exit_code)


def _tell(found: Verification) -> None:
    say(found.verdict)
    say(f"trust: {found.trust} (root {found.root}, policy version {found.policy_version})")
    for c in found.commits:
        gates = " ".join(f"{name}={result}" for name, result in sorted(c.gates.items()))
        people = ", ".join(c.reviewers) + ("" if c.human else " (not a person)")
        shown = "demonstrated" if c.demonstrated else "not demonstrated"
        say(f"{c.commit[:12]} {c.step} {' '.join(c.requirements)} by {c.agent}; {gates}; {shown}; {people}")
    for commit in found.unattested:
        say(f"{commit[:12]} unattested")
    for remark in found.notes:
        say(f"note: {remark}")
    for problem in found.problems:
        where = f"{problem.commit[:12]} " if problem.commit else ""
        say(f"{where}{problem.code} {problem.message}" + (f" Try: {problem.hint}" if problem.hint else ""))
