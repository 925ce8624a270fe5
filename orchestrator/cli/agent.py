"""``handrail agent``: the coding agents of this machine."""

from __future__ import annotations

import sys

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import note, print_json, say, table
from orchestrator.errors import ExitCode


@click.group(help="Add, list, test and remove coding agents.")
def command() -> None: ...


@command.command(help="Install a coding agent as a layer on the sandbox image, and try it there.")
@click.argument("name")
@click.option("--version", "version", help="Another version than the pinned one; its hashes are not known.")
@as_json
def add(name: str, version: str | None, json_: bool) -> None:
    from orchestrator.app.agents import add as install

    manifest = install(name, version, note)
    if json_:
        print_json("agent", manifest.model_dump(mode="json"))
        return
    say(f"{manifest.name} {manifest.version} in {manifest.image}")
    note(f"Licence: {manifest.licence}")


@command.command("list", help="List the installed agents; with --all, also those that can be added.")
@click.option("--all", "everything", is_flag=True, help="Also those that are not installed.")
@as_json
def list_(everything: bool, json_: bool) -> None:
    from orchestrator.app.agents import listing

    agents = listing(everything=everything)
    if json_:
        rows = [{"name": a.name, "version": a.version, "installed": a.installed, "licence": a.licence} for a in agents]
        print_json("agents", {"agents": rows})
        return
    table(("NAME", "VERSION", "INSTALLED"), [(a.name, a.version, "yes" if a.installed else "no") for a in agents])


@command.command(help="Try an installed agent in the sandbox against a scripted model; exit 1 when a check fails.")
@click.argument("name")
@as_json
def test(name: str, json_: bool) -> None:
    from orchestrator.app.agents import test as try_out

    verdicts = try_out(name, note)
    passed = all(v.passed for v in verdicts)
    if json_:
        checks = [{"name": v.name, "passed": v.passed, "words": v.words} for v in verdicts]
        print_json("agent-test", {"agent": name, "passed": passed, "checks": checks})
    else:
        table(("CHECK", "RESULT", ""), [(v.name, "passed" if v.passed else "FAILED", v.words) for v in verdicts])
    if not passed:
        sys.exit(int(ExitCode.FAILED))


@command.command(help="Remove an agent's manifest and its image.")
@click.argument("name")
@as_json
def remove(name: str, json_: bool) -> None:
    from orchestrator.app.agents import remove as take_away

    image = take_away(name)
    if json_:
        print_json("agent-removed", {"agent": name, "image_removed": image})
    else:
        say(f"{name} is removed" + ("" if image else "; its image was gone already"))
