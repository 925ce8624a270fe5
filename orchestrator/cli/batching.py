"""Many runs as one, for `handrail run` and `handrail resume`: options, progress, and what is left behind for CI."""

from __future__ import annotations

import os
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import click

from orchestrator.cli.options import digest
from orchestrator.cli.telling import note, print_json, print_line, say, status, table
from orchestrator.errors import ExitCode, Interrupted, UsageError

if TYPE_CHECKING:
    from orchestrator.app.batches.conducting import Progress
    from orchestrator.models.batch import Batch
    from orchestrator.models.ids import RunId
    from orchestrator.ports import RunExecutor

F = TypeVar("F", bound=Callable[..., Any])
_FILE = click.Path(path_type=Path)

_MAKING = (
    click.option("--batch", "manifest", type=_FILE, help="A manifest of runs (batch.yaml) instead of specs."),
    click.option("--jobs", type=click.IntRange(1, 64), help="Runs advanced at once (default: 1)."),
    click.option("--max-failures", type=click.IntRange(1), help="Begin nothing more after so many failed runs."),
    click.option(
        "--merge", type=click.Choice(["none", "each", "together"]), help="Bring finished runs to their targets."
    ),
    click.option("--batch-tokens", type=click.IntRange(0), help="A ceiling of tokens for all runs together."),
    click.option("--batch-usd", type=click.FloatRange(0), help="A ceiling of money for all runs together."),
    click.option("--dry-run", is_flag=True, help="Plan every run, say what it may cost at most, and begin nothing."),
)
_WHERE = (
    click.option(
        "--executor",
        type=click.Choice(["local", "cluster"]),
        default="local",
        show_default=True,
        help="Who advances: processes of this machine, or the workers of the cluster that it belongs to.",
    ),
    click.option("--needs", multiple=True, metavar="LABEL", help="What a worker must have beside what the run names."),
)
_TELLING = (
    click.option("--events", type=click.Choice(["jsonl"]), help="A line of JSON for every change, on stdout."),
    click.option("--junit", type=_FILE, help="Write the batch's result as JUnit XML."),
    click.option("--sarif", type=_FILE, help="Write all gate findings as SARIF 2.1.0."),
)


def making_options(function: F) -> F:
    """What a batch is made of."""
    for option in reversed(_MAKING):
        function = option(function)
    return function


def executor_options(function: F) -> F:
    """Where runs are advanced."""
    for option in reversed(_WHERE):
        function = option(function)
    return function


def executor_of(where: str, needs: tuple[str, ...], jobs: int) -> RunExecutor:
    """Raises ``UsageError``: CLU005 no cluster, CLU010 labels without one."""
    if where == "cluster":
        from orchestrator.app.cluster.settings import required

        required()
        from orchestrator.app.cluster.sending import cluster_executor

        return cluster_executor(needs)
    from orchestrator.app.local.executor import LocalExecutor

    if needs:
        raise UsageError("CLU010", "--needs is for workers of a cluster.", "--executor cluster")
    return LocalExecutor(jobs)


def telling_options(function: F) -> F:
    """How a batch is told of."""
    for option in reversed(_TELLING):
        function = option(function)
    return function


def begin(
    specs: tuple[Path, ...], repo: Path, *, approve_plan: bool, making: dict[str, Any], asked: dict[str, Any]
) -> Batch:
    """The batch that the command line describes. Raises ``UsageError`` (BAT006) for contradicting options."""
    from orchestrator.app.batches.making import make_batch, manifest_of, read_manifest
    from orchestrator.models.batch import Ceiling, MergeMode

    manifest = making["manifest"]
    if (manifest is None) == (not specs):
        raise UsageError(
            "BAT006",
            "Name specs or one manifest.",
            "handrail run SPEC…, handrail run --batch FILE, or for a process handrail run --workflow ID",
        )
    flags = {"jobs": "jobs", "max_failures": "max_failures", "batch_tokens": "budget_tokens", "batch_usd": "budget_usd"}
    given = {name: making[flag] for flag, name in flags.items() if making[flag] is not None}
    if manifest is None:
        merge = MergeMode(making["merge"] or MergeMode.NONE)
        wanted = manifest_of(specs, repo, merge, Ceiling(**given), **asked)
        return make_batch(wanted, Path.cwd(), approve_plan=approve_plan, only_look=making["dry_run"])
    if asked:
        named = ", ".join("--" + name.replace("_", "-") for name in asked)
        raise UsageError("BAT006", f"{named} stand beside a manifest.", "write them into it, under defaults")
    wanted = read_manifest(manifest)
    wanted = wanted.model_copy(update={"ceiling": wanted.ceiling.model_copy(update=given)})
    if making["merge"]:
        wanted = wanted.model_copy(update={"merge": MergeMode(making["merge"])})
    folder = manifest.resolve().parent
    return make_batch(wanted, folder, approve_plan=approve_plan, only_look=making["dry_run"])


def look_ahead(batch: Batch, trust: str | None, *, json_: bool) -> NoReturn:
    """Print what every run would be, and leave: 0, or 6 when one cannot be planned."""
    from orchestrator.app.batches.looking_ahead import outlooks, total

    found = list(outlooks(batch, digest(trust)))
    tokens, usd = total(found, batch)
    if json_:
        print_json("batch-outlook", {"runs": [asdict(o) for o in found], "tokens": tokens, "usd": usd})
    else:
        head = ("SPEC", "STEPS", "TOKENS <=", "USD <=", "AGENT SECONDS <=")
        table(head, [(o.spec, str(o.steps), str(o.tokens), _usd(o.usd), str(o.wall_seconds)) for o in found])
        say(f"At most {tokens} tokens and {_usd(usd)} USD in all. Nothing was begun.")
    bad = [o for o in found if o.problem]
    for outlook in bad:
        note(f"{outlook.spec}: {outlook.problem}")
    sys.exit(ExitCode.INVALID if bad else ExitCode.DONE)


def conduct(
    batch: Batch,
    *,
    key: Path | None,
    trust: str | None,
    telling: dict[str, Any],
    json_: bool,
    place: str,
    needs: tuple[str, ...],
) -> NoReturn:
    """Drive the batch and leave with its exit code."""
    from orchestrator.app.batches import conducting, reports
    from orchestrator.app.signals import interruptible

    screen = _Screen(batch, jsonl=telling["events"] is not None, quiet=json_)
    runs = f"{len(batch.entries)} run{'s' if len(batch.entries) > 1 else ''}"
    note(f"Batch {batch.id}: {runs}. Try, to go on after a stop: handrail resume {batch.id}")
    trusted, signing = digest(trust) or "", str(key.resolve()) if key else ""
    with interruptible():
        try:
            with executor_of(place, needs, batch.ceiling.jobs) as executor:
                conductor = conducting.Conductor(batch, executor, screen.tell, signing, trusted)
                screen.entries = conductor.entries
                found = conductor.conduct()
        except KeyboardInterrupt:
            _report(batch, screen.stopped(), telling)
            words = f"Batch {batch.id} was stopped; its runs can be resumed."
            raise Interrupted("RUN003", words, f"handrail resume {batch.id}") from None
    screen.close()
    _report(batch, found, telling)
    if json_:
        print_json("batch", {"batch": batch.id, "runs": [reports.row(p) for p in found]})
    counted = Counter(p.standing.value for p in found)
    note(f"Batch {batch.id}: " + ", ".join(f"{count} {name}" for name, count in sorted(counted.items())))
    sys.exit(conducting.exit_code(found))


def _report(batch: Batch, found: list[Progress], telling: dict[str, Any]) -> None:
    """The files that were asked for."""
    from orchestrator.app.batches import reports
    from orchestrator.app.specs.planning import save

    if telling["junit"]:
        save(telling["junit"], reports.junit(batch, found))
    if telling["sarif"]:
        save(telling["sarif"], reports.sarif(found))


def _usd(value: float | None) -> str:
    return "unlimited" if value is None else f"{value:.2f}"


class _Screen:
    """A line for every change; on a terminal also one at the bottom that says where the batch stands."""

    def __init__(self, batch: Batch, *, jsonl: bool, quiet: bool) -> None:
        self._batch, self._jsonl, self._quiet = batch, jsonl, quiet
        able = sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
        self._live = able and not quiet and not jsonl
        self.entries: dict[RunId, Progress] = {}

    def tell(self, progress: Progress) -> None:
        from orchestrator.app.batches.reports import row

        if self._jsonl:
            print_line({"schema": "handrail.batch-event/1", "batch": self._batch.id, **row(progress)})
        elif not self._quiet:
            self.close()
            why = f": {progress.code} {progress.why}".replace(":  ", ": ") if progress.why else ""
            note(f"{progress.standing:8} {progress.entry.run} {progress.entry.spec}{why}")
            for detail in progress.details:
                note(f"         {detail}")
            self._bottom()

    def stopped(self) -> list[Progress]:
        """Where the runs stand after a stop; those that were under way are told of once more."""
        from orchestrator.app.batches.conducting import Standing, standing_of

        self.close()
        now = {entry.run: standing_of(entry) for entry in self._batch.entries}
        running = [run for run, before in self.entries.items() if before.standing is Standing.RUNNING]
        self.entries = now
        for run in running:
            self.tell(now[run])
        self.close()
        return list(now.values())

    def close(self) -> None:
        """Take the bottom line away."""
        if self._live:
            status("")

    def _bottom(self) -> None:
        if self._live:
            counted = Counter(p.standing.value for p in self.entries.values())
            words = " · ".join(f"{counted[name]} {name}" for name in sorted(counted))
            status(f"{len(self._batch.entries)} runs: {words}")
