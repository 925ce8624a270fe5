"""What a hunk's digest covers (D2): path, mode, old blob, the enclosing definition and the exact bytes.

The enclosing definition is found with :mod:`ast` in Python text, per changed
line, innermost first: its qualified name and its whole new text. Where there
is none (another language, a module's top level, text that does not parse), it
is twenty lines of the new text on each side.

Digest: SHA-256 over the canonical JSON of ``[2, path, old_path, old_mode,
new_mode, old_blob, definitions, sha256(changed bytes)]`` where ``definitions`` is
a list of ``[name, sha256(text)]``. Position is not part of it.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Sequence
from threading import Lock
from typing import NamedTuple

from orchestrator.models.changed import ChangedFile, Hunk
from orchestrator.models.ids import canonical, sha256

CONTEXT_LINES = 20
_MAX_PARSED_BYTES = 1024 * 1024
_parsing = Lock()
"""``warnings.catch_warnings`` changes a global."""


class RawHunk(NamedTuple):
    """One ``@@`` section. ``body`` are its lines with their signs; ``touched`` are 1-based new line numbers.

    A removed line touches the new line that took its place.
    """

    old_start: int
    old_lines: int
    new_start: int
    new_lines: int
    body: tuple[bytes, ...]
    touched: tuple[int, ...]

    @property
    def changed(self) -> bytes:
        """The lines added and removed, with their signs, and the marks of a missing last line end."""
        return b"".join(line for line in self.body if line[:1] in {b"+", b"-", b"\\"})


class Definition(NamedTuple):
    """``first`` and ``last`` are 1-based and both belong to it; decorators do too."""

    name: str
    first: int
    last: int


def definitions(path: str, text: bytes) -> tuple[Definition, ...]:
    """The classes and functions of a Python file, outer before inner; empty for all else."""
    if not path.endswith((".py", ".pyi")) or len(text) > _MAX_PARSED_BYTES:
        return ()
    if b"\r" in text.replace(b"\r\n", b"\n"):
        return ()  # Python counts a lone carriage return as a line, git does not
    try:
        with _parsing, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.parse(text.decode())
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return ()
    return _collect(module)


def _collect(module: ast.Module) -> tuple[Definition, ...]:
    found: list[Definition] = []
    ahead: list[tuple[ast.AST, str]] = [(module, "")]
    while ahead:
        node, prefix = ahead.pop()
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}".lstrip(".")
                first = min([child.lineno, *(d.lineno for d in child.decorator_list)])
                found.append(Definition(name, first, child.end_lineno or child.lineno))
            ahead.append((child, name))
    return tuple(sorted(found, key=lambda d: (d.first, -d.last)))


def owner_of_each_line(known: Sequence[Definition], lines: int) -> list[Definition | None]:
    """The innermost definition of each line; index 0 is unused."""
    owners: list[Definition | None] = [None] * (lines + 2)
    for definition in known:
        span = range(definition.first, min(definition.last, lines) + 1)
        owners[span.start : span.stop] = [definition] * len(span)
    return owners


def hunk_of(file: ChangedFile, raw: RawHunk, lines: Sequence[bytes], owners: Sequence[Definition | None]) -> Hunk:
    """``lines`` are the new text's, with their ends; ``owners`` the definition that each lies in."""
    places = _places(raw, lines, owners)
    covered = [[name, sha256(text)] for name, text in places]
    seen = [2, file.path, file.old_path, file.old_mode, file.new_mode, file.old_blob, covered, sha256(raw.changed)]
    return Hunk(
        id=sha256(canonical(seen)),
        path=file.path,
        definition=", ".join(name for name, _ in places if name),
        old_start=raw.old_start,
        old_lines=raw.old_lines,
        new_start=raw.new_start,
        new_lines=raw.new_lines,
    )


def whole_file(file: ChangedFile) -> Hunk:
    """The one hunk of a change without text: a mode, a pure rename, an empty file."""
    seen = (2, file.path, file.old_path, file.old_mode, file.new_mode, file.old_blob, (), file.new_blob)
    return Hunk(
        id=sha256(canonical(seen)), path=file.path, definition="", old_start=0, old_lines=0, new_start=0, new_lines=0
    )


def _places(raw: RawHunk, lines: Sequence[bytes], owners: Sequence[Definition | None]) -> list[tuple[str, bytes]]:
    holders = [owners[line] if line < len(owners) else None for line in raw.touched]
    inside = [holder for holder in dict.fromkeys(holders) if holder is not None]
    places = [(d.name, b"".join(lines[d.first - 1 : d.last])) for d in inside]
    if None in holders or not places:
        first = max(raw.new_start - 1 - CONTEXT_LINES, 0)
        last = max(raw.new_start - 1 + raw.new_lines + CONTEXT_LINES, 0)
        places.append(("", b"".join(lines[first:last])))
    return places
