"""A process as headings with their own text, and that as blocks, by lines: what can be quoted together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orchestrator.workflows import marks, prose

MARK: Final = re.compile(r"(?P<mark>\s*(?:\d{1,9}[.)]|[-*+])\s+)(?:\[[ xX]\] )?")
"""What stands before the words of an item."""


@dataclass(frozen=True, slots=True)
class Block:
    """Lines ``first`` to ``last`` (from 0, the last one not in it): an item of a list outside of others, or a paragraph or the like.

    ``inside`` tells the lists apart, 0 for no item; ``ordered``: its list is a numbered one. ``code``: lines of code.
    """

    first: int
    last: int
    inside: int = 0
    ordered: bool = False
    code: bool = False


def blocks(text: str) -> list[Block]:
    """The text without its headings, in blocks."""
    found, lists, is_in = list[Block](), 0, ""
    for token in prose.MARKDOWN.parse(marks.numbered(text)):
        if token.level == 0 and token.nesting >= 0 and token.map and token.type != "heading_open":
            is_in = token.type if token.type.endswith("list_open") else ""
            lists += bool(is_in)
            found += [] if is_in else [Block(token.map[0], token.map[1], code=token.type in {"fence", "code_block"})]
        elif is_in and token.level == 1 and token.type == "list_item_open" and token.map:
            found.append(Block(token.map[0], token.map[1], lists, ordered=is_in.startswith("ordered")))
    return found


@dataclass(slots=True)
class Part:
    """A heading and its own text, by lines from ``first`` to ``last`` (from 0, the last one not in it).

    ``quoted``: it is told as it stands; ``singly``: these blocks of it. ``is_timed``: its steps wait until it is time for it.
    """

    title: str
    level: int
    first: int
    last: int
    blocks: tuple[Block, ...]
    quoted: bool = False
    singly: frozenset[int] = frozenset()
    is_timed: bool = False


def parts(text: str, lines: list[str]) -> list[Part]:
    """The parts of a text, in order. The first has no heading; the title of the whole stands before it."""
    titled = [s for s in prose.read(text).sections if s.title]
    places = [s.span.line - 1 for s in titled] + [len(lines)]
    found = blocks(text)
    made = list[Part]()
    for number, first in enumerate([_begins(text, lines, places[0]), *places[:-1]]):
        title, level = (titled[number - 1].title, titled[number - 1].level) if number else ("", 0)
        mine = tuple(b for b in found if first + bool(title) <= b.first < places[number])
        made.append(Part(title, level, first, places[number], mine))
    return made


def _begins(text: str, lines: list[str], before: int) -> int:
    """Where the text before the first section begins: behind fields and the title of the whole."""
    start = marks.front_matter(text)
    first = next((n for n in range(start, before) if lines[n].strip()), before)
    if first < before and lines[first].startswith("# "):
        return first + 1
    is_underlined = first + 1 < before and re.fullmatch(r"=+\s*", lines[first + 1]) is not None
    return first + 2 if is_underlined else start


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the new text, the part that it is of, and the block of that, -1 for none. ``is_new``: it does not stand so in the old one."""

    text: str
    part: int = -1
    block: int = -1
    is_new: bool = False


GAP: Final = Line("", is_new=True)


def spaced(lines: Iterator[Line]) -> Iterator[Line]:
    """The lines without the new empty ones that stand beside another empty one."""
    before, gap = "", False
    for line in lines:
        if line.is_new and not line.text:
            gap = True
            continue
        if gap and before.strip() and line.text.strip():
            yield GAP
        yield line
        before, gap = line.text, False


def unmarked(held: list[str]) -> tuple[str, int, list[str]]:
    """Of the lines of an item its mark, how far in what belongs to it stands, and its words."""
    mark = MARK.match(held[0])
    width = len(mark["mark"]) if mark else 0
    more = (text[width:] if not text[:width].strip() else text.lstrip() for text in held[1:])
    return (mark[0] if mark else ""), width, [held[0][mark.end() if mark else 0 :], *more]
