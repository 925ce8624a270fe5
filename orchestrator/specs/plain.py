"""Prose without ids: PRDs as people write them, e-mails, issues pasted as text.

What is read: a section with acceptance criteria or a user story, as one
requirement; else each item and each sentence that demands something, with
what follows it. What is skipped: context, questions, code and quotations.
Ids are made by :mod:`orchestrator.specs.lock`. English.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from orchestrator.models.spec import Criterion, Kind, Span
from orchestrator.specs.body import Body, one_line, read_body
from orchestrator.specs.codes import Report
from orchestrator.specs.draft import Draft, Found, extent, make_draft
from orchestrator.specs.kinds import kind_of, names_means, priority_of
from orchestrator.specs.labels import Label, label_of
from orchestrator.specs.leaving import items_of
from orchestrator.specs.lint.document import heading_name
from orchestrator.specs.lint.texts import split_sentences
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.naming import split_id, without_kind
from orchestrator.specs.outline import (
    heads_all,
    is_named,
    key_of,
    names_below,
    title_of,
    titled,
    unticked,
    with_headings,
)
from orchestrator.specs.prose import (
    ANNOUNCES,
    CONDITION,
    IMPERATIVE,
    Section,
    demands,
    is_loud,
    leads,
    leads_to_parts,
    left_out,
    promises,
    put_off,
    section_of,
    tells_story,
    wishes,
)
from orchestrator.specs.rows import read_row, read_table

_OF_ONE = frozenset({Label.ACCEPT, Label.WHERE, Label.VERIFY})
"""Labels that only a requirement has: where one stands, its section is one."""
_MANY_WORDS = 8
_SEVERAL = 2
_SHORT_DOCUMENT = 60


@dataclass(slots=True)
class _State:
    drafts: list[Draft] = field(default_factory=list[Draft])
    left_out: list[Draft] = field(default_factory=list[Draft])
    criteria: list[Criterion] = field(default_factory=list[Criterion])
    trail: list[tuple[Block, int]] = field(default_factory=list[tuple[Block, int]])
    lead: tuple[bool, str] = (False, "")
    unread: dict[int, str] = field(default_factory=dict[int, str])


def read(blocks: Sequence[Block], report: Report, *, press: bool = False) -> Found:
    """All requirements of a document, in order. ``press``: what customers *can* do is a demand everywhere."""
    first = next((b.line for b in blocks if b.kind is BlockKind.HEADING), None)
    reader = _Reader(with_headings(blocks), report, press=press, headed=first)
    reader.run()
    state = reader.state
    _say_told_twice(state.drafts, report)
    title = without_kind(title_of(blocks, reader.first_line()))
    if not state.drafts and len(blocks) <= _SHORT_DOCUMENT:
        state.drafts += reader.asked_by_title()
    found = Found(title, [title], state.drafts, state.criteria)
    found.left_out = state.left_out
    found.unread = sorted(state.unread.items())
    return found


def _say_told_twice(drafts: Sequence[Draft], report: Report) -> None:
    """User stories beside requirements often ask for the same things, and each would have a step of its own."""
    built = [d for d in drafts if d.kind is Kind.FUNCTIONAL]
    stories = [d for d in built if tells_story(d.statement)]
    others = len(built) - len(stories)
    if min(len(stories), others) >= _SEVERAL:
        text = (
            f"{len(stories)} user stories stand beside {others} other requirements; what both ask for is built twice."
        )
        report.add("PRD037", stories[0].span.line, stories[0].span.column, text)


class _Reader:
    """Walks the blocks once; a section that is one requirement, and what is left out, are taken whole.

    ``headed`` is the line of the first real heading: any sentence before it may be a demand.
    """

    def __init__(self, blocks: Sequence[Block], report: Report, *, press: bool, headed: int | None) -> None:
        self.state = _State()
        self._blocks = blocks
        self._report = report
        self._press = press
        self._headed = headed
        self._whole = heads_all(blocks)

    def run(self) -> None:
        i = 0
        while i < len(self._blocks):
            block = self._blocks[i]
            if block.kind is BlockKind.HEADING:
                i = self._heading(i)
            elif block.kind is BlockKind.CODE or block.quoted:
                i += 1
            elif block.kind is BlockKind.ROW:
                i = self._table(i)
            elif block.kind is BlockKind.ITEM:
                i = self._item(i)
            else:
                i = self._paragraph(i)

    def first_line(self) -> str:
        """The first line of a text without headings, when it is short enough for a title."""
        first = self._blocks[0].text.split("\n")[0].strip() if self._blocks else ""
        return first.rstrip(":") if 0 < len(first.split()) <= 2 * _MANY_WORDS and not first.endswith((".", ",")) else ""

    def asked_by_title(self) -> Iterator[Draft]:
        """An issue whose title is all that it asks for."""
        head = next((b for b in self._blocks if b.kind is BlockKind.HEADING), self._blocks[0] if self._blocks else None)
        line = head.text.split("\n")[0].strip() if head else ""
        if head is not None and (IMPERATIVE.match(line) or demands(line)):
            yield Draft("", "", line, Body(), head.span)

    def _names(self) -> tuple[str, ...]:
        return tuple(heading_name(b.text) for b, _ in self.state.trail if b is not self._whole)

    def _heading(self, i: int) -> int:
        block, state = self._blocks[i], self.state
        while state.trail and state.trail[-1][0].level >= block.level:
            state.trail.pop()
        end = extent(self._blocks, i, frozenset())
        inside = self._blocks[i + 1 : end]
        if label_of(block.text.strip().rstrip(":") + ":") == (Label.ACCEPT, len(block.text.strip().rstrip(":")) + 1):
            self._loose_criteria(i, inside)
            return end
        state.trail.append((block, len(state.drafts)))
        state.lead = (False, "")
        section = section_of(self._names())
        if section is Section.LEFT_OUT:
            own = [*takewhile(lambda b: b.kind is not BlockKind.HEADING, inside)]
            state.left_out += items_of(own)
            return i + 1 + len(own)
        if section is Section.ASKED:
            self._asked(block, inside)
            return end
        if section is not Section.CONTEXT and self._is_one(i, inside):
            self._add(self._one(block, inside))
            return end
        return i + 1

    def _is_one(self, i: int, inside: Sequence[Block]) -> bool:
        """Whether a section is a single requirement: it has a label of one, or a story, and no heading with its own."""
        below = [b for b in inside if b.kind is BlockKind.HEADING and label_of(_head(b)) is None]
        labelled = [b for b in inside if (found := label_of(_head(b))) is not None and found[0] in _OF_ONE]
        outer = any(b.kind is BlockKind.HEADING or b.level <= 1 for b in labelled)
        marked = outer and self._blocks[i] is not self._whole and not self._lists_several(self._blocks[i], inside)
        stories = sum(tells_story(b.text) for b in inside if b.kind is not BlockKind.CODE)
        named = split_id(self._blocks[i].text) is not None and bool(inside)
        if named and stories < _SEVERAL and not any(key_of(b.text)[0] for b in below):
            return True
        told = stories == 1 and not self._lists_story(self._blocks[i], inside)
        return not below and (told or (stories == 0 and marked))

    def _lists_story(self, head: Block, inside: Sequence[Block]) -> bool:
        """Whether a section such as Features has a story among other items of its list."""
        items = [b for b in inside if b.kind is BlockKind.ITEM and b.level <= 1]
        wanted = section_of((heading_name(head.text),)) is Section.WANTED
        return wanted and len(items) > 1 and any(tells_story(b.text) for b in items)

    def _lists_several(self, head: Block, inside: Sequence[Block]) -> bool:
        """Whether a section such as Requirements holds several, of which some have criteria of their own."""
        if section_of((heading_name(head.text),)) is not Section.WANTED:
            return False
        before = [*takewhile(lambda b: b.kind is not BlockKind.HEADING, inside)]
        outer = [b for b in before if b.kind in (BlockKind.PARAGRAPH, BlockKind.ITEM) and b.level <= 1]
        listed = sum(b.kind is BlockKind.ITEM for b in outer) if len(before) < len(inside) else 0
        return listed > 1 or sum(label_of(b.text) is None and wishes(b.text) for b in outer) > 1

    def _one(self, head: Block, inside: Sequence[Block]) -> Draft:
        key, title = key_of(head.text)
        parts = [part for block in inside for part in block.parts(lambda line: label_of(line) is not None)]
        draft = make_draft(key, one_line(title), parts, head, self._report)
        if not draft.statement.strip():
            draft.statement = draft.title
        draft.priority = priority_of(head.text)
        return draft

    def _asked(self, head: Block, inside: Sequence[Block]) -> None:
        body = read_body([b for b in inside if b.kind is not BlockKind.HEADING], self._report)
        if not body.text:
            return
        title = one_line(self._blocks[0].text) if self._blocks[0].kind is BlockKind.HEADING else self.first_line()
        last = max([head, *inside], key=lambda b: (b.end_line, b.end_column)).span
        span = Span(line=inside[0].line, column=inside[0].column, end_line=last.end_line, end_column=last.end_column)
        self._add(Draft("", title if head is not self._blocks[0] else "", body.text, body, span))

    def _loose_criteria(self, i: int, inside: Sequence[Block]) -> None:
        body = read_body(self._blocks[i : i + 1 + len(inside)], Report(""))
        mine = self.state.drafts[self.state.trail[-1][1] if self.state.trail else 0 :]
        before = self._blocks[max(i - 1, 0)]
        behind = before.kind is BlockKind.PARAGRAPH and not inside and bool(mine)
        if len(mine) == 1 or (behind and mine[-1].span.end_line == before.end_line):
            mine[-1].body.acceptance += body.acceptance
        else:
            self.state.criteria += body.acceptance

    def _table(self, i: int) -> int:
        end = i
        while end < len(self._blocks) and self._blocks[end].kind is BlockKind.ROW:
            end += 1
        columns = read_table(self._blocks[i])
        section = section_of(self._names())
        if columns is not None and section is not Section.CONTEXT:
            for row in self._blocks[i + 1 : end]:
                draft = read_row(row, columns)
                if draft is not None:
                    self._add(draft)
        elif section in (Section.WANTED, Section.NEUTRAL) and end > i + 1:
            self._leave()
        return end

    def _leave(self) -> None:
        """Remember the section of a list or a table that asks for nothing."""
        head = self.state.trail[-1][0] if self.state.trail else None
        if head is not None and head is not self._whole and not self._press:
            self.state.unread.setdefault(head.line, one_line(head.text))

    def _item(self, i: int) -> int:
        end = extent(self._blocks, i, frozenset())
        block, inside = self._blocks[i], self._blocks[i + 1 : end]
        section = section_of(self._names())
        if section in (Section.MEASURES, Section.GOALS) and not self.state.lead[1]:
            self.state.criteria.append(Criterion(text=one_line(block.text), span=block.span))
            return end
        nested = [b for b in inside if b.kind is BlockKind.ITEM and b.level == block.level + 1]
        if nested and block.text.rstrip().endswith("?"):
            return self._asks(i, inside)
        if self._numbers_group(block, end) or (len(nested) > 1 and self._groups(block, nested, section)):
            return i + 1
        if put_off(unticked(block.text)) and section is not Section.CONTEXT:
            self.state.left_out.append(self._from_item(block, inside))
            return end
        named = is_named(block.text) and section is not Section.CONTEXT
        if named or self._wanted(one_line(block.text), section, block, item=True):
            self._add(self._from_item(block, inside))
        elif any(demands(b.text) for b in nested):
            return i + 1
        elif section is Section.NEUTRAL:
            self._leave()
        return end

    def _asks(self, i: int, inside: Sequence[Block]) -> int:
        """A question of a template, with the answers below it: it says what they are, as a heading does."""
        section = section_of((*self._names(), heading_name(self._blocks[i].text)))
        if section is Section.LEFT_OUT:
            self.state.left_out += items_of(inside)
        return i + 1 if section not in (Section.LEFT_OUT, Section.CONTEXT) else i + 1 + len(inside)

    def _numbers_group(self, block: Block, end: int) -> bool:
        """Whether ``1. Orders`` stands above ``1.1 ...`` and only names what they are about."""
        below = key_of(self._blocks[end].text)[0] if end < len(self._blocks) else ""
        return bool(block.ordinal) and not key_of(block.text)[0] and below.startswith(f"{block.ordinal}.")

    def _groups(self, block: Block, nested: Sequence[Block], section: Section) -> bool:
        """Whether an item only names a group, and the items below it are the requirements."""
        demanding = sum(self._wanted(one_line(b.text), Section.NEUTRAL, b, item=True) for b in nested)
        words = len(block.text.split())
        return section is not Section.CONTEXT and words <= _MANY_WORDS and demanding * 2 > len(nested)

    def _wanted(self, text: str, section: Section, block: Block, *, item: bool, loud: bool = True) -> bool:
        """``loud`` is false where :func:`~orchestrator.specs.prose.is_loud` is known to be, which spares most looks."""
        if text.endswith("?") or section is Section.CONTEXT:
            return False
        bare = self._headed is None or block.line < self._headed
        if section is Section.WANTED or bare or self._press or self.state.lead[0]:
            listed = item and (section is Section.WANTED or self.state.lead[0])
            told = item or section is Section.WANTED
            said = (loud and wishes(text)) or CONDITION.match(text) is not None
            said = said or (loud and self._press and promises(text))
            said = said or (told and IMPERATIVE.match(text) is not None)
            return listed or (said and not (self._press and ANNOUNCES.search(text)))
        return loud and (demands(text) or (item and tells_story(text)))

    def _from_item(self, block: Block, inside: Sequence[Block]) -> Draft:
        text = unticked(block.text)
        key, rest = key_of(text)
        title, rest = titled(block.raw, rest)
        if inside and not title and names_below(block.raw, rest):
            title, rest = one_line(rest).rstrip(":"), ""
        draft = make_draft(key, title, inside, block, self._report)
        draft.statement = "\n\n".join(part for part in (one_line(rest), draft.statement) if part)
        draft.priority = priority_of(text) or self.state.lead[1]
        return draft

    def _paragraph(self, i: int) -> int:
        block = self._blocks[i]
        section = section_of(self._names())
        found = label_of(block.text)
        if found is not None and found[0] is Label.ACCEPT:
            end = i + 1
            while end < len(self._blocks) and self._blocks[end].kind is BlockKind.ITEM:
                end += 1
            self._loose_criteria(i, self._blocks[i + 1 : end])
            return end
        below = i + 1 < len(self._blocks) and self._blocks[i + 1].kind is BlockKind.ITEM
        whole = below and section is not Section.LEFT_OUT and leads_to_parts(block.text.strip())
        if section is not Section.CONTEXT and (whole or is_named(block.text)):
            return self._named(i)
        self.state.lead = leads(block) if section is not Section.CONTEXT else (False, "")
        if not self.state.lead[0]:
            later = put_off(block.text)
            for draft in self._sentences(block, section):
                self.state.left_out.append(draft) if later else self._add(draft)
        return i + 1

    def _named(self, i: int) -> int:
        """A paragraph with an id, and the list right below it."""
        block = self._blocks[i]
        end = i + 1
        while end < len(self._blocks) and self._belongs(end):
            end += 1
        self.state.lead = (False, "")
        self._add(self._from_item(block, self._blocks[i + 1 : end]))
        return end

    def _belongs(self, i: int) -> bool:
        block = self._blocks[i]
        label = label_of(_head(block)) if block.kind in (BlockKind.HEADING, BlockKind.PARAGRAPH) else None
        labelled = label is not None and label[0] in _OF_ONE
        return labelled or (block.kind is BlockKind.ITEM and not is_named(block.text))

    def _sentences(self, block: Block, section: Section) -> Iterator[Draft]:
        """Each demanding sentence with those that follow it."""
        if not self._may_want(block, section):
            return
        key, _ = key_of(block.text)
        title, _ = titled(block.raw, block.text) if not key else ("", "")
        spans = [(begin, begin + len(words), words) for begin, words in split_sentences(block.plain)]
        loud = is_loud(block.text, press=self._press)
        starts = [k for k, (_, _, words) in enumerate(spans) if self._starts(words, section, block, loud=loud)]
        if not starts:
            return
        if key or title:
            starts = [0]
        for k, after in zip(starts, [*starts[1:], len(spans)], strict=True):
            begin, end = spans[k][0], spans[after - 1][1]
            own, text = key_of(block.text[begin:end])
            text = titled(block.raw, text)[1] if title else text
            line, column = block.place(begin)
            last = block.place(end - 1)
            span = Span(line=line, column=column, end_line=last[0], end_column=last[1])
            yield Draft(own, title, one_line(text), Body(), span, priority=priority_of(text))

    def _may_want(self, block: Block, section: Section) -> bool:
        """Whether any sentence of a paragraph can be a demand: never a false no."""
        open_to_wishes = section is Section.WANTED or self._press or self._headed is None or block.line < self._headed
        return section is not Section.CONTEXT and (open_to_wishes or demands(block.text))

    def _starts(self, words: str, section: Section, block: Block, *, loud: bool) -> bool:
        wanted = self._wanted(words, section, block, item=False, loud=loud)
        return wanted or (loud and self._press and left_out(words))

    def _add(self, draft: Draft) -> None:
        names = self._names()
        if self._press and left_out(draft.statement):
            self.state.left_out.append(draft)
            return
        if self._press and not draft.title and self.state.trail and self.state.trail[-1][0].text.rstrip().endswith("?"):
            draft.title = one_line(self.state.trail[-1][0].text)
        draft.priority = draft.priority or next((p for n in reversed(names) if (p := priority_of(n))), "")
        means = bool(names) and names_means(names[-1], draft.statement)
        draft.kind = Kind.CONSTRAINT if means else kind_of(draft.key, names, draft.statement)
        self.state.drafts.append(draft)


def _head(block: Block) -> str:
    text = block.text.strip()
    return text.rstrip(":") + ":" if block.kind is BlockKind.HEADING else text
