"""Trees that are no commit yet: what is staged, and a patch on a commit; and the commit that a change began at.

git does the work on a *copy* of an index, and whatever objects it makes go to
the private repository: the user's index and object folder stay as they are. No
work tree is read, so attributes and filters play no part (D3): what is judged
are the blobs that ``git add`` has made, which are those that will be committed.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from orchestrator.errors import RepositoryError
from orchestrator.models.ids import GitOid
from orchestrator.vcs.git import EMPTY_TREES, Completed, Git
from orchestrator.vcs.objects import ObjectStore
from orchestrator.vcs.reader import Reader
from orchestrator.vcs.repository import Repository, head_branch, read_ref, resolve

MAX_PATCH_BYTES = 64 * 1024 * 1024
_SECONDS = 120.0
_ENDS = 2
_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_PLAIN = re.compile(r"[\w@][\w@{}/~^.+-]*", re.ASCII)
_UPSTREAMS = ("origin/HEAD", "origin/main", "origin/master", "main", "master")


def staged_tree(repository: Repository, store: ObjectStore, index: Path | None) -> GitOid:
    """The tree that ``git commit`` would make now.

    ``index`` is the file that a hook is told to read (``GIT_INDEX_FILE``), else the repository's own. Raises
    ``RepositoryError`` REPO050 when there is none, or a merge in it is not resolved.
    """
    source = index or repository.git_dir / "index"
    if not source.is_file():
        raise RepositoryError("REPO050", "Nothing is staged here: there is no index.", "git add FILE")
    with _index(repository, store, source) as git:
        return _write(git)


def patched_tree(repository: Repository, store: ObjectStore, base: GitOid, patch: bytes) -> GitOid:
    """``base`` with a unified diff or a mail of ``git format-patch`` applied.

    Raises ``RepositoryError`` REPO051 for a patch that is empty, too large, or does not apply whole.
    """
    if len(patch) > MAX_PATCH_BYTES:
        raise RepositoryError("REPO051", f"The patch is larger than {MAX_PATCH_BYTES} bytes.", "split it")
    if not patch.strip():
        # What failed to make a patch must not pass for a change of nothing.
        raise RepositoryError("REPO051", "The patch is empty.", "see that what makes it did not fail")
    with _index(repository, store, None) as git:
        git.run("read-tree", store.peel(base), timeout_seconds=_SECONDS)
        options = ("--cached", "--whitespace=nowarn", "--no-unsafe-paths", "-")
        done = git.run("apply", *options, stdin=patch, timeout_seconds=_SECONDS, ok=(0, 1, 128))
        if done.returncode != 0:
            raise RepositoryError("REPO051", f"The patch does not apply on {base[:12]}.", "name its base", _words(done))
        return _write(git)


def _words(done: Completed) -> tuple[str, ...]:
    return tuple(done.stderr.decode(errors="backslashreplace").splitlines()[:20])


def _write(git: Git) -> GitOid:
    done = git.run("write-tree", timeout_seconds=_SECONDS, ok=(0, 128))
    if done.returncode != 0:
        raise RepositoryError(
            "REPO050",
            "What is staged makes no tree.",
            "read what git says; git status shows a merge to resolve",
            _words(done),
        )
    return GitOid(done.stdout.decode().strip())


@contextmanager
def _index(repository: Repository, store: ObjectStore, source: Path | None) -> Iterator[Git]:
    with tempfile.TemporaryDirectory(prefix="handrail-index-") as folder:
        copy = Path(folder) / "index"
        if source is not None:
            shutil.copyfile(source, copy)
            # A split index names its other half by a file beside itself.
            for shared in source.parent.glob("sharedindex.*"):
                shutil.copyfile(shared, Path(folder) / shared.name)
        seen = {
            "GIT_INDEX_FILE": str(copy),
            "GIT_OBJECT_DIRECTORY": str(store.git.git_dir / "objects"),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(repository.objects.resolve()),
        }
        # The user's git directory is named for the shared half alone; nothing in it is written.
        git_dir = repository.git_dir if source is not None else store.git.git_dir
        yield replace(store.git, git_dir=git_dir, extra={**repository.seen, **seen})


def staged_base(repository: Repository) -> GitOid:
    """What the next commit is compared with: HEAD, or the empty tree where its branch has no commit yet.

    Raises ``RepositoryError`` as :func:`orchestrator.vcs.repository.resolve`.
    """
    branch = head_branch(repository)
    if branch is not None and read_ref(repository, branch) is None:
        return EMPTY_TREES[repository.object_format]
    return resolve(repository, "HEAD")


def merge_base(repository: Repository, one: GitOid, other: GitOid) -> GitOid | None:
    """The best common ancestor, or ``None`` for histories without one."""
    done = repository.git.run("merge-base", one, other, ok=(0, 1))
    found = done.stdout.decode().split()
    return GitOid(found[0]) if done.returncode == 0 and found else None


def ends(repository: Repository, base: str, head: str) -> tuple[GitOid, GitOid] | None:
    """The best common ancestor of two plain revisions (the base itself without one) and the head, asked in one go.

    ``None`` wherever git's answer is not of exactly this form: then each name is asked after by itself.
    """
    if not all(_PLAIN.fullmatch(name) and ".." not in name for name in (base, head)):
        return None
    said = repository.git.run("rev-parse", "--quiet", f"{base}^{{commit}}...{head}^{{commit}}", ok=(0, 1, 128))
    ids = said.stdout.decode(errors="replace").splitlines()
    plain = [line.removeprefix("^") for line in ids]
    if said.returncode != 0 or len(ids) < _ENDS or not all(map(_FULL_ID.fullmatch, plain)):
        return None
    if ids[:_ENDS] != plain[:_ENDS] or any(line[0] != "^" for line in ids[_ENDS:]):
        return None
    commit, given, *common = map(GitOid, plain)
    return common[0] if common else given, commit


def default_base(repository: Repository, head: str, commit: GitOid) -> GitOid:
    """Where a line of work began, when nobody says.

    The merge base with its upstream, with the remote's default branch, or with ``main`` or ``master``; the first parent
    where those hold the commit already; the empty tree for a first commit. ``head`` is printable.
    """
    # By itself: where there is none, git ends with an error instead of an answer.
    asked = f"{head}@{{upstream}}^{{commit}}"
    said = repository.git.run("rev-parse", "--verify", "--quiet", asked, ok=(0, 1, 128))
    with closing(Reader(repository.git)) as reader:
        *lines, parent = reader.info([f"{name}^{{commit}}" for name in (*_UPSTREAMS, f"{commit}^1")])
    upstream = [GitOid(said.stdout.decode().strip())] if said.returncode == 0 else []
    for tip in dict.fromkeys([*upstream, *(line.oid for line in lines if line is not None)]):
        found = merge_base(repository, tip, commit)
        if found is not None and found != commit:
            return found
    return EMPTY_TREES[repository.object_format] if parent is None else parent.oid
