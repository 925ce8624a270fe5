"""Which file of a tree belongs to whom inside, from the grant alone. Pure.

Root owns what the step may not write. A directory in which the grant could
make a file is open to all with the sticky bit (1777). It belongs to the agent
only when its parent is open too and nothing below is root's: the owner of a
directory could delete any file in it, sticky or not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import takewhile

from orchestrator.errors import RepositoryError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.ids import GitOid
from orchestrator.policy.globs import is_exact
from orchestrator.policy.paths import PROTECTED, deny_write, may_read, opens, protects
from orchestrator.ports import TreeEntry

LINK, GITLINK, EXECUTABLE = "120000", "160000", "100755"
_ANY_NAME = "\x01" * 64
"""A file name that only a wildcard can match."""


@dataclass(frozen=True, slots=True)
class Place:
    """One thing to make: ``kind`` D, F or L; ``mode`` as for chmod; ``oid`` of its content, '' for a directory."""

    kind: str
    path: str
    mode: int
    oid: GitOid


@dataclass(frozen=True, slots=True)
class Layout:
    """``root`` is made first, by uid 0; ``user`` after it, by the agent's uid. Parents come before children."""

    root: tuple[Place, ...]
    user: tuple[Place, ...]

    def with_repository(self) -> Layout:
        """With room for a throw-away repository of a coding agent (D22); on the way out it is passed over."""
        return Layout((*self.root, Place("D", ".git", 0o1777, GitOid(""))), self.user)

    def paths(self) -> frozenset[str]:
        """Of all files and links."""
        return frozenset(p.path for p in (*self.root, *self.user) if p.kind != "D")


def parent(path: str) -> str:
    """The directory of a path, '' for the root."""
    return path.rpartition("/")[0]


def _ancestors(path: str) -> Iterable[str]:
    while path:
        path = parent(path)
        yield path


def _above(paths: Iterable[str]) -> set[str]:
    """Every directory that holds one of the paths, the root among them. Each is walked to once."""
    found = set[str]()
    for path in paths:
        directory = parent(path)
        while directory not in found:
            found.add(directory)
            directory = parent(directory)
    return found


def _refuse(path: str, why: str) -> RepositoryError:
    return RepositoryError("SBX022", f"{path!r} in the tree {why}, so the tree cannot go in and out unchanged")


def _checked(entries: Sequence[TreeEntry], capabilities: Capabilities) -> list[TreeEntry]:
    readable = [e for e in entries if e.mode != GITLINK and may_read(capabilities, e.path)]
    files = {e.path for e in readable}
    if len(files) != len(readable):
        raise _refuse("a path", "appears twice")
    for path in files:
        if not path or "\0" in path or not {"", ".", "..", ".git"}.isdisjoint(path.split("/")):
            raise _refuse(path, "is not a plain relative path")
    beneath = files & _above(files)
    if beneath:
        below = next(path for path in sorted(files) if not beneath.isdisjoint(_ancestors(path)))
        raise _refuse(below, "lies below a file or link")
    return readable


def _directories(entries: Iterable[TreeEntry]) -> list[str]:
    """The root and every directory, parents first."""
    return sorted({"", *_above(e.path for e in entries)})


def _file(entry: TreeEntry) -> Place:
    mode = 0o755 if entry.mode == EXECUTABLE else 0o644
    return Place("L" if entry.mode == LINK else "F", entry.path, mode, entry.oid)


def _directory(path: str, mode: int = 0o755) -> Place:
    return Place("D", path, mode, GitOid(""))


def _opener(capabilities: Capabilities, protected: Sequence[str]) -> Callable[[str], bool]:
    always = (*PROTECTED, *protected)

    def is_open(directory: str) -> bool:
        if not opens(capabilities.write, directory):
            return False
        new_file = f"{directory}/{_ANY_NAME}".lstrip("/")
        return not protects(always, new_file) or opens(capabilities.write_protected, directory)

    return is_open


def plan_open(entries: Sequence[TreeEntry], capabilities: Capabilities) -> Layout:
    """Everything is the agent's: for commands whose tree is thrown away."""
    readable = _checked(entries, capabilities)
    directories = [_directory(d) for d in _directories(readable) if d]
    return Layout((), (*directories, *map(_file, readable)))


def _missing(readable: Iterable[TreeEntry], capabilities: Capabilities) -> set[str]:
    """Directories that the grant names and the tree, in which git keeps none that is empty, does not have yet."""
    files = {e.path for e in readable}
    found: set[str] = set()
    for glob in capabilities.write:
        parts = glob.split("/")[:-1]
        named = "/".join(takewhile(is_exact, parts))
        whole = {named, *_ancestors(named)} - {""}
        if files.isdisjoint(whole) and {"", ".", "..", ".git"}.isdisjoint(named.split("/")):
            found |= whole
    return found


def plan(entries: Sequence[TreeEntry], capabilities: Capabilities, protected: Sequence[str]) -> Layout:
    """The ownership of every path. Raises ``RepositoryError`` (``SBX022``) for a tree that no work tree can hold."""
    readable = _checked(entries, capabilities)
    granted = {e.path for e in readable if deny_write(capabilities, protected, e.path) is None}
    shared = _above(e.path for e in readable if e.path not in granted)
    is_open = _opener(capabilities, protected)
    directories = sorted({*_directories(readable), *_missing(readable, capabilities)})
    opened = {d for d in directories if is_open(d)} | {parent(p) for p in granted}
    owned: set[str] = set()
    for directory in directories:
        if directory and directory in opened and directory not in shared and parent(directory) in opened:
            owned.add(directory)
    root = [_directory(d, 0o1777 if d in opened else 0o755) for d in directories if d not in owned]
    return Layout(
        (*root, *(_file(e) for e in readable if e.path not in granted)),
        (*(_directory(d) for d in sorted(owned)), *(_file(e) for e in readable if e.path in granted)),
    )
