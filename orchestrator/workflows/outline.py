"""The headings of a text as an outline: what stands below which, whose it is, and how it is called."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from orchestrator.workflows import certain, doers, headings
from orchestrator.workflows.naming import role_name
from orchestrator.workflows.parts import Part, parts

_UNCLEAR: Final = "?"
"""Of a heading that names several people, or somebody of whom nothing is known."""


_FOR_WHOM: Final = re.compile(r"\([^()]*\b(?:of|for) [^()]*\)|\([A-Za-z -]*[a-z]s\)")
"""Behind a heading whom it is for, and nobody who does it: ``Payroll (Employees of Acme)``."""
_MARKS: Final = re.compile(r"^[\s>]*(?:(?:\d{1,9}[.)]|[-*+])\s+)?(?:\[[ xX]\] )?[*_`]*")


_LARGE: Final = 150
"""Words up to which what stands below a heading is told at once, with the headings below it."""
_PIECE: Final = 80
"""Words from which on a piece of a longer list with numbers is told by itself."""


@dataclass(frozen=True, slots=True)
class Unit:
    """What is told at once: lines from ``first`` to ``last`` (from 0, the last one not in it), called as part ``at`` is.

    ``to``: the last part of it, where it is more than one of the outline. ``which``: the how manieth of several pieces, ``(1 of 3)``.
    """

    at: int
    first: int
    last: int
    to: int = 0
    which: str = ""


class Outline:
    """The parts of a text, by number; ``by`` sees to what is nobody's."""

    def __init__(self, text: str, by: str) -> None:
        self._lines = text.rstrip("\n").split("\n")
        self._parts: list[Part] = parts(text, self._lines)
        self._by = by

    def _last(self, at: int) -> int:
        """The last part below a heading, or itself."""
        level = self._parts[at].level
        end = next((n for n in range(at + 1, len(self._parts)) if self._parts[n].level <= level), len(self._parts))
        return end - 1 if self._parts[at].title else at

    def _named(self, at: int) -> str:
        """Whose part it is, by its heading; '?' for more than one, '' for nobody."""
        title = self._parts[at].title
        said = doers.whose(title, self._by) or doers.of_heading(title, ()) if title else ""
        is_unclear = (
            doers.is_unclear(said)
            or _FOR_WHOM.search(title) is not None
            or "@" in title
            or (title and not said and certain.names_people(title))
        )
        return _UNCLEAR if is_unclear else role_name(said) or ""

    def _of(self, at: int) -> str:
        """Whose part it is, where one role has it that is not told before all steps; ''."""
        return "" if self._is_standing(at) else self._named(at).strip(_UNCLEAR)

    def _above(self, at: int) -> list[int]:
        """The parts whose headings a part stands below, the nearest first."""
        return [n for n in range(at - 1, 0, -1) if self._last(n) >= at]

    def _doer(self, at: int) -> str:
        found = next((self._named(n) for n in (at, *self._above(at)) if self._named(n)), "")
        return found.strip(_UNCLEAR) or self._by

    def _is_anothers(self, at: int) -> bool:
        """Whether a heading says who does the steps that name nobody, and the steps below it would be somebody else's."""
        return self._named(at) == _UNCLEAR or any(self._named(n) for n in self._above(at))

    def _is_standing(self, at: int) -> bool:
        """Whether a part is no piece of the course, and told before its first step."""
        title = self._parts[at].title
        is_early = certain.is_afterwards(title) and any(certain.is_of_course(p.title) for p in self._parts[at + 1 :])
        is_standing = is_early or certain.is_standing(title) or self._is_reference(at)
        return at > 0 and not self._above(at) and is_standing and not self._has_steps(at)

    def _has_steps(self, at: int) -> bool:
        """Whether below a heading that is of no way back stand steps with numbers, which are gone at their place."""
        held = "\n".join(self._lines[self._parts[at].first + 1 : self._parts[self._last(at)].last])
        return certain.has_steps(held) and not headings.is_fallback(self._parts[at].title)

    def _is_of_course(self, at: int) -> bool:
        """Whether a heading is of the one course: by its words, or since nothing says that it is of a case or one of several ways."""
        title = self._parts[at].title
        if certain.is_of_course(title):
            return True
        above = self._above(at)[:1]
        beside = [self._parts[n].title for n in range(1, len(self._parts)) if n != at and self._above(n)[:1] == above]
        is_one_of = any(certain.stems(title) & certain.stems(other) for other in beside)
        is_way = certain.is_gerund(title) and not all(map(certain.is_gerund, beside))
        return not (certain.may_be_a_case(title) or is_one_of or is_way)

    def _is_reference(self, at: int) -> bool:
        """Whether a part that is quoted with its heading tells nobody to do anything, and so is to be known before the first step."""
        part = self._parts[at]
        held = self._lines[part.first + 1 : self._parts[self._last(at)].last]
        said = [_MARKS.sub("", line) for line in held if re.search(r"[A-Za-z]", line)]
        return part.quoted and not self._named(at) and not certain.acts(part.title, said)

    def _name(self, at: int) -> str:
        """How a part is called: its heading, and that above it, where it stands below one that says more than that it is the course."""
        title = headings.unnumbered(self._parts[at].title)
        above = [headings.unnumbered(self._parts[n].title) for n in self._above(at)[:1]]
        more = [name for name in above if not certain.is_of_course(name)]
        clean = [" ".join(re.sub(r"[^\w\s/'&()-]", " ", name).split()) for name in (title, *more)]
        if len(clean) == 1:
            return clean[0]
        return f"{clean[0]} of {clean[1]}" if "(" in "".join(clean) else f"{clean[0]} ({clean[1]})"

    def _units(self, at: int) -> Iterator[Unit]:
        """A part and all below it, as it is told: at once where that is short, else part by part."""
        part, last = self._parts[at], self._last(at)
        if last == at or self._length(part.first, self._parts[last].last) <= _LARGE:
            yield Unit(at, part.first, self._parts[last].last)
            return
        if part.blocks:
            yield Unit(at, part.first, part.last)
        below, first = at + 1, part.last if part.blocks else part.first
        while below <= last:
            for unit in self._units(below):
                yield Unit(unit.at, min(first, unit.first), unit.last)
                first = unit.last
            below = self._last(below) + 1

    def _joined(self, units: list[Unit]) -> Iterator[Unit]:
        """The units, those together of which one speaks of what another is about, or points to the end of the text."""
        left = list(units)
        while left:
            unit = left.pop(0)
            said = "\n".join(self._lines[unit.first : unit.last])
            ends = [n for n, other in enumerate(left, 1) if self._is_of(said, other)]
            last = min(len(left) if certain.points_to_end(said) else max(ends, default=0), self._beside(unit, left))
            if not last:
                yield unit
                continue
            end = left[last - 1]
            left[:last] = [Unit(unit.at, unit.first, end.last, end.to or end.at)]

    def _beside(self, unit: Unit, others: list[Unit]) -> int:
        """How many of the next units stand right behind one, and are like it nobody's."""
        count, last = 0, unit.last
        for other in others if not self._of(unit.at) else ():
            if other.first != last or self._of(other.at):
                break
            count, last = count + 1, other.last
        return count

    def _is_of(self, said: str, other: Unit) -> bool:
        """Whether a text speaks of what another one, whose heading is a gerund, is about: that is how it is done."""
        return certain.speaks_of(said, headings.unnumbered(self._parts[other.at].title))

    def _called(self, unit: Unit) -> str:
        """How a unit is called; '' for one without a heading."""
        name = self._name(unit.at) if unit.at else ""
        if unit.to:
            name = f"{name} to {self._name(unit.to)}" if name else f"All to {self._name(unit.to)}"
        return f"{name} {unit.which}".strip()

    def _pieces(self, unit: Unit) -> list[Unit]:
        """What is told at once of a long part: some items of a list with numbers."""
        blocks = self._parts[unit.at].blocks
        if self._length(unit.first, unit.last) <= _LARGE or unit.to:
            return [unit]
        cuts, begins = [unit.first], unit.first
        for before, block in itertools.pairwise(blocks):
            is_between = block.ordered and before.inside == block.inside > 0
            begins = begins if is_between else block.first
            is_enough = min(self._length(begins, block.first), self._length(block.first, unit.last)) >= _PIECE
            if is_between and is_enough:
                cuts.append(block.first)
                begins = block.first
        ends = [*cuts[1:], unit.last]
        many = len(cuts)
        return [
            Unit(unit.at, cut, end, which=f"({n} of {many})" * (many > 1))
            for n, (cut, end) in enumerate(zip(cuts, ends, strict=True), 1)
        ]

    def _length(self, first: int, last: int) -> int:
        """Words of these lines."""
        return sum(len(line.split()) for line in self._lines[first:last])
