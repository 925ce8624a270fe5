"""``handrail prd export``."""

from __future__ import annotations

from pathlib import Path

import click

from orchestrator.cli.prd.rows import as_format, spec_format
from orchestrator.cli.telling import note, say


@click.command(help="Write a spec in another form. What that form cannot carry is refused, never lost.")
@click.argument("spec", type=click.Path(path_type=Path))
@click.option("--to", type=click.Choice(["feature", "spec-kit", "ears"]), default="feature", show_default=True)
@click.option("-o", "output", type=click.Path(path_type=Path), help="Write to this file (default: stdout).")
@spec_format
def export(spec: Path, to: str, output: Path | None, spec_format: str | None) -> None:
    from orchestrator.app.specs.checking import export_file, replace_file

    text = export_file(spec, to, as_format(spec_format))
    if output is None:
        say(text.rstrip("\n"))
        return
    replace_file(output, text.encode())
    note(f"Saved {output}. Try: handrail prd check {output}")
