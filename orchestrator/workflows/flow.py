"""Sentences to drafts: what stands aside, what opens a list, conditions and what follows them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from orchestrator.models.workflow import Fact, FactKind, NodeKind
from orchestrator.policy.proof.outcomes import EXHAUSTED, OTHERWISE, outcomes
from orchestrator.workflows import clauses, forms, grammar, rules, words
from orchestrator.workflows.doing import Doing
from orchestrator.workflows.draft import Draft, Target
from orchestrator.workflows.naming import Unclear
from orchestrator.workflows.prose import Sentence


class Flow(Doing):
    """What sentences mean, and where they lead on."""

    # sentences

    def _sentence(self, sentence: Sentence, made: list[Draft]) -> list[Draft] | None:
        """Read one sentence. What is returned, if anything, is where the nested list goes."""
        try:
            return self._read(sentence, made)
        except Unclear as problem:
            self.fail(sentence, "WF110", f"{problem.message}", problem.hint)
            return None
        finally:
            self._before = sentence.text

    def _read(self, sentence: Sentence, made: list[Draft]) -> list[Draft] | None:
        text = sentence.text
        if sentence.commands and self._doer() and "`" not in text:
            text = "Run these lines: " + "; ".join(f"`{line.strip()}`" for line in sentence.commands)
        elif sentence.unreadable:
            if self._is_shown(sentence):
                return None
            raise Unclear(f"This is {sentence.unreadable}, which is not read.", "a sentence, or a quotation (> ...)")
        if not forms.is_whole(text):
            raise Unclear("This sentence is part of a bracket.", "a sentence of its own, without the bracket")
        aside = self._aside(sentence, text)
        if aside:
            self._mark(sentence, aside)
            return None
        return self._flow(sentence, text, made)

    def _is_shown(self, sentence: Sentence) -> bool:
        """Whether a block belongs to the task before it, whose sentence leads on to it. The task shows its lines."""
        task = self._anchor
        if task is None or task.kind is not NodeKind.TASK or not sentence.code:
            return False
        title = forms.continued(task.title, self._before, sentence.text)
        if title is None or not self.is_told(title, task.fields):
            return False
        task.title = title
        self._mark(sentence, "node")
        return True

    def _aside(self, sentence: Sentence, text: str) -> str:
        """What a sentence is that belongs to no place in the order of the steps; '' for all others."""
        if sentence.remark or forms.REMARK.fullmatch(text):
            return "remark"
        if rules.is_rule(text):
            self.pending_rules.append((sentence, self._section))
            return "rule"
        if forms.FOLLOWING.fullmatch(text):
            return "edge"
        if self.declared.take(text) or self.declared.describe(text, self._by):
            return "role"
        return "" if self._began or forms.BINDING.search(text) else "remark"

    def _flow(self, sentence: Sentence, text: str, made: list[Draft]) -> list[Draft] | None:
        named = forms.ID.fullmatch(text)
        if named is not None:
            return self._step(sentence, named["rest"], made, named["id"])
        asked, waited = clauses.question(text), clauses.awaited(text, self._doer())
        if asked is not None and self._doer():
            return self._conditional(sentence, clauses.Conditional(asked, ""), made, None)
        if waited is not None:
            made += self._activity(sentence, waited.wait, None)
            return self._flow(sentence, waited.then, made)
        other = clauses.otherwise(text)
        if other is not None and not self._is_of_a_check(text):
            self._otherwise(sentence, other)
            return None
        return self._step(sentence, text, made, None)

    def _step(self, sentence: Sentence, text: str, made: list[Draft], wanted: str | None) -> list[Draft] | None:
        condition, jump = clauses.conditional(text), self._jump(text, sentence)
        if condition is not None:
            return self._conditional(sentence, condition, made, wanted)
        if jump is not None:
            self._onward(sentence, jump)
            return None
        if forms.PARALLEL.fullmatch(text.rstrip(": ")):
            return self._open(sentence, NodeKind.PARALLEL, "In parallel", made, wanted)
        each = forms.EACH.fullmatch(text)
        if each is not None:
            return self._each(sentence, each, made, wanted)
        does, go = clauses.onward(text) or (text, "")
        made += self._activity(sentence, self._in_full(does), wanted)
        self._leads(sentence, made[-1], go)
        self._mark(sentence, "node")
        return None

    def _in_full(self, text: str) -> str:
        """What stands under ``Prerequisites`` and is no step is something to have."""
        if not self._needed or not self._doer() or forms.THING.fullmatch(text) is None:
            return text
        try:
            found = grammar.activity(text, self._doer(), self.declared.roles)
        except Unclear:
            found = None
        return (
            text
            if found
            else f"You need {text[0].lower() if text[1:2].islower() or text[1:2] == ' ' else text[0]}{text[1:]}"
        )

    def _onward(self, sentence: Sentence, jump: Target) -> None:
        """An unconditional ``Go to step 3``: where the step before it leads."""
        if self._anchor is None or self._anchor.kind is NodeKind.PARALLEL:
            raise Unclear("There is no step before this that could lead on.", "If ..., go to step 3")
        self._anchor.on[self._anchor.primary] = jump
        self._mark(sentence, "edge")

    def _open(
        self, sentence: Sentence, kind: NodeKind, title: str, made: list[Draft], wanted: str | None
    ) -> list[Draft]:
        draft = self._new(sentence.span, kind, title, {}, wanted)
        made.append(draft)
        self._opened = (draft, "each")
        self._mark(sentence, "node")
        return draft.body

    def _each(
        self, sentence: Sentence, each: re.Match[str], made: list[Draft], wanted: str | None
    ) -> list[Draft] | None:
        repeat = self._repeat(each["of"])
        body = self._open(sentence, NodeKind.FOR_EACH, f"For each {each['of']}", made, wanted)
        made[-1].fields["repeat"] = repeat
        if not each["then"]:
            return body
        self._act(sentence, each["then"], made[-1], "each", made[-1].body)
        return None

    def _repeat(self, of: str) -> dict[str, Any]:
        if of.startswith("`"):
            return {"items": words.codes(of)}
        name = words.slug(of)
        for fact, what in self.facts.items():
            if what["kind"] == FactKind.LIST and (fact == name or words.singular(fact) == name):
                return {"fact": fact}
        raise Unclear(
            f"Nobody has been asked for a list of {of!r}.", f"Ask the operator for the {of}s (a list of at most 10)"
        )

    # conditions

    def _conditional(
        self, sentence: Sentence, said: clauses.Conditional, made: list[Draft], wanted: str | None
    ) -> list[Draft] | None:
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
        facts = {name: Fact(**fact) for name, fact in self.facts.items()}
        compared = clauses.conditions(said.when, facts)
        outcome = self._literal(said.when, anchor) if anchor is not None and compared is None else None
        if outcome is None and (compared is None or {c["fact"] for c in compared} <= self._judges.keys()):
            compared = self._judged(sentence, said.when, made)
        if compared is not None:
            return self._decide(sentence, said.when, compared, made, wanted), "holds"
        if anchor is None or outcome is None:
            hint = self._could(anchor) if anchor else "a step comes first"
            raise Unclear(f"When {said.when!r} holds is not clear here.", hint)
        self._mark(sentence, "edge")
        return anchor, outcome

    def _is_of_a_check(self, text: str) -> bool:
        """Whether ``If not, …`` speaks of what the step before checked, and not of a decision before it."""
        condition = clauses.conditional(text)
        return condition is not None and self._meant(condition.when) != condition.when

    def _meant(self, when: str) -> str:
        return forms.meant(when, self._anchor.title) if self._anchor and self._anchor.kind is NodeKind.TASK else when

    def _decide(
        self, sentence: Sentence, when: str, compared: tuple[dict[str, Any], ...], made: list[Draft], wanted: str | None
    ) -> Draft:
        cases = ({"outcome": "holds", "when": compared},)
        made.append(self._new(sentence.span, NodeKind.DECIDE, f"Whether {when}", {"cases": cases}, wanted))
        self._mark(sentence, "node")
        return made[-1]

    def _judged(self, sentence: Sentence, when: str, made: list[Draft]) -> tuple[dict[str, Any], ...] | None:
        """A condition about nothing that was asked is put as a question to whoever does the step, each time anew."""
        by = self._doer()
        asked = clauses.judged(when, by)
        if asked is None:
            return None
        draft = self._activity(sentence, asked, None)[0]
        for name in draft.fields["asks"]:
            if self._judges.setdefault(name, by) != by:
                raise Unclear("Two people are asked this.", "Ask the ROLE whether ..., once, before the first use")
        made.append(draft)
        return clauses.conditions(when, {name: Fact(**fact) for name, fact in self.facts.items()})

    def _literal(self, when: str, anchor: Draft) -> str | None:
        named = re.fullmatch(r"it ends as `([a-z-]+)`", when)
        found = named[1] if named else clauses.outcome(when, anchor.kind)
        known = outcomes(anchor.bare(), planned=False) | {EXHAUSTED}
        if found is not None and anchor.kind is not NodeKind.PARALLEL and found not in known:
            raise Unclear(f"The step before never ends as {found!r}.", self._could(anchor))
        return found

    def _could(self, anchor: Draft) -> str:
        known = sorted(outcomes(anchor.bare(), planned=False)) if anchor.kind is not NodeKind.PARALLEL else []
        return "if it ends as " + ", ".join(f"`{name}`" for name in known)

    def _otherwise(self, sentence: Sentence, then: str) -> None:
        owner = self._opened[0] if self._opened else None
        if owner is None or owner.kind is not NodeKind.DECIDE:
            raise Unclear("There is no condition before this.", "If ..., ... . Otherwise, ...")
        self._act(sentence, then, owner, OTHERWISE)
        self._mark(sentence, "edge")
