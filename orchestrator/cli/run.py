"""``handrail run SPEC…``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from orchestrator.cli import batching
from orchestrator.cli.options import as_json, digest, no_input, repository
from orchestrator.cli.running import advance, owner_options, risk_option, work_options
from orchestrator.cli.telling import table
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.app.project import Project
    from orchestrator.app.runs.start import RunRequest

_OF_BATCH = ("manifest", "jobs", "max_failures", "merge", "batch_tokens", "batch_usd", "dry_run")
_OF_TELLING = ("events", "junit", "sarif")
_OF_EXECUTOR = ("executor", "needs")
_OF_ENTRY = ("workflow", "agent", "model", "review", "target", "budget_tokens", "budget_usd", "budget_seconds")
_ONLY_ALONE = (
    "escalate",
    "escalate_after",
    "tester",
    "max_parallel",
    "record",
    "replay",
    "wheelhouse",
    "image",
    "runtime",
    "osv",
)


@click.command(
    help="Plan a spec, build it step by step, have it reviewed, and merge it to the run's branch. Several specs, or a "
    "manifest, are a batch: as many runs, conducted together."
)
@click.argument("specs", type=click.Path(path_type=Path), nargs=-1, metavar="SPEC…")
@click.option("--workflow", default="prd-to-code", show_default=True)
@click.option("--review", type=click.Choice(["each-step", "end-of-run"]), help="When people look (default: each-step).")
@click.option("--target", help="The branch that the changes are for (default: the one checked out).")
@click.option("--explain-config", is_flag=True, help="Print each preference with its source, and run nothing.")
@work_options
@risk_option
@batching.making_options
@batching.telling_options
@batching.executor_options
@owner_options
@repository
@no_input
@as_json
def command(
    specs: tuple[Path, ...],
    repo: Path,
    script: Path | None,
    key: Path | None,
    explain_config: bool,
    **rest: Any,  # noqa: ANN401  click's own
) -> None:
    owner = {name: rest.pop(name) for name in ("approve_plan", "no_input", "json_")}
    making, telling, there = (
        {name: rest.pop(name) for name in names} for names in (_OF_BATCH, _OF_TELLING, _OF_EXECUTOR)
    )
    trust = rest.pop("trust")
    alone = len(specs) == 1 or (not specs and making["manifest"] is None and rest["workflow"] != "prd-to-code")
    if not alone or any(value is not None and value is not False for value in [*making.values(), *telling.values()]):
        _batch(specs, repo, script, key, trust, making=making, telling=telling, there=there, owner=owner, rest=rest)
    owner |= there
    _alone(specs[0] if specs else None, repo, script, key, trust, explain=explain_config, owner=owner, rest=rest)


def _batch(
    specs: tuple[Path, ...],
    repo: Path,
    script: Path | None,
    key: Path | None,
    trust: str | None,
    *,
    making: dict[str, Any],
    telling: dict[str, Any],
    there: dict[str, Any],
    owner: dict[str, Any],
    rest: dict[str, Any],
) -> None:
    alone = [name for name in _ONLY_ALONE if rest[name]]
    if alone:
        named = ", ".join("--" + name.replace("_", "-") for name in alone)
        text = f"{named} are not for a batch."
        raise UsageError("BAT006", text, "set preferences for them, or run the specs one by one")
    asked = {name: rest[name] for name in _OF_ENTRY if rest[name] is not None}
    if making["manifest"] is not None and asked.get("workflow") == "prd-to-code":
        del asked["workflow"]
    asked |= {"script": str(script)} if script else {}
    limits = _limits(rest["limits"])
    asked |= {"limits": limits} if limits else {}
    asked |= {"accept_risk": rest["accept_risk"]} if rest["accept_risk"] else {}
    batch = batching.begin(specs, repo, approve_plan=owner["approve_plan"], making=making, asked=asked)
    if making["dry_run"]:
        batching.look_ahead(batch, trust, json_=owner["json_"])
    batching.conduct(
        batch,
        key=key,
        trust=trust,
        telling=telling,
        json_=owner["json_"],
        place=there["executor"],
        needs=there["needs"],
    )


def _limits(given: tuple[str, ...]) -> dict[str, float]:
    from orchestrator.app.runs.choosing import read_limits

    return read_limits(given)


def _alone(
    spec: Path | None,
    repo: Path,
    script: Path | None,
    key: Path | None,
    trust: str | None,
    *,
    explain: bool,
    owner: dict[str, Any],
    rest: dict[str, Any],
) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.runs.start import RunRequest, start

    request = RunRequest(spec, agent_input=script, key=key, trust=digest(trust), **rest)
    with open_project(repo) as project:
        if explain:
            _explain(project, request)
            return
        advance(project, start(project, request), key=key, trust=trust, **owner)


def _explain(project: Project, request: RunRequest) -> None:
    from dataclasses import asdict

    from orchestrator.app.preferences import explain, preferences

    table(("NAME", "VALUE", "SOURCE"), explain(preferences(project, asdict(request), request.trust)))
