"""Which hunks to read first. An order for the eye, never a verdict: every hunk counts the same for an approval."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from orchestrator.models.change import ChangedFile, ChangeKind, Hunk
from orchestrator.models.found import Disposition, Finding
from orchestrator.models.review import ReviewSheet
from orchestrator.review.diff import Row, RowKind
from orchestrator.review.view import ChangeDiff, ItemView

FIRST = 3
"""So many are named before the diff."""

_LARGE_LINES = 80
_FINDING = {Disposition.DENY: 50, Disposition.PERSON: 40, Disposition.AGENT: 30, Disposition.NOTE: 8}
_BUILD = re.compile(
    r"(^|/)(\.github|\.gitlab|\.handrail|\.circleci)/|(^|/)(Dockerfile|Makefile|setup\.py|conftest\.py|\.gitattributes)"
    r"|\.(sh|ya?ml|toml|lock|cfg)$",
)
_STEMS = (
    *("eval", "exec", "subprocess", "system", "popen", "pickle", "marshal", "request", "urlopen", "socket", "password"),
    *("passwd", "secret", "token", "key", "admin", "auth", "permission", "chmod", "crypt", "verify", "ssl", "sql"),
    *("execute", "delete", "rmtree", "unlink"),
)
_ENDS = {"request": "s?", "auth": r"\w*", "crypt": r"\w*"}
_SENSITIVE = re.compile(rf"\b({'|'.join(stem + _ENDS.get(stem, '') for stem in _STEMS)})\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Ranked:
    """A hunk with its points and what gave them, in words."""

    hunk: Hunk
    score: int
    why: tuple[str, ...]


def ordered(view: ItemView) -> tuple[Ranked, ...]:
    """All hunks, the riskiest first; equals stay in the order of the diff."""
    return tuple(sorted((r for part in view.diffs for r in _ranked(view, part)), key=lambda r: -r.score))


def of_part(view: ItemView, part: ChangeDiff) -> tuple[Ranked, ...]:
    """The hunks of one change, the riskiest first."""
    return tuple(sorted(_ranked(view, part), key=lambda r: -r.score))


def rows(view: ItemView, part: ChangeDiff) -> Iterator[Row]:
    """The first of them in words."""
    for number, one in enumerate(of_part(view, part)[:FIRST], 1):
        inside = f" in {one.hunk.definition}" if one.hunk.definition else ""
        why = "; ".join(one.why) or "nothing stands out"
        text = f"{number}. {one.hunk.path}:{one.hunk.new_start}{inside}: {why}"
        yield Row(RowKind.TEXT, text, one.hunk.path, 0, one.hunk.new_start, one.hunk.id)


def file_scores(view: ItemView, part: ChangeDiff) -> dict[str, int]:
    """Path → points of its riskiest hunk."""
    found: dict[str, int] = {}
    for one in _ranked(view, part):
        found[one.hunk.path] = max(found.get(one.hunk.path, 0), one.score)
    return found


def of_sheet(sheet: ReviewSheet) -> int:
    """Points of a whole item, from its findings and paths alone: the diff is not read."""
    points = sum(_FINDING[f.disposition] for part in sheet.changes for r in part.reports for f in r.findings)
    for file in (file for part in sheet.changes for file in part.change.files):
        points += sum(p for p, _ in _of_file(file)) + (20 if _BUILD.search(file.path) else 0)
    return points


def _ranked(view: ItemView, part: ChangeDiff) -> list[Ranked]:
    changed = _changed_text(part)
    files = {file.path: file for file in part.change.files}
    by_path: dict[str, list[Finding]] = {}
    for finding in view.findings:
        by_path.setdefault(finding.path, []).append(finding)
    return [_rank(h, files.get(h.path), by_path.get(h.path, []), changed.get(h.id, [])) for h in part.change.hunks]


def _changed_text(part: ChangeDiff) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    head = RowKind.HUNK
    for kind, text, _, _, _, hunk in part.rows:
        if hunk is not None and kind is not head:
            found.setdefault(hunk, []).append(text)
    return found


def _rank(hunk: Hunk, file: ChangedFile | None, findings: list[Finding], lines: list[str]) -> Ranked:
    end = hunk.new_start + max(hunk.new_lines, 1)
    here = (f for f in findings if not f.line or hunk.new_start <= f.line < end)
    points = [(_FINDING[f.disposition], f"{f.rule}: {f.message}") for f in here]
    if _BUILD.search(hunk.path):
        points.append((20, "what a build or a tool runs"))
    if file is not None:
        points += _of_file(file)
    words = _sensitive(lines[:2000])
    if words:
        points.append((10, f"touches {', '.join(words[:3])}"))
    if len(lines) >= _LARGE_LINES:
        points.append((5, f"{len(lines)} changed lines"))
    points.sort(key=lambda p: -p[0])
    return Ranked(hunk, sum(p for p, _ in points), tuple(words for _, words in points))


def _of_file(file: ChangedFile) -> Iterator[tuple[int, str]]:
    if file.binary:
        yield 25, "binary"
    if file.new_mode in {"120000", "160000"}:
        yield 25, "a link or a submodule"
    if file.old_mode is not None and file.new_mode is not None and file.old_mode != file.new_mode:
        yield 15, f"mode {file.old_mode} -> {file.new_mode}"
    if file.kind is ChangeKind.DELETED:
        yield 6, "the file is deleted"


def _sensitive(lines: Sequence[str]) -> list[str]:
    """The words in the order of the text. The expression is slow and sees only lines that could have one."""
    cut = [line[:1000] for line in lines]
    text = "\n".join(cut).lower()
    stems = [stem for stem in _STEMS if stem in text]
    likely = (line for line in cut if not line.isascii() or any(stem in line.lower() for stem in stems))
    found = (match.group(0).lower() for line in likely for match in _SENSITIVE.finditer(line))
    return list(dict.fromkeys(found))
