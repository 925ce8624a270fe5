"""``handrail prd``: write, check, explain, show and compare specs. One file per sub-command."""

from __future__ import annotations

import click

from orchestrator.cli.prd.check import check
from orchestrator.cli.prd.clarify import clarify
from orchestrator.cli.prd.diff import diff
from orchestrator.cli.prd.explain import explain
from orchestrator.cli.prd.export import export
from orchestrator.cli.prd.new import new
from orchestrator.cli.prd.show import show


@click.group(help="Write, check, explain, show and compare specs.")
def command() -> None: ...


for part in (new, check, explain, clarify, show, diff, export):
    command.add_command(part)
