"""``handrail incident``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import note, print_json, say
from orchestrator.errors import ExitCode, UsageError

_FILE = click.Path(path_type=Path)


@click.command(help="Collect all about a run in one archive without secrets, or check such an archive.")
@click.argument("run", required=False)
@click.option("-o", "--output", type=_FILE, help="The new file (default: incident-RUN.tar.gz).")
@click.option("--check", type=_FILE, help="Instead: check this archive.")
@click.option("--root", help="With --check: the root of trust, from outside (sha256:…).")
@click.option("--allow-self-asserted", is_flag=True, help="With --check: accept that the archive vouches for itself.")
@click.option("--key", type=_FILE, help="The key that signs the archive (default: your own).")
@repository
@as_json
def command(
    run: str | None,
    output: Path | None,
    check: Path | None,
    root: str | None,
    allow_self_asserted: bool,
    key: Path | None,
    repo: Path,
    json_: bool,
) -> None:
    if ((run or output or key) and check) or ((root or allow_self_asserted) and not check):
        raise UsageError("INC002", "Say a run to collect, or --check with an archive.", "handrail incident --help")
    if check is not None:
        _check(check, root, allow_self_asserted, json_=json_)
    else:
        _collect(run, output, key, repo, json_=json_)


def _collect(run: str | None, output: Path | None, key: Path | None, repo: Path, *, json_: bool) -> None:
    from orchestrator.app.files import write_new
    from orchestrator.app.observe.incident import BROKEN, collect
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.listing import resolve
    from orchestrator.models.ids import sha256

    with open_project(repo) as project:
        found = resolve(project, run)
        made = collect(project, found, key)
    path = output or Path(f"incident-{found.id}.tar.gz")
    write_new(path, made.data)
    if json_:
        body = {"run": found.id, "output": str(path), "digest": sha256(made.data), "verdict": made.verdict}
        print_json("incident", {**body, "redacted": made.redacted, "withheld": list(made.withheld)})
    else:
        note(f"Written: {path} ({len(made.data)} bytes, {sha256(made.data)}). Evidence: {made.verdict}.")
        for kind, count in made.redacted.items():
            note(f"Taken out: {count} {kind}")
        for what in made.withheld:
            note(f"Left out, because it is signed and holds something secret: {what}")
    if made.verdict == BROKEN:
        sys.exit(ExitCode.EVIDENCE)


def _check(path: Path, root: str | None, allow_self_asserted: bool, *, json_: bool) -> None:
    from orchestrator.app.files import read_file
    from orchestrator.app.observe.incident_archive import check

    found = check(read_file(path), digest(root), allow_self_asserted=allow_self_asserted)
    manifest = found.manifest
    if json_:
        print_json("incident-check", {**manifest.model_dump(mode="json"), "signed_by": found.by, "trust": found.trust})
        return
    say(f"INTACT: {len(manifest.files)} files of run {manifest.run}, signed by {found.by} ({found.keyid[:16]}).")
    say(f"trust: {found.trust} (root {manifest.root})")
    say(f"The evidence was {manifest.verdict} when it was collected.")
