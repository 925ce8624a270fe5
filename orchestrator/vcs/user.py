"""Committing for the user, in the user's own work tree, because the user asked: hooks and identity are theirs."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.errors import RepositoryError
from orchestrator.vcs.repository import Repository


def commit_paths(repository: Repository, paths: Sequence[str], message: str) -> None:
    """Commit exactly these paths, also when ``.gitignore`` names them; what else is staged stays staged.

    Raises ``RepositoryError`` (REPO026).
    """
    from git import GitCommandError, Repo  # noqa: PLC0415  costs start-up

    with Repo(repository.folder, search_parent_directories=True) as repo:
        try:
            repo.git.add("--force", "--", *paths)
            repo.git.commit("--only", "--message", message, "--", *paths)
        except GitCommandError as problem:
            words = str(problem.stderr).strip().splitlines()
            hint = "git add .handrail && git commit"
            raise RepositoryError("REPO026", "git would not commit the folder.", hint, words) from problem
