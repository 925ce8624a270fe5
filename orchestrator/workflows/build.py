"""Items and sentences to drafts. Keeps a record of what became of each sentence, and of everything unclear."""

from __future__ import annotations

import re
from typing import Any, Final

from pydantic import ValidationError

from orchestrator.models.spec import Span
from orchestrator.models.workflow import Fact, FactKind, NodeKind, Rule
from orchestrator.policy.proof.outcomes import EXHAUSTED, EXPIRED, OTHERWISE, outcomes
from orchestrator.workflows import clauses, grammar, rules, words
from orchestrator.workflows.declare import Declared
from orchestrator.workflows.draft import ENDS, NEXT, Draft, Names, Target, To, every
from orchestrator.workflows.escalate import escalated
from orchestrator.workflows.grammar import Unclear
from orchestrator.workflows.prose import Item, Sentence

_REMARK: Final = re.compile(
    r"(?:note|example|examples|hint|why|background|see also|remark|for example|e\.g\.?)\b:?.*",
    re.IGNORECASE | re.DOTALL,
)
_ID: Final = re.compile(r"`(?P<id>[a-z][a-z0-9-]{0,63})`: (?P<rest>.+)")
_GOTO: Final = re.compile(
    r"(?:then )?(?:go (?:back )?to|return to|continue with|repeat from|start again (?:at|from)) (?:step )?(?P<step>`[^`]+`|\d[\d.]*)",
    re.IGNORECASE,
)
_AGAIN: Final = re.compile(r"(?:repeat (?:it|this|that|the step)|try again|do (?:it|this) again)", re.IGNORECASE)
_ON: Final = re.compile(r"(?:go on|continue|carry on|proceed)", re.IGNORECASE)
_END: Final = re.compile(
    r"(?:stop|end|the (?:process|run) (?:ends|stops|is over))(?: the process| here| there)?(?: as (?P<name>[a-z]+))?",
    re.IGNORECASE,
)
_PARALLEL: Final = re.compile(
    r"(?:do (?:this|these|the following|all of these) )?(?:in parallel|at the same time)", re.IGNORECASE
)
_EACH: Final = re.compile(
    r"for each (?:of )?(?P<of>`[^:]+`|[A-Za-z][A-Za-z -]*?)(?:(?::|,) ?(?P<then>.*))?", re.IGNORECASE
)
_BRANCH: Final = re.compile(r"branch `(?P<name>[a-z][a-z0-9-]*)`:?", re.IGNORECASE)
_BINDING: Final = re.compile(
    r"\b(?:must|never|always|shall|only|approv\w*|before|unless|if|may not|required?)\b", re.IGNORECASE
)
_WAITS: Final = frozenset({NodeKind.TASK, NodeKind.REVIEW, NodeKind.ASK, NodeKind.WAIT})


class Builder:
    """Collects drafts, facts, rules and problems. Sentences are known by identity: the tree keeps them alive."""

    def __init__(self, by: str | None) -> None:
        self.declared = Declared(by=by)
        self.facts: dict[str, dict[str, Any]] = {}
        self.rules: list[Rule] = []
        self.pending_rules: list[tuple[Sentence, int]] = []
        self.problems: list[tuple[Span, str, str, str]] = []
        self.became: dict[int, str] = {}
        self.numbers: dict[tuple[int, str], str] = {}
        self._ids: dict[str, str] = {}
        self._names = Names()
        self._section, self._phase, self._by = 0, "", ""
        self._gate: str | None = None
        self._anchor: Draft | None = None
        self._opened: tuple[Draft, str] | None = None
        self._began = False

    # sections and steps

    def enter(self, number: int, title: str, role: str | None) -> None:
        """A new section begins; ``role`` does what names nobody in it."""
        self._section, self._phase = number, title
        self._by = (grammar.role_name(role) or "") if role else ""
        self._began = self._began or bool(title)

    def step(self, target: Target) -> str | None:
        """The node that a reference to a step means: in its own section first, then in the only one that has it."""
        name = target.name.strip("`").rstrip(".")
        if name in self._ids:
            return self._ids[name]
        here = self.numbers.get((target.section, name))
        found = [node for (_, number), node in self.numbers.items() if number == name]
        return here or (found[0] if len(found) == 1 else None)

    def wrong(self, span: Span, code: str, message: str, hint: str) -> None:
        """Keep one problem."""
        self.problems.append((span, code, message, hint))

    def fail(self, sentence: Sentence, code: str, message: str, hint: str) -> None:
        """A sentence that cannot be read, and why."""
        self.became[id(sentence)] = "error"
        self.wrong(sentence.span, code, message, hint)

    # items

    def item(self, item: Item) -> list[Draft]:
        """The drafts of an item and of the list below it, in order."""
        made: list[Draft] = []
        opened: list[Draft] | None = None
        self._began = self._began or item.listed
        for sentence in item.sentences:
            opened = self._sentence(sentence, made)
        first = made[0].id if made else None
        if opened is not None and not item.children:
            self.wrong(item.sentences[-1].span, "WF116", "Nothing stands below this.", "a list, one level deeper")
        self._children(item, made, opened)
        first = first or (made[0].id if made else None)
        if item.number and first:
            self.numbers.setdefault((self._section, item.number), first)
        return made

    def _children(self, item: Item, made: list[Draft], opened: list[Draft] | None) -> None:
        owner = self._anchor
        if opened is None:
            for child in item.children:
                made += self.item(child)
        elif owner is not None and owner.kind is NodeKind.PARALLEL and opened is owner.body:
            self._branches(owner, item, made)
        else:
            for child in item.children:
                opened += self.item(child)
            self._close(opened, item)

    def _close(self, opened: list[Draft], item: Item) -> None:
        if self._opened is None:
            return
        owner, outcome = self._opened
        self._anchor = owner
        if not opened:
            self.wrong(item.sentences[-1].span, "WF116", "Nothing below this is a step.", "a step, one level deeper")
            return
        owner.on[outcome] = Target(To.NODE, opened[0].id)

    def _branches(self, owner: Draft, item: Item, made: list[Draft]) -> None:
        for number, child in enumerate(item.children, 1):
            head = _BRANCH.fullmatch(child.sentences[0].text.rstrip(":")) if child.sentences else None
            if head:
                self.became[id(child.sentences[0])] = "edge"
            branch = self.item(Item(child.number, child.sentences[1:], child.children) if head else child)
            if branch:
                name = head["name"] if head else f"branch-{number}"
                owner.branches[name] = branch
                owner.on[name] = Target(To.NODE, branch[0].id)
        join = Draft(f"{owner.id}-join", NodeKind.JOIN, "All branches have come", owner.span, {"about": owner.id})
        join.phase = self._phase
        self._ids[join.id] = join.id
        made.append(join)
        self._anchor = join

    def parallel_phases(self, parts: list[tuple[str, list[Draft]]], span: Span) -> list[Draft]:
        """One branch for each phase, and their join."""
        owner = Draft(self._names.new("phases"), NodeKind.PARALLEL, "In parallel", span)
        for number, (title, steps) in enumerate(parts, 1):
            name = f"{words.slug(title) or 'branch'}-{number}"
            owner.branches[name] = steps
            owner.on[name] = Target(To.NODE, steps[0].id)
            for draft in every(steps):
                draft.phase = ""
        return [owner, Draft(f"{owner.id}-join", NodeKind.JOIN, "All branches have come", span, {"about": owner.id})]

    # sentences

    def _sentence(self, sentence: Sentence, made: list[Draft]) -> list[Draft] | None:
        """Read one sentence. What is returned, if anything, is where the nested list goes."""
        try:
            return self._read(sentence, made)
        except Unclear as problem:
            self.fail(sentence, "WF110", f"{problem.message}", problem.hint)
            return None

    def _read(self, sentence: Sentence, made: list[Draft]) -> list[Draft] | None:
        text = sentence.text
        if sentence.unreadable:
            raise Unclear(f"This is {sentence.unreadable}, which is not read.", "a sentence, or a quotation (> ...)")
        if sentence.remark or _REMARK.fullmatch(text):
            self._mark(sentence, "remark")
            return None
        if rules.is_rule(text):
            self.pending_rules.append((sentence, self._section))
            self._mark(sentence, "rule")
            return None
        if self.declared.take(text):
            self._mark(sentence, "role")
            return None
        if not self._began and not _BINDING.search(text):
            self._mark(sentence, "remark")
            return None
        return self._flow(sentence, text, made)

    def _mark(self, sentence: Sentence, became: str) -> None:
        self.became[id(sentence)] = became

    def _flow(self, sentence: Sentence, text: str, made: list[Draft]) -> list[Draft] | None:
        named = _ID.fullmatch(text)
        wanted, text = (named["id"], named["rest"]) if named else (None, text)
        condition, other = clauses.conditional(text), clauses.otherwise(text)
        if condition is not None:
            return self._conditional(sentence, condition, made, wanted)
        if other is not None and wanted is None:
            self._otherwise(sentence, other)
            return None
        jump = self._jump(text, sentence)
        if jump is not None:
            self._onward(sentence, jump)
            return None
        if _PARALLEL.fullmatch(text.rstrip(": ")):
            return self._open(sentence, NodeKind.PARALLEL, "In parallel", made, wanted)
        each = _EACH.fullmatch(text)
        if each is not None:
            return self._each(sentence, each, made, wanted)
        made += self._activity(sentence, text, wanted)
        self._mark(sentence, "node")
        return None

    def _jump(self, text: str, sentence: Sentence) -> Target | None:
        found = _GOTO.fullmatch(text)
        if found is not None:
            return Target(To.STEP, found["step"].strip("`"), self._section, sentence.span)
        over = _END.fullmatch(text)
        if over is not None:
            name = (over["name"] or ("done" if text.lower().startswith(("end", "the")) else "stopped")).lower()
            if name not in ENDS:
                raise Unclear(f"A process does not end as {name!r}.", f"one of {', '.join(ENDS)}")
            return Target(To.END, name)
        if _ON.fullmatch(text):
            return NEXT
        return Target(To.NODE, self._anchor.id) if _AGAIN.fullmatch(text) and self._anchor else None

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
        facts = {name: Fact(**fact) for name, fact in self.facts.items()}
        compared = clauses.conditions(said.when, facts)
        if compared is not None:
            cases = ({"outcome": "holds", "when": compared},)
            title = f"Whether {said.when}"
            draft = self._new(sentence.span, NodeKind.DECIDE, title, {"cases": cases}, wanted)
            made.append(draft)
            self._mark(sentence, "node")
            return draft, "holds"
        outcome = self._literal(said.when, anchor) if anchor is not None else None
        if anchor is None or outcome is None:
            hint = self._could(anchor) if anchor else "a step comes first"
            raise Unclear(f"When {said.when!r} holds is not clear here.", hint)
        self._mark(sentence, "edge")
        return anchor, outcome

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

    def _act(self, sentence: Sentence, text: str, owner: Draft, outcome: str, into: list[Draft] | None = None) -> None:
        """What follows an outcome: a place to go on, or an activity, at the side or ``into`` a sequence."""
        self._anchor = owner
        jump = self._jump(text, sentence)
        if jump is None and outcome == EXPIRED:
            copied = escalated(owner, text)
            if copied is not None:
                title, fields = copied
                draft = self._new(sentence.span, owner.kind, title, fields, None)
                jump = Target(To.NODE, draft.id)
                owner.sides.append([draft])
        if jump is None:
            side = self._activity(sentence, text, None)
            if into is None:
                owner.sides.append(side)
            else:
                into += side
            jump = Target(To.NODE, side[0].id)
        owner.on[outcome] = jump
        self._anchor = owner

    def _otherwise(self, sentence: Sentence, then: str) -> None:
        owner = self._opened[0] if self._opened else None
        if owner is None or owner.kind is not NodeKind.DECIDE:
            raise Unclear("There is no condition before this.", "If ..., ... . Otherwise, ...")
        self._act(sentence, then, owner, OTHERWISE)
        self._mark(sentence, "edge")

    # activities

    def _activity(self, sentence: Sentence, text: str, wanted: str | None) -> list[Draft]:
        timed = clauses.timed(text)
        found = grammar.activity(timed.clause, self._by or self.declared.by)
        if found is None:
            raise Unclear(
                "This sentence cannot be read.", "ROLE does WHAT; Run `X`; If ..., ...; or a remark: Note: ..."
            )
        for name, fact in found.facts.items():
            if self.facts.setdefault(name, fact) != fact:
                raise Unclear(f"{name!r} is asked for in two ways.", "the same words for the same answer")
        fields = dict(found.fields)
        if timed.seconds is not None:
            fields["within_seconds"] = timed.seconds
        draft = self._new(sentence.span, NodeKind(found.kind), found.title, fields, wanted)
        if timed.seconds is not None and draft.kind not in _WAITS:
            raise Unclear("Only somebody who is waited for can be late.", "a timer on a task, question or approval")
        draft.after = tuple(Target(To.STEP, n.strip("`"), self._section, sentence.span) for n in found.after)
        draft.about = Target(To.STEP, found.about.strip("`"), self._section, sentence.span) if found.about else None
        if timed.otherwise:
            self._act(sentence, timed.otherwise, draft, EXPIRED)
        return [draft]

    def _new(self, span: Span, kind: NodeKind, title: str, fields: dict[str, Any], wanted: str | None) -> Draft:
        if wanted is not None and not self._names.claim(wanted):
            raise Unclear(f"The name `{wanted}` is taken.", "another name")
        draft = Draft(wanted or self._names.new(title), kind, title, span, fields)
        try:
            draft.bare()
        except ValidationError as problem:
            raise Unclear("A number is out of range.", f"{problem.errors()[0]['msg']}") from None
        draft.phase, draft.rebuild = self._phase, self._gate
        self._ids[draft.id] = draft.id
        if kind is NodeKind.GATE:
            self._gate = draft.id
        self._anchor = draft
        return draft
