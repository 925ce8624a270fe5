"""Committing for the user, in the user's own work tree, because the user asked: hooks and identity are theirs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from orchestrator.errors import RepositoryError
from orchestrator.models.ids import GitOid
from orchestrator.vcs.names import visible
from orchestrator.vcs.repository import Repository, read_ref


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


def write_tag(
    repository: Repository, name: str, commit: GitOid, message: str, *, when: datetime, sign: Callable[[bytes], str]
) -> str:
    """An annotated tag with a signature, in the user's repository. Raises ``RepositoryError`` REPO041."""
    ref = f"refs/tags/{name}"
    if repository.git.run("check-ref-format", ref, ok=(0, 1)).returncode or read_ref(repository, ref) is not None:
        raise RepositoryError("REPO041", f"{visible(name)} is taken, or no name for a tag.", "choose another name")
    tagger = f"Handrail <handrail@handrail.invalid> {int(when.timestamp())} +0000"
    text = f"object {commit}\ntype commit\ntag {name}\ntagger {tagger}\n\n{message}"
    whole = text + sign(text.encode())
    made = repository.git.run("mktag", stdin=whole.encode()).stdout.decode().strip()
    repository.git.run("update-ref", ref, made, "")
    return ref


def read_tag(repository: Repository, name: str) -> bytes:
    """The whole object of an annotated tag. Raises ``RepositoryError`` REPO042."""
    done = repository.git.run("cat-file", "tag", f"refs/tags/{name.removeprefix('refs/tags/')}", ok=(0, 128))
    if done.returncode:
        raise RepositoryError("REPO042", f"{visible(name)} is neither a file nor a tag here.", "git fetch --tags")
    return done.stdout
