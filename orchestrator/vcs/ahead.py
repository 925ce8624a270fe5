"""What a judgement will soon read, before the rest of Handrail is loaded. A hint: nothing rests on it.

Short git processes tell which files the head, or what is staged, has otherwise than its base, and what is in them.
What is left out or wrong here costs time and nothing else: whoever judges asks again, by the rules.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from orchestrator.vcs.git import Git
from orchestrator.vcs.reader import Reader
from orchestrator.vcs.repository import Repository

__all__ = ["BYTES_LIMIT", "FILES_LIMIT", "contents"]

FILES_LIMIT, BYTES_LIMIT = 64, 256 * 1024
"""So many files, each of so many bytes. Of a larger change it is not the start that takes long."""

_RAW = ("-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--ignore-submodules=none")
_REGULAR = frozenset({b"100644", b"100755"})
_FIELDS = 5
_SECONDS = 10.0


def contents(
    repository: Repository, suffix: str, *, base: str, head: str, staged: bool = False, index: Path | None = None
) -> list[bytes]:
    """Of files with this suffix on the new side, at most 64 small ones. Raises ``RepositoryError`` for unknown names.

    ``staged``: the new side is the index that git names, or the repository's own.
    """
    raw = _difference(repository, base, head, staged=staged, index=index)
    oids = [oid for oid, path in _rows(raw) if path.endswith(suffix)]
    return _blobs(repository.git, oids[:FILES_LIMIT])


def _difference(repository: Repository, base: str, head: str, *, staged: bool, index: Path | None) -> bytes:
    words = ("diff-index", "--cached") if staged else ("diff-tree", "--merge-base")
    sides = (base or "HEAD",) if staged else (base, head)
    git = repository.git
    if staged:
        git = replace(git, extra={**git.extra, "GIT_INDEX_FILE": str(index or repository.git_dir / "index")})
    return git.run(*words, *_RAW, "--end-of-options", *sides, timeout_seconds=_SECONDS).stdout


def _rows(raw: bytes) -> Iterator[tuple[str, str]]:
    """Id and path of each regular file on the new side of ``:MODE MODE ID ID M NUL path NUL``."""
    parts = iter(raw.split(b"\0"))
    for words, path in zip(parts, parts, strict=False):
        fields = words.split(b" ")
        if len(fields) == _FIELDS and fields[1] in _REGULAR:
            yield fields[3].decode(errors="replace"), path.decode(errors="replace")


def _blobs(git: Git, oids: Sequence[str]) -> list[bytes]:
    with closing(Reader(git)) as reader:
        small = [one.oid for one in reader.info(oids) if one is not None and one.size <= BYTES_LIMIT]
        return [data for _, data in reader.contents(small)]
