"""CommonMark 0.31 as a flat list of blocks, each with its place in the text.

Parsed by markdown-it-py. Links stay as they are written, so that no target is
lost; comments are dropped; emphasis marks are dropped; code spans keep their
backticks. A heading counts as one only outside of lists and quotations.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from itertools import accumulate, pairwise

from markdown_it.token import Token

from orchestrator.models.spec import Span
from orchestrator.specs.codes import Report
from orchestrator.specs.inline import MAX_NESTING, Run, parser, read_inline
from orchestrator.specs.read import MAX_BLOCKS, Text

MAX_BLOCK_CHARACTERS = 32_768

CELL = " | "
"""Stands between the cells of a row."""

_HIDING = re.compile(r"[<&\\]")
_TICKS = re.compile("`+")


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, eq=False)
class Block:
    """``level`` is a heading's level, else the depth in lists (0 outside).

    ``ordinal`` is the number that an ordered item is shown with. Inline
    content is parsed when it is first asked for: most of a long document
    is outside of its requirements.
    """

    kind: BlockKind
    level: int
    line: int
    column: int
    end_line: int
    end_column: int
    source: Callable[[], tuple[Run, ...]]
    ordinal: int | None = None
    quoted: bool = False
    raw: str = ""

    @cached_property
    def runs(self) -> tuple[Run, ...]:
        return self.source()

    @cached_property
    def text(self) -> str:
        """As a reader sees it; soft line breaks are line feeds."""
        return "".join(run.text for run in self.runs)

    @cached_property
    def plain(self) -> str:
        """:attr:`text` with code spans blanked, offsets kept."""
        if all(run.code is None for run in self.runs):
            return self.text
        return "".join(" " * len(r.text) if r.code is not None else r.text for r in self.runs)

    @cached_property
    def words(self) -> int:
        """How many words the source has, without code."""
        return len(self.raw.split())

    @property
    def cells(self) -> tuple[tuple[int, str], ...]:
        """Each cell of a row with its offset in :attr:`text`; empty ones too."""
        found: list[tuple[int, str]] = [(0, "")]
        for start, run in self.located():
            if run.text == CELL and run.code is None:
                found.append((start + len(CELL), ""))
            else:
                found[-1] = (found[-1][0], found[-1][1] + run.text)
        return tuple(found)

    @property
    def span(self) -> Span:
        end = max((self.line, self.column), (self.end_line, self.end_column))
        return Span(line=self.line, column=self.column, end_line=end[0], end_column=end[1])

    @cached_property
    def _starts(self) -> list[int]:
        return [0, *accumulate(len(run.text) for run in self.runs)][:-1]

    def place(self, offset: int) -> tuple[int, int]:
        """Line and column of a character of :attr:`text`."""
        index = max(bisect_right(self._starts, offset) - 1, 0)
        run = self.runs[index]
        return run.line, run.column + offset - self._starts[index]

    def located(self) -> Iterator[tuple[int, Run]]:
        """Each run with its offset in :attr:`text`."""
        return zip(self._starts, self.runs, strict=True)

    def after(self, offset: int) -> Block | None:
        """What follows the first ``offset`` visible characters, or ``None`` when nothing does."""
        runs: list[Run] = []
        for start, run in self.located():
            if start >= offset:
                runs.append(run)
            elif start + len(run.text) > offset and run.code is None:
                cut = offset - start
                runs.append(Run(run.text[cut:], run.line, run.column + cut))
        rest = _trimmed(runs)
        return self._part(rest, whole=True) if rest else None

    def cut(self, offset: int) -> tuple[Block | None, Block | None]:
        """What stands before a visible character, and what from it on as a paragraph at the same depth."""
        runs: list[Run] = []
        for start, run in self.located():
            if start >= offset:
                break
            runs.append(run if start + len(run.text) <= offset else replace(run, text=run.text[: offset - start]))
        head = _trimmed(runs)
        tail = self.after(offset)
        kept = replace(tail, kind=BlockKind.PARAGRAPH) if tail is not None and self.kind is BlockKind.ITEM else tail
        return (self._part(head, whole=False) if head else None), kept

    def parts(self, starts: Callable[[str], bool]) -> Iterator[Block]:
        """Split before each visible line for which ``starts`` holds."""
        if self.kind is BlockKind.CODE or not _may_split(self.raw, starts):
            yield self
            return
        lines = self.text.split("\n")
        if not any(starts(line) for line in lines[1:]):
            yield self
            return
        breaks = [i for i, run in enumerate(self.runs) if run.text == "\n"]
        cuts = [0, *(at + 1 for at, line in zip(breaks, lines[1:], strict=False) if starts(line)), len(self.runs)]
        for begin, end in pairwise(cuts):
            runs = _trimmed(self.runs[begin:end])
            if runs:
                yield self._part(runs, whole=end == len(self.runs))

    def _part(self, runs: tuple[Run, ...], *, whole: bool) -> Block:
        last = runs[-1]
        end_column = self.end_column if whole else max(last.column + len(last.text) - 1, 1)
        return replace(
            self,
            line=runs[0].line,
            column=runs[0].column,
            end_line=self.end_line if whole else last.line,
            end_column=end_column,
            source=lambda: runs,
        )


def _may_split(raw: str, starts: Callable[[str], bool]) -> bool:
    """A cheap look at the source, so that most blocks need no inline parsing. Never a false no."""
    if "\n" not in raw:
        return False
    rows = raw.split("\n")[1:]
    if _HIDING.search(raw):
        return True
    return any(starts(row.replace("*", "").replace("_", "").replace("`", "").lstrip()) for row in rows)


def _trimmed(runs: Sequence[Run]) -> tuple[Run, ...]:
    kept = list(runs)
    while kept and kept[-1].text == "\n":
        kept.pop()
    while kept and kept[0].text == "\n":
        kept.pop(0)
    return tuple(kept)


def parse_markdown(text: Text, report: Report) -> tuple[Block, ...]:
    """The blocks of a text, in order. What cannot be read safely becomes a problem in ``report``."""
    tokens = parser().parse(text.source)
    deep = next((t for t in tokens if t.level >= MAX_NESTING - 2), None)
    if deep is not None:
        line = next((t.map[0] + 1 for t in tokens if t.map and t.level >= MAX_NESTING - 3), 1)
        report.add("PRD006", line, 1, "Lists or quotations are nested too deep to be read.")
    blocks = tuple(_Walk(text.lines, report).blocks(tokens))
    if len(blocks) > MAX_BLOCKS:
        message = f"The file has {len(blocks):,} headings, paragraphs, items and rows; {MAX_BLOCKS:,} can be read."
        report.add("PRD003", blocks[MAX_BLOCKS].line, 1, message)
    return blocks


class _Walk:
    """Turns the token stream into blocks; knows the lists and quotations it is in."""

    def __init__(self, lines: Sequence[str], report: Report) -> None:
        self._lines = lines
        self._report = report
        self._lists: list[int | None] = []
        self._fresh_item = False
        self._quotes = 0
        self._heading = 0
        self._cells: list[tuple[str, int]] | None = None

    def blocks(self, tokens: Iterable[Token]) -> Iterator[Block]:
        for token in tokens:
            self._track(token)
            if token.type == "inline":
                yield from self._inline(token)
            elif token.type in ("fence", "code_block"):
                yield from self._code(token)
            elif token.type == "html_block":
                yield from self._html(token)
            elif token.type == "tr_close":
                yield from self._row()

    def _track(self, token: Token) -> None:
        self._track_lists(token)
        match token.type:
            case "blockquote_open":
                self._quotes += 1
            case "blockquote_close":
                self._quotes -= 1
            case "heading_open":
                self._heading = int(token.tag[1:])
            case "heading_close":
                self._heading = 0
            case "tr_open":
                self._cells = []
            case _:
                pass

    def _track_lists(self, token: Token) -> None:
        match token.type:
            case "bullet_list_open":
                self._lists.append(None)
            case "ordered_list_open":
                self._lists.append(int(token.attrs.get("start", 1)) - 1)
            case "bullet_list_close" | "ordered_list_close":
                self._lists.pop()
            case "list_item_open":
                self._fresh_item = True
                if self._lists[-1] is not None:
                    self._lists[-1] += 1
            case "list_item_close":
                self._fresh_item = False
            case _:
                pass

    def _kind(self) -> tuple[BlockKind, int, int | None]:
        if self._heading and not self._lists and not self._quotes:
            return BlockKind.HEADING, self._heading, None
        if self._fresh_item:
            self._fresh_item = False
            return BlockKind.ITEM, len(self._lists), self._lists[-1]
        return BlockKind.PARAGRAPH, len(self._lists), None

    def _inline(self, token: Token) -> Iterator[Block]:
        first, last = token.map or [0, 1]
        if self._cells is not None:
            self._cells.append((token.content, first))
            return
        if not token.content:
            return
        kind, level, ordinal = self._kind()
        yield self._block(kind, level, (first, last), [(token.content, first)], ordinal)

    def _row(self) -> Iterator[Block]:
        cells, self._cells = self._cells or [], None
        if any(content for content, _ in cells):
            first = cells[0][1]
            yield self._block(BlockKind.ROW, len(self._lists), (first, first + 1), cells)

    def _code(self, token: Token) -> Iterator[Block]:
        fence = token.markup or "`" * max(3, *(len(run) + 1 for run in _TICKS.findall(token.content)), 3)
        body = f"{fence}{token.info.strip()}\n{token.content.rstrip()}\n{fence}"
        yield self._verbatim(token, BlockKind.CODE, len(self._lists), body, code=token.content)

    def _html(self, token: Token) -> Iterator[Block]:
        visible, closed = _without_comments(token.content)
        if not closed:
            line = (token.map or [0, 1])[0]
            self._report.add("PRD007", line + 1, self._column(line), "This comment is never closed.")
        if visible.strip():
            kind, level, _ = self._kind()
            yield self._verbatim(token, kind, level, visible.strip())

    def _verbatim(self, token: Token, kind: BlockKind, level: int, body: str, code: str | None = None) -> Block:
        first, last = token.map or [0, 1]
        runs = (Run(body, first + 1, self._column(first), code),)
        block = self._block(kind, level, (first, last), [])
        return replace(block, source=lambda: runs, raw=body if code is None else "")

    def _block(
        self,
        kind: BlockKind,
        level: int,
        rows: tuple[int, int],
        contents: Sequence[tuple[str, int]],
        ordinal: int | None = None,
    ) -> Block:
        first, last = rows
        while last > first + 1 and not self._lines[last - 1].strip():
            last -= 1
        raw = " | ".join(content for content, _ in contents)
        if len(raw) > MAX_BLOCK_CHARACTERS:
            message = f"This paragraph has more than {MAX_BLOCK_CHARACTERS:,} characters."
            self._report.add("PRD006", first + 1, 1, message)
            contents, raw = (), ""
        lines, column = self._lines, self._column(first)
        if contents:
            column = max(lines[first].find(contents[0][0].partition("\n")[0]) + 1, column)
        width = max(len(lines[last - 1].rstrip()), 1)
        quoted = self._quotes > 0
        return Block(kind, level, first + 1, column, last, width, lambda: _runs(contents, lines), ordinal, quoted, raw)

    def _column(self, index: int) -> int:
        line = self._lines[index]
        return min(len(line) - len(line.lstrip()) + 1, max(len(line), 1))


def _runs(contents: Sequence[tuple[str, int]], lines: Sequence[str]) -> tuple[Run, ...]:
    runs: list[Run] = []
    for k, (content, first) in enumerate(contents):
        more = read_inline(content, lines, first)
        if k:
            place = (more[0].line, more[0].column) if more else (first + 1, 1)
            runs.append(Run(CELL, *place))
        runs += more
    return _trimmed(runs)


def _without_comments(html: str) -> tuple[str, bool]:
    """The visible rest of an HTML block, and whether its last comment is closed."""
    visible: list[str] = []
    at = 0
    while (begin := html.find("<!--", at)) >= 0:
        visible.append(html[at:begin])
        end = html.find("-->", begin + 4)
        if end < 0:
            return "".join(visible), False
        at = end + 3
    visible.append(html[at:])
    return "".join(visible), True
