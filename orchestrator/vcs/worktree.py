"""Who has a branch checked out, and what may be done with a target branch then (D14)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from orchestrator.models.ids import GitOid
from orchestrator.vcs.git import Git
from orchestrator.vcs.repository import Repository


class TargetMove(StrEnum):
    """What may happen to a target branch. ``FAST_FORWARD`` alone lets it be moved from here."""

    FAST_FORWARD = "fast-forward"
    ALREADY_THERE = "already-there"
    CHECKED_OUT = "checked-out"
    DIVERGED = "diverged"
    NO_TARGET = "no-target"


@dataclass(frozen=True, slots=True)
class TargetVerdict:
    """``sentence`` says what happens or what to type."""

    move: TargetMove
    sentence: str


def checked_out_branches(repository: Repository) -> dict[str, str]:
    """Full branch name → folder, for every worktree; branches that a rebase or bisect will come back to count too."""
    said = repository.git.run("worktree", "list", "--porcelain", "-z").stdout.decode(errors="surrogateescape")
    taken: dict[str, str] = {}
    folder = ""
    for field in said.split("\0"):
        key, _, value = field.partition(" ")
        if key == "worktree":
            folder = value
        elif key == "branch":
            taken[value] = folder
    for branch, where in _interrupted(repository.common_dir):
        taken.setdefault(branch, where)
    return taken


def _interrupted(common: Path) -> Iterator[tuple[str, str]]:
    for folder in (common, *common.glob("worktrees/*")):
        for name in ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"):
            path = folder / name
            if path.is_file():
                branch = path.read_text(errors="surrogateescape").strip()
                yield branch if branch.startswith("refs/") else f"refs/heads/{branch}", str(folder)


def is_ancestor(git: Git, older: GitOid, newer: GitOid) -> bool:
    """Whether ``newer`` holds ``older``; a commit holds itself."""
    return git.run("merge-base", "--is-ancestor", older, newer, ok=(0, 1)).returncode == 0


def judge_target(
    git: Git, target_ref: str, target: GitOid | None, run_ref: str, tip: GitOid, *, checked_out: str | None
) -> TargetVerdict:
    """Whether a target branch may be moved to a run's tip. Pure but for the question of ancestry."""
    branch, run = target_ref.removeprefix("refs/heads/"), run_ref.removeprefix("refs/heads/")
    if target is None:
        return TargetVerdict(TargetMove.NO_TARGET, f"There is no branch {branch}.")
    if target == tip or is_ancestor(git, tip, target):
        return TargetVerdict(TargetMove.ALREADY_THERE, f"{branch} already holds {run}.")
    if not is_ancestor(git, target, tip):
        return TargetVerdict(TargetMove.DIVERGED, f"{branch} has moved on: {run} must be rebuilt on it.")
    if checked_out is not None:
        return TargetVerdict(
            TargetMove.CHECKED_OUT,
            f"{branch} is checked out in {checked_out}. To take the change, type there: git merge --ff-only {run}",
        )
    return TargetVerdict(TargetMove.FAST_FORWARD, f"{branch} moves to {tip[:12]}.")
