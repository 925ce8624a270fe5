"""Sentences to drafts: what stands aside, what opens a list, conditions and what follows them."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from orchestrator.models.workflow import FactKind, NodeKind
from orchestrator.workflows import (
    alternatives,
    classes,
    clauses,
    doers,
    forms,
    grammar,
    hidden,
    instruct,
    naming,
    obliged,
    partly,
    quotations,
    rules,
    separation,
    standing,
    telling,
    words,
)
from orchestrator.workflows.details import EXPLAINED, Details
from orchestrator.workflows.draft import Draft, Target
from orchestrator.workflows.naming import Unclear
from orchestrator.workflows.people import is_person
from orchestrator.workflows.phrasing import labelled
from orchestrator.workflows.prose import TOO_LONG, Sentence
from orchestrator.workflows.standing import Doubt, Place, Under

_BLOCK_HINT = "a sentence, a quotation (> ...), or a table with the columns Step, Who, Action"


_IF_FIRST = re.compile(r"(?:if|when)\b", re.IGNORECASE)


def _is_held(text: str) -> bool:
    """Whether a sentence is a condition, also behind a label."""
    label = labelled(text)
    return clauses.conditional(text) is not None or (label is not None and clauses.conditional(label[1]) is not None)


def _ensure_short(sentence: Sentence) -> None:
    """Raises :class:`Unclear` for what is too long to be looked at."""
    if sentence.unreadable == TOO_LONG:
        raise Unclear(f"This is {TOO_LONG}, and is not read.", "shorter sentences; lines in a file of their own")


class Flow(Details):
    """What sentences mean, and where they lead on."""

    # sentences

    def _sentence(self, sentence: Sentence, made: list[Draft]) -> list[Draft] | None:
        """Read one sentence. What is returned, if anything, is where the nested list goes."""
        task, self._told, led, condition = self._told, None, "", self._opened
        try:
            _ensure_short(sentence)
            if task is None and not sentence.unreadable and standing.is_about_itself(sentence.text):
                self._mark(sentence, "remark")
                return None
            is_filled = task is not None and partly.fills(sentence.text, task.title)
            if (
                telling.ABOUT.fullmatch(sentence.text)
                or is_filled
                or (task is not None and self._belongs(sentence, task))
            ):
                self._tell(sentence, task or self._near)
                return None
            opened = None if self._is_seen_to(sentence, made) else self._read(sentence, made)
            self._now(sentence, task)
        except Unclear as problem:
            led = self._leave(sentence, task, problem)
            return None
        else:
            return opened
        finally:
            if self._opened is condition and self.became.get(id(sentence)) in {"node", "error"}:
                self._opened = None
            self._before, self._led = sentence.text, led or self.became.get(id(sentence), "")
            self._fresh = self._fresh and self.became.get(id(sentence)) == "remark"

    def _read(self, sentence: Sentence, made: list[Draft]) -> list[Draft] | None:
        text = self.shortened.get(id(sentence)) or sentence.text
        if sentence.commands and self._led == "error" and self._before.endswith(":"):
            raise Unclear("What leads on to these lines is not read.", "a sentence that can be read before them")
        held = clauses.conditional(self._before) if sentence.code else None
        if held is not None and held.then:
            if self._before.endswith(":") and self._is_shown(sentence):
                return None
            if self._place is Place.LATER or self._before.endswith(":"):
                raise Unclear("Whether these lines hold under the condition before them is not clear.", "If ...:")
        if sentence.commands and self._doer() and "`" not in text:
            text = "Run these lines: " + "; ".join(f"`{line.strip()}`" for line in sentence.commands)
        elif sentence.unreadable:
            if self._is_shown(sentence):
                return None
            raise Unclear(f"This is {sentence.unreadable}, which is not read.", _BLOCK_HINT)
        if not forms.is_whole(text):
            raise Unclear("This sentence is part of a bracket.", "a sentence of its own, without the bracket")
        aside = self._aside(sentence, text)
        if aside:
            self._mark(sentence, aside)
            return None
        return self._flow(sentence, text, made)

    def _is_seen_to(self, sentence: Sentence, made: list[Draft]) -> bool:
        """Whether a sentence has somebody see to what is quoted below it. That is not read, so nothing speaks against the task."""
        if not sentence.quotation:
            return False
        named = forms.ID.fullmatch(sentence.text)
        lead = quotations.lead_of(named["rest"] if named else sentence.text)
        fields: dict[str, Any] = {"role": lead.role, "quotation": sentence.quotation}
        fields |= {"within_seconds": lead.seconds} if lead.seconds is not None else {}
        made.append(self._new(sentence.span, NodeKind.TASK, lead.title, fields, named["id"] if named else None))
        self._mark(sentence, "node")
        self._began = True
        return True

    def _is_shown(self, sentence: Sentence) -> bool:
        """Whether a block belongs to the task before it, whose sentence leads on to it. The task shows its lines."""
        task = self._anchor
        if task is not None and task.kind is NodeKind.DECIDE and self._before.endswith(":") and any(task.sides):
            task = task.sides[-1][-1] if task.sides[-1] else None
        if task is None or task.kind is not NodeKind.TASK or not sentence.code or self._led == "error":
            return False
        title = forms.continued(task.title, self._before, sentence.text)
        if title is None or not self.is_told(title, task.fields):
            return False
        task.title = title
        self._mark(sentence, "node")
        return True

    def _aside(self, sentence: Sentence, text: str) -> str:
        """What a sentence is that belongs to no place in the order of the steps; '' for all others."""
        is_topic = forms.TOPIC.fullmatch(text) is not None and not forms.BINDING.search(text)
        is_pointer = forms.REMARK.fullmatch(text) is not None or forms.POINTER.fullmatch(text) is not None
        if sentence.remark or is_pointer or is_topic:
            self._ensure_aside(sentence)
            return "remark"
        if id(sentence) in self.owned or self._is_of_whole(sentence, text):
            return self.became.get(id(sentence), "role")
        if rules.is_rule(forms.unwarned(text)) or separation.is_separation(text):
            self._ensure_decided(sentence, text)
            self.pending_rules.append((sentence, self._section))
            return "rule"
        if (
            forms.FOLLOWING.fullmatch(text)
            or (text.endswith(":") and forms.FOLLOWED.fullmatch(text))
            or forms.MARK.fullmatch(text)
            or self._leads_to_lines(sentence, text)
        ):
            return "edge"
        if (
            self._gives(text)
            or self.declared.leads(text)
            or self.declared.take(text)
            or self.declared.describe(text, self._by)
            or self.declared.label(text)
            or self._is_duty(text)
        ):
            return "role"
        is_listed = self._under is Under.POINTERS
        is_aside = not self._began or self._under is Under.TOLD or is_listed
        is_step = forms.ID.fullmatch(text) or clauses.otherwise(text) is not None or self._jump(text, sentence)
        is_step = is_step or forms.PARALLEL.fullmatch(text.rstrip(": ")) or forms.EACH.fullmatch(text)
        is_told = is_aside and not is_step and not forms.BINDING.search(text) and (is_listed or not self._asks(text))
        return "remark" if is_told else ""

    def _is_of_whole(self, sentence: Sentence, text: str) -> bool:
        """Whether a sentence in one of several cases would hold for the whole process, which is an error."""
        is_whole = (
            self.declared.describes(text) or rules.is_rule(forms.unwarned(text)) or separation.is_separation(text)
        )
        if id(sentence) not in self.released or not is_whole:
            return False
        said = "Whether this holds in every run, or only in this case, is not said."
        self.fail(sentence, "WF110", said, "a sentence above all cases")
        return True

    def _gives(self, text: str) -> bool:
        """Whether the sentence gives the rest of its section to somebody: ``These steps are done by the clerk``."""
        role = doers.of_section(text, self.declared.roles)
        self.declared.unclear = self.declared.unclear or doers.is_unclear(role)
        self.declared.here = role if role and not doers.is_unclear(role) else self.declared.here
        self.declared.roles += [self.declared.here] if role and not doers.is_unclear(role) else []
        return bool(role)

    def _leads_to_lines(self, sentence: Sentence, text: str) -> bool:
        """Whether ``To ship, run:`` stands right before a block of commands that is a step by itself."""
        below = self.following.get(id(sentence))
        return forms.LINES.fullmatch(text) is not None and below is not None and bool(below.commands and self._doer())

    def _is_duty(self, text: str) -> bool:
        """Whether a sentence under ``Responsibilities`` says what a role is there for: ``Clerk: files the form``."""
        if self._under is not Under.DUTIES:
            return False
        role = (
            self._labelled(text)
            or self._does(text)
            or (self._by and self._does(f"The {self._by_name()} {text[:1].lower()}{text[1:]}"))
        )
        self.declared.roles += [role] if role else []
        return bool(role)

    def _by_name(self) -> str:
        return self._by.replace("-", " ")

    def _labelled(self, text: str) -> str:
        """The people that a label names; ''."""
        found = labelled(text)
        role = naming.role_name(found[0]) if found else None
        return role if role and (is_person(role) or role in self.declared.roles) else ""

    def _does(self, text: str) -> str:
        """The role whose task the sentence is; ''."""
        try:
            found = grammar.activity(text, None, self.declared.roles)
        except Unclear:
            return ""
        return str(found.fields["role"]) if found and found.kind == NodeKind.TASK else ""

    def _asks(self, text: str) -> bool:
        """Whether a sentence before the first list or heading asks for something."""
        alone = forms.VERB_ALONE.fullmatch(text)
        if clauses.conditional(text) is not None or (alone and alone["verb"].lower() in words.VERBS):
            return True
        try:
            return (
                grammar.activity(clauses.timed(forms.unled(text)).clause, self._doer() or None, self.declared.roles)
                is not None
            )
        except Unclear:
            return True

    def _ensure_unconditional(self, text: str) -> None:
        """What follows a condition within its item may be meant to hold under it alone. Raises :class:`Unclear`."""
        if self._place is Place.LATER and self._before.endswith("?") and forms.ANSWER.fullmatch(text) is None:
            raise Unclear("For which answer to the question before it this holds is not said.", "If ..., ...")
        is_first, is_condition = self._place is not Place.LATER, clauses.conditional(text) is not None
        self._conditioned = not is_first and (self._conditioned or _is_held(self._before))
        refers = self._held_before and not self._listed and hidden.REFERS.search(text) is not None
        self._held_before = self._held_before or is_condition
        if self._led in {"error", EXPLAINED} and not is_condition and (self._conditioned or refers):
            raise Unclear("What stands before this is not read, and this may belong to it.", "If ..., ...")
        goes_on = self._loose and standing.points_back(self._before)
        self._loose = self._led in {"error", EXPLAINED} and (goes_on or standing.may_bind(self._before))
        if self._loose and not is_condition and standing.points_back(text):
            raise Unclear("What stands before this is not read, and this may be meant for that alone.", "If ..., ...")
        condition = clauses.conditional(text)
        is_of_all = condition is not None and (hidden.OF_READER.match(text) or partly.is_of_itself(condition.then))
        if is_of_all and not self._began:
            raise Unclear("The whole of what follows may hold under this condition.", "If ...: above the steps")
        if not is_first and self._led == "error" and not is_condition and partly.excepts(self._before):
            raise Unclear("What stands before this is not read, and this may be meant for that alone.", "If ..., ...")
        if is_first or not _is_held(self._before):
            return
        if self._led in {"error", EXPLAINED} and clauses.conditional(text) is None:
            raise Unclear("The condition before this is not read, and this may belong to it.", "If ..., ...")
        if forms.THEN.match(text) and self._opened:
            raise Unclear("Whether this holds under the condition before it is not clear.", "a nested list below it")

    def _ensure_decided(self, sentence: Sentence, text: str) -> None:
        """What stands below a case is not done in every run. Raises :class:`Unclear` where nothing says when it is."""
        held = self.held.get(id(sentence))
        if held is None or self.declared.order == "sequence" or (held.case and alternatives.decides(text, held.case)):
            return
        if not self._does_something(text):
            raise Unclear("This has the form of no step, rule or role.", "The clerk ...; or a quotation: > ...")
        raise Unclear(held.message, held.hint)

    def _does_something(self, text: str) -> bool:
        """Whether somebody acts or is asked to, also behind a label: only of that can be said when it is done."""
        found = labelled(text)
        return any(instruct.clause(said) is not None or self._does(said) for said in (text, *(found or ())[1:2])) or (
            obliged.is_done(text)
            or clauses.conditional(text) is not None
            or rules.is_rule(forms.unwarned(text))
            or separation.is_separation(text)
        )

    def _flow(self, sentence: Sentence, text: str, made: list[Draft]) -> list[Draft] | None:
        self._ensure_unconditional(text)
        sort = classes.of(text)
        if sort is not None and not sort.known:
            raise Unclear(*alternatives.message(sort.what))
        named = forms.ID.fullmatch(text)
        if named is not None:
            return self._step(sentence, named["rest"], made, named["id"])
        self._ensure_decided(sentence, text)
        asked, waited = clauses.question(text), clauses.awaited(text, self._judge)
        answered = self._answer(sentence, text)
        if answered is not None:
            return None
        if asked is not None and self._judge(""):
            return self._question(sentence, asked, made)
        if waited is not None and partly.speaks_of(waited.wait, self._offers):
            self._doubts |= {Doubt.HELD}
            raise Unclear("This waits for what was only offered under a condition.", "a list below that condition")
        if waited is not None and not self._was_asked(text):
            made += self._activity(sentence, waited.wait, None)
            return self._flow(sentence, waited.then, made)
        other = clauses.otherwise(text)
        if other is not None and not self._is_of_a_check(text):
            self._otherwise(sentence, other)
            return None
        return self._step(sentence, text, made, None)

    def _condition_of(self, text: str) -> clauses.Conditional | None:
        """The condition that the sentence is, also behind a label, which is told with what follows: ``Costs: If it is dear, ask``."""
        found, label = clauses.conditional(text), labelled(text)
        if found is not None or label is None or self._labelled(text) or forms.QUALIFIES.fullmatch(label[0]):
            return found
        held = clauses.conditional(label[1]) if _IF_FIRST.match(label[1]) else None
        is_step = held is not None and held.then and not held.spent and self._jump(held.then, None) is None
        return replace(held, then=f"{held.then} ({label[0]})") if held is not None and is_step else None

    def _step(self, sentence: Sentence, text: str, made: list[Draft], wanted: str | None) -> list[Draft] | None:
        condition, jump = self._condition_of(text), self._jump(text, sentence)
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
        made += self._activity(sentence, self._in_full(sentence, does), wanted)
        self._leads(sentence, made[-1], go)
        self._mark(sentence, "node")
        self._began = True
        return None

    def _onward(self, sentence: Sentence, jump: Target) -> None:
        """An unconditional ``Go to step 3``: where the step before it leads."""
        if self._anchor is None or self._anchor.kind is NodeKind.PARALLEL:
            raise Unclear("There is no step before this that could lead on.", "If ..., go to step 3")
        if any(self._anchor.sides) or (
            self._anchor.kind is NodeKind.DECIDE and self._anchor.primary in self._anchor.on
        ):
            raise Unclear("On which of the ways before it this follows is not clear.", "If ..., ..., and stop")
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
            if what.kind is FactKind.LIST and name in {fact, words.singular(fact), words.singular_of_es(fact)}:
                return {"fact": fact}
        said = of if words.singular(of) != of else words.third_person(of)
        raise Unclear(
            f"Nobody has been asked for a list of {of!r}.",
            f"Ask the {self._doer().replace('-', ' ') or 'ROLE'} for the {said} (a list of at most 10)",
        )
