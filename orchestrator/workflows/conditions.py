"""Conditions: outcomes of the step before, comparisons of facts, questions and their answers, and what follows them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from orchestrator.models.workflow import FactKind, NodeKind
from orchestrator.policy.proof.outcomes import EXHAUSTED, EXPIRED, OTHERWISE, outcomes
from orchestrator.workflows import clauses, facts, forms, grammar, partly
from orchestrator.workflows.doing import WAITS, Doing
from orchestrator.workflows.draft import NEXT, Draft
from orchestrator.workflows.naming import Unclear, role_name
from orchestrator.workflows.people import is_person
from orchestrator.workflows.prose import Sentence

_DENIED = re.compile(r"\b(?:no|not|never|none|nothing|nobody|neither|without|free of)\b|n['\u2019]t\b", re.IGNORECASE)
"""What was checked not to be so: whether ``If it is`` means the one or the other is not clear."""


class Conditions(Doing):
    """What holds when, and where it leads."""

    def _question(self, sentence: Sentence, asked: str, made: list[Draft]) -> list[Draft]:
        """A question: its answers stand in the list below it, or in the sentences after it."""
        side = self._conditional(sentence, clauses.Conditional(asked, ""), made, None)
        self._asked = self._opened[0] if self._opened else None
        return side or []

    def _answer(self, sentence: Sentence, text: str) -> list[Draft] | None:
        """``Yes: go on``, ``If not, stop`` after a question. Where nothing stands behind it, its list goes into what is returned."""
        found = forms.ANSWER.fullmatch(text)
        if self._asked is None or found is None:
            return None
        outcome = "holds" if found["yes"] else OTHERWISE
        if outcome in self._asked.on:
            raise Unclear("This answer has been spoken of before.", "one sentence for yes, one for no")
        self._act(sentence, found["then"], self._asked, outcome)
        self._asked.on.setdefault("holds", NEXT)
        self._mark(sentence, "edge")
        return []

    def _conditional(
        self, sentence: Sentence, said: clauses.Conditional, made: list[Draft], wanted: str | None
    ) -> list[Draft] | None:
        clauses.ensure_ends(said.when, said.then)
        said = replace(said, then=clauses.spoken_of(said.when, said.then))
        self._offers |= partly.offered(said.then)
        owner, outcome = self._condition(sentence, said, made, wanted)
        self._opened = (owner, outcome)
        if said.times is not None:
            owner.fields["at_most"] = {**owner.fields.get("at_most", {}), outcome: said.times}
            if said.spent:
                self._act(sentence, said.spent, owner, EXHAUSTED)
        elif said.spent:
            if owner.kind is not NodeKind.DECIDE:
                raise Unclear("It is not clear when that follows.", "a sentence of its own, beginning with If")
            self._act(sentence, said.spent, owner, OTHERWISE)
        self._anchor = owner
        if said.then:
            self._act(sentence, said.then, owner, outcome)
            return None
        side: list[Draft] = []
        owner.sides.append(side)
        return side

    def _condition(
        self, sentence: Sentence, said: clauses.Conditional, made: list[Draft], wanted: str | None
    ) -> tuple[Draft, str]:
        anchor = self._anchor
        said = replace(said, when=self._meant(said.when))
        compared = facts.conditions(said.when, self.facts)
        outcome = self._literal(said.when, anchor) if anchor is not None and compared is None else None
        late = self._late(said.when, anchor) if anchor is not None and outcome is None and compared is None else None
        if late is not None:
            self._mark(sentence, "edge")
            return late, EXPIRED
        if outcome is None and compared is None and said.when in {"it is approved", "it is rejected"}:
            raise Unclear("No approval stands right before this.", "The lead approves the form. On approval, ...")
        if outcome is None and (compared is None or {c["fact"] for c in compared} <= self._judges.keys()):
            compared = self._judged(sentence, said, made) or compared
        if compared is not None:
            return self._decide(sentence, said.when, compared, made, wanted), "holds"
        if anchor is None or outcome is None:
            hint = f"{self._could(anchor)}; or first: " if anchor else "first: "
            raise Unclear(f"When {said.when!r} holds is not clear here.", f"{hint}Ask the ROLE whether {said.when}")
        self._mark(sentence, "edge")
        return anchor, outcome

    def _is_of_a_check(self, text: str) -> bool:
        """Whether ``If not, …`` speaks of what the step before checked, and not of a decision before it."""
        condition = clauses.conditional(text)
        return condition is not None and forms.is_short(condition.when) and bool(self._checked())

    def _was_asked(self, text: str) -> bool:
        """Whether a condition is one of facts that somebody has been asked for."""
        condition = clauses.conditional(text)
        return condition is not None and facts.conditions(condition.when, self.facts) is not None

    def _meant(self, when: str) -> str:
        """``If so`` and ``If it does not`` speak of what the step before checked or asked. Raises :class:`Unclear` for any other."""
        if not forms.is_short(when):
            return when
        checked = self._checked()
        if not checked or _DENIED.search(checked):
            raise Unclear(f"What {when!r} speaks of is not clear.", "what it is that holds, in full")
        return forms.meant(when, checked)

    def _checked(self) -> str:
        step = self._anchor
        if step is not None and step.kind is NodeKind.ASK and len(step.fields["asks"]) == 1:
            fact = self.facts[step.fields["asks"][0]]
            return fact.question if fact.kind is FactKind.YES_NO else ""
        return forms.checks(step.title) if step is not None and step.kind is NodeKind.TASK else ""

    def _decide(
        self, sentence: Sentence, when: str, compared: tuple[dict[str, Any], ...], made: list[Draft], wanted: str | None
    ) -> Draft:
        cases = ({"outcome": "holds", "when": compared},)
        made.append(self._new(sentence.span, NodeKind.DECIDE, f"Whether {when}", {"cases": cases}, wanted))
        self._mark(sentence, "node")
        return made[-1]

    def _judged(
        self, sentence: Sentence, said: clauses.Conditional, made: list[Draft]
    ) -> tuple[dict[str, Any], ...] | None:
        """A condition about nothing that was asked is put as a question to the one who can know, each time anew."""
        by = self._judge(said.then)
        asked = clauses.judged(said.when, by)
        if asked is None:
            return None
        draft = self._activity(sentence, asked, None)[0]
        for name in draft.fields["asks"]:
            if self._judges.setdefault(name, by) != by:
                raise Unclear("Two people are asked this.", "Ask the ROLE whether ..., once, before the first use")
        made.append(draft)
        return facts.conditions(said.when, self.facts)

    def _judge(self, then: str) -> str:
        """Whoever does what names nobody; else whoever did the step before; else whoever does what follows."""
        before = self._anchor
        if self._doer() or (before is not None and before.kind in WAITS and before.fields.get("role")):
            return self._doer() or str(before and before.fields["role"])
        if before is not None and before.kind is NodeKind.DECIDE:
            asked = {self._judges.get(c["fact"], "") for case in before.fields["cases"] for c in case["when"]}
            if len(asked) == 1 and "" not in asked:
                return asked.pop()
        try:
            found = grammar.activity(then, None, self.declared.roles) if then else None
        except Unclear:
            return ""
        return str(found.fields.get("role") or "") if found else ""

    def _late(self, when: str, anchor: Draft) -> Draft | None:
        """``the clerk does not answer within 2 days``: the timer of the step before, where nobody else is meant."""
        late = clauses.late(when)
        if anchor.kind is NodeKind.DECIDE and anchor.sides and anchor.sides[-1]:
            anchor = anchor.sides[-1][-1]
        if late is None or anchor.kind not in WAITS or "pause_seconds" in anchor.fields:
            return None
        named = role_name(late.who) if late.who else None
        if (named or late.who) and named != anchor.fields.get("role"):
            raise Unclear(
                f"The step before is not one of {late.who!r}.", "the sentence right after the step that is late"
            )
        if anchor.fields.setdefault("within_seconds", late.seconds) != late.seconds:
            raise Unclear("The step before has another timer.", "one time for one step")
        return anchor

    def _literal(self, when: str, anchor: Draft) -> str | None:
        named = re.fullmatch(r"it ends as `([a-z-]+)`", when)
        found = named[1] if named else clauses.outcome(when, anchor.kind)
        if found is not None and named is None and anchor.kind is NodeKind.REVIEW and self._is_another(when, anchor):
            return None
        known = outcomes(anchor.bare(), planned=False) | {EXHAUSTED}
        if found is not None and anchor.kind is not NodeKind.PARALLEL and found not in known:
            raise Unclear(f"The step before never ends as {found!r}.", self._could(anchor))
        return found

    def _is_another(self, when: str, anchor: Draft) -> bool:
        """Whether the words name a role that does not decide the step before."""
        role = role_name(clauses.decider(when))
        return (
            role is not None and role != anchor.fields.get("role") and (is_person(role) or role in self.declared.roles)
        )

    def _could(self, anchor: Draft) -> str:
        known = sorted(outcomes(anchor.bare(), planned=False)) if anchor.kind is not NodeKind.PARALLEL else []
        return "if it ends as " + ", ".join(f"`{name}`" for name in known)

    def _otherwise(self, sentence: Sentence, then: str) -> None:
        owner, said = self._opened or (None, "")
        if owner is None:
            raise Unclear("No condition stands right before this.", "If ..., ... . Otherwise, ...")
        outcome = OTHERWISE if owner.kind is NodeKind.DECIDE else self._left(owner, said)
        if outcome in owner.on:
            raise Unclear("What follows otherwise was said before.", "If ..., ...")
        self._act(sentence, then, owner, outcome)
        self._mark(sentence, "edge")

    def _left(self, owner: Draft, said: str) -> str:
        """The one outcome of a step of which nothing has been said."""
        ends = outcomes(owner.bare(), planned=False) - {EXHAUSTED, EXPIRED}
        left = sorted(ends - {said} - owner.on.keys()) if owner.kind is not NodeKind.PARALLEL else []
        if len(left) != 1:
            raise Unclear("Which end of the step before is meant is not clear.", self._could(owner))
        return left[0]
