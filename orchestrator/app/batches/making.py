"""From specs or a manifest to a batch: everything that can be found wrong is found before anything begins."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from typing import Any

from orchestrator.app.batches import book
from orchestrator.app.batches.beginning import spelled
from orchestrator.app.clock import SystemClock
from orchestrator.app.files import read_file
from orchestrator.app.project import Project, open_project
from orchestrator.app.runs.choosing import read_limits
from orchestrator.app.runs.risks import read_risks
from orchestrator.app.runs.start import base_and_target, new_run_id
from orchestrator.app.specs.files import read_spec
from orchestrator.errors import HandrailError, UsageError
from orchestrator.models.batch import Batch, BatchEntry, Ceiling, Manifest, ManifestEntry, MergeMode
from orchestrator.models.ids import Digest
from orchestrator.models.strict_yaml import validate

_CODE = "BAT002"


def read_manifest(path: Path) -> Manifest:
    """Raises ``UsageError`` (BAT002) with every problem and its place."""
    found, problems = validate(read_file(path), Manifest, str(path), _CODE)
    if found is None:
        details = [f"{p.path}:{p.line}:{p.column} {p.code} {p.message}" for p in problems]
        raise UsageError(_CODE, f"{path} is no batch.", "docs/reference/batch.md", details)
    return found


def manifest_of(specs: Sequence[Path], repo: Path, merge: MergeMode, ceiling: Ceiling, **asked: Any) -> Manifest:  # noqa: ANN401  an entry's own fields
    """What the command line says, as a manifest would say it."""
    entries = [ManifestEntry(spec=str(spec), repo=str(repo), **asked) for spec in specs]
    return Manifest.model_validate({"schema": "handrail.batch/1", "ceiling": ceiling, "merge": merge, "runs": entries})


def make_batch(manifest: Manifest, folder: Path, *, approve_plan: bool = False, only_look: bool = False) -> Batch:
    """The batch, kept unless ``only_look``. ``folder`` is what relative paths are relative to.

    Raises ``UsageError``: BAT003 specs or repositories that cannot be read, each named; BAT004 one spec twice for one
    target; BAT005 runs that are to be merged to a branch that is checked out.
    """
    now = SystemClock().now()
    with ExitStack() as stack:
        entries = _entries(manifest, folder, now, stack)
    _ensure_once(entries)
    batch = Batch(
        id=f"B{new_run_id(now)}",
        ceiling=manifest.ceiling,
        merge=manifest.merge,
        entries=tuple(sorted(entries, key=lambda e: -e.asked.priority)),
        approve_plan=approve_plan,
        created_at=now,
    )
    if not only_look:
        book.save(batch)
    return batch


def _entries(manifest: Manifest, folder: Path, now: datetime, stack: ExitStack) -> list[BatchEntry]:
    projects: dict[Path, Project] = {}
    taken: dict[Path, Mapping[str, str]] = {}
    entries, details = list[BatchEntry](), list[str]()
    for asked in manifest.runs:
        try:
            where = (folder / asked.repo).resolve()
            if where not in projects:
                projects[where] = stack.enter_context(open_project(where))
                taken[where] = _checked_out(projects[where])
            entry = _entry(projects[where], asked, folder, now)
            _ensure_free(entry, manifest.merge, taken[where])
            entries.append(entry)
        except HandrailError as problem:
            details += [f"{asked.spec}: {problem.code} {problem.message}", *problem.details]
    if details:
        raise UsageError("BAT003", "Nothing was begun: not every run of the batch can be.", "mend these", details)
    return entries


def _entry(project: Project, asked: ManifestEntry, folder: Path, now: datetime) -> BatchEntry:
    spec = (folder / asked.spec).resolve()
    parsed, _ = read_spec(spec, project)
    read_limits(spelled(asked.limits))
    read_risks(asked.accept_risk)
    script = (folder / asked.script).resolve() if asked.script else None
    if script is not None:
        read_file(script)
    return BatchEntry(
        run=new_run_id(now),
        asked=asked,
        repo=str((folder / asked.repo).resolve()),
        spec=str(spec),
        spec_source=Digest(parsed.source_digest),
        script=str(script) if script else None,
        target_ref=base_and_target(project, asked.target)[1],
    )


def _checked_out(project: Project) -> Mapping[str, str]:
    from orchestrator.vcs.worktree import checked_out_branches

    return checked_out_branches(project.repository)


def _ensure_free(entry: BatchEntry, merge: MergeMode, taken: Mapping[str, str]) -> None:
    where = taken.get(entry.target_ref) if merge is not MergeMode.NONE else None
    if where is not None:
        text = f"{entry.target_ref} is checked out in {where}, and only its user moves it."
        raise UsageError("BAT005", text, "name another branch with target, or merge: none")


def _ensure_once(entries: Sequence[BatchEntry]) -> None:
    twice = list(_twice(entries))
    if twice:
        raise UsageError("BAT004", "A spec stands here twice for one target.", "take one of them out", twice)


def _twice(entries: Sequence[BatchEntry]) -> Iterator[str]:
    seen = set[tuple[str, str, str]]()
    for entry in entries:
        key = (entry.repo, entry.spec, entry.target_ref)
        if key in seen:
            yield f"{entry.spec} in {entry.repo} for {entry.target_ref}"
        seen.add(key)
