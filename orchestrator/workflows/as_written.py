"""A process that was written for people, in the form that compiles: what is not read for sure is quoted, and a person sees to it as it stands.

No word of it is changed: lines are quoted below a sentence that says who sees to them, or their heading becomes a question
whether it applies. What stays a step of its own was read, names who does it, and is done by people: beside words that are not read
no machine acts.
"""

from __future__ import annotations

import copy
import itertools
import re
from collections.abc import Callable, Iterator
from typing import Final

from orchestrator.models.workflow import Node, Workflow
from orchestrator.workflows import certain, quotations
from orchestrator.workflows.compile import Compiled, Kind, Read
from orchestrator.workflows.outline import Outline
from orchestrator.workflows.parts import GAP, MARK, Line, Part, spaced, unmarked

_LONG_ITEM: Final = 12
"""Words, its mark among them, from which on an item stands for itself."""
_DEEPEST: Final = 6
"""The lowest level of a heading."""


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
        self._steps = dict[int, set[int]]()

    def run(self, compiled: Callable[[bytes], Compiled]) -> tuple[bytes, Compiled]:
        """Each round quotes more, so there are at most as many as there are parts and blocks."""
        while True:
            self._made = [*spaced(self._assembled())]
            new = ("\n".join(line.text for line in self._made) + "\n").encode()
            found = compiled(new)
            before, self._steps = copy.deepcopy(self._parts), self._steps_of(found.workflow)
            wrong = {*self._wrong(found), *self._of_several()} or {*self._unsure(found)}
            self._more_of(wrong)
            if not wrong:
                self._ask(found.workflow)
            if self._parts == before:
                return new, found

    # the new text

    def _assembled(self) -> Iterator[Line]:
        yield from (Line(line) for line in self._lines[: self._parts[0].first])
        yield from (GAP, Line(f"By default, the {self._by.replace('-', ' ')} does each step."), GAP)
        first = [n for n, part in enumerate(self._parts) if part.whole and self._is_standing(n)]
        for number, part in enumerate(self._parts):
            for one in first if number == 1 else []:
                yield from self._quoted(one)
            if part.whole and number not in first and not self._is_beside(number):
                yield from self._beside(number) if self._is_beside(self._last(number) + 1) else self._quoted(number)
            elif not (part.whole or part.within):
                yield from self._kept(number)

    def _quoted(self, at: int) -> Iterator[Line]:
        """A part with its heading, and all that stands below that."""
        yield GAP
        yield from (Line(text, at, is_new=True) for text in self._told(at, ""))
        yield GAP

    def _told(self, at: int, mark: str) -> Iterator[str]:
        held = self._lines[self._parts[at].first : self._parts[self._last(at)].last]
        yield f"{mark}{quotations.lead(self._doer(at), self._name(at), is_standing=self._is_standing(at))}"
        yield ""
        yield from (" " * len(mark) + line for line in _quotation(held))

    def _beside(self, at: int) -> Iterator[Line]:
        """The parts of several people, of which nobody says that one comes first: each has theirs at once."""
        yield from (GAP, Line("In parallel:", at, is_new=True), GAP)
        number = 1
        while number == 1 or self._is_beside(at):
            yield from (Line(text, at, is_new=True) for text in self._told(at, f"{number}. "))
            yield GAP
            number, at = number + 1, self._last(at) + 1

    def _is_beside(self, at: int) -> bool:
        """Whether a part is told beside the one before it."""
        if at >= len(self._parts) or not (self._parts[at].whole and self._of(at)):
            return False
        before = next((n for n in range(at - 1, 0, -1) if self._last(n) == at - 1 and self._parts[n].whole), 0)
        return bool(before) and bool(self._of(before))

    def _kept(self, at: int) -> Iterator[Line]:
        part = self._parts[at]
        line = part.first
        if part.is_asked and certain.tells_time(part.title):
            said = f'Wait until the {self._by.replace("-", " ")} says that it is time for "{self._name(at)}".'
            yield from (Line(self._lines[line], at), GAP, Line(said, at, is_new=True), GAP)
            line += 1
        elif part.is_asked:
            yield Line(f'{"#" * min(part.level, _DEEPEST)} If "{self._name(at)}" applies', at)
            line += 1
        begins = part.blocks[0].first if part.blocks else part.last
        yield from (Line(text, at) for text in self._lines[line:begins])
        for first, last, is_quoted in self._pieces(at):
            held = self._lines[part.blocks[first - 1].last : part.blocks[first].first] if first else []
            yield from (Line(text, at) for text in held)
            if is_quoted:
                yield from (Line(text, at, first, is_new=True) for text in self._block(at, first, last))
            else:
                held = self._lines[part.blocks[first].first : part.blocks[first].last]
                yield from (Line(text, at, first) for text in held)
        ends = part.blocks[-1].last if part.blocks else part.last
        yield from (Line(text, at) for text in self._lines[ends : part.last])

    def _pieces(self, at: int) -> list[tuple[int, int, bool]]:
        """First and last of the blocks that stand together, and whether they are quoted; what holds for all steps before the first."""
        part, number, found = self._parts[at], 0, list[tuple[int, int, bool]]()
        while number < len(part.blocks):
            is_quoted = part.is_quoted(number) and re.search(r"\w", MARK.sub("", self._text(part, number))) is not None
            last = self._run(part, number) if is_quoted else number
            found.append((number, last, is_quoted))
            number = last + 1
        early = [piece for piece in found[1:] if piece[2] and self._is_caution(part, *piece[:2])]
        later = [piece for piece in found if piece not in early]
        begins = next((n for n, piece in enumerate(later) if piece[2] or self._may_act(at, piece[0])), len(later))
        return [*later[:begins], *early, *later[begins:]]

    def _is_caution(self, part: Part, first: int, last: int) -> bool:
        """Whether what is quoted together holds for the steps before it too."""
        is_list = part.blocks[first].inside or part.blocks[last].inside
        return first > 0 and not is_list and certain.cautions(self._text(part, first))

    def _may_act(self, at: int, block: int) -> bool:
        return self._parts[at].blocks[block].inside > 0 or block in self._steps.get(at, ())

    def _run(self, part: Part, first: int) -> int:
        """The last of the blocks that are quoted together: no items beside each other, and what one leads on to with a colon."""
        last = first
        while last + 1 < len(part.blocks) and part.is_quoted(last + 1):
            here, below = part.blocks[last], part.blocks[last + 1]
            is_led = here.inside != below.inside and self._leads_on(part, last)
            is_within = below.inside > 0 and here.inside == below.inside != part.blocks[first].inside
            if not (is_led or is_within or not (self._is_item(part, last) or self._is_item(part, last + 1))):
                break
            last += 1
        return last

    def _block(self, at: int, first: int, last: int) -> Iterator[str]:
        """Blocks whose words are quoted below the sentence that says who sees to them; of one item behind its mark."""
        part = self._parts[at]
        is_item = self._is_item(part, first) and first == last
        held = self._lines[part.blocks[first].first : part.blocks[last].last]
        mark, width, said = unmarked(held) if is_item else ("", 0, held)
        yield from () if is_item else ("",)
        yield f"{mark}{quotations.lead(self._doer(at), self._name(at), is_standing=self._is_caution(part, first, last))}"
        yield from () if is_item else ("",)
        yield from (" " * width + text for text in _quotation(said))
        yield ""

    # what has to be quoted

    def _wrong(self, found: Compiled) -> Iterator[tuple[int, int]]:
        """Where something is not read, or not proved."""
        yield from (self._place(p.line) for p in found.problems)
        yield from (self._place(one.sentence.span.line) for one in found.read if one.kind is Kind.ERROR)

    def _unsure(self, found: Compiled) -> Iterator[tuple[int, int]]:
        """Where a step is read that is no plain act of a person or is another's, where one of several is meant, and what nobody is told."""
        for node in found.workflow.nodes.values() if found.workflow else ():
            line = self._made[node.span.line - 1] if node.span else GAP
            if not line.is_new and line.part >= 0 and not self._is_sure(node, line):
                yield line.part, line.block
        for one, below in itertools.pairwise(found.read):
            line = self._made[one.sentence.span.line - 1]
            if not line.is_new and line.block >= 0 and self._runs_on(one, below):
                yield line.part, line.block
        for one in found.read:
            line = self._made[one.sentence.span.line - 1]
            if not line.is_new and line.block >= 0 and self._is_doubtful(one, line):
                yield line.part, line.block
        for at, part in enumerate(self._parts):
            for n in range(len(part.blocks)):
                is_bare = self._leads_on(part, n) and part.is_quoted(n + 1)
                if not part.is_quoted(n) and (is_bare or self._offers(part, n)):
                    yield at, n

    def _steps_of(self, workflow: Workflow | None) -> dict[int, set[int]]:
        """Of each part the blocks that have a step."""
        found = dict[int, set[int]]()
        for node in workflow.nodes.values() if workflow else ():
            at, block = self._place(node.span.line) if node.span else (-1, -1)
            found.setdefault(at, set()).add(block)
        return found

    def _is_sure(self, node: Node, line: Line) -> bool:
        is_text = line.block >= 0 and not self._parts[line.part].blocks[line.block].inside
        is_motto = line.part == 0 and len(self._parts) > 1 and is_text
        is_others = self._is_anothers(line.part) or self._is_standing(line.part)
        return certain.is_plain(node) and not (is_motto or is_others)

    def _runs_on(self, one: Read, below: Read) -> bool:
        """Whether a step stands behind a condition in the same words, and may hold under it alone."""
        here, there = one.sentence.span, below.sentence.span
        ends = here.end_line or here.line
        is_beside = there.line == ends or (there.line == ends + 1 and not MARK.match(self._made[there.line - 1].text))
        same = self._place(here.line) == self._place(there.line)
        return same and is_beside and below.kind is Kind.NODE and certain.is_condition(one.sentence.text)

    def _is_doubtful(self, one: Read, line: Line) -> bool:
        """Whether a label may say who does a step, or a sentence beside steps is told to nobody."""
        if one.kind is Kind.NODE:
            return certain.is_labelled(one.sentence.text)
        if one.kind is Kind.DETAIL:
            is_item = self._parts[line.part].blocks[line.block].inside > 0
            return is_item and line.block not in self._steps.get(line.part, ())
        return one.kind is Kind.REMARK and self._is_lost(one, line)

    def _is_lost(self, one: Read, line: Line) -> bool:
        """Whether a sentence beside steps is told to nobody."""
        part = self._parts[line.part]
        is_behind = part.blocks[line.block].inside > 0 or any(n < line.block for n in self._steps.get(line.part, ()))
        said = one.sentence
        is_told = is_behind or certain.cautions(said.text)
        return is_told and not said.unreadable and not said.text.startswith("<!--")

    def _offers(self, part: Part, block: int) -> bool:
        """Whether one of those that stand behind a block is meant, or they are examples."""
        below = part.blocks[block + 1 : block + 2]
        return any(b.inside != part.blocks[block].inside for b in below) and certain.offers(self._text(part, block))

    def _of_several(self) -> Iterator[tuple[int, int]]:
        """The parts of several people that stand beside each other: which of them acts first is not said."""
        mine = [n for n, part in enumerate(self._parts) if not part.within and self._of(n)]
        yield from ((n, -1) for n in mine if len(mine) > 1 and not self._parts[n].whole)

    def _place(self, line: int) -> tuple[int, int]:
        one = self._made[line - 1] if line <= len(self._made) else Line("")
        return one.part, one.block

    def _more_of(self, places: set[tuple[int, int]]) -> None:
        """Quote more at these places of the text that was compiled."""
        before = {place for place in places if self._is_told(*place)}
        for at in {at for at, _ in places if self._is_standing(at) and not self._parts[at].within}:
            self._take_whole(at)
        for at, one in self._crowded(places - before):
            self._parts[at].ones.add(one)
        for at, block in sorted(places):
            if at >= 0 and ((at, block) in before or not self._is_told(at, block)):
                self._more(at, block)

    def _crowded(self, places: set[tuple[int, int]]) -> Iterator[tuple[int, int]]:
        """Part and list of the lists that are quoted as one: short items without numbers, of which more than half is not read."""
        for at, inside in {(at, self._parts[at].blocks[block].inside) for at, block in places if block >= 0}:
            part = self._parts[at]
            mine = [n for n, block in enumerate(part.blocks) if block.inside == inside]
            wrong = [n for n in mine if part.is_quoted(n) or (at, n) in places]
            if (
                inside
                and len(wrong) * 2 > len(mine)
                and not part.blocks[mine[0]].ordered
                and self._is_short(part, inside)
            ):
                yield at, inside

    def _is_told(self, at: int, block: int) -> bool:
        return block >= 0 and self._parts[at].is_quoted(block)

    def _more(self, at: int, block: int) -> None:
        """Quote more of a part; of one that is quoted, the part above it."""
        part = self._parts[at]
        if part.within:
            return
        if part.whole:
            above = next((n for n in range(at - 1, 0, -1) if self._parts[n].level < part.level), 0)
            if above:
                self._take_whole(above)
            return
        if block < 0 or part.is_quoted(block):
            self._take_whole(at)
        elif part.blocks[block].inside and certain.leads_off(self._text(part, block)):
            part.ones.add(part.blocks[block].inside)
        elif self._may_govern(part, block):
            part.start = block
        else:
            part.quoted |= {block, *self._led_by(part, block)}
        is_all = all(part.is_quoted(n) and not b.inside for n, b in enumerate(part.blocks))
        if part.title and is_all and self._last(at) == at:
            part.whole = True

    def _take_whole(self, at: int) -> None:
        part = self._parts[at]
        part.whole = bool(part.title)
        part.start = 0
        for below in range(at + 1, self._last(at) + 1):
            self._parts[below].within, self._parts[below].whole = True, False

    def _text(self, part: Part, block: int) -> str:
        return "\n".join(self._lines[part.blocks[block].first : part.blocks[block].last])

    def _leads_on(self, part: Part, block: int) -> bool:
        """Whether a block leads on to the one behind it, and not to long items with numbers, which stand for themselves."""
        here, below = part.blocks[block], part.blocks[block + 1 : block + 2]
        if not any(b.inside != here.inside or not b.inside for b in below):
            return False
        text = self._text(part, block)
        is_case = certain.is_condition(text) or self._offers(part, block)
        is_whole = not below[0].ordered or self._is_short(part, below[0].inside) or is_case
        return is_whole and certain.leads_on(text)

    def _is_item(self, part: Part, block: int) -> bool:
        """Whether a block that is quoted stands for itself as an item: not where a whole list of short ones without numbers is."""
        inside, mine = part.blocks[block].inside, part.blocks[block]
        whole = all(part.is_quoted(n) for n, b in enumerate(part.blocks) if b.inside == inside)
        return part.is_item(block) and (mine.ordered or not whole or not self._is_short(part, inside))

    def _is_short(self, part: Part, inside: int) -> bool:
        """Whether the items of a list are short, and so may be things rather than steps."""
        mine = [n for n, block in enumerate(part.blocks) if block.inside == inside]
        return sum(len(self._text(part, n).split()) for n in mine) < len(mine) * _LONG_ITEM

    def _led_by(self, part: Part, block: int) -> Iterator[int]:
        """The blocks that one leads on to with a colon: the one behind it, of a list all items."""
        if self._leads_on(part, block):
            inside = part.blocks[block + 1].inside
            yield from (n for n, b in enumerate(part.blocks) if n == block + 1 or (inside and b.inside == inside))

    def _may_govern(self, part: Part, block: int) -> bool:
        """Whether a block may say when what stands behind it is done."""
        is_item = part.blocks[block].inside > 0
        return not part.blocks[block].code and certain.may_govern(self._text(part, block), is_item=is_item)

    # what may not apply

    def _ask(self, workflow: Workflow | None) -> None:
        """Make the headings questions of which it is not sure that their steps are of the one course."""
        nodes = [(n, n.span.line) for n in workflow.nodes.values() if n.span] if workflow else []
        places = {self._place(line)[0] for _, line in nodes} - {-1}
        steps = {self._place(line)[0] for node, line in nodes if not node.quotation} - {-1, 0}
        held = {self._place(line)[0] for _, line in nodes if self._made[line - 1].text.startswith("#")}
        for at in steps - held if len(places) > 1 else ():
            part = self._parts[at]
            if part.is_asked or (certain.is_of_course(part.title) and not self._is_led(at)):
                continue
            part.is_asked = True
            if self._of(at):
                self._take_whole(at)


def _quotation(held: list[str]) -> list[str]:
    return quotations.quoted("\n".join(held).strip("\n")).split("\n")
