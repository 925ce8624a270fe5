"""Headings and items that are cases of one thing, of which surely one applies: ``Minor spill`` and ``Major spill``.

Their steps are asked for with one question. Where it may be phases, topics or several at a time,
what stands below them stays an error (:mod:`orchestrator.workflows.alternatives`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from itertools import pairwise
from math import inf
from typing import Final

from orchestrator.models.spec import Span
from orchestrator.workflows import alternatives, clauses, doers, forms, grammar, headings, kinds, standing, words
from orchestrator.workflows.course import Held
from orchestrator.workflows.naming import Unclear
from orchestrator.workflows.prose import Item, Prose, Section, Sentence, every
from orchestrator.workflows.standing import Under

# fmt: off
_ONE: Final = frozenset([
    "change", "request", "incident", "employee", "hire", "customer", "client", "order", "purchase", "visitor", "leave", "refund", "return", "payment", "expense", "issue", "ticket", "complaint",
    "case", "outage", "breach", "emergency", "absence", "injury", "spill", "leak", "accident", "applicant", "application", "student", "member", "contractor", "supplier", "vendor", "claim", "invoice", "donation",
    "loan", "booking", "reservation", "departure", "termination", "resignation", "transfer", "trip", "contract", "agreement", "upgrade", "deployment", "procedure", "process", "protocol", "path",
    "route", "severity", "guest", "patient", "event", "alert", "failure", "error", "violation", "bug", "defect", "vulnerability", "exception", "dispute",
    "vehicle", "subscription", "parcel", "delivery", "shipment", "proposal", "project", "caller", "candidate", "tenant", "risk", "impact", "level", "size", "amount", "flood", "fire", "fracture", "burn", "cut",
])
"""Things of which one run is about one, which is of one kind."""
_COURSES: Final = frozenset({"process", "procedure", "protocol", "path", "route"})
_DEGREES: Final = frozenset([
    "small", "medium", "large", "big", "tiny", "trivial", "simple", "complex", "minor", "major", "moderate", "critical", "high", "low", "severe", "mild", "significant", "serious", "standard", "normal", "emergency", "routine",
    "urgent", "non-urgent", "expedited", "express", "regular", "high-risk", "low-risk", "medium-risk", "moderate-risk", "high-priority", "low-priority", "medium-priority", "high-value", "low-value", "high-severity",
    "low-severity", "pre-approved", "life-threatening", "non-emergency", "non-critical",
])
_SCALES: Final[tuple[frozenset[str], ...]] = (
    _DEGREES,
    frozenset({"internal", "external"}), frozenset({"domestic", "international", "foreign", "national", "overseas"}),
    frozenset({"remote", "onsite", "on-site", "hybrid", "in-office", "office-based"}), frozenset({"online", "in-store", "phone", "walk-in", "mail", "postal"}),
    frozenset({"new", "existing", "returning", "current", "former", "first-time"}), frozenset({"planned", "unplanned"}), frozenset({"scheduled", "unscheduled"}), frozenset({"known", "unknown"}),
    frozenset({"full-time", "part-time", "permanent", "temporary", "contract", "seasonal", "casual", "salaried", "hourly"}), frozenset({"voluntary", "involuntary"}),
    frozenset({"personal", "corporate", "business", "private", "commercial", "residential", "individual"}), frozenset({"full", "partial", "no"}), frozenset({"single", "multiple"}),
    frozenset({"gold", "silver", "bronze", "platinum", "basic", "premium", "free", "professional"}), frozenset({"red", "amber", "yellow", "green", "orange"}),
    frozenset({"cash", "card", "credit-card", "debit-card", "cheque", "wire", "bank-transfer", "voucher"}), frozenset({"adult", "child", "infant"}), frozenset({"inpatient", "outpatient"}),
    frozenset({"manual", "automatic", "automated"}),
)
"""Qualities of which a thing has one."""
_ACTS: Final = frozenset([("add", "remove"), ("addition", "removal"), ("hire", "terminate"), ("onboard", "offboard"), ("onboarding", "offboarding"), ("subscribe", "unsubscribe"), ("register", "deregister"), ("joiner", "leaver")])
"""Acts of which one run does one."""
# fmt: on
_LETTERED: Final = re.compile(
    r"(?P<what>option|case|scenario|alternative|variant|method|way|path|situation|sev|severity|category|type)[ -]?(?P<n>\d{1,2}|[A-H])\b.*",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(r"[A-Za-z0-9][\w /,:'\u2019<>=&%\u20ac$\u00a3+.\u2013\u2014-]{0,79}")
_BROKEN: Final = re.compile(r" and (?:the|it is) |, for | and for |\bor\b.*\bor\b", re.IGNORECASE)
_ANY: Final = r"(?:the|this|an?|each|every|your|any)(?: [a-z-]+)?"
_FEW: Final = 2
_MOST: Final = 8
_Run = tuple[int, int]


def exclusive(titles: Sequence[str], above: str) -> bool:
    """Whether these, one right after the other, surely name cases of one thing of which one applies. ``above`` are the words that lead on to them."""
    plain = [alternatives.bare_title(title) for title in titles]
    if len(plain) < _FEW or len(set(plain)) < len(plain) or not all(plain) or any(_is_timed(said) for said in plain):
        return False
    lettered = [_LETTERED.fullmatch(said) for said in plain]
    if all(lettered):
        return len({found["what"] for found in lettered if found}) == 1
    if (len(plain) == _FEW and (_are_opposite(plain) or _is_denied(plain, above))) or _are_ranges(plain):
        return True
    split = [_split(said) for said in plain]
    heads = {head for _, head in split}
    scale = next((scale for scale in _SCALES if all(first in scale for first, _ in split)), None)
    if len(heads) > 1 or scale is None:
        return False
    named = heads.pop() or _last(above)
    return named in _ONE and not (named in _COURSES and "internal" in scale)


def _is_timed(said: str) -> bool:
    return kinds.TIMED.search(said) is not None or re.match(r"(?:short|long)[ -]term\b", said) is not None


def _last(above: str) -> str:
    """What the words above are about: ``spill`` of ``Response to a spill``, ``change`` of ``Depending on the change:``."""
    parts = re.findall(r"[a-z-]+", re.sub(r"\([^()]*\)", "", above.lower()))
    return next((words.singular(part) for part in reversed(parts) if words.singular(part) in _ONE), "")


def _split(said: str) -> tuple[str, str]:
    """The quality and the thing of which it is one: ``minor``, ``spill`` of ``minor chemical spills``."""
    parts = re.split(r" (?:of|for|in|on|to|with|by|from|-|\u2013|\u2014) |[:,]", said, maxsplit=1)[0].split()
    return parts[0], words.singular(parts[-1]) if len(parts) > 1 else ""


def _is_denied(plain: Sequence[str], above: str) -> bool:
    """``Urgent`` and ``Non-urgent``: one of them holds, where it is known of what."""
    one, other = plain
    is_one = (_split(one)[1] or _last(above)) in _ONE
    return is_one and (other in _denials(one) or one in _denials(other))


_RANGE: Final = re.compile(
    r"(?P<of>[a-z -]+?)(?: of)? (?:(?P<under>under|below|less than|up to)|(?P<over>over|above|more than)|(?:from |between )?(?=\D{0,2}\d[\d.,]*k? ?\D{1,5}\d)) ?\D{0,2}(?P<low>\d[\d.,]*)(?P<k>k?)(?: ?(?:-|\u2013|to|and) ?\D{0,2}(?P<high>\d[\d.,]*)(?P<kk>k?))?(?: [a-z]+)?"
)


def _are_ranges(plain: Sequence[str]) -> bool:
    """``Orders under 500 euros``, ``Orders over 500 euros``: amounts of one thing, none of them within another."""
    found = [match for said in plain if (match := _RANGE.fullmatch(said)) is not None]
    if len(found) < len(plain) or len({m["of"] for m in found}) > 1 or _last(found[0]["of"]) == "":
        return False
    ranges = sorted(_range(match) for match in found)
    return all(one[1] <= other[0] for one, other in pairwise(ranges))


def _range(found: re.Match[str]) -> tuple[float, float]:
    low = float(found["low"].strip(".,").replace(",", "")) * (1000 if found["k"] or found["kk"] else 1)
    if found["under"]:
        return (0, low)
    high = float(found["high"].strip(".,").replace(",", "")) * (1000 if found["kk"] else 1) if found["high"] else inf
    return (low, high)


def _denials(said: str) -> frozenset[str]:
    return frozenset(f"{denied}{said}" for denied in ("non-", "non ", "not "))


def _are_opposite(plain: Sequence[str]) -> bool:
    if any(re.search(r"\bthe\b", said) for said in plain):
        return False
    (one, of), (other, to) = (alternatives.act(said) for said in plain)
    return (of == to or not of or not to) and not {(one, other), (other, one)}.isdisjoint(_ACTS)


def is_fit(label: str) -> bool:
    """Whether a label can be one of the answers to a question, and is read back as the same."""
    when = f"the case is `{label}`"
    said = clauses.conditional(f"If {when}, go to step 1")
    return (
        _LABEL.fullmatch(label) is not None
        and not _BROKEN.search(label)
        and said is not None
        and said.when == when
        and clauses.timed(label).seconds is None
    )


def label(title: str) -> str:
    """The words of a title as an answer: without its number, and without brackets."""
    said = re.sub(r"[*_`]", "", headings.unnumbered(title)).strip(" :")
    return re.sub(r"\s+", " ", re.sub(r" ?[(\[]([^()\[\]]*)[)\]]", r" - \1", said)).strip(" :-")


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9-]+", text.lower()))


def _asks(body: Sequence[Item], title: str) -> bool:
    """Whether the steps of a case are some: what stands behind a label, or else a sentence below its title."""
    first = body[0].sentences[0] if body and body[0].sentences else None
    if first is not None and first.text.startswith(title) and first.text.rstrip(":") != title:
        return _is_step(without(first.text, title))
    return any(bool(s.commands) or (not (s.remark or s.unreadable) and _is_step(s.text)) for s in every(body))


def without(text: str, said: str) -> str:
    """What stands behind a label."""
    rest = text[len(said) :].lstrip(" :\u2013\u2014-")
    return rest[:1].upper() + rest[1:]


def _is_step(text: str) -> bool:
    try:
        if clauses.conditional(text) is not None or any(
            form.fullmatch(text) for form in (forms.ON, forms.GOTO, forms.END)
        ):
            return True
        return grammar.activity(forms.unled(clauses.timed(text).clause), "somebody") is not None
    except Unclear:
        return False


def distinct(labels: Sequence[str]) -> list[frozenset[str]]:
    """Of each label the words that no other has."""
    found = [_words(said) for said in labels]
    return [
        one - frozenset[str]().union(*(two for n, two in enumerate(found) if n != at)) for at, one in enumerate(found)
    ]


def _is_plain(title: str) -> bool:
    """Whether a heading within a case only names a part of its course: nobody, no rules and nothing that holds at times."""
    is_apart = standing.ruled(title) or standing.denied(title) or headings.is_fallback(title)
    return not is_apart and standing.under(title) is Under.STEPS and not doers.of_heading(title, ())


def _choice(labels: tuple[str, ...], cases: list[Item], span: Span) -> Item:
    return Item("", [Sentence("Which of these is it?", span)], cases, listed=False, cases=labels)


_OPTIONAL: Final = re.compile(
    r"(?P<what>[A-Za-z`][^()]{2,80}?) \((?:optional|optionally|(?:only )?(?:if|when|where|as) (?:needed|necessary|required|applicable|desired|appropriate))\):?",
    re.IGNORECASE,
)
_APPLICABLE: Final = re.compile(
    r"(?:if|when|where) (?:(?:it|this) is )?(?:applicable|needed|necessary|required)[:,]?",
    re.IGNORECASE,
)
_MOST_TOLD: Final = 3


def _is_optional(item: Item) -> str:
    """The condition that the item is, where all that stands below it may be left out; ''."""
    said = item.sentences[0].text if item.sentences else ""
    below = [*item.sentences[1:], *every(item.children)]
    is_asked = any(bool(s.commands) or (not s.unreadable and _is_step(s.text)) for s in below)
    if not is_asked or any(not s.code for s in item.sentences[1:]):
        return ""
    if _APPLICABLE.fullmatch(said):
        told = [re.sub(r"[()`]", "", s.text).rstrip(":") for s in below if not s.unreadable][:_MOST_TOLD]
        return f"If what follows is applicable ({'; '.join(told)}):" if told else ""
    found = _OPTIONAL.fullmatch(said)
    return f"If this is to be done ({found['what']}):" if found and "`" not in said else ""


class Offered:
    """One pass over a text that puts each choice into an item of its own; ``texts`` may decide by themselves."""

    def __init__(self, tree: Prose, held: dict[int, Held]) -> None:
        self._held, self._tree = held, tree
        self.shortened: dict[int, str] = {}
        self.released: dict[int, Held] = {}

    def sections(self, found: Sequence[Section], above: str = "") -> list[Section]:
        """The sections, in which those that are cases became one."""
        made, at = list[Section](), 0
        while at < len(found):
            run = self._run(found, at, above or self._tree.title)
            if len(run) >= _FEW:
                made.append(self._joined(found, run))
                at = run[-1][1]
                continue
            section = found[at]
            above = section.title if at + 1 < len(found) and found[at + 1].level > section.level else above
            made.append(
                replace(section, items=self.items([*standing.led(section.items)], section.title or self._tree.title))
            )
            at += 1
        return made

    def _run(self, found: Sequence[Section], at: int, above: str) -> list[_Run]:
        """Where the longest row of sections that are cases of one thing begins and ends, from here on; [] for none."""
        spans = list[_Run]()
        level = found[at].level
        before = next((section for section in reversed(found[:at]) if section.level <= level), None)
        if before is not None and before.level == level and exclusive([before.title, found[at].title], above):
            return []
        while at < len(found) and found[at].level == level and found[at].title and len(spans) <= _MOST:
            end = next((n for n in range(at + 1, len(found)) if found[n].level <= level), len(found))
            spans.append((at, end))
            at = end
        if not exclusive([found[begin].title for begin, _ in spans[:_FEW]], above):
            return []  # so of no longer row either
        for size in range(len(spans), 1, -1):
            if self._is_choice(found, spans[:size], above, spans[size:]):
                return spans[:size]
        return []

    def _is_choice(self, found: Sequence[Section], spans: list[_Run], above: str, after: list[_Run]) -> bool:
        titles = [found[begin].title for begin, _ in spans]
        left = after[:1] and exclusive([titles[-1], found[after[0][0]].title], above)
        bodies = [[item for section in found[a:b] for item in section.items] for a, b in spans]
        within = [section.title for a, b in spans for section in found[a + 1 : b]]
        return (
            not left
            and exclusive(titles, above)
            and all(map(_is_plain, within))
            and not any(
                headings.is_named(found[begin]) or doers.of_heading(found[begin].title, ()) for begin, _ in spans
            )
            and self._asks(titles, bodies)
        )

    def _asks(self, titles: Sequence[str], bodies: Sequence[list[Item]]) -> bool:
        """Whether nothing but a question can decide: no condition speaks of the cases, and their labels can be answers."""
        labels = [label(title) for title in titles]
        apart = frozenset[str]().union(*distinct(labels))
        if not all(map(is_fit, labels)) or not all(map(_asks, bodies, titles)):
            return False
        return all(map(self._is_of_one, titles)) and all(apart.isdisjoint(_words(when)) for when in self._conditions)

    def _is_of_one(self, title: str) -> bool:
        """Whether a case in the plural (``Small changes``) is spoken of as one elsewhere (``the change``): a run may be about several."""
        said = alternatives.bare_title(title)
        many = [
            part
            for part in re.findall(r"[a-z-]+", said)
            if words.singular(part) in _ONE and words.singular(part) != part
        ]
        return not many or any(re.search(rf"\b{_ANY} {words.singular(many[-1])}\b", text) for text in self._texts)

    @cached_property
    def _texts(self) -> list[str]:
        return [self._tree.title.lower(), *(s.text.lower() for s in self._tree.sentences())]

    @cached_property
    def _conditions(self) -> list[str]:
        """What the conditions of the whole text say."""
        return [found.when for s in self._tree.sentences() if (found := clauses.conditional(s.text)) is not None]

    def _joined(self, found: Sequence[Section], run: list[_Run]) -> Section:
        first, cases = found[run[0][0]], list[Item]()
        for begin, end in run:
            inner = self.sections(
                [Section("", found[begin].span, found[begin].items, 0), *found[begin + 1 : end]], found[begin].title
            )
            inner = headings.gathered(inner)
            self._release([item for section in found[begin:end] for item in section.items], found[begin].title)
            cases.append(Item("", [], [item for section in inner for item in section.items], listed=False))
        labels = tuple(label(found[begin].title) for begin, _ in run)
        return Section("", first.span, [_choice(labels, cases, first.span)], first.level)

    def _release(self, items: list[Item], case: str) -> None:
        for sentence in every(items):
            held = self._held.get(id(sentence))
            if held is not None and held.case == case:
                self.released[id(sentence)] = self._held.pop(id(sentence))

    def items(self, found: Sequence[Item], above: str) -> list[Item]:
        """The items, in which those that are cases became one, and of what may be left out all stands below its condition."""
        made, at = list[Item](), 0
        while at < len(found):
            run = self._row(found, at, above)
            made.append(self._row_of(found[at : at + run]) if run else self._within(found[at], above))
            at += run or 1
        return made

    def _within(self, item: Item, above: str) -> Item:
        lead = item.sentences[-1].text if item.sentences else above
        children = self.items(item.children, lead) if item.children else []
        condition = _is_optional(item)
        if condition:
            self.shortened[id(item.sentences[0])] = condition
            blocks = [Item("", item.sentences[1:], listed=False)] if item.sentences[1:] else []
            return replace(item, sentences=item.sentences[:1], children=[*blocks, *children])
        shown = next((n for n, s in enumerate(item.sentences) if s.code), len(item.sentences))
        last = item.sentences[shown - 1].text if shown else ""
        held = clauses.conditional(last) if last.endswith(":") and shown < len(item.sentences) else None
        if held is not None and not held.then and all(s.code for s in item.sentences[shown:]):
            blocks = [Item("", item.sentences[shown:], listed=False)]
            return replace(item, sentences=item.sentences[:shown], children=[*blocks, *children])
        return replace(item, children=children)

    def _row(self, found: Sequence[Item], at: int, above: str) -> int:
        """How many items from here on are cases of one thing; 0 where it is not sure."""
        labels = list[str]()
        if at and exclusive([_case_of(found[at - 1]), _case_of(found[at])], above):
            return 0
        for item in found[at : at + _MOST + 1]:
            said = _case_of(item)
            if not said or item.after:
                break
            labels.append(said)
        if not exclusive(labels[:_FEW], above):
            return 0  # so of no longer row either
        for size in range(len(labels), 1, -1):
            left = len(labels) > size and exclusive([labels[size - 1], labels[size]], above)
            bodies = [[item] for item in found[at : at + size]]
            if not left and exclusive(labels[:size], above) and self._asks(labels[:size], bodies):
                return size
        return 0

    def _row_of(self, found: Sequence[Item]) -> Item:
        labels, cases = list[str](), list[Item]()
        for item in found:
            said = _case_of(item)
            labels.append(label(said))
            self._release([item], said)
            first = item.sentences[0]
            self.shortened[id(first)] = without(first.text, said)
            cases.append(self._within(item, said))
        return _choice(tuple(labels), cases, found[0].sentences[0].span)


def _case_of(item: Item) -> str:
    """The label of an item, or all of its words where its steps stand below it; ''."""
    if not item.listed or not item.sentences or item.sentences[0].unreadable or item.sentences[0].remark:
        return ""
    return alternatives.case_of(item)
