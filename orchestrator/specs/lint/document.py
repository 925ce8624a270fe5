"""What a lint rule sees of a spec: its requirements, and every sentence with its place and its part."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property, lru_cache

from orchestrator.models.spec import Requirement, Span, Spec
from orchestrator.specs import prose
from orchestrator.specs.draft import split_lines, with_trail
from orchestrator.specs.labels import label_of
from orchestrator.specs.lint.texts import content_words, english_share, heads_in, split_sentences
from orchestrator.specs.markdown import Block, BlockKind
from orchestrator.specs.naming import split_id
from orchestrator.specs.read import Text

_STORY = re.compile(
    r"^(?:(?:Objective|User Story|Story)\s*:\s*)?As an? .{2,200}?\bI (?:want|need|can|would)\b", re.IGNORECASE
)
_ID_LIKE = re.compile(r"[A-Z]-[0-9]")
_BRACKETED = re.compile(r"\([^)]{0,80}\)")
_NUMBERED = re.compile(r"^[\W\d_]{1,20}")
ENGLISH_SHARE = 0.12
"""English prose has about 40 % of such words; German, French or Spanish under 5 %."""


class Part(StrEnum):
    """What a piece of text is for."""

    STATEMENT = "statement"
    CRITERION = "criterion"
    TITLE = "title"
    PROSE = "prose"


@dataclass(frozen=True, slots=True)
class Sentence:
    """``text`` has code spans blanked. ``offset`` is its place in ``block.text``. ``first``: its statement begins with it."""

    text: str
    block: Block
    offset: int
    part: Part
    requirement: Requirement
    first: bool = False

    def place(self, at: int = 0) -> tuple[int, int]:
        """Line and column of a character of :attr:`text`."""
        return self.block.place(self.offset + at)


@dataclass(frozen=True, slots=True)
class Section:
    """A heading and the blocks under it, up to the next heading of its level or above."""

    heading: Block
    trail: tuple[Block, ...]
    blocks: tuple[Block, ...]
    name: str
    """The heading in small letters, without its number or marks."""

    @property
    def own(self) -> tuple[Block, ...]:
        """The blocks before the first heading below this one."""
        first = next((i for i, b in enumerate(self.blocks) if b.kind is BlockKind.HEADING), len(self.blocks))
        return self.blocks[:first]


@lru_cache(maxsize=4096)
def heading_name(text: str) -> str:
    """``## 3.1 Non-Goals *(optional)*`` as ``non-goals``."""
    bare = _NUMBERED.sub("", _BRACKETED.sub(" ", text))
    return " ".join(bare.replace("*", " ").split()).strip(" :").casefold()


class Document:
    """One spec as the rules read it. ``spec`` may lack what the parser refused; its blocks are all here."""

    def __init__(self, text: Text, blocks: Sequence[Block], spec: Spec) -> None:
        self.text = text
        self.spec = spec
        self.blocks = tuple(split_lines(blocks))
        self.requirements = spec.requirements
        self._content: dict[str, tuple[str, ...]] = {}

    @cached_property
    def trails(self) -> tuple[tuple[Block, tuple[Block, ...]], ...]:
        """Each block with the headings that it stands under."""
        return tuple(with_trail(self.blocks))

    @cached_property
    def sections(self) -> tuple[Section, ...]:
        """Every heading with what it holds, in order. Linear in the number of blocks and their depth."""
        ends: list[int] = [len(self.blocks)] * len(self.blocks)
        opened: list[int] = []
        for i, block in enumerate(self.blocks):
            if block.kind is not BlockKind.HEADING:
                continue
            while opened and self.blocks[opened[-1]].level >= block.level:
                ends[opened.pop()] = i
            opened.append(i)
        return tuple(
            Section(block, trail, self.blocks[i + 1 : ends[i]], heading_name(block.text))
            for i, (block, trail) in enumerate(self.trails)
            if block.kind is BlockKind.HEADING
        )

    def section(self, *words: str) -> Section | None:
        """The first section whose heading holds one of the words or phrases."""
        return next((s for s in self.sections if any(word in s.name for word in words)), None)

    @cached_property
    def sentences(self) -> tuple[Sentence, ...]:
        """All sentences of requirements outside of code, quotations and labelled lines."""
        return tuple(self._sentences())

    def stated(self, requirement: Requirement) -> list[Sentence]:
        """The sentences of one requirement's statement."""
        return self._stated.get(requirement.id, [])

    @cached_property
    def demands(self) -> tuple[Sentence, ...]:
        """The sentences of all requirements' statements and criteria."""
        return tuple(s for s in self.sentences if s.part in (Part.STATEMENT, Part.CRITERION))

    @cached_property
    def statements(self) -> tuple[Sentence, ...]:
        """The sentences of all requirements' statements."""
        return tuple(s for s in self.sentences if s.part is Part.STATEMENT)

    def saying(self, heads: int, *parts: Part) -> list[Sentence]:
        """Sentences of requirements, of the parts named, in which a word begins as one of :func:`heads_of`.

        A rule looks only at these: most sentences hold no word that it could remark on.
        """
        return [s for s in self._saying.get(heads, ()) if s.part in parts]

    @cached_property
    def _saying(self) -> dict[int, list[Sentence]]:
        """The bit of each group → the sentences that hold one of its words."""
        found: defaultdict[int, list[Sentence]] = defaultdict(list)
        for sentence in self.demands:
            said = heads_in(sentence.text)
            while said:
                bit = said & -said
                found[bit].append(sentence)
                said ^= bit
        return found

    def content(self, text: str) -> tuple[str, ...]:
        """:func:`content_words`, remembered for this document: several rules compare the same texts."""
        found = self._content.get(text)
        if found is None:
            found = self._content[text] = tuple(content_words(text))
        return found

    @cached_property
    def language(self) -> str:
        """``en``, the front matter's ``language``, or ``und``: told by how often English's small words stand in it."""
        if "language" in self.text.front:
            return self.text.front["language"][0].split("-")[0].casefold()
        share = english_share([b.raw for b in self.blocks[:400]])
        return "en" if share is None or share >= ENGLISH_SHARE else "und"

    @cached_property
    def words(self) -> int:
        """Words outside of code."""
        return sum(b.words for b in self.blocks)

    @cached_property
    def lowered(self) -> str:
        """All visible words in small letters, to look a word up in the whole document."""
        return "\n".join(b.raw for b in self.blocks if b.kind is not BlockKind.CODE).casefold()

    @cached_property
    def referring(self) -> tuple[Block, ...]:
        """Blocks outside of code in which something like an id stands."""
        return tuple(b for b in self.blocks if b.kind is not BlockKind.CODE and _ID_LIKE.search(b.raw))

    @cached_property
    def _stated(self) -> dict[str, list[Sentence]]:
        found: defaultdict[str, list[Sentence]] = defaultdict(list)
        for sentence in self.statements:
            found[sentence.requirement.id].append(sentence)
        return found

    def _sentences(self) -> Iterator[Sentence]:
        owners = _Owners(self.requirements)
        begun: set[str] = set()
        declared = {
            (d.span.line, d.span.column) for r in self.requirements for d in (*r.where, *r.verify_by, *r.reaches)
        }
        for block, trail in self.trails:
            if block.kind is BlockKind.CODE or block.quoted:
                continue
            requirement, part = owners.of(block)
            if part is Part.STATEMENT and requirement is not None and _explains(trail, requirement):
                part = Part.PROSE
            if requirement is None or any(
                (run.line, run.column) in declared for run in block.runs if run.code is not None
            ):
                continue
            for at, text in split_sentences(block.plain):
                words = _without_id(text)
                begin = at + len(text) - len(words)
                story = part is Part.STATEMENT and _STORY.match(words)
                told = Part.PROSE if story else part
                first = told is Part.STATEMENT and requirement.id not in begun
                begun |= {requirement.id} if first else set()
                yield Sentence(words, block, begin, told, requirement, first)


def _explains(trail: Sequence[Block], requirement: Requirement) -> bool:
    """Whether a block stands under a heading within its requirement that holds reasons, tests or estimates."""
    inside = [heading for heading in trail if heading.line > requirement.span.line]
    return bool(inside) and prose.section_of(tuple(heading_name(h.text) for h in inside)) is prose.Section.CONTEXT


def _without_id(text: str) -> str:
    """``FR-007: The till must ...`` without its id, whose digits measure nothing."""
    parts = split_id(text)
    return parts[1] if parts is not None and parts[1] else text


class _Owners:
    """Finds the requirement that a block stands in, by line; blocks come in order."""

    def __init__(self, requirements: Sequence[Requirement]) -> None:
        self._by_line: dict[int, Requirement] = {}
        self._criteria: dict[tuple[int, int], Requirement] = {}
        for requirement in requirements:
            for line in range(requirement.span.line, requirement.span.end_line + 1):
                self._by_line.setdefault(line, requirement)
            for criterion in requirement.acceptance:
                self._mark(criterion.span, requirement)

    def _mark(self, span: Span, requirement: Requirement) -> None:
        for line in range(span.line, span.end_line + 1):
            self._criteria.setdefault((line, 0), requirement)

    def of(self, block: Block) -> tuple[Requirement | None, Part]:
        owner = self._by_line.get(block.line)
        if block.kind is BlockKind.HEADING:
            starts = owner is not None and owner.span.line == block.line
            return (owner, Part.TITLE) if starts else (None, Part.TITLE)
        criterion = self._criteria.get((block.line, 0))
        if criterion is not None:
            return owner or criterion, Part.CRITERION
        found = label_of(block.text)
        if owner is None or found is not None:
            return owner, Part.PROSE
        return owner, Part.STATEMENT
