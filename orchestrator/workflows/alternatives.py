"""Headings and items beside each other that are cases of one thing (``Small change``, ``Large change``), and no phases of one course.

What stands below a case is not done in every run, and nothing says when it is. Whether siblings are
cases is told by their words alone; where it cannot be known, they are taken for cases.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from orchestrator.workflows import clauses, headings, kinds, standing, words
from orchestrator.workflows.phrasing import is_case, label_of
from orchestrator.workflows.prose import Item, Prose, Section, Sentence, every

_NUMBERED: Final = re.compile(r"^(?:\d{1,2}(?:\.\d{1,2})*|[A-H]|[IVX]{1,4})[.):]? (?:[-\u2013\u2014:] )?")
_PHASE: Final = re.compile(r"(?:step|phase|stage|part|day|week|month|hour|t[-+])[ -]?\d", re.IGNORECASE)
_ASIDE: Final = re.compile(r" ?[(\[][^()\[\]]*[)\]]")
_BESIDE: Final = re.compile(
    r"(?P<by>on|using|with|via|by|through|for) (?P<what>(?!the next|the first|progress|case|advance|addition|total|general|summary|time|place|person)[^,:;]+)",
    re.IGNORECASE,
)
_FOR: Final = re.compile(
    r"(?:for|only for|applies to|applicable to) (?!(?:each|every|all|any|example|instance|more|further|additional|help|information|details?|reference|your|our|this|that|these|the (?:first|next|whole|rest|record|future))\b)[^,;]+",
    re.IGNORECASE,
)
_ONLY: Final = re.compile(r".+ (?:only|\([^()]*\bonly\))", re.IGNORECASE)
_AMOUNT: Final = re.compile(
    r"(?:(?:[a-z]+ ){0,4}?(?:under|below|over|above|up to|less than|more than|fewer than|greater than|at least|at most|exceeding|between|equal to|or more|or less)|[<>\u2264\u2265]=?) ?"
    r"(?:[$\u20ac\u00a3\u20b9]|usd|eur|gbp)? ?\d.*|[$\u20ac\u00a3\u20b9] ?\d.*",
    re.IGNORECASE,
)
_ASKED: Final = re.compile(
    r"(?:how (?:to|do|does|can|should|much|many|long|often)|what|when|who|why|which|where|can|may|do|does|is|are|should)\b.*\?|(?:what if|why)\b.*",
    re.IGNORECASE,
)
_HOW_TO: Final = re.compile(r"how to (?P<what>.+)", re.IGNORECASE)
_FEW: Final = 2


def held(tree: Prose) -> dict[int, str]:
    """The sentences of which nothing says when they hold, by identity, each with the words of its case."""
    named = frozenset(_classes(tree))
    found = dict(_of_sections(tree.sections, named))
    for section in tree.sections:
        led = [*standing.led(section.items)]
        found |= dict(_of_items([item for item in led if item.listed or item.children], named))
        for item in led:
            found |= dict(_of_labels(item.sentences, named))
        found |= dict(_of_labels([item.sentences[0] for item in led if item.sentences and not item.ordered], ()))
    return found


def _of_sections(sections: Sequence[Section], named: Collection[str]) -> Iterator[tuple[int, str]]:
    for beside in groups(sections):
        group = [at for at in beside if any(part.items for part in _whole(sections, at))]
        titles = [sections[at].title for at in group]
        for at in cases(titles, named):
            begin = group[at]
            if headings.is_condition(sections[begin]):
                continue
            for below in _whole(sections, begin):
                yield from ((id(sentence), titles[at]) for sentence in every(below.items))


def _whole(sections: Sequence[Section], begin: int) -> Sequence[Section]:
    """A section and those below its heading."""
    level = sections[begin].level
    end = next((n for n in range(begin + 1, len(sections)) if sections[n].level <= level), len(sections))
    return sections[begin:end]


def groups(sections: Sequence[Section]) -> list[list[int]]:
    """The places of those that stand beside each other, below the same heading."""
    found, last = list[list[int]](), dict[int, list[int]]()
    for at, section in enumerate(sections):
        if not section.title:
            continue
        for deeper in [level for level in last if level > section.level]:
            del last[deeper]
        if section.level not in last:
            last[section.level] = []
            found.append(last[section.level])
        last[section.level].append(at)
    return found


def _of_items(items: Sequence[Item], named: Collection[str]) -> Iterator[tuple[int, str]]:
    """Of a list: items whose labels, or whose words above a list of their own, are cases."""
    labels = [case_of(item) for item in items]
    for at in (
        cases(labels, named)
        | _of_one_kind(labels)
        | _of_degrees(items)
        | {n for n, label in enumerate(labels) if is_case(label)}
    ):
        said = labels[at] or " ".join(items[at].sentences[0].text.split()[:_FEW])
        yield from ((id(sentence), said) for sentence in every([items[at]]))
    for item in items:
        yield from _of_items(item.children, named)
        yield from _of_labels(item.sentences, named)


def _of_labels(sentences: Sequence[Sentence], named: Collection[str]) -> Iterator[tuple[int, str]]:
    """Of one paragraph: its sentences with labels, as ``By phone: ask it``, ``By letter: file it``."""
    labels = [label_of(sentence.text) for sentence in sentences]
    for at in _of_purposes([sentence.text for sentence in sentences]):
        yield id(sentences[at]), sentences[at].text.split(",")[0].lower()
    for at in cases(labels, named) if sum(map(bool, labels)) >= _FEW else ():
        yield id(sentences[at]), labels[at]


_PURPOSE: Final = re.compile(r"to (?P<act>[a-z]+) (?:an?|the|your|this) (?P<of>[a-z -]{2,40}?),", re.IGNORECASE)


def _of_purposes(texts: Sequence[str]) -> frozenset[int]:
    """``To withdraw a paper, ...`` and ``To change a paper, ...``: what is done is one of them."""
    by = dict[str, dict[int, str]]()
    for at, text in enumerate(texts):
        found = _PURPOSE.match(text)
        if found:
            by.setdefault(found["of"].lower(), {})[at] = found["act"].lower()
    return frozenset(at for group in by.values() if len(set(group.values())) >= _FEW for at in group)


def _of_degrees(items: Sequence[Item]) -> frozenset[int]:
    """Items of which each is about another degree of one thing: ``Small amounts are ...``, ``Larger amounts should ...``."""
    by = dict[str, list[int]]()
    for at, item in enumerate(items):
        parts = item.sentences[0].text.lower().split()[:_FEW] if item.sentences else []
        if len(parts) == _FEW and parts[0] in kinds.SCALES[0]:
            by.setdefault(words.singular(parts[1]), []).append(at)
    return frozenset(at for group in by.values() if len(group) >= _FEW for at in group)


def _of_one_kind(labels: Sequence[str]) -> frozenset[int]:
    """Labels that name several of one sort of things: ``Pain medications: ...`` and ``Bowel medications: ...``."""
    by = dict[str, list[int]]()
    for at, label in enumerate(labels):
        parts = bare_title(label).split()
        is_act = bool(parts) and words.base_verb(parts[0]) == parts[0]
        if _FEW <= len(parts) <= kinds.LONGEST - 2 and not is_act and words.singular(parts[-1]) != parts[-1]:
            by.setdefault(words.singular(parts[-1]), []).append(at)
    return frozenset(at for group in by.values() if len(group) >= _FEW for at in group)


def case_of(item: Item) -> str:
    """The label of an item, or all of its words where its steps stand below it; ''."""
    first = item.sentences[0].text if item.sentences else ""
    if item.children and len(item.sentences) == 1 and len(first.split()) <= kinds.LONGEST:
        return first.rstrip(":")
    return label_of(first)


def _classes(tree: Prose) -> Iterator[str]:
    """Names that a table or a list defines: the first cells of the rows of tables that are no steps."""
    for sentence in tree.sentences():
        if sentence.unreadable != "a table":
            continue
        for row in sentence.text.split("\n")[2:]:
            yield bare_title(row.strip().strip("|").split("|")[0])


def bare_title(title: str) -> str:
    """The words of a title or a label, without number, marks and brackets."""
    said = _NUMBERED.sub("", re.sub(r"[*_`]", "", title).strip(), count=1)
    return re.sub(r"\s+", " ", _ASIDE.sub("", said)).strip(" :.-\u2013\u2014").lower()


def cases(titles: Sequence[str], named: Collection[str] = ()) -> frozenset[int]:
    """Which of these, that stand beside each other, are cases; ``named`` are the names of a classification."""
    plain = ["" if _PHASE.match(_NUMBERED.sub("", title, count=1)) else bare_title(title) for title in titles]
    found = {at for at, said in enumerate(plain) if said and _alone(said, titles[at])}
    for alike in _ALIKE:
        by = dict[str, list[int]]()
        for at, said in enumerate(plain):
            for key in alike(said) if said else ():
                by.setdefault(key, []).append(at)
        found |= {at for group in by.values() if len({plain[n] for n in group}) >= _FEW for at in group}
    classes = {at for at, said in enumerate(plain) if said in named}
    pairs = _opposites(plain) | _denied(plain)
    return frozenset(found | pairs | (classes if len(classes) >= _FEW else set[int]()))


def _alone(said: str, title: str) -> bool:
    """Whether the words are of a case by themselves: ``For contractors``, ``Under 500 euros``."""
    aside = _NUMBERED.sub("", title, count=1).strip(" :")
    return any(form.fullmatch(said) for form in (_FOR, _AMOUNT)) or _ONLY.fullmatch(aside) is not None or (
        _ASKED.fullmatch(aside) is not None
    )  # fmt: skip


def _scale(said: str) -> Iterator[str]:
    """Each scale of which a word stands first, with what follows it: ``small change`` and ``large change`` have one."""
    parts = re.sub(r"[/,&]", " ", re.sub(r"^(?:an?|the|if|when|on|for|in|with|using|via|by) ", "", said)).split()
    for length in (1, 2):
        first, rest = "-".join(parts[:length]), parts[length:]
        last = words.singular(rest[-1]) if rest else ""
        for number, scale in enumerate(kinds.SCALES):
            if first in scale or words.singular(first) in scale:
                yield f"{number} {last}"
                if number in kinds.WHOLE or not rest:
                    yield f"{number}"


def _last_on_scale(said: str) -> Iterator[str]:
    """``Installing on Windows``, ``Setup: macOS``."""
    last = said.rsplit(maxsplit=1)[-1]
    yield from (f"{number}" for number in kinds.WHOLE if last in kinds.SCALES[number])


def _head(said: str) -> Iterator[str]:
    """The thing of which the title names one kind: ``change`` of ``small change``; no act and no place in an order."""
    parts = said.split(" for ", maxsplit=1)[0].split()
    head = words.singular(parts[-1])
    first = parts[0]
    is_act = (
        words.base_verb(first) is not None or first.endswith("ing") or words.base_verb(first.split("-")[0]) == first
    )
    if (
        _FEW <= len(parts) <= kinds.LONGEST - 2
        and head in kinds.CLASSED
        and not is_act
        and kinds.ORDER.isdisjoint(parts)
    ):
        yield head


def _beside(said: str) -> Iterator[str]:
    found = _BESIDE.fullmatch(said)
    if found and not kinds.TIMED.search(said):
        yield found["by"]


def _how(said: str) -> Iterator[str]:
    if _HOW_TO.fullmatch(said):
        yield "how"


_ALIKE: Final = (_scale, _last_on_scale, _head, _beside, _how)


def _opposites(plain: Sequence[str]) -> set[int]:
    """``Add a user`` and ``Remove a user``: two uses of one text, and not one after the other."""
    found, of_acts = set[int](), dict[str, list[tuple[int, str]]]()
    for at, (one, of) in enumerate(act(said) for said in plain):
        of_acts.setdefault(one, []).append((at, of))
    for one, other in kinds.OPPOSITES if len(of_acts) > 1 else ():
        before, behind = of_acts.get(one, []), of_acts.get(other, [])
        first, last = dict[str, int](), {of: at for at, of in behind}
        for at, of in before:
            first.setdefault(of, at)
        found |= {at for at, of in before if any(last[to] > at for to in _same(of, last))}
        found |= {at for at, of in behind if any(first[to] < at for to in _same(of, first))}
    return found


def _same(of: str, known: Mapping[str, int]) -> Collection[str]:
    """Those of ``known`` that may be what an act is of: the same, one that is not said, or any."""
    return [to for to in (of, "") if to in known] if of else known


def _denied(plain: Sequence[str]) -> set[int]:
    """``Urgent`` and ``Non-urgent``; ``Refund`` and ``No refund``."""
    found, places = set[int](), dict[str, list[int]]()
    for at, said in enumerate(plain):
        places.setdefault(said, []).append(at)
    for at, said in enumerate(plain):
        bare = re.sub(r"^(?:non|not|no|without)[- ]", "", said)
        others = [] if bare in {said, ""} else [*places.get(bare, []), *places.get(f"with {bare}", [])]
        found |= {at, *others} if others else set()
    return found


def act(said: str) -> tuple[str, str]:
    """The act that a title names, and of what: ``add``, ``user`` of ``Adding a user`` and ``User addition``."""
    parts = re.sub(r"^how to ", "", said).split()
    if not parts:
        return "", ""
    first = words.of_gerund(parts[0]) or parts[0]
    if first in kinds.ACTS:
        rest = [
            part
            for part in parts[1:]
            if part not in words.SMALL | {"your", "from", "new", "process", "procedure", "steps", "checklist"}
        ]
        return first, words.singular(rest[0]) if rest else ""
    ends = [part for part in parts if part not in {"process", "procedure", "steps", "checklist", "request", "requests"}]
    last = ends[-1] if ends else ""
    return (last, words.singular(ends[-2]) if len(ends) > 1 else "") if last in kinds.ACTS else ("", "")


def message(case: str) -> tuple[str, str]:
    """What is told of a step below a case."""
    what = case.rstrip(":")
    of = re.sub(r"^for ", "", what.lower())
    is_noun = re.match(r"(?:if|when|where|unless|once|in|on|at|by|via|with|without|under|over|from)\b", of) is None
    about = f"If this is about {of}:" if is_noun else "If ...:"
    return (
        f"Whether this is done in every run, or only for {what!r}, is not said.",
        f"{about}, above it; if each is done in every run: The phases follow each other",
    )


def decides(text: str, case: str) -> bool:
    """Whether a condition speaks of the case below which it stands: ``If the change is small, ...`` below ``Small change``."""
    said = clauses.conditional(text)
    apart = _content(case)[:-1] or _content(case)
    return said is not None and not set(apart).isdisjoint(_content(said.when))


def _content(text: str) -> list[str]:
    found = (words.singular(part) for part in re.findall(r"[a-z0-9-]+", text.lower()))
    return [part for part in found if part not in words.SMALL]
