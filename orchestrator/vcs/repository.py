"""Finding the user's repository and asking it about names: no tree of it is read here, nothing in it is run.

Codes: REPO001 not a repository · REPO002 no commit yet · REPO003 unknown
revision · REPO004 detached HEAD · REPO005 no git · REPO006 git too old ·
REPO007 a repository that this git cannot use · REPO008 not a reference name.
"""

from __future__ import annotations

import hashlib
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from orchestrator.errors import RepositoryError
from orchestrator.models.ids import GitOid
from orchestrator.vcs.git import EMPTY_TREES, Git, environment, failed, program

_FULL_ID = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_REF = re.compile(r"refs/(?!.*(?:\.\.|//|/\.|\.lock(?:/|$)|@\{|\.$|/$))[^\x00-\x20\x7f~^:?*\[\\]+")


@dataclass(frozen=True, slots=True)
class Repository:
    """``git_dir`` is the worktree's own, ``common_dir`` the one that holds objects and branches.

    ``quarantine`` is the folder in which git keeps the objects of a push that is being judged.
    """

    folder: Path
    git_dir: Path
    common_dir: Path
    object_format: str
    quarantine: str = ""

    @property
    def git(self) -> Git:
        return Git(self.git_dir, self.object_format, extra=self.seen)

    @property
    def seen(self) -> dict[str, str]:
        """What lets git see the objects of a push."""
        return {"GIT_ALTERNATE_OBJECT_DIRECTORIES": self.quarantine} if self.quarantine else {}

    @property
    def objects(self) -> Path:
        return self.common_dir / "objects"

    @property
    def cut(self) -> frozenset[GitOid]:
        """The commits at which history ends because the clone is shallow, or says that it is."""
        place = self.common_dir / "shallow"
        lines = place.read_bytes().decode("ascii", "replace").split() if place.is_file() else ()
        return frozenset(GitOid(line) for line in lines if _FULL_ID.fullmatch(line))

    @property
    def id(self) -> str:
        """A folder name for what is kept about this repository: the same from each of its worktrees."""
        common = self.common_dir.resolve()
        name = common.parent.name if common.name == ".git" else common.name.removesuffix(".git")
        slug = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40] or "repository"
        return f"{slug}-{hashlib.sha256(str(common).encode(errors='surrogateescape')).hexdigest()[:12]}"


def find(folder: Path) -> Repository:
    """The repository in or above ``folder`` (or a bare one at it).

    Raises ``RepositoryError`` REPO001, REPO005, REPO006 or REPO007. Who owns the
    folder is not checked: nothing that it configures is run.
    """
    if not folder.is_dir():
        raise RepositoryError("REPO001", f"{folder} is not a folder.", "give the folder of a git repository")
    folder = folder.resolve()
    bare = (folder / "HEAD").is_file() and (folder / "objects").is_dir() and (folder / "refs").is_dir()
    where = [f"--git-dir={folder}"] if bare else ["-C", str(folder)]
    words = _discover(folder, where)
    if len(words) != 3 or words[2] not in EMPTY_TREES:  # noqa: PLR2004 - three questions were asked
        raise RepositoryError("REPO007", f"{folder} is a repository of a kind that is not supported.")
    return Repository(folder, Path(words[0]), Path(words[1]).resolve(), words[2])


def _discover(folder: Path, where: list[str]) -> list[str]:
    argv = [program(), *where, "-c", "safe.directory=*", "-c", "core.fsmonitor=false"]
    questions = ["--path-format=absolute", "--git-dir", "--git-common-dir", "--show-object-format"]
    done = subprocess.run(  # noqa: S603 - an argument vector of ours, no shell
        [*argv, "rev-parse", *questions], capture_output=True, check=False, env=environment(), cwd="/", timeout=60
    )
    if done.returncode == 0:
        return done.stdout.decode(errors="surrogateescape").splitlines()
    if b"not a git repository" in done.stderr:
        hint = "run `git init` there, or pass --repo"
        raise RepositoryError("REPO001", f"{folder} is not in a git repository.", hint)
    details = failed("rev-parse", done.stderr).details
    raise RepositoryError("REPO007", f"git cannot use the repository at {folder}.", "run `git status` there", details)


def work_tree(repository: Repository) -> Path | None:
    """The top folder of the work tree that the repository was found in, or ``None`` for a bare one."""
    argv = [program(), "-C", str(repository.folder), "-c", "safe.directory=*", "-c", "core.fsmonitor=false"]
    done = subprocess.run(  # noqa: S603 - an argument vector of ours, no shell
        [*argv, "rev-parse", "--show-toplevel"],
        capture_output=True,
        check=False,
        env=environment(),
        cwd="/",
        timeout=60,
    )
    found = done.stdout.decode(errors="surrogateescape").rstrip("\n")
    return Path(found) if done.returncode == 0 and found else None


def repository_id(folder: Path) -> str:
    """Slug of the folder's name and 12 hex digits of SHA-256 over the real path of the common git directory."""
    return find(folder).id


def check_ref(name: str) -> str:
    """The name itself. Raises ``RepositoryError`` REPO008 unless it is a full name such as ``refs/heads/x``."""
    if _REF.fullmatch(name) is None:
        raise RepositoryError("REPO008", f"{name!r} is not a full reference name.", "write refs/heads/NAME")
    return name


def read_ref(repository: Repository, name: str) -> GitOid | None:
    """What a full reference name points at now, or ``None``."""
    done = repository.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", check_ref(name), ok=(0, 1))
    return GitOid(done.stdout.decode().strip()) if done.returncode == 0 else None


def resolve(repository: Repository, rev: str) -> GitOid:
    """The commit that a revision names. Raises ``RepositoryError`` REPO002 or REPO003."""
    odd = not rev or rev.startswith("-") or any(not c.isprintable() for c in rev)
    if not odd:
        asked = f"{rev}^{{commit}}"
        done = repository.git.run("rev-parse", "--verify", "--quiet", "--end-of-options", asked, ok=(0, 1, 128))
        found = done.stdout.decode().strip()
        if done.returncode == 0 and _FULL_ID.fullmatch(found):
            return GitOid(found)
    if rev == "HEAD":
        raise RepositoryError("REPO002", "The repository has no commit yet.", "make a first commit")
    shallow = repository.git.run("rev-parse", "--is-shallow-repository").stdout.strip() == b"true"
    hint = "this clone is shallow: git fetch --unshallow" if shallow else "run `git log --oneline --all` to see commits"
    raise RepositoryError("REPO003", f"{rev!r} names no commit here.", hint)


def head_branch(repository: Repository) -> str | None:
    """The full name of the branch that HEAD is on, or ``None`` when it is detached."""
    done = repository.git.run("symbolic-ref", "--quiet", "HEAD", ok=(0, 1))
    return done.stdout.decode(errors="surrogateescape").strip() if done.returncode == 0 else None


def full_branch(repository: Repository, name: str) -> str | None:
    """The full name of the branch that ``name`` means (``HEAD`` for the one that is checked out), or ``None``."""
    if name == "HEAD":
        return head_branch(repository)
    done = repository.git.run("rev-parse", "--symbolic-full-name", "--verify", "--quiet", name, ok=(0, 1, 128))
    found = done.stdout.decode(errors="surrogateescape").strip()
    return found if found.startswith("refs/heads/") else None


def target_ref(repository: Repository) -> str:
    """The branch that a run is for when nobody names one. Raises ``RepositoryError`` REPO002 or REPO004."""
    resolve(repository, "HEAD")
    branch = head_branch(repository)
    if branch is None:
        hint = "switch to a branch, or name the one that the change is for"
        raise RepositoryError("REPO004", "HEAD is detached, so there is no branch to work for.", hint)
    return branch
