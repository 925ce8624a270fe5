"""One question for several cases, and below each answer its steps: ``Ask the clerk for the case (one of `Small`, `Large`)``."""

from __future__ import annotations

import re
from typing import Any, Final

from orchestrator.models.spec import Span
from orchestrator.models.workflow import Fact, FactKind, NodeKind
from orchestrator.policy.proof.outcomes import OTHERWISE
from orchestrator.workflows import choices, facts
from orchestrator.workflows.build import Builder
from orchestrator.workflows.draft import NEXT, Draft, Target, To
from orchestrator.workflows.naming import Unclear
from orchestrator.workflows.prose import Item, Sentence, every
from orchestrator.workflows.standing import Place

_NAMES: Final = (
    "case",
    *(f"{n} case" for n in ("second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")),
)


class Choosing(Builder):
    """Reads items; those that hold cases become a question to whoever does what names nobody, and decisions on its answer."""

    def begin(self, *, is_plain: bool) -> None:
        super().begin(is_plain=is_plain)
        self._within = 0

    def item(self, item: Item) -> list[Draft]:
        """The drafts of an item and of the list below it, in order."""
        return self._choice(item) if item.cases else super().item(item)

    def _choice(self, item: Item) -> list[Draft]:
        """The question, the decisions, and at their sides the steps of each case. They join again behind it."""
        asked = item.sentences[0]
        made = list[Draft]()
        try:
            name, values = self._fact(asked, item.cases, made)
        except Unclear as problem:
            self.fail(asked, "WF110", problem.message, problem.hint)
            within = {id(sentence) for sentence in every(item.children)}
            self.held |= {key: held for key, held in self.released.items() if key in within}
            for key in within & self.shortened.keys():
                del self.shortened[key]
            return [draft for case in item.children for draft in self.item(case)]
        made += self._decided(asked.span, name, values, item.children)[0]
        self._anchor = self._opened = self._told = self._asked = None
        self._began = True
        return made

    def _fact(self, asked: Sentence, labels: tuple[str, ...], made: list[Draft]) -> tuple[str, list[str]]:
        """The name of the answer, and what it is in each case: one that was asked for before, or a new one. Raises :class:`Unclear`."""
        for name, fact in self.facts.items():
            values = _chosen(fact, labels)
            if values:
                return name.replace("-", " "), values
            if _may_tell(fact, labels):
                raise Unclear(
                    "Whether what was asked before tells these cases apart is not clear.",
                    f"If ..., {labels[0]}: above it",
                )
        if not self._doer():
            raise Unclear("Who says which of these it is is not said.", "By default, the operator does each step")
        name = next((said for said in _NAMES if said.replace(" ", "-") not in self.facts), "")
        said = ", ".join(f"`{label}`" for label in labels)
        self._place = Place.FIRST
        made += self._activity(asked, f"Ask the {self._doer().replace('-', ' ')} for the {name} (one of {said})", None)
        return name, list(labels)

    def _decided(self, span: Span, name: str, values: list[str], cases: list[Item]) -> tuple[list[Draft], Target]:
        """A decision for each case but the last, one on the other side of the one before it; and where the first begins."""
        if len(cases) == 1 and values[1:] != ["*"]:
            return self._begun(cases[0])
        when = f"the {name} is `{values[0]}`"
        compared: Any = facts.conditions(when, self.facts)
        title, fields = f"Whether {when}", {"cases": ({"outcome": "holds", "when": compared},)}
        decide = self._new(span, NodeKind.DECIDE, title, fields, None)
        ways = {"holds": self._begun(cases[0])}
        if len(cases) > 1:
            ways[OTHERWISE] = self._decided(span, name, values[1:], cases[1:])
        for outcome, (side, target) in ways.items():
            decide.on[outcome] = target
            decide.sides += [side] if side else []
        return [decide], Target(To.NODE, decide.id)

    def _begun(self, case: Item) -> tuple[list[Draft], Target]:
        """The steps of a case and where it begins; of one that only says where it leads on, that."""
        said = [*every([case])]
        try:
            jump = self._jump(self.shortened.get(id(said[0])) or said[0].text, said[0]) if len(said) == 1 else None
        except Unclear as problem:
            self.fail(said[0], "WF110", problem.message, problem.hint)
            return [], NEXT
        if jump is not None:
            self._mark(said[0], "edge")
            return [], jump
        made = self._case(case)
        return made, Target(To.NODE, made[0].id) if made else NEXT

    def _case(self, case: Item) -> list[Draft]:
        """The steps of one case. References to a number mean one of its own first."""
        before = (self._section, self._by, self._doubts, self.declared.here, self.declared.by, self.declared.unclear)
        self._within -= 1
        self._section = self._within if not case.sentences else self._section
        self._anchor = self._opened = self._told = self._asked = None
        if case.sentences and self.shortened.get(id(case.sentences[0])):
            made = super().item(case)
        else:
            for title in case.sentences:
                self._mark(title, "edge")
            made = self.items(case.children)
            if case.number and made:
                self._count(case, made[0].id)
        self._section, self._by, self._doubts, self.declared.here, self.declared.by, self.declared.unclear = before
        return made


def _chosen(fact: Fact, labels: tuple[str, ...]) -> list[str]:
    """Of each label the choice of an earlier answer that it names; ``*`` behind them where there are other choices; [] for none."""
    if fact.kind is not FactKind.CHOICE:
        return []
    found = [[c for c in fact.choices if _words(c) <= _words(label)] for label in labels]
    values = [choices_[0] for choices_ in found if len(choices_) == 1]
    if len(values) < len(labels) or len(set(values)) < len(labels):
        return []
    return [*values, *(["*"] if len(fact.choices) > len(labels) else [])]


def _may_tell(fact: Fact, labels: tuple[str, ...]) -> bool:
    """Whether an earlier question speaks of what tells the cases apart."""
    told = _words(f"{fact.question} {' '.join(fact.choices)}")
    return any(not apart.isdisjoint(told) for apart in choices.distinct(labels))


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[a-z0-9-]+", text.lower()))
