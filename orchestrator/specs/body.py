"""The inside of one requirement: its statement, criteria, and the labelled lines that the planner reads (D4)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise, takewhile
from typing import assert_never

from orchestrator.models.capabilities import DataClass
from orchestrator.models.spec import Criterion, Declared, Kind, Span
from orchestrator.policy.commands import split_command
from orchestrator.policy.egress import reached
from orchestrator.policy.globs import refusal
from orchestrator.specs.asides import asides, is_remark
from orchestrator.specs.codes import Report, shown
from orchestrator.specs.kinds import priority_of
from orchestrator.specs.labels import (
    LABELS,
    LONGEST_LABEL,
    Label,
    commands_in,
    heads_paths,
    kind_of,
    label_of,
    names_in,
    opens_line,
    paths_in,
)
from orchestrator.specs.lint.texts import holds
from orchestrator.specs.markdown import Block, BlockKind

_BOX = re.compile(r"\[[ xX]\]\s+")
_LABEL_INSIDE = re.compile(
    r"(?<=[.;!?)\u201d\"\u2019'])\s+(Accept|Acceptance(?: criteri(?:a|on)| scenarios)?|Verify by|Depends on|Where):\s",
    re.IGNORECASE,
)
_EMPHASISED = (":*", "*:", ":_", "_:")
_GHERKIN = {"given": 0, "when": 1, "then": 2}
_JOINING = frozenset({"and", "but"})


@dataclass(slots=True)
class Body:
    """What was read. ``depends`` holds names as they are written, with their places."""

    statement: list[str] = field(default_factory=list[str])
    notes: list[str] = field(default_factory=list[str])
    acceptance: list[Criterion] = field(default_factory=list[Criterion])
    ordinals: list[int | None] = field(default_factory=list["int | None"])
    where: list[Declared] = field(default_factory=list[Declared])
    verify_by: list[Declared] = field(default_factory=list[Declared])
    depends: list[Declared] = field(default_factory=list[Declared])
    reaches: list[Declared] = field(default_factory=list[Declared])
    data: DataClass = DataClass.OPEN
    priority: str = ""
    kind: Kind | None = None
    id: str = ""
    aliases: list[str] = field(default_factory=list[str])
    title: str = ""

    @property
    def text(self) -> str:
        """The statement's paragraphs, then what was noted among the criteria."""
        return "\n\n".join([*self.statement, *self.notes]).strip()


def pieces(block: Block, starts: Callable[[str], bool] = opens_line) -> Iterator[Block]:
    """A block, split before each line for which ``starts`` holds, and before an emphasised label in a line's midst.

    What a label opens within an item stays in that item.
    """
    for k, part in enumerate(block.parts(starts)):
        own = replace(part, kind=BlockKind.PARAGRAPH) if k and _is_label_of_item(part) else part
        cut = _inline_label(own)
        head, tail = own.cut(cut) if cut else (own, None)
        yield from (found for found in (head, tail) if found is not None)


def _is_label_of_item(part: Block) -> bool:
    return part.kind is BlockKind.ITEM and label_of(part.text) is not None


def _inline_label(block: Block) -> int:
    """Where ``... 20.00. *Acceptance:*`` has its label, or 0: only after a sentence, and only when it is emphasised."""
    if block.kind in (BlockKind.CODE, BlockKind.HEADING, BlockKind.ROW) or not holds(block.raw, _EMPHASISED):
        return 0
    found = _LABEL_INSIDE.search(block.plain)
    marked = found is not None and re.search(rf"[*_]{re.escape(found[1])}(?::[*_]|[*_]+:)", block.raw) is not None
    return found.start(1) if found is not None and marked else 0


def one_line(text: str) -> str:
    """Soft line breaks become spaces."""
    return " ".join(text.split())


def read_body(blocks: Sequence[Block], report: Report, *, items_are_criteria: bool = False, depth: int = 0) -> Body:
    """Read the blocks of one requirement; problems go to ``report``.

    ``items_are_criteria`` takes list items without a label as criteria too.
    ``depth`` is how deep in lists the requirement itself stands.
    """
    reader = _Reader(report, items_are_criteria=items_are_criteria, depth=depth)
    parts = list(_split(blocks))
    aside, listing = _asides(parts), _listing_paths(parts)
    for i, block in enumerate(parts):
        if i in aside:
            reader.note(block)
        elif i in listing:
            reader.open(Label.WHERE, block)
        else:
            reader.read(block)
    return reader.body


def _asides(blocks: Sequence[Block]) -> frozenset[int]:
    """The places of what is no criterion under headings that hold criteria."""
    heads = [i for i, b in enumerate(blocks) if b.kind is BlockKind.HEADING or _heads_criteria(b)]
    found: set[int] = set()
    for at, end in pairwise([*heads, len(blocks)]):
        if _heads_criteria(blocks[at]):
            labels = (i for i in range(at + 1, end) if label_of(blocks[i].text) is not None)
            found |= {at + 1 + i for i in asides(blocks[at + 1 : next(labels, end)])}
    return frozenset(found)


def _listing_paths(blocks: Sequence[Block]) -> frozenset[int]:
    """The places of lines such as ``Files:`` below which every item is a path, and nothing but that."""
    found: set[int] = set()
    for at, block in enumerate(blocks):
        if block.kind in (BlockKind.ITEM, BlockKind.PARAGRAPH) and heads_paths(block.text):
            below = _deeper(blocks[at + 1 :], block.level)
            if below and all(b.kind is BlockKind.ITEM and paths_in(b.text) for b in below):
                found.add(at)
    return frozenset(found)


def _deeper(blocks: Sequence[Block], level: int) -> list[Block]:
    return list(takewhile(lambda block: block.level > level, blocks))


def _heads_criteria(block: Block) -> bool:
    """A heading *Acceptance Criteria*, or a line of its own that says only that."""
    alone = block.kind is BlockKind.HEADING or (block.kind is BlockKind.PARAGRAPH and not block.level)
    return alone and len(block.raw) < LONGEST_LABEL and LABELS.get(_heading_words(block)) is Label.ACCEPT


def _heading_words(block: Block) -> str:
    return block.text.strip().rstrip(":").casefold()


def _split(blocks: Sequence[Block]) -> Iterator[Block]:
    for block in blocks:
        yield from pieces(block)


class _Reader:
    """Remembers which label is open, how deep it stands, and where the last criterion began."""

    def __init__(self, report: Report, *, items_are_criteria: bool, depth: int) -> None:
        self.body = Body()
        self._base = depth
        self._items_are_criteria = items_are_criteria
        self._report = report
        self._label: Label | None = None
        self._under_heading = False
        self._depth = 0
        self._criterion_level = 0
        self._stage = -1

    def read(self, block: Block) -> None:
        if block.kind is BlockKind.HEADING or (":" not in block.raw and _heads_criteria(block)):
            self._heading(block)
            return
        found = None if block.kind is BlockKind.CODE else label_of(block.text)
        if found is not None:
            label, offset = found
            self.open(label, block)
            if block.text[offset:].strip():
                self._take(label, block, offset)
        elif self._label is Label.ACCEPT and self._belongs(block) and is_remark(block):
            self.note(block)
        elif self._label is not None and self._belongs(block):
            self._take(self._label, block, 0)
        elif self._items_are_criteria and is_remark(block):
            self.note(block)
        elif block.kind is BlockKind.ITEM and (
            self._items_are_criteria or _keyword(block.text) in _GHERKIN.keys() | _JOINING
        ):
            self._accept(block, 0)
        else:
            self._label = None
            self._state(block)

    def open(self, label: Label, block: Block) -> None:
        """From here on a label holds, for what stands deeper than it."""
        self._label = label
        self._depth, self._under_heading, self._stage = block.level, False, -1
        self._criterion_level = block.level

    def note(self, block: Block) -> None:
        """Keep what stands among criteria and is none; a table's head says nothing without its rows."""
        if block.kind is not BlockKind.ROW:
            self.body.notes.append(one_line(block.text))

    def _heading(self, block: Block) -> None:
        found = label_of(block.text)
        if found is not None and block.text[found[1] :].strip():
            self._label, self._under_heading = None, False
            self._take(found[0], block, found[1])
            return
        self._label = LABELS.get(_heading_words(block))
        self._under_heading = self._label is not None
        self._depth, self._stage = 0, -1
        if self._label is None:
            self.body.statement.append(one_line(block.text))

    def _belongs(self, block: Block) -> bool:
        return self._under_heading or block.level > self._depth

    def _state(self, block: Block) -> None:
        text = block.text if block.kind is BlockKind.CODE else one_line(block.text)
        if block.kind is BlockKind.ITEM:
            text = "  " * max(block.level - self._base - 1, 0) + "- " + text
        listed = block.kind is not BlockKind.CODE and text.lstrip().startswith("- ")
        if listed and self.body.statement and self.body.statement[-1].lstrip().startswith("- "):
            self.body.statement[-1] += "\n" + text
        elif text:
            self.body.statement.append(text)

    def _take(self, label: Label, block: Block, offset: int) -> None:
        match label:
            case Label.ACCEPT:
                self._accept(block, offset)
            case Label.WHERE:
                self._where(block, offset)
            case Label.VERIFY:
                self._verify(block, offset)
            case Label.DEPENDS:
                self._depends(block, offset)
            case Label.DATA:
                self._data(block, offset)
            case Label.REACHES:
                self._reaches(block, offset)
            case Label.PRIORITY | Label.KIND | Label.ID | Label.ALIASES | Label.TITLE:
                self._word(label, one_line(block.text[offset:]))
            case _:
                assert_never(label)

    def _accept(self, block: Block, offset: int) -> None:
        text = block.text[offset:].strip() if block.kind is BlockKind.CODE else one_line(block.text[offset:])
        text = _BOX.sub("", text, count=1)
        if not text:
            return
        if self._continues(block, text):
            last = self.body.acceptance[-1]
            self.body.acceptance[-1] = Criterion(text=f"{last.text}\n{text}", span=_join(last.span, block.span))
            return
        self._criterion_level = block.level
        self._stage = _GHERKIN.get(_keyword(text), -1)
        self.body.acceptance.append(Criterion(text=text, span=block.span))
        self.body.ordinals.append(block.ordinal)
        if commands_in(text):
            self._verify(block, offset)

    def _continues(self, block: Block, text: str) -> bool:
        """Whether this is a further line of the last criterion: deeper, not an item, or its next Given-When-Then."""
        if not self.body.acceptance:
            return False
        if block.kind is not BlockKind.ITEM and block.level > 0 and block.level >= self._criterion_level:
            return True
        if block.level > self._criterion_level > 0 and block.level > self._depth + 1:
            return True
        word = _keyword(text)
        if word in _JOINING:
            return self._stage >= 0
        stage = _GHERKIN.get(word, -1)
        follows = stage > self._stage >= 0
        self._stage = stage if follows else self._stage
        return follows

    def _where(self, block: Block, offset: int) -> None:
        bare = _bare_paths(block, offset)
        for declared in bare or self._codes(block, offset, "PRD016", "*Where* names no path in backticks."):
            reason = refusal(declared.value)
            if reason:
                self._problem("PRD016", declared, f"The path {shown(declared.value)!r} {reason}.")
            else:
                self.body.where.append(declared)

    def _verify(self, block: Block, offset: int) -> None:
        for declared in self._codes(block, offset, "PRD017", "*Verify by* names no command in backticks."):
            try:
                split_command(declared.value)
            except ValueError as error:
                self._problem("PRD017", declared, f"The command {shown(declared.value)!r} cannot be run: {error}.")
            else:
                self.body.verify_by.append(declared)

    def _depends(self, block: Block, offset: int) -> None:
        here = _here(block, *block.place(offset))
        self.body.depends += [Declared(value=name, span=here) for name in names_in(block.text[offset:])]

    def _data(self, block: Block, offset: int) -> None:
        word = block.text[offset:].replace("`", " ").strip().rstrip(".").casefold()
        if word in {known.value for known in DataClass}:
            self.body.data = DataClass(word)
        else:
            self._report.add("PRD019", *block.place(offset), f"{shown(word)!r} is no class of data.")

    def _word(self, label: Label, text: str) -> None:
        if label is Label.PRIORITY:
            self.body.priority = priority_of(text)
        elif label is Label.KIND:
            self.body.kind = kind_of(text)
        elif label is Label.ID:
            self.body.id = text.strip("`")
        elif label is Label.TITLE:
            self.body.title = text
        else:
            self.body.aliases += [part.strip() for part in text.split(";") if part.strip()]

    def _reaches(self, block: Block, offset: int) -> None:
        for declared in self._codes(block, offset, "PRD020", "*Reaches* names no host in backticks."):
            try:
                reached(declared.value)
            except ValueError:
                self._problem("PRD020", declared, f"{shown(declared.value)!r} is no host with a path prefix.")
            else:
                self.body.reaches.append(declared)

    def _codes(self, block: Block, offset: int, code: str, missing: str) -> list[Declared]:
        found = [
            Declared(value=run.code.strip(), span=_here(block, run.line, run.column))
            for start, run in block.located()
            if run.code is not None and start >= offset
        ]
        if not found:
            self._report.add(code, block.line, block.column, missing)
        return found

    def _problem(self, code: str, declared: Declared, message: str) -> None:
        self._report.add(code, declared.span.line, declared.span.column, message)


def _keyword(text: str) -> str:
    return text.split(maxsplit=1)[0].rstrip(",:").casefold() if text.split() else ""


def _bare_paths(block: Block, offset: int) -> list[Declared]:
    """Paths without backticks, where nothing else stands."""
    text = block.text[offset:]
    if "`" in text:
        return []
    places = ((path, block.place(offset + text.index(path))) for path in paths_in(text))
    return [Declared(value=path, span=_here(block, line, column)) for path, (line, column) in places]


def _here(block: Block, line: int, column: int) -> Span:
    return Span(line=line, column=column, end_line=max(block.end_line, line), end_column=block.end_column)


def _join(first: Span, last: Span) -> Span:
    return Span(line=first.line, column=first.column, end_line=last.end_line, end_column=last.end_column)
