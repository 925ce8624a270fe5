"""``trace``: each requirement of a spec with its steps, commits, tests and approvers, what is missing, and drift.

Drift is content that nobody has approved: a file of the requirement whose present bytes are neither those of a change
that a person approved nor those that somebody signed as accurate. A later approved change of the same file is no
drift, so the word keeps its weight. Read from the runs of this repository's store and from what lies beside the spec.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.app.project import Project
from orchestrator.app.specs.accurate import Recorded, read_recorded, record
from orchestrator.app.specs.files import lasting, read_spec
from orchestrator.app.specs.stood import Stood, stood
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import UsageError
from orchestrator.models.accurate import Accurate
from orchestrator.models.gate import Demonstration
from orchestrator.models.ids import GitOid, RequirementId
from orchestrator.models.spec import Requirement, Spec


@dataclass(slots=True)
class Drifted:
    """A file whose present content nobody approved. ``since`` is the commit at which it last was right."""

    path: str
    since: str
    gone: bool


@dataclass(slots=True)
class Traced:
    """``text_changed``: the requirement says something else than when its newest step was planned or read."""

    requirement: Requirement
    steps: list[Stood] = field(default_factory=list[Stood])
    accurate: Accurate | None = None
    missing: list[str] = field(default_factory=list[str])
    drift: list[Drifted] = field(default_factory=list[Drifted])
    text_changed: bool = False

    @property
    def files(self) -> tuple[str, ...]:
        """Every file that a merged step of it changed, and every one that was read for it."""
        read = [f.path for f in self.accurate.files] if self.accurate else []
        return tuple(dict.fromkeys([*(p for s in self.steps if s.commit for p in s.files), *read]))

    @property
    def complete(self) -> bool:
        """Whether nothing is missing and nothing has drifted."""
        return not (self.missing or self.drift or self.text_changed)


@dataclass(frozen=True, slots=True)
class Trace:
    spec: Spec
    rows: tuple[Traced, ...]
    broken: tuple[int, ...]


def trace(project: Project, path: Path, rev: str = "HEAD") -> Trace:
    """Raises as reading a spec does, and ``UsageError`` PRD062 when its ids are provisional."""
    spec = lasting(read_spec(path, project)[0], "nothing can be traced by them")
    policy = chain_at(project, rev)
    recorded = read_recorded(path, policy.current, policy.keys())
    every = [step for run in project.index.runs() for step in stood(project, run)]
    rows = [Traced(r, [s for s in every if r.id in s.requirements]) for r in spec.requirements]
    newest = {one.requirement: one for one in recorded.held}
    for row in rows:
        row.accurate = newest.get(row.requirement.id)
        row.text_changed = _text_changed(row)
        row.missing = list(_missing(row))
    _find_drift(project, rows, _approved(every, recorded), rev)
    return Trace(spec, tuple(rows), recorded.broken)


def keep_accurate(
    project: Project, path: Path, names: Sequence[str], files: Sequence[str], *, rev: str, key: Path | None
) -> tuple[Accurate, ...]:
    """Sign for each named requirement that its files are right at a revision.

    Raises ``UsageError``: TRC003 for a name that the spec has not, TRC004 when no file belongs to it.
    """
    found = trace(project, path, rev)
    known = {name: row for row in found.rows for name in (row.requirement.id, *row.requirement.aliases)}
    wanted: dict[RequirementId, Sequence[str]] = {}
    for name in names:
        row = known.get(name)
        if row is None:
            raise UsageError("TRC003", f"{name!r} is no requirement of {path}.", f"handrail prd show {path}")
        gone = {d.path for d in row.drift if d.gone}
        wanted[row.requirement.id] = [*files] or [p for p in row.files if p not in gone]
        if not wanted[row.requirement.id]:
            raise UsageError("TRC004", f"No step has changed a file for {name}.", "name its files with --file")
    return record(project, found.spec, path, wanted, rev=rev, key=key)


def _text_changed(row: Traced) -> bool:
    merged = [s for s in row.steps if s.commit]
    last = max(merged, key=lambda s: s.at, default=None)
    read = row.accurate if row.accurate and (last is None or row.accurate.at >= last.at) else None
    told = read.text_digest if read else last.texts.get(row.requirement.id) if last else None
    return told is not None and told != row.requirement.text_digest


def _missing(row: Traced) -> Iterator[str]:
    """In the order of the chain; what somebody read and signed needs no step."""
    if row.accurate is not None:
        return
    merged = [s for s in row.steps if s.commit]
    if not row.steps:
        yield "step"
    elif not merged:
        yield "commit"
    else:
        if not any(shown == Demonstration.DEMONSTRATED for s in merged for _, shown in s.tests):
            yield "test"
        if not all(s.approvers for s in merged):
            yield "approver"


def _approved(steps: Sequence[Stood], recorded: Recorded) -> list[tuple[str, str, str]]:
    """Path, commit at which it was right, and blob when it is known ('' when the commit has to be asked)."""
    changed = [(p, s.commit, "") for s in steps if s.commit and s.approvers for p in s.files]
    return [*changed, *((f.path, one.commit, f.blob) for one in recorded.held for f in one.files)]


def _find_drift(project: Project, rows: Sequence[Traced], approved: Sequence[tuple[str, str, str]], rev: str) -> None:
    with open_trees(project) as trees:

        def content(commit: GitOid, path: str) -> str:
            entry = trees.entry(trees.tree_of(commit), path)
            return entry.oid if entry else ""

        now = trees.resolve(rev)
        right: dict[str, list[tuple[str, str]]] = {}
        for path, commit, blob in approved:
            right.setdefault(path, []).append((commit, blob or content(GitOid(commit), path)))
        for row in rows:
            for path in row.files:
                present, known = content(now, path), right.get(path, [])
                if known and present not in {blob for _, blob in known}:
                    row.drift.append(Drifted(path, known[-1][0], gone=not present))


def as_body(found: Trace) -> dict[str, Any]:
    """``trace --json``."""
    return {
        "spec": found.spec.path,
        "requirements": [_row(row) for row in found.rows],
        "ignored_lines": list(found.broken),
    }


def _row(row: Traced) -> dict[str, Any]:
    return {
        "id": row.requirement.id,
        "title": row.requirement.title,
        "line": row.requirement.span.line,
        "complete": row.complete,
        "missing": row.missing,
        "text_changed": row.text_changed,
        "steps": [s.as_body() for s in row.steps],
        "accurate": row.accurate.model_dump(mode="json") if row.accurate else None,
        "drift": [{"path": d.path, "since": d.since, "gone": d.gone} for d in row.drift],
    }
