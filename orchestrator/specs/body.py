"""The inside of one requirement: its statement, criteria, and the labelled lines that the planner reads (D4).

The labels are the same in every format: *Accept*, *Where*, *Verify by*,
*Depends on*, each with a colon, as a paragraph or an item.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from typing import assert_never

from orchestrator.models.capabilities import DataClass
from orchestrator.models.spec import Criterion, Declared, Kind, Span
from orchestrator.policy.commands import split_command
from orchestrator.policy.egress import reached
from orchestrator.policy.globs import refusal
from orchestrator.specs.asides import asides, is_remark
from orchestrator.specs.codes import Report, shown
from orchestrator.specs.kinds import priority_of
from orchestrator.specs.lint.texts import holds
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.naming import starts_with_id


class Label(StrEnum):
    ACCEPT = "accept"
    WHERE = "where"
    VERIFY = "verify by"
    DEPENDS = "depends on"
    DATA = "data class"
    REACHES = "reaches"
    PRIORITY = "priority"
    KIND = "kind"
    ID = "requirement id"
    ALIASES = "also called"
    TITLE = "requirement title"


_LABELS = {
    "accept": Label.ACCEPT,
    "acceptance": Label.ACCEPT,
    "acceptance criteria": Label.ACCEPT,
    "acceptance criterion": Label.ACCEPT,
    "acceptance scenarios": Label.ACCEPT,
    "where": Label.WHERE,
    "verify by": Label.VERIFY,
    "depends on": Label.DEPENDS,
    "data class": Label.DATA,
    "reaches": Label.REACHES,
    "priority": Label.PRIORITY,
    "kind": Label.KIND,
    "requirement id": Label.ID,
    "also called": Label.ALIASES,
    "requirement title": Label.TITLE,
}
_BOX = re.compile(r"\[[ xX]\]\s+")
_LONGEST_LABEL = 40
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


def label_of(line: str) -> tuple[Label, int] | None:
    """The label that a line opens with, and the offset of what follows its colon.

    ``Priority:`` and ``Kind:`` are labels only before a priority or a kind: a form may have such fields.
    """
    head, colon, rest = line.partition(":")
    label = _LABELS.get(head.strip().casefold()) if colon and len(head) < _LONGEST_LABEL else None
    if (
        label is None
        or (label is Label.PRIORITY and not priority_of(rest))
        or (label is Label.KIND and not _kind(rest))
    ):
        return None
    return label, len(head) + 1


def _kind(text: str) -> Kind | None:
    word = text.replace("`", " ").strip().rstrip(".").casefold()
    return next((kind for kind in Kind if kind.value == word and kind is not Kind.NON_GOAL), None)


def opens_line(line: str) -> bool:
    """Whether a soft-wrapped line begins something new: a label or an item's id."""
    return label_of(line) is not None or starts_with_id(line)


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
    aside = _asides(parts)
    for i, block in enumerate(parts):
        if i in aside:
            reader.note(block)
        else:
            reader.read(block)
    return reader.body


def _asides(blocks: Sequence[Block]) -> frozenset[int]:
    """The places of what is no criterion under headings that hold criteria."""
    heads = [i for i, b in enumerate(blocks) if b.kind is BlockKind.HEADING]
    found: set[int] = set()
    for at, end in pairwise([*heads, len(blocks)]):
        if _LABELS.get(_heading_words(blocks[at])) is Label.ACCEPT:
            found |= {at + 1 + i for i in asides(blocks[at + 1 : end])}
    return frozenset(found)


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
        if block.kind is BlockKind.HEADING:
            self._heading(block)
            return
        found = None if block.kind is BlockKind.CODE else label_of(block.text)
        if found is not None:
            self._label, offset = found
            self._depth, self._under_heading, self._stage = block.level, False, -1
            self._criterion_level = block.level
            if block.text[offset:].strip():
                self._take(self._label, block, offset)
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
        self._label = _LABELS.get(_heading_words(block))
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
        for declared in self._codes(block, offset, "PRD016", "*Where* names no path in backticks."):
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
        words = block.text[offset:].replace("`", " ").replace(";", ",").replace(" and ", ",").split(",")
        line, column = block.place(offset)
        for word in words:
            name = word.strip().rstrip(".")
            if name and name.casefold() not in {"none", "nothing", "-"}:
                self.body.depends.append(Declared(value=name, span=_here(block, line, column)))

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
            self.body.kind = _kind(text)
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


def _here(block: Block, line: int, column: int) -> Span:
    return Span(line=line, column=column, end_line=max(block.end_line, line), end_column=block.end_column)


def _join(first: Span, last: Span) -> Span:
    return Span(line=first.line, column=first.column, end_line=last.end_line, end_column=last.end_column)
