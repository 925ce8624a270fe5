"""A batch from wherever it is to where nothing of it can go on: begun by priority, counted, merged, told."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from orchestrator.app.batches import book
from orchestrator.app.batches.beginning import job_of, known, told
from orchestrator.app.landing.merging import merge
from orchestrator.app.project import open_project
from orchestrator.errors import ExitCode, HandrailError, UsageError
from orchestrator.models.batch import Batch, BatchEntry, MergeMode
from orchestrator.models.ids import RunId
from orchestrator.models.run import OVER, Run, RunStatus
from orchestrator.ports import JobEnd, RunExecutor
from orchestrator.store.budgets import StoredBudgets

_POLL_SECONDS = 0.5
_TRIES = 3


class Standing(StrEnum):
    """Where a run of a batch stands. ``MERGED``: on its target. ``SKIPPED``: never began, for what the batch may do."""

    PENDING = "pending"
    RUNNING = "running"
    WAITING = "waiting"
    DONE = "done"
    MERGED = "merged"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(slots=True)
class Progress:
    """One entry. ``exit_code`` is of its run, 4 while it waits; ``why`` a sentence for people.

    ``begun`` says that its run was there before: what the batch may still begin does not hold it up.
    """

    entry: BatchEntry
    standing: Standing = Standing.PENDING
    exit_code: int | None = None
    code: str = ""
    why: str = ""
    details: tuple[str, ...] = ()
    lost: int = 0
    begun: bool = False


Tell = Callable[[Progress], None]


@dataclass(slots=True)
class Conductor:
    """Drives one batch over an executor. ``tell`` hears of every change of standing, in this process."""

    batch: Batch
    executor: RunExecutor
    tell: Tell
    key: str = ""
    trust: str = ""
    entries: dict[RunId, Progress] = field(init=False)

    def __post_init__(self) -> None:
        self.entries = {entry.run: _to_go_on(standing_of(entry)) for entry in self.batch.entries}

    def conduct(self) -> list[Progress]:
        """Go on until every entry is over, waits, or may not begin. Going on again later takes up what was left."""
        index = book.open_index(self.batch.id)
        try:
            budgets = book.budgets(index, self.batch)
            self._merge_left()
            self._begin(budgets)
            while self._any(Standing.RUNNING):
                for end in self.executor.wait(_POLL_SECONDS):
                    self._hear(end)
                self._begin(budgets)
        finally:
            index.close()
        if self.batch.merge is MergeMode.TOGETHER:
            self._merge_together()
        return list(self.entries.values())

    def _any(self, standing: Standing) -> bool:
        return any(p.standing is standing for p in self.entries.values())

    def _begin(self, budgets: StoredBudgets) -> None:
        for progress in self._next():
            why = "" if progress.begun else self._forbidden(budgets)
            if why:
                self._change(progress, Standing.SKIPPED, int(ExitCode.LIMIT), code="BAT011", why=why)
                continue
            self._change(progress, Standing.RUNNING)
            self.executor.submit(job_of(self.batch, progress.entry, key=self.key, trust=self.trust))

    def _next(self) -> Iterator[Progress]:
        """As many as there is room for; where each is merged before the next, one at a time for a target."""
        held = {_line(p.entry) for p in self.entries.values() if p.standing in {Standing.RUNNING, Standing.WAITING}}
        one_by_one = self.batch.merge is MergeMode.EACH
        for progress in self.entries.values():
            running = sum(p.standing is Standing.RUNNING for p in self.entries.values())
            if running >= self.batch.ceiling.jobs:
                return
            line = _line(progress.entry)
            if progress.standing is Standing.PENDING and not (one_by_one and line in held):
                held.add(line)
                yield progress

    def _forbidden(self, budgets: StoredBudgets) -> str:
        ceiling = self.batch.ceiling
        failures = sum(p.standing is Standing.FAILED for p in self.entries.values())
        if ceiling.max_failures is not None and failures >= ceiling.max_failures:
            return f"Failed: {failures}; the batch stops at {ceiling.max_failures}."
        tokens, usd = budgets.spent()
        if ceiling.budget_tokens is not None and tokens >= ceiling.budget_tokens:
            return f"The batch has used up its {ceiling.budget_tokens} tokens."
        if ceiling.budget_usd is not None and usd >= ceiling.budget_usd:
            return f"The batch has used up its {ceiling.budget_usd:g} USD."
        return ""

    def _hear(self, end: JobEnd) -> None:
        progress = self.entries[end.job.run]
        if end.lost and progress.lost + 1 < _TRIES:
            progress.lost += 1
            self.executor.submit(end.job)
            return
        if end.exit_code == ExitCode.WAITING:
            self._change(progress, Standing.WAITING, end.exit_code, why=_message(progress.entry))
        elif end.exit_code != ExitCode.DONE:
            why = end.message or _message(progress.entry)
            self._change(progress, Standing.FAILED, end.exit_code, code=end.code, why=why, details=end.details)
        elif self.batch.merge is MergeMode.EACH:
            self._merge(progress)
        else:
            self._change(progress, Standing.DONE, end.exit_code)

    def _merge(self, progress: Progress) -> bool:
        try:
            words = _merged(progress.entry)
        except HandrailError as problem:
            self._change(
                progress,
                Standing.FAILED,
                int(problem.exit_code),
                code=problem.code,
                why=problem.message,
                details=told(problem),
            )
            return False
        self._change(progress, Standing.MERGED, int(ExitCode.DONE), why=words)
        return True

    def _merge_left(self) -> None:
        """What was done when this stopped, and not yet merged."""
        if self.batch.merge is MergeMode.EACH:
            for progress in self.entries.values():
                if progress.standing is Standing.DONE and not self._merge(progress):
                    return

    def _merge_together(self) -> None:
        """All or, after a failure in the middle, a half-merged state that is named (D26)."""
        mine = list(self.entries.values())
        if any(p.standing not in {Standing.DONE, Standing.MERGED} for p in mine):
            return
        for number, progress in enumerate(mine):
            if progress.standing is Standing.DONE and not self._merge(progress):
                there = [f"merged: {p.entry.target_ref} in {p.entry.repo} by run {p.entry.run}" for p in mine[:number]]
                progress.details = (*progress.details, *there)
                progress.code = "BAT022" if there else progress.code
                return

    def _change(
        self,
        progress: Progress,
        standing: Standing,
        exit_code: int | None = None,
        *,
        code: str = "",
        why: str = "",
        details: tuple[str, ...] = (),
    ) -> None:
        progress.standing, progress.exit_code, progress.code = standing, exit_code, code
        progress.why, progress.details = why, details
        self.tell(progress)


def standing_of(entry: BatchEntry) -> Progress:
    """As the entry's own run and its target say. What is neither over nor waits for a person is pending."""
    run = _run(entry)
    if run is not None and run.status is RunStatus.WAITING:
        return Progress(entry, Standing.WAITING, int(ExitCode.WAITING), why=run.message)
    if run is None or run.status not in OVER:
        return Progress(entry, why=run.message if run else "", begun=run is not None)
    if run.exit_code != ExitCode.DONE:
        return Progress(entry, Standing.FAILED, run.exit_code or int(ExitCode.FAILED), why=run.message)
    return Progress(entry, Standing.MERGED if _on_target(entry, run) else Standing.DONE, int(ExitCode.DONE))


def _to_go_on(progress: Progress) -> Progress:
    """A run that waits is taken up: its people may have answered."""
    return Progress(progress.entry, begun=True) if progress.standing is Standing.WAITING else progress


def exit_code(batch: list[Progress]) -> ExitCode:
    """0 when all is done, the runs' own code when all that failed agree on one, else 1; 4 when the rest only waits."""
    bad = Counter(p.exit_code or int(ExitCode.FAILED) for p in batch if p.standing is Standing.FAILED)
    if bad:
        return ExitCode(next(iter(bad))) if len(bad) == 1 else ExitCode.FAILED
    if any(p.standing is Standing.SKIPPED for p in batch):
        return ExitCode.LIMIT
    waits = any(p.standing in {Standing.WAITING, Standing.PENDING} for p in batch)
    return ExitCode.WAITING if waits else ExitCode.DONE


def _line(entry: BatchEntry) -> tuple[str, str]:
    return entry.repo, entry.target_ref


def _run(entry: BatchEntry) -> Run | None:
    with open_project(Path(entry.repo)) as project:
        return known(project, entry.run)


def _message(entry: BatchEntry) -> str:
    run = _run(entry)
    return run.message if run else ""


def _merged(entry: BatchEntry) -> str:
    """Bring a finished run to its target. Raises ``UsageError`` (BAT021) when that is its user's to move."""
    from orchestrator.vcs.worktree import TargetMove

    with open_project(Path(entry.repo)) as project:
        done = merge(project, project.index.run(entry.run))
    if done["move"] == TargetMove.CHECKED_OUT:
        raise UsageError("BAT021", done["message"], "then: handrail resume with the batch's name")
    return str(done["message"])


def _on_target(entry: BatchEntry, run: Run) -> bool:
    from orchestrator.app.trees import open_trees
    from orchestrator.vcs.worktree import is_ancestor

    with open_project(Path(entry.repo)) as project, open_trees(project) as trees:
        tip, target = trees.ref(run.run_ref), trees.ref(entry.target_ref)
        return tip is not None and target is not None and is_ancestor(project.repository.git, tip, target)
