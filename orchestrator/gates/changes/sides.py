"""The two sides of each changed file, and which of them are Python.

A file counts as Python by its name, by its shebang, or because it parses as
Python that imports, defines or runs code: a program is not hidden by calling
it ``notes.txt``. Notebooks count by their code cells.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import lru_cache
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from orchestrator.gates.changes.digests import source_digest
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.changed import ChangedFile
from orchestrator.models.ids import Digest, GitOid
from orchestrator.policy.paths import covers
from orchestrator.ports import Candidate

__all__ = [
    "SIZE_LIMIT_BYTES",
    "PythonKind",
    "Side",
    "begin",
    "code_cells",
    "is_test",
    "named_python",
    "python_kind",
    "sides",
    "source_of",
    "suffix_of",
]

SIZE_LIMIT_BYTES = 1024 * 1024
"""Above it a file is not parsed."""

REGULAR = frozenset({"100644", "100755"})

_SUFFIXES = frozenset({".py", ".pyw", ".pyi", ".pyx", ".pxd", ".pxi"})
_SHEBANG = re.compile(rb"\A(?:\xef\xbb\xbf)?#![^\r\n]*\b(?:python|pypy)[0-9.]*\b")
_TELLING = re.compile(r"\b(?:import|def|exec|eval|compile|__import__|getattr|open|__builtins__)\b")
_TEST_NAME = re.compile(r"(?:test_.*|.*_test|tests|conftest)\.pyw?", re.IGNORECASE | re.DOTALL)
_OTHER_TESTS = re.compile(r".*(?:_test\.(?:go|rs|cc|cpp|cxx)|\.(?:test|spec)\.[cm]?[jt]sx?|_spec\.rb)", re.DOTALL)
_TEST_FOLDERS = frozenset({"test", "tests"})


class PythonKind(StrEnum):
    """By what a file is Python."""

    NO = "no"
    NAMED = "named"
    SHEBANG = "shebang"
    PARSED = "parsed"
    NOTEBOOK = "notebook"


class Side(NamedTuple):
    """One side of a changed file that is an even file. Symlinks and gitlinks have none."""

    path: str
    mode: str
    data: bytes


def sides(candidate: Candidate, file: ChangedFile) -> tuple[Side | None, Side | None]:
    """Head and base. The base of a renamed file is the file under its old name."""
    head = _side(candidate, file.path, file.new_mode, file.new_blob)
    base = _side(candidate, file.old_path or file.path, file.old_mode, file.old_blob)
    return head, base


def _side(candidate: Candidate, path: str, mode: str | None, blob: GitOid | None) -> Side | None:
    if blob is None or mode not in REGULAR:
        return None
    return Side(path, mode, candidate.blob(blob))


def begin(candidate: Candidate, worker: Worker) -> None:
    """Let the worker begin with every file that is Python by its name; the rest is asked one by one."""
    heads: dict[Digest, bytes] = {}
    bases: dict[Digest, bytes] = {}
    for file in candidate.files:
        if not _named(file.path):
            continue
        head, base = sides(candidate, file)
        if head is None or len(head.data) > SIZE_LIMIT_BYTES:
            continue
        digest = source_digest(head.data)
        heads[digest] = head.data
        if base is not None and _named(base.path) and len(base.data) <= SIZE_LIMIT_BYTES and base.data != head.data:
            bases[digest] = base.data
    worker.foresee([*heads.values()], bases)


def named_python(candidate: Candidate) -> Iterator[bytes]:
    """Both sides of every file that is Python by its name and small enough to be parsed."""
    for file in candidate.files:
        for side in sides(candidate, file):
            if side is not None and _named(side.path) and len(side.data) <= SIZE_LIMIT_BYTES:
                yield side.data


@lru_cache(maxsize=4096)
def suffix_of(path: str) -> str:
    """With its dot and in small letters, or ''. Asked of each file by each gate."""
    return PurePosixPath(path).suffix.casefold()


def _named(path: str) -> bool:
    return suffix_of(path) in _SUFFIXES


def python_kind(side: Side, worker: Worker) -> PythonKind:
    """Asks the parser only when name and shebang do not tell. Raises ``GateBroken``."""
    if _named(side.path):
        return PythonKind.NAMED
    if suffix_of(side.path) == ".ipynb":
        return PythonKind.NOTEBOOK
    if _SHEBANG.match(side.data):
        return PythonKind.SHEBANG
    if len(side.data) > SIZE_LIMIT_BYTES or b"\0" in side.data or not _may_execute(side.data):
        return PythonKind.NO
    return PythonKind.PARSED if worker.outline(side.data).get("executes") else PythonKind.NO


def _may_execute(data: bytes) -> bool:
    """Without one of these names the parser would not call it a program: it spares parsing every data file."""
    text = data.decode("utf-8", "replace")
    # Python folds identifiers before it looks them up.
    return bool(_TELLING.search(text if text.isascii() else unicodedata.normalize("NFKC", text)))


def source_of(side: Side, kind: PythonKind) -> bytes:
    """The Python to scan. Raises ``ValueError`` for a notebook that cannot be read.

    Of a notebook: its code cells one after the other, with shell escapes and
    magics as comments; line numbers count in that text.
    """
    if kind is not PythonKind.NOTEBOOK:
        return side.data
    try:
        cells = code_cells(json.loads(side.data, object_pairs_hook=_once))
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not a readable notebook ({type(error).__name__})") from error
    return "\n".join(_plain(cell) for cell in cells).encode("utf-8", "surrogatepass")


def code_cells(notebook: Any) -> list[str]:  # noqa: ANN401 - JSON of a stranger
    """The text of each code cell. Raises ``ValueError`` for what is no notebook."""
    try:
        sources = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
        return [source if isinstance(source, str) else "".join(source) for source in sources]
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("not a notebook") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Two readers take different ones of two equal keys."""
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _plain(cell: str) -> str:
    return "\n".join("# " + line if line.lstrip()[:1] in {"%", "!"} else line for line in cell.split("\n")) + "\n"


def is_test(path: str, test_roots: Sequence[str]) -> bool:
    """Whether a path is a test: below a test root, in a folder named tests, or named like one."""
    return _is_test(path, tuple(test_roots))


@lru_cache(maxsize=4096)
def _is_test(path: str, test_roots: tuple[str, ...]) -> bool:
    name = PurePosixPath(path).name
    if _TEST_NAME.fullmatch(name) or _OTHER_TESTS.fullmatch(name):
        return True
    if any(part in _TEST_FOLDERS for part in path.split("/")[:-1]):
        return True
    roots = [root.strip("/") for root in test_roots if root.strip("/.")]
    return covers([r if "*" in r else f"{r}/**" for r in roots], path)
