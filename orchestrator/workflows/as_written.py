"""A process that was written for people, in the form that compiles: what is not read for sure is quoted, and a person sees to it as it stands.

No word of it is changed. A part is a heading with its own text. It stays as it is where its sentences were read and are plainly done
by people; of a list that is read for the most part the other items are quoted singly; all else is quoted part by part, with its
headings, below a sentence that says who sees to it; so is what stands below a heading of which it is not sure that it holds each time.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable, Iterator
from typing import Final

from orchestrator.models.workflow import Node, Workflow
from orchestrator.workflows import certain, headings, quotations
from orchestrator.workflows.compile import Compiled, Kind, Read
from orchestrator.workflows.outline import Outline, Unit
from orchestrator.workflows.parts import GAP, MARK, Line, Part, spaced, unmarked

_READ: Final = frozenset({Kind.NODE, Kind.EDGE, Kind.RULE, Kind.ROLE})
_NOWHERE: Final = -1
_WHOLE: Final = -1
"""In place of a block: the part with its heading."""
_DEEPEST: Final = 6
"""The lowest level of a heading."""
Place = tuple[int, int]
"""A part, and a block of it."""


def as_written(data: bytes, by: str, compiled: Callable[[bytes], Compiled]) -> tuple[bytes, Compiled]:
    """The text with what is not read quoted, and what it compiles to, which has problems where that was not enough.

    ``by`` is the role that sees to what is quoted. ``compiled`` reads a text and proves it. Raises ``ValueError`` for a text that
    cannot be looked at. Not checked: whether each part is to be seen to at its place; whoever sees to it is told the words.
    """
    return _Quoting(data.decode("utf-8-sig").replace("\r\n", "\n"), by).run(compiled)


def binding(found: Compiled) -> Iterator[tuple[int, str]]:
    """Line and words of the quoted sentences that ask for an approval or forbid something, which nothing enforces."""
    for one in found.read:
        for inner in one.sentence.quoted:
            if certain.binds(inner.text):
                yield inner.span.line, inner.text


class _Quoting(Outline):
    """One text, of which more and more is quoted until it compiles."""

    def __init__(self, text: str, by: str) -> None:
        super().__init__(text, by)
        self._made = list[Line]()

    def run(self, compiled: Callable[[bytes], Compiled]) -> tuple[bytes, Compiled]:
        """Each round quotes more parts, so there are at most as many as there are parts."""
        while True:
            self._made = [*spaced(self._assembled())]
            new = ("\n".join(line.text for line in self._made) + "\n").encode()
            found = compiled(new)
            before = copy.deepcopy(self._parts)
            wrong = {*self._wrong(found), *self._of_several()} or {*self._unsure(found)}
            self._quote(wrong)
            if not wrong:
                self._quote({*self._of_no_course(found.workflow)})
            if self._parts == before:
                return new, found

    # the new text

    def _assembled(self) -> Iterator[Line]:
        yield from (Line(line) for line in self._lines[: self._parts[0].first])
        yield from (GAP, Line(f"By default, the {self._by.replace('-', ' ')} does each step."), GAP)
        yield from self._told([*self._units(0)]) if self._parts[0].quoted else self._kept(0)
        early = [at for at in range(1, len(self._parts)) if self._parts[at].quoted and self._is_standing(at)]
        for one in early:
            yield from self._told([*self._units(one)])
        at = 1
        while at < len(self._parts):
            if not self._parts[at].quoted:
                yield from self._kept(at)
                at += 1
                continue
            begins, units = at, list[Unit]()
            while at < len(self._parts) and self._parts[at].quoted:
                units += self._units(at) if at not in early else ()
                at = self._last(at) + 1
            if units and self._is_within(begins):
                yield from (GAP, Line(f"{'#' * min(self._parts[begins].level, _DEEPEST)} As written", is_new=True))
            yield from self._told([*self._joined(units)])

    def _is_within(self, at: int) -> bool:
        """Whether a part without its heading would stand below one that is not its own."""
        last = next((n for n in range(at - 1, 0, -1) if not self._parts[n].quoted), 0)
        return bool({last, *self._above(last)} - {0, *self._above(at)})

    def _told(self, units: list[Unit]) -> Iterator[Line]:
        """What is quoted; the parts of several people, of which nobody says that one comes first, at once."""
        for is_somebodys, held in itertools.groupby(units, lambda unit: bool(self._of(unit.at))):
            mine = [*held]
            is_beside = is_somebodys and len(mine) > 1
            if is_beside:
                yield from (GAP, Line("In parallel:", mine[0].at, is_new=True))
            pieces = mine if is_beside else [piece for unit in mine for piece in self._pieces(unit)]
            for number, unit in enumerate(pieces, 1):
                yield GAP
                yield from (Line(text, unit.at, is_new=True) for text in self._quotation(unit, number * is_beside))
                yield GAP

    def _quotation(self, unit: Unit, number: int) -> Iterator[str]:
        mark = f"{number}. " if number else ""
        yield f"{mark}{quotations.lead(self._doer(unit.at), self._called(unit), is_standing=self._is_standing(unit.at))}"
        yield ""
        held = "\n".join(self._lines[unit.first : unit.last]).strip("\n")
        yield from (" " * len(mark) + line for line in quotations.quoted(held).split("\n"))

    def _kept(self, at: int) -> Iterator[Line]:
        part, first = self._parts[at], self._parts[at].first
        if part.is_timed:
            said = f'Wait until the {self._by.replace("-", " ")} says that it is time for "{self._name(at)}".'
            yield from (Line(self._lines[first], at), GAP, Line(said, at, is_new=True), GAP)
            first += 1
        for is_single, held in itertools.groupby(range(len(part.blocks)), lambda n: n in part.singly):
            for one in self._together(part, [*held]) if is_single else ([n] for n in held):
                yield from (Line(text, at) for text in self._lines[first : part.blocks[one[0]].first])
                first = part.blocks[one[-1]].last
                if is_single:
                    yield from (Line(text, at, one[0], is_new=True) for text in self._single(at, one))
                else:
                    yield from (Line(text, at, one[0]) for text in self._lines[part.blocks[one[0]].first : first])
        yield from (Line(text, at) for text in self._lines[first : part.last])

    def _together(self, part: Part, held: list[int]) -> Iterator[list[int]]:
        """Items each alone, and other blocks with those beside them."""
        for is_item, ones in itertools.groupby(held, lambda n: part.blocks[n].inside > 0):
            mine = [*ones]
            yield from ([n] for n in mine) if is_item else [mine]

    def _single(self, at: int, ones: list[int]) -> Iterator[str]:
        """Blocks of a part that is kept, quoted; an item behind its mark."""
        part = self._parts[at]
        held = self._lines[part.blocks[ones[0]].first : part.blocks[ones[-1]].last]
        is_item = part.blocks[ones[0]].inside > 0
        mark, width, said = unmarked(held) if is_item else ("", 0, held)
        gap = [] if is_item else [""]
        quotation = quotations.quoted("\n".join(said).strip("\n")).split("\n")
        yield from (*gap, f"{mark}{quotations.lead(self._doer(at), self._name(at))}", *gap)
        yield from (" " * width + text for text in quotation)
        yield ""

    # what has to be quoted

    def _wrong(self, found: Compiled) -> Iterator[Place]:
        """Where something is not read, or not proved."""
        yield from (self._place(p.line) for p in found.problems)
        yield from (self._place(one.sentence.span.line) for one in found.read if one.kind is Kind.ERROR)

    def _of_several(self) -> Iterator[Place]:
        """The parts of several people that stand beside each other: which of them acts first is not said."""
        mine = [at for at in range(len(self._parts)) if self._of(at)]
        yield from ((at, _WHOLE) for at in mine if len(mine) > 1 and not self._parts[at].quoted)

    def _unsure(self, found: Compiled) -> Iterator[Place]:
        """Where a sentence is told to nobody, or a step is read that may be no plain act."""
        steps = self._steps(found.workflow)
        yield from (self._place(node.span.line) for node in steps if node.span and not self._is_sure(node))
        for one, below in itertools.pairwise(found.read):
            if self._runs_on(one, below):
                yield self._place(one.sentence.span.line)
        yield from (self._place(one.sentence.span.line) for one in found.read if not self._is_told(one))
        yield from ((self._place(node.span.line)[0], _WHOLE) for node in steps if node.span and self._is_led(node))

    def _steps(self, workflow: Workflow | None) -> list[Node]:
        """The steps that stand where they stood in the old text."""
        nodes = workflow.nodes.values() if workflow else ()
        return [n for n in nodes if n.span and not self._made[n.span.line - 1].is_new]

    def _is_sure(self, node: Node) -> bool:
        line = self._made[node.span.line - 1] if node.span else GAP
        is_text = line.block >= 0 and not self._parts[line.part].blocks[line.block].inside
        is_motto = line.part == 0 and len(self._parts) > 1 and is_text
        is_others = (
            self._is_anothers(line.part)
            or self._is_standing(line.part)
            or certain.is_somebodys(self._parts[line.part].title)
        )
        return certain.is_plain(node) and not (is_motto or is_others)

    def _is_led(self, node: Node) -> bool:
        """Whether whoever the words above a list name may be meant to do what names nobody in it."""
        at, block = self._place(node.span.line) if node.span else (_NOWHERE, _WHOLE)
        part = self._parts[at]
        above = (
            []
            if at < 0 or block < 0 or not part.blocks[block].inside
            else [n for n in range(block) if not part.blocks[n].inside]
        )
        return node.role == self._by and any(certain.names_doer(self._text(part, n), self._by) for n in above)

    def _runs_on(self, one: Read, below: Read) -> bool:
        """Whether a step stands behind a condition in the same words, and may hold under it alone."""
        here, there = one.sentence.span, below.sentence.span
        ends = here.end_line or here.line
        is_beside = there.line == ends or (there.line == ends + 1 and not MARK.match(self._made[there.line - 1].text))
        is_ours = not self._made[here.line - 1].is_new
        return is_ours and is_beside and below.kind is Kind.NODE and certain.is_condition(one.sentence.text)

    def _is_told(self, one: Read) -> bool:
        """Whether a sentence became part of the workflow for certain, or is none."""
        said = one.sentence
        line = self._made[said.span.line - 1]
        if line.is_new or line.block < 0 or said.unreadable or certain.is_none(said.text):
            return True
        if one.kind in _READ:
            return not (certain.is_labelled(said.text) or certain.offers(said.text) or certain.holds(said.text))
        return one.kind is Kind.REMARK and certain.begins(said.text)

    def _place(self, line: int) -> Place:
        one = self._made[line - 1] if line <= len(self._made) else Line("")
        return one.part, one.block

    def _quote(self, wrong: set[Place]) -> None:
        """Quote these blocks, or their parts and all below them; of a part that was quoted, the one above it."""
        before = {at for at, part in enumerate(self._parts) if part.quoted}
        for at in {at for at, _ in wrong if at >= 0}:
            blocks = {block for part, block in wrong if part == at}
            whole = next((n for n in self._above(at) if n not in before), _NOWHERE) if at in before else at
            if at not in before and not blocks & {_WHOLE, *self._parts[at].singly} and self._may_stay(at, blocks):
                self._parts[at].singly |= blocks
            elif whole >= 0:
                for below in range(whole, self._last(whole) + 1):
                    self._parts[below].quoted = True
        for at in range(len(self._parts) - 1, 0, -1):
            held = self._parts[at + 1 : self._last(at) + 1]
            if held and not self._parts[at].blocks and all(part.quoted for part in held):
                self._parts[at].quoted = True

    def _may_stay(self, at: int, wrong: set[int]) -> bool:
        """Whether the list of a part stays when these blocks, and those that are quoted in it, are quoted singly."""
        part = self._parts[at]
        wrong = wrong | part.singly
        lists = {block.inside for block in part.blocks} - {0}
        items = [n for n, block in enumerate(part.blocks) if block.inside]
        is_alone = len(lists) == 1 and not (
            self._is_standing(at) or any(self._parts[n].singly for n in self._above(at))
        )
        most = is_alone and len(items) - len(wrong & {*items}) > len(items) / 2
        return most and not any(certain.may_govern(self._text(part, n), is_item=n in items) for n in wrong)

    def _text(self, part: Part, block: int) -> str:
        return "\n".join(self._lines[part.blocks[block].first : part.blocks[block].last])

    def _of_no_course(self, workflow: Workflow | None) -> Iterator[Place]:
        """The parts with steps that may not be of the one course, where there are others. Those of a time are made to wait for it."""
        places = {self._place(n.span.line)[0] for n in workflow.nodes.values() if n.span} if workflow else set[int]()
        steps = {self._place(n.span.line)[0] for n in self._steps(workflow) if n.span} - {0}
        for at in steps if len(places) > 1 else ():
            if certain.tells_time(self._parts[at].title):
                self._parts[at].is_timed = True
            heads = [n for n in (at, *self._above(at)) if not headings.is_case(self._parts[n].title)]
            unsure = [n for n in heads if not (self._parts[n].is_timed or self._is_of_course(n))]
            if unsure:
                yield at, _WHOLE
