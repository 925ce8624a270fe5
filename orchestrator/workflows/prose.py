"""``process.md`` as a tree of items and their sentences, each with its place. Nothing is left out.

Parsed by markdown-it-py. Sentences are cut from the text as it was written, so
that places are exact; emphasis and link targets are taken off afterwards.
Quotations are remarks; code blocks, raw HTML, and tables whose rows are no steps,
are sentences that nobody can read, and are reported as such.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.token import Token

from orchestrator.models.spec import Span
from orchestrator.workflows import cutting, marks, quotations, tables

MAX_CHARACTERS: Final = 262_144
MAX_SENTENCES: Final = 20_000
MAX_DEPTH: Final = 12
LONGEST: Final = 2_000
"""Characters of a sentence, a title or a row that is looked at. No pattern is tried on a longer one."""
TOO_LONG: Final = f"longer than {LONGEST:,} characters"
_SHOWN: Final = 60
BELOW_ALL: Final = 7
"""The level of a paragraph that is bold as a whole."""
_BOLD = re.compile(r"\*\*(?P<title>(?:\d{1,2}(?:\.\d{1,2})*[.)]? )?[A-Za-z][^*`\n:.!?]*)(?::?\*\*|\*\*:)")
_SHELLS = frozenset({"sh", "bash", "shell", "zsh", "console"})
_TITLE_LINE = re.compile(
    r"(?:\*\*|__)(?P<bold>(?:(?:Step|Phase|Stage|Part) )?\d{1,2}[.):]? [^*_`\n]{2,80}?):?(?:\*\*|__):?|(?P<step>(?:Step|Phase|Stage|Part) \d{1,2}(?::| [-\u2013\u2014]) [^*_`\n.!?;,]{2,80})"
)
"""A line that is the title of what stands below it in the same paragraph: ``**1. Loading**``, ``Step 2 - Export``."""
_COUNTED = re.compile(r"(?:\*\*|__)(?P<n>\d{1,2})[.)] ")
"""A paragraph that begins as a step with a bold number."""
_WRITTEN = re.compile(r"[ \t>]*(?:[-*+] |\d+[.)] )*?(?P<n>\d{1,9})[.)] ")
_FOOTNOTE = re.compile(r"^\s*\[\^[^\]\s]{1,40}\]:", re.MULTILINE)
"""Where a footnote begins: it belongs to a step that stands elsewhere."""
_COMMENT = re.compile(r"<!--(?:(?!-->).)*-->", re.DOTALL)
_JOINED = re.compile("(?<=[\u2600-\u27bf\ufe0f\U0001f300-\U0001faff])\u200d(?=[\u2600-\u27bf\U0001f300-\U0001faff])")
"""What makes one picture of two."""


MARKDOWN: Final = MarkdownIt("commonmark", {"maxNesting": 40}).enable("table").disable(["inline", "text_join"])
"""Blocks only: what stands within a line is cut from the text as it was written."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """``text`` as a reader sees it, code in backticks, without the final full stop. ``remark``: inside a quotation.

    ``commands`` are the lines of a block that says it is for a shell. ``code``: a block of code of any kind.
    ``boxed``: a box to be ticked stands before it. ``quotation`` are the words below it that it has somebody see to as they
    stand, and ``quoted`` the sentences in them.
    """

    text: str
    span: Span
    remark: bool = False
    unreadable: str = ""
    commands: tuple[str, ...] = ()
    code: bool = False
    boxed: bool = False
    quotation: str = ""
    quoted: tuple[Sentence, ...] = ()


@dataclass(slots=True)
class Item:
    """A list item, or a paragraph outside of lists (``number`` ''). ``number`` is its path: ``3.1``.

    ``ordered``: the list is a numbered one. ``written`` is the number that stands there; ``doubtful``: it is another than the
    item has by its place, so that a reference to either may mean two steps. ``after``: a paragraph of an item that stands below its list.
    ``cases``: of each child the answer to one question under which it is done.
    """

    number: str
    sentences: list[Sentence] = field(default_factory=list[Sentence])
    children: list[Item] = field(default_factory=list["Item"])
    listed: bool = True
    ordered: bool = False
    written: str = ""
    doubtful: bool = False
    after: bool = False
    cases: tuple[str, ...] = ()


@dataclass(slots=True)
class Section:
    """A heading, or a paragraph that is bold as a whole, and what follows it up to the next one. The first may have no heading.

    ``level`` is that of the heading; of a bold paragraph one that is below all headings.
    """

    title: str
    span: Span
    items: list[Item] = field(default_factory=list[Item])
    level: int = 0


@dataclass(slots=True)
class Prose:
    """The whole of a process. ``title`` is that of the first heading."""

    title: str
    sections: list[Section]

    def sentences(self) -> Iterator[Sentence]:
        """All sentences, in the order of the text."""
        for section in self.sections:
            yield from every(section.items)


def every(items: Iterable[Item]) -> Iterator[Sentence]:
    """The sentences of these items and of all below them."""
    for item in items:
        yield from item.sentences
        yield from every(item.children)


def read(text: str) -> Prose:
    """The tree. Raises ``ValueError`` with a sentence for a text that is too long or too deep."""
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"The process is longer than {MAX_CHARACTERS} characters.")
    for number, line in enumerate(text.split("\n"), 1):
        shown = _JOINED.sub("", line)
        if any(c != "\t" and unicodedata.category(c) in {"Cc", "Cf", "Cs", "Cn"} for c in shown):
            raise ValueError(f"Line {number} has a character that hides or reorders text.")
    reader = _Reader(text)
    front = marks.front_matter(text)
    if front:
        said = Sentence("\n".join(reader.lines[:front]), Span(line=1, end_line=front), remark=True)
        reader.sections[0].items.append(Item("", [said], listed=False))
    for token in MARKDOWN.parse(marks.numbered(text)):
        reader.take(token)
    return Prose(reader.title, [s for s in reader.sections if s.items or s.title])


class _Reader:
    """Tokens in, sections out."""

    def __init__(self, text: str) -> None:
        self.lines = text.split("\n")
        self.title = ""
        self.sections = [Section("", Span(line=1, end_line=1))]
        self._items: list[Item] = []
        self._counts: list[int] = []
        self._ordered: list[bool] = []
        self._lists: list[list[Item]] = []
        self._quotes = 0
        self._quotation: quotations.Quotation | None = None
        self._tables: Token | None = None
        self._rows = list[tuple[int, list[str]]]()
        self._heading = 0
        self._sentences = 0

    def take(self, token: Token) -> None:  # noqa: C901, PLR0912  one line per kind of token
        if self._quotation is not None:
            self._quote(self._quotation, token)
            return
        match token.type:
            case "ordered_list_open":
                self._open_list(int(token.attrGet("start") or 1), ordered=True)
            case "bullet_list_open":
                self._open_list(1, ordered=False)
            case "ordered_list_close" | "bullet_list_close":
                self._counts.pop()
                self._ordered.pop()
                _doubt(self._lists.pop())
            case "list_item_open":
                self._open_item((token.map or [0])[0])
            case "list_item_close":
                self._items.pop()
            case "blockquote_open" if self._quotes == 0 and self._leading() is not None:
                start, end = token.map or [0, 1]
                self._quotation = quotations.Quotation(start, end, self._cut)
            case "blockquote_open":
                self._quotes += 1
            case "blockquote_close":
                self._quotes -= 1
            case "heading_open":
                self._heading = int(token.tag[1:])
            case "heading_close":
                self._heading = 0
            case "inline":
                self._inline(token)
            case "table_open":
                self._tables, self._rows = token, list[tuple[int, list[str]]]()
            case "tr_open":
                self._rows.append(((token.map or [0])[0], []))
            case "table_close" if self._tables is not None:
                self._table(self._tables)
                self._tables = None
            case "fence" | "code_block" | "html_block":
                self._block(token)
            case _:
                pass

    def _leading(self) -> list[Sentence] | None:
        """The sentences of which the last leads on to a quotation that begins here; ``None`` where none does."""
        items = self._items[-1:] or self.sections[-1].items[-1:]
        if not items or (items[-1].children or (items[-1].listed and not self._items)):
            return None
        found = items[-1].sentences
        is_lead = bool(found) and not (found[-1].remark or found[-1].quotation) and quotations.leads(found[-1].text)
        return found if is_lead else None

    def _quote(self, quotation: quotations.Quotation, token: Token) -> None:
        """Read on in a quotation that is told as it stands; at its end it joins the sentence above it."""
        if not quotation.take(token):
            return
        said, self._quotation = self._leading() or [], None
        lines = self.lines[quotation.first : quotation.last]
        said[-1] = replace(said[-1], quotation=quotations.words(lines), quoted=tuple(quotation.sentences))
        self._count(len(quotation.sentences))

    def _open_list(self, start: int, *, ordered: bool) -> None:
        if len(self._counts) >= MAX_DEPTH:
            raise ValueError("The process is nested too deeply.")
        self._ordered.append(ordered)
        self._lists.append([])
        listed = [i for i in self.sections[-1].items if i.listed and i.ordered is ordered]
        self._counts.append(start - 1 if self._items or start > 1 or not listed else len(listed))

    def _open_item(self, line: int) -> None:
        self._counts[-1] += 1
        dotted = marks.DOTTED.match(self.lines[line])
        number = dotted[0].strip().rstrip(".)") if dotted else ".".join(str(count) for count in self._counts)
        counted = _WRITTEN.match(self.lines[line]) if self._ordered[-1] and dotted is None else None
        item = Item(number, ordered=self._ordered[-1] or dotted is not None, written=counted["n"] if counted else "")
        self._lists[-1].append(item)
        (self._items[-1].children if self._items else self.sections[-1].items).append(item)
        self._items.append(item)

    def _inline(self, token: Token) -> None:
        first = (token.map or [0, 0])[0]
        if self._tables is not None:
            self._rows[-1][1].append(token.content)
            return
        if self._heading and len(token.content) > LONGEST:
            self._add([_long(token.content, self._span(token))])
            return
        bold = _BOLD.fullmatch(token.content) if len(token.content) <= LONGEST else None
        if (self._heading or bold) and not self._items and not self._quotes:
            text = bold["title"] if bold else cutting.plain(token.content)
            span = Span(line=first + 1, end_line=first + 1, end_column=len(self.lines[first]))
            if self._heading == 1 and not self.title and not self.lines[first][:1].isdigit():
                self.title = text
            else:
                self.sections.append(Section(text, span, level=self._heading or BELOW_ALL))
            return
        head, _, below = token.content.partition("\n")
        titled = _TITLE_LINE.fullmatch(head.strip()) if below and not self._items and not self._quotes else None
        if titled:
            span = Span(line=first + 1, end_line=first + 1, end_column=len(self.lines[first]))
            self.sections.append(Section(cutting.plain(titled["bold"] or titled["step"]), span, level=BELOW_ALL))
            self._add(list(self._cut(below, first + 1)))
            return
        counted = None if self._items or self._quotes else _COUNTED.match(token.content)
        if counted is not None:
            item = Item(counted["n"], list(self._cut(token.content, first)), listed=False, ordered=True)
            self._sentences += len(item.sentences)
            self.sections[-1].items.append(item)
            return
        self._add(list(self._cut(token.content, first)))

    def _block(self, token: Token) -> None:
        span = self._span(token)
        said = token.content.strip()
        what, remark = marks.block(said, is_html=token.type == "html_block")
        commands = tuple(line for line in said.split("\n") if line.strip()) if token.info in _SHELLS else ()
        is_code = token.type != "html_block"
        if len(said) > LONGEST:
            said, what, commands = _shown(said), TOO_LONG if what and what != marks.ORNAMENT else what, ()
        self._add([Sentence(said, span, remark=remark, unreadable=what, commands=commands, code=is_code)])

    def _span(self, token: Token) -> Span:
        start, end = token.map or [0, 1]
        return Span(line=start + 1, end_line=end, end_column=max(1, len(self.lines[end - 1])))

    def _table(self, token: Token) -> None:
        start, end = token.map or [0, 1]
        wide = next((cell for _, row in self._rows for cell in row if len(cell) > LONGEST), "")
        if wide:
            self._add([_long(wide, self._span(token))])
            return
        head, *cells = ([cutting.plain(cell) for cell in row] for _, row in self._rows)
        steps = tables.steps(head, cells)
        rows = steps or tables.duties(head, cells)
        if rows is None or self._quotes:
            self._add([Sentence("\n".join(self.lines[start:end]), self._span(token), unreadable="a table")])
            return
        for (line, _), row in zip(self._rows[1:], rows, strict=True):
            span = Span(line=line + 1, end_line=line + 1, end_column=max(1, len(self.lines[line])))
            self._row(row, span, ordered=steps is not None)

    def _row(self, row: tables.Row, span: Span, *, ordered: bool) -> None:
        """A row of a table, as an item of a list; one of steps as of a numbered one."""
        found = [Sentence(row.text[a:b].rstrip("."), span) for a, b in cutting.bounds(row.text)]
        item = Item(row.number, found, ordered=ordered)
        self._sentences += len(found)
        (self._items[-1].children if self._items else self.sections[-1].items).append(item)

    def _add(self, sentences: list[Sentence]) -> None:
        self._count(len(sentences))
        if self._items and self._items[-1].children:
            self._add_below(self._items[-1], sentences)
        elif self._items:
            self._items[-1].sentences.extend(sentences)
        elif sentences:
            self.sections[-1].items.append(Item("", sentences, listed=False))

    def _count(self, more: int) -> None:
        self._sentences += more
        if self._sentences > MAX_SENTENCES:
            raise ValueError(f"The process has more than {MAX_SENTENCES} sentences.")

    def _add_below(self, item: Item, sentences: list[Sentence]) -> None:
        """What stands below the list of an item: a block belongs to the item of that list which leads on to it."""
        last = item.children[-1]
        leads_on = bool(last.sentences) and last.sentences[-1].text.endswith(":") and not last.children
        if leads_on and all(sentence.code for sentence in sentences):
            last.sentences.extend(sentences)
        elif sentences:
            item.children.append(Item("", sentences, listed=False, after=True))

    def _cut(self, content: str, first: int) -> Iterator[Sentence]:
        """Sentences of a stretch of inline text that begins on this line (from 0); a footnote is one that nobody can read."""
        noted = _FOOTNOTE.search(content)
        yield from self._sentences_of(content[: noted.start()] if noted else content, first)
        if noted is not None:
            start = first + content[: noted.start()].count("\n")
            end = first + content.rstrip().count("\n")
            span = Span(line=start + 1, end_line=end + 1, end_column=max(1, len(self.lines[end])))
            yield Sentence(content[noted.start() :].strip(), span, unreadable="a footnote")

    def _sentences_of(self, content: str, first: int) -> Iterator[Sentence]:
        places = self._places(content, first)
        for start, end in cutting.fields(content) or cutting.bounds(content):
            raw = content[start:end]
            line, column = places[start]
            end_line, end_column = places[end - 1]
            span = Span(line=line, column=column, end_line=end_line, end_column=end_column)
            if len(raw) > LONGEST:
                yield _long(raw, span)
                continue
            text = cutting.plain(raw).rstrip(".").strip()
            if marks.is_ornament(raw):
                yield Sentence(raw, span, remark=True, unreadable=marks.ORNAMENT)
            elif re.search(r"\w", text):
                is_aside = self._quotes > 0 or _COMMENT.fullmatch(raw) is not None
                yield Sentence(text, span, remark=is_aside, boxed=cutting.BOX.match(raw) is not None)

    def _places(self, content: str, first: int) -> list[tuple[int, int]]:
        """Line and column of each character."""
        places: list[tuple[int, int]] = []
        for number, part in enumerate(content.split("\n")):
            line = self.lines[min(first + number, len(self.lines) - 1)]
            column = max(line.find(part.strip()), 0) + 1
            places += [(first + number + 1, column + i) for i in range(len(part) + 1)]
        return places


def _long(raw: str, span: Span) -> Sentence:
    is_comment = raw.startswith("<!--") and raw.find("-->") == len(raw) - 3
    return Sentence(_shown(raw), span, remark=is_comment, unreadable="" if is_comment else TOO_LONG)


def _shown(raw: str) -> str:
    """The beginning of what is too long, in words that mean nothing."""
    return f"{re.sub(r'[^A-Za-z0-9 ]', '', raw[:_SHOWN])} \u2026"


def _doubt(items: list[Item]) -> None:
    """Mark what is numbered in another order than it stands in. ``1. 1. 1.`` is a way to leave the numbers to the reader."""
    if len({item.written for item in items}) > 1:
        for item in items:
            item.doubtful = item.written not in {"", item.number.rsplit(".", maxsplit=1)[-1]}
