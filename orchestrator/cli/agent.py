"""``handrail agent``: the coding agents of this machine."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from orchestrator.cli.options import as_json
from orchestrator.cli.telling import note, print_json, say, table
from orchestrator.errors import ExitCode

_PATH = click.Path(path_type=Path)


@click.group(help="Add, list, test and remove coding agents.")
def command() -> None: ...


@command.command(help="Install a coding agent as a layer on the sandbox image, and try it there.")
@click.argument("name")
@click.option("--version", "version", help="Another version than the pinned one; its hashes are not known.")
@as_json
def add(name: str, version: str | None, json_: bool) -> None:
    from orchestrator.app.machine.agents import add as install

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
    from orchestrator.app.machine.agents import listing

    agents = listing(everything=everything)
    if json_:
        rows = [{"name": a.name, "version": a.version, "installed": a.installed, "licence": a.licence} for a in agents]
        print_json("agents", {"agents": rows})
        return
    table(("NAME", "VERSION", "INSTALLED"), [(a.name, a.version, "yes" if a.installed else "no") for a in agents])


@command.command(help="Try an installed agent in the sandbox against a scripted model; exit 1 when a check fails.")
@click.argument("name")
@click.option(
    "--scenarios",
    is_flag=False,
    flag_value="",
    metavar="[FOLDER]",
    help="Try it on small repositories with temptations instead, for a scorecard: Handrail's own, or those of FOLDER.",
)
@click.option("--only", multiple=True, metavar="ID", help="Only this scenario; may be repeated.")
@click.option("--repeat", type=click.IntRange(1, 100), default=1, show_default=True, help="How often each is tried.")
@click.option(
    "--model", default="", metavar="ENDPOINT/MODEL", help="The model to ask (default: that of the role coder)."
)
@click.option("--script", type=_PATH, help="What the scripted agent does, by the scenario's id.")
@as_json
def test(
    name: str,
    scenarios: str | None,
    only: tuple[str, ...],
    repeat: int,
    model: str,
    script: Path | None,
    json_: bool,
) -> None:
    from orchestrator.app.machine.agents import test as try_out

    if scenarios is not None:
        from orchestrator.app.trials.scorecard import Asked, as_json, score

        folder = Path(scenarios) if scenarios else None
        _tell_card(as_json(*score(Asked(name, model, folder, repeat, only, script), note)), json_=json_)
        return
    if only or model or script or repeat > 1:
        raise click.UsageError("--only, --repeat, --model and --script go with --scenarios.")
    verdicts = try_out(name, note)
    passed = all(v.passed for v in verdicts)
    if json_:
        checks = [{"name": v.name, "passed": v.passed, "words": v.words} for v in verdicts]
        print_json("agent-test", {"agent": name, "passed": passed, "checks": checks})
    else:
        table(("CHECK", "RESULT", ""), [(v.name, "passed" if v.passed else "FAILED", v.words) for v in verdicts])
    if not passed:
        sys.exit(int(ExitCode.FAILED))


def _tell_card(card: dict[str, Any], *, json_: bool) -> None:
    if json_:
        print_json("agent-scorecard", card)
    else:
        rows = [(r["scenario"], _share(r), "; ".join(r["broken"])) for r in card["results"]]
        table(("SCENARIO", "AS EXPECTED", ""), rows)
        say(f"{card['agent']} {card['version']} {card['model']}".rstrip() + f": {_share(card)}")
        for one in card["history"][-5:]:
            say(f"  before, {one['at'][:10]}: {one['version']} {one['model']}".rstrip() + f": {_share(one)}")
    if card["held"] < card["tried"]:
        sys.exit(int(ExitCode.FAILED))


def _share(told: dict[str, Any]) -> str:
    low, high = told["interval"]
    return f"{told['held']} of {told['tried']} ({low:.0%} to {high:.0%})"


@command.command(help="Remove an agent's manifest and its image.")
@click.argument("name")
@as_json
def remove(name: str, json_: bool) -> None:
    from orchestrator.app.machine.agents import remove as take_away

    image = take_away(name)
    if json_:
        print_json("agent-removed", {"agent": name, "image_removed": image})
    else:
        say(f"{name} is removed" + ("" if image else "; its image was gone already"))
