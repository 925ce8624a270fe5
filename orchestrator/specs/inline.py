"""The inside of a paragraph: visible text, code spans and line breaks, each piece with its place in the source."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from markdown_it import MarkdownIt
from markdown_it.token import Token

MAX_NESTING = 60
_MARKS = re.compile(r"[`*_<&\\]")
_ANY_MARK = "`*_<&\\"
_EMPHASIS = re.compile(r"(?<!\*)(\*\*?)(?=[^\W_])([^`*_<&\\\n]*?)(?:(?<=[^\W_])|(?<=:)(?=\*+(?:\s|$)))\1(?!\*)")
"""Emphasis that any reading of CommonMark's rules reads alike: it begins with a letter or digit, and ends with
one or with a colon before a space. Nothing else stands in it."""


@dataclass(frozen=True, slots=True)
class Run:
    """A stretch of visible text with one place. ``code`` holds a code span's content."""

    text: str
    line: int
    column: int
    code: str | None = None


@lru_cache(maxsize=1)
def parser() -> MarkdownIt:
    """CommonMark with tables; inline content is parsed when it is asked for, links stay as they are written."""
    markdown = MarkdownIt("commonmark", {"maxNesting": MAX_NESTING}).enable("table")
    return markdown.disable(["inline", "text_join", "link", "image", "autolink", "reference"])


def read_inline(content: str, lines: Sequence[str], first: int) -> list[Run]:
    """The runs of one inline content that begins in a line, counted from 0. Most contents hold no mark at all."""
    if any(map(content.__contains__, _ANY_MARK)):
        return list(Inline(content, lines, first).runs())
    runs: list[Run] = []
    for k, row in enumerate(content.split("\n")):
        index = min(first + k, len(lines) - 1)
        if k:
            runs.append(Run("\n", index + 1, 1))
        if bare := row.strip():
            runs.append(Run(bare, index + 1, max(lines[index].find(bare), 0) + 1))
    return runs


class Inline:
    """Runs of one inline content. The parser gives no places, so each piece is found again in the source."""

    def __init__(self, content: str, lines: Sequence[str], first: int) -> None:
        self._content = content
        self._cursor = 0
        self._rows: list[tuple[int, int, int]] = []
        offset = 0
        for k, row in enumerate(content.split("\n")):
            index = min(first + k, len(lines) - 1)
            column = max(lines[index].find(row.strip()), 0) + 1 - (len(row) - len(row.lstrip()))
            self._rows.append((offset, index + 1, column))
            offset += len(row) + 1

    def runs(self) -> Iterator[Run]:
        """In order; emphasis marks and comments are gone."""
        content = self._content
        if not _MARKS.search(_EMPHASIS.sub(r"\2", content) if "*" in content else content):
            yield from self._plain_runs()
            return
        yield from self._parsed_runs()

    def _parsed_runs(self) -> Iterator[Run]:
        tokens: list[Token] = []
        markdown = parser()
        markdown.inline.parse(self._content, markdown, {}, tokens)
        for token in tokens:
            run = self._run(token)
            if run is not None:
                yield run

    def _plain_runs(self) -> Iterator[Run]:
        for k, ((_, line, column), row) in enumerate(zip(self._rows, self._content.split("\n"), strict=True)):
            if k:
                yield Run("\n", line, 1)
            at, end = len(row) - len(row.lstrip()), len(row.rstrip())
            for begin, stop in _pieces(row, at, end):
                yield Run(row[begin:stop], line, max(column + begin, 1))

    def _run(self, token: Token) -> Run | None:
        match token.type:
            case "text" | "text_special":
                if not token.content:
                    return None
                return Run(token.content, *self._find(token.content))
            case "code_inline":
                mark = token.markup or "`"
                pad = " " if "`" in (token.content[:1], token.content[-1:]) else ""
                line, column = self._find(token.content)
                shown = f"{mark}{pad}{token.content}{pad}{mark}"
                return Run(shown, line, max(column - len(mark) - len(pad), 1), token.content)
            case "softbreak" | "hardbreak":
                self._cursor = self._content.find("\n", self._cursor) + 1 or self._cursor
                return Run("\n", *self._place(self._cursor))
            case "html_inline":
                place = self._find(token.content)
                return None if token.content.startswith("<!") else Run(token.content, *place)
            case _:
                return None

    def _find(self, piece: str) -> tuple[int, int]:
        at = self._content.find(piece, self._cursor)
        if at < 0:
            return self._place(self._cursor)
        self._cursor = at + len(piece)
        return self._place(at)

    def _place(self, offset: int) -> tuple[int, int]:
        row = max(bisect_right(self._rows, offset, key=lambda r: r[0]) - 1, 0)
        start, line, column = self._rows[row]
        return line, max(column + offset - start, 1)


def _pieces(row: str, at: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of a row between its emphasis marks."""
    for found in _EMPHASIS.finditer(row, at, end):
        if found.start() > at:
            yield at, found.start()
        yield found.span(2)
        at = found.end()
    if at < end:
        yield at, end
