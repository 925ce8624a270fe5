"""Bytes of unknown origin become text that is safe to parse, or a refusal with its place.

UTF-8 (RFC 3629), with or without a byte order mark; CRLF and CR count as line
ends. Not checked: whether the text means anything.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orchestrator.models.ids import Digest, sha256
from orchestrator.specs.codes import Report, shown

MAX_BYTES = 8 * 1024 * 1024
MAX_LINES = 100_000
MAX_BLOCKS = 35_000
MAX_FRONT_MATTER_LINES = 100

_BINARY = (b"%PDF-", b"PK\x03\x04", b"\x89PNG", b"\xd0\xcf\x11\xe0", b"\x1f\x8b", b"{\\rtf")
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_HIDDEN = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\U000e0000-\U000e007f]")


@dataclass(frozen=True, slots=True)
class Text:
    """``lines`` have no line ends, and front matter is blanked; ``digest`` is of the exact bytes."""

    path: str
    lines: tuple[str, ...]
    digest: Digest
    front: dict[str, tuple[str, int, int]]

    @property
    def source(self) -> str:
        """All lines, joined with a line feed."""
        return "\n".join(self.lines)


def read_text(data: bytes, report: Report) -> Text:
    """Guard and normalise. Raises :class:`~orchestrator.specs.codes.SpecProblems` when no text can be had."""
    _guard(data, report)
    report.refuse_errors()
    text = data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        report.add("PRD001", 1, 1, "The file is empty.")
    _refuse_hidden(text, report)
    lines = text.split("\n")
    if len(lines) > MAX_LINES:
        report.add("PRD003", MAX_LINES, 1, f"The file has {len(lines):,} lines; {MAX_LINES:,} can be read.")
    report.refuse_errors()
    front = _front_matter(lines, report)
    return Text(report.path, tuple(lines), sha256(data), front)


def _guard(data: bytes, report: Report) -> None:
    if not data:
        report.add("PRD001", 1, 1, "The file is empty.")
    elif len(data) > MAX_BYTES:
        report.add("PRD003", 1, 1, f"The file has {len(data) / 1048576:.1f} MiB; 8 MiB can be read.")
    elif data.startswith(_UTF16):
        report.add("PRD004", 1, 1, "The file is UTF-16.")
    elif data.startswith(_BINARY) or b"\0" in data:
        at = max(data.find(b"\0"), 0)
        report.add("PRD002", _line_at(data, at), 1, "The file is binary, not a text.")
    else:
        _refuse_other_encodings(data, report)


def _refuse_other_encodings(data: bytes, report: Report) -> None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        report.add("PRD004", _line_at(data, error.start), 1, f"Byte 0x{data[error.start]:02x} is not UTF-8.")


def _line_at(data: bytes, offset: int) -> int:
    before = data[:offset].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    return before.count(b"\n") + 1


def _refuse_hidden(text: str, report: Report) -> None:
    for found in _HIDDEN.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        report.add("PRD005", line, column, f"The character U+{ord(found[0]):04X} hides or reorders what follows.")
        if len(report.problems) >= 10:  # noqa: PLR2004  ten places make the point; a binary file has thousands
            return


def _front_matter(lines: list[str], report: Report) -> dict[str, tuple[str, int, int]]:
    """Top-level scalars with their places; the lines are blanked so that later line numbers hold."""
    if lines[0].rstrip() != "---":
        return {}
    closing = [i for i, line in enumerate(lines[1:MAX_FRONT_MATTER_LINES], 1) if line.rstrip() == "---"]
    if not closing:
        return {}
    import yaml  # noqa: PLC0415  most specs have no front matter

    body = "\n".join(lines[1 : closing[0]])
    lines[: closing[0] + 1] = [""] * (closing[0] + 1)
    try:
        return _scalars(body)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line, column = (1, 1) if mark is None else (mark.line + 2, mark.column + 1)
        report.add("PRD008", line, column, f"The front matter is not YAML: {shown(error.problem or 'unreadable')}.")
    except (yaml.YAMLError, ValueError):
        report.add("PRD008", 1, 1, "The front matter is not YAML.")
    return {}


def _scalars(body: str) -> dict[str, tuple[str, int, int]]:
    """``key: value`` pairs of the outermost mapping, from events: no objects are built from the text."""
    import yaml  # noqa: PLC0415  as above

    found: dict[str, tuple[str, int, int]] = {}
    depth, key = 0, None
    for event in yaml.parse(body, Loader=yaml.SafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth, key = depth + 1, None
        elif isinstance(event, yaml.CollectionEndEvent):
            depth, key = depth - 1, None
        elif isinstance(event, yaml.ScalarEvent) and depth == 1:
            if key is None:
                key = str(event.value)
                continue
            mark = event.start_mark
            found[key] = (
                str(event.value),
                mark.line + 2 if mark is not None else 1,
                mark.column + 1 if mark is not None else 1,
            )
            key = None
    return found
