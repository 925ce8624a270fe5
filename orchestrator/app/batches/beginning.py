"""A run of a batch, begun where it is advanced: once, under its promised id, with the spec that was listed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from orchestrator.app.files import read_file
from orchestrator.app.machine.sandboxing import EngineShelf
from orchestrator.app.project import Project, open_project
from orchestrator.app.runs.risks import accept, read_risks
from orchestrator.app.runs.start import RunRequest, start
from orchestrator.errors import HandrailError, UsageError
from orchestrator.models.batch import Batch, BatchEntry, ManifestEntry
from orchestrator.models.ids import Digest, RunId, sha256
from orchestrator.models.run import OVER, Run
from orchestrator.ports import RunJob


def job_of(batch: Batch, entry: BatchEntry, *, key: str = "", trust: str = "") -> RunJob:
    """What an executor is told. A run knows its batch only where that has a ceiling to share: else it can travel."""
    ceiling = batch.ceiling
    shares = ceiling.budget_tokens is not None or ceiling.budget_usd is not None
    begin = f"{batch.id if shares else ''} {entry.to_bytes().decode()}"
    return RunJob(entry.repo, entry.run, key=key, trust=trust, approve_plan=batch.approve_plan, begin=begin)


def begun(project: Project, job: RunJob, shelf: EngineShelf | None = None) -> Run:
    """The run of a job, recorded now if it was not. BAT010, or as :func:`~orchestrator.app.runs.start.start`."""
    run = known(project, job.run) if job.begin else project.index.run(job.run)
    if run is not None:
        return run
    batch, _, document = job.begin.partition(" ")
    entry = BatchEntry.model_validate_json(document)
    return start(project, request_of(entry, batch, key=job.key, trust=job.trust), run=entry.run, shelf=shelf)


def told(error: HandrailError) -> tuple[str, ...]:
    """What is said below an error's sentence."""
    return (*error.details, *([f"Try: {error.hint}"] if error.hint else ()))


def accepting(batch: Batch, given: tuple[str, ...], trust: Digest | None) -> Batch:
    """The batch as it is gone on with: its runs, those that began too, accept these risks. Raises as ``accept``."""
    if not given:
        return batch
    read_risks(given)
    for entry in batch.entries:
        with open_project(Path(entry.repo)) as project:
            if (run := known(project, entry.run)) is not None and run.status not in OVER:
                accept(project, run, given, trust)
    entries = [e.model_copy(update={"asked": _accepting(e.asked, given)}) for e in batch.entries]
    return batch.model_copy(update={"entries": tuple(entries)})


def _accepting(asked: ManifestEntry, given: tuple[str, ...]) -> ManifestEntry:
    named = {risk.protection for risk in read_risks(given)}
    kept = [text for text in asked.accept_risk if text.partition(":")[0] not in named]
    return asked.model_copy(update={"accept_risk": (*kept, *given)})


def known(project: Project, run: RunId) -> Run | None:
    """The run, when it has begun here."""
    try:
        return project.index.run(run)
    except UsageError as unknown:
        if unknown.code != "RUN001":
            raise
        return None


def spelled(limits: Mapping[str, float]) -> tuple[str, ...]:
    """As ``--limit`` has them; not a digit is lost."""
    return tuple(f"{name}={int(value) if value.is_integer() else value!r}" for name, value in limits.items())


def request_of(entry: BatchEntry, batch: str, *, key: str = "", trust: str = "") -> RunRequest:
    """Raises ``UsageError`` (BAT010) when the spec is not any more what the batch was made of."""
    spec = Path(entry.spec)
    if sha256(read_file(spec)) != entry.spec_source:
        raise UsageError("BAT010", f"{spec} was changed since the batch was made.", "make a new batch for it")
    asked = entry.asked
    return RunRequest(
        spec,
        workflow=asked.workflow,
        agent=asked.agent,
        agent_input=Path(entry.script) if entry.script else None,
        model=asked.model,
        review=asked.review,
        target=entry.target_ref,
        limits=spelled(asked.limits),
        budget_tokens=asked.budget_tokens,
        budget_usd=asked.budget_usd,
        budget_seconds=asked.budget_seconds,
        key=Path(key) if key else None,
        trust=Digest(trust) if trust else None,
        batch=batch,
        accept_risk=asked.accept_risk,
    )
