"""What one clause of a sentence asks for, as drafts; and the record of what became of each sentence."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, Final

from pydantic import ValidationError

from orchestrator.models.spec import Span
from orchestrator.models.workflow import Fact, NodeKind, Rule
from orchestrator.policy.proof.outcomes import EXPIRED
from orchestrator.workflows import (
    approvals,
    brought,
    clauses,
    forms,
    grammar,
    hidden,
    instruct,
    joined,
    lasting,
    naming,
    partly,
    phrasing,
    words,
)
from orchestrator.workflows.course import Held
from orchestrator.workflows.cutting import is_one
from orchestrator.workflows.declare import Declared
from orchestrator.workflows.draft import ENDS, NEXT, Draft, Names, Target, To
from orchestrator.workflows.escalate import escalated
from orchestrator.workflows.naming import Unclear
from orchestrator.workflows.prose import Sentence
from orchestrator.workflows.standing import Doubt, Place, Under

WAITS: Final = frozenset({NodeKind.TASK, NodeKind.REVIEW, NodeKind.ASK, NodeKind.WAIT})
"""Kinds that wait for somebody, who can be late."""

_OBLIGES: Final = re.compile(r"(?:you|we) (?:must|shall|have to|need to)\b", re.IGNORECASE)


def is_apart(title: str) -> bool:
    """Whether the words are one sentence without a condition or a timer."""
    return clauses.timed(title).seconds is None and clauses.conditional(title) is None and is_one(title)


class Doing:
    """Collects facts, rules and problems, and makes drafts. Sentences are known by identity: the tree keeps them alive."""

    def __init__(self, by: str | None) -> None:
        self.declared = Declared(by=by)
        self.facts: dict[str, Fact] = {}
        self.rules: list[Rule] = []
        self.pending_rules: list[tuple[Sentence, int]] = []
        self.problems: list[tuple[Span, str, str, str]] = []
        self.became: dict[int, str] = {}
        self.doubtful: set[tuple[int, str]] = set()
        self.numbers: dict[tuple[int, str], str] = {}
        self.among_steps = set[int]()
        self.among_things = set[int]()
        self.among_nouns = set[int]()
        self.following: dict[int, Sentence] = {}
        self.held: dict[int, Held] = {}
        self.standing = frozenset[int]()
        self.owners: dict[int, str] = {}
        self.owned = set[int]()
        self.programs = frozenset[str]()
        self.written = set[tuple[int, str]]()
        self.led_on = set[int]()
        self._offers: frozenset[str] = frozenset()
        self.shortened: dict[int, str] = {}
        self.released: dict[int, Held] = {}
        self.said: dict[str, str] = {}
        self._counted = set[tuple[int, str]]()
        self._ids: dict[str, str] = {}
        self._names = Names()
        self._section, self._phase, self._by = 0, "", ""
        self._gate: str | None = None
        self._anchor: Draft | None = None
        self._opened: tuple[Draft, str] | None = None
        self._began = False
        self._asked: Draft | None = None
        self._judges: dict[str, str] = {}
        self._under, self._place = Under.STEPS, Place.FIRST
        self._doubts: frozenset[Doubt] = frozenset()
        self._told: Draft | None = None
        self._near: Draft | None = None
        self._fresh = False
        self._before, self._led = "", ""
        self._conditioned, self._held_before, self._listed, self._loose = False, False, False, False
        self._follows, self._among_things, self._is_among = False, False, False
        self._fallen = (0, frozenset[Doubt]())

    def wrong(self, span: Span, code: str, message: str, hint: str) -> None:
        """Keep one problem."""
        self.problems.append((span, code, message, hint))

    def fail(self, sentence: Sentence, code: str, message: str, hint: str) -> None:
        """A sentence that cannot be read, and why."""
        self.became[id(sentence)] = "error"
        self.wrong(sentence.span, code, message, hint)

    def _mark(self, sentence: Sentence, became: str) -> None:
        self.became[id(sentence)] = became

    def _doer(self) -> str:
        """The role that does what names nobody, if there is one."""
        return "" if self.declared.unclear else self._by or self.declared.by or ""

    # where it goes on

    def _jump(self, text: str, sentence: Sentence | None) -> Target | None:
        found = forms.GOTO.fullmatch(text)
        if found is not None:
            return Target(To.STEP, found["step"].strip("`"), self._section, sentence.span if sentence else None)
        over = forms.END.fullmatch(text)
        if over is not None:
            name = (over["name"] or ("done" if text.lower().startswith(("end", "the")) else "stopped")).lower()
            if name not in ENDS:
                raise Unclear(f"A process does not end as {name!r}.", f"one of {', '.join(ENDS)}")
            return Target(To.END, name)
        if forms.ON.fullmatch(text):
            return NEXT
        return Target(To.NODE, self._anchor.id) if forms.AGAIN.fullmatch(text) and self._anchor else None

    def _leads(self, sentence: Sentence, draft: Draft, go: str) -> None:
        """Where it goes on after a step whose sentence says so."""
        if not go:
            return
        jump = self._jump(go, sentence)
        if jump is None:
            raise Unclear(f"Where {go!r} leads on to is not clear.", "..., and go back to step 3; ..., and stop")
        draft.on[draft.primary] = jump

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
            does, go = clauses.onward(text) or (text, "")
            self._follows = True
            try:
                side = self._activity(sentence, does, None)
            finally:
                self._follows = False
            if not go and outcome != EXPIRED:
                hidden.ensure_goes_on(side[-1].title)
            self._leads(sentence, side[-1], go)
            if into is None:
                owner.sides.append(side)
            else:
                into += side
            jump = Target(To.NODE, side[0].id)
        owner.on[outcome] = jump
        self._anchor = owner

    # activities

    def _activity(self, sentence: Sentence, text: str, wanted: str | None) -> list[Draft]:
        timed = clauses.timed(forms.unled(text))
        fellows = approvals.each_of_two(timed.clause)
        parts = fellows if len(fellows) > 1 else joined.apart(timed.clause, self.declared.roles)
        if parts is not fellows and len(parts) > 1 and timed.seconds is not None:
            raise Unclear("Which of the two has to be done by then is not said.", "a sentence for each")
        made = [
            self._draft(sentence, replace(timed, clause=part), None if n else wanted) for n, part in enumerate(parts)
        ]
        made[-1].fellows = made[:-1] if parts is fellows else []
        return made

    def _draft(self, sentence: Sentence, timed: clauses.Timed, wanted: str | None) -> Draft:
        said = instruct.firm(timed.clause) if self._place is Place.NUMBERED else timed.clause
        clause, known = clauses.waiting(said, self._doer()), self.declared.roles
        clause = clause if clause.split(" ")[0] in {*words.PROGRAMS, "sudo"} else clause[:1].upper() + clause[1:]
        found = grammar.activity(
            clause, self._doer() or None, known, numbered=self._follows or self._place is Place.NUMBERED
        )
        if found is None:
            hint = "ROLE does WHAT; Run `X`; If ..., ...; or a remark: Note: ..."
            raise naming.Unread(
                "This has the form of no step, rule or role.",
                f"a heading: ## {clause[:-1]}" if clause.endswith(":") else hint,
            )
        if found.kind == NodeKind.REVIEW and clause.endswith(" approve") and self._anchor is None:
            raise Unclear("What is approved is not said.", "The lead approves the form")
        self._ensure_held(found.kind, is_named=wanted is not None)
        if wanted is None:
            self._ensure_once(clause, found)
        if found.kind == NodeKind.TASK:
            self._ensure_among(clause, is_named=wanted is not None or " sees to this: " in found.title)
            self._ensure_asked(clause, str(found.fields["role"]))
            hidden.ensure_plain(found.title)
            if wanted is None:
                partly.ensure_whole(clause)
                brought.ensure_task(clause, found.title, str(found.fields["role"]), among_things=self._among_things)
        if found.kind == NodeKind.REVIEW and wanted is None:
            brought.ensure_comes_up(clause)
        self._ensure_told(found)
        self._ask_for(found.facts)
        fields = dict(found.fields)
        if timed.seconds is not None:
            fields["within_seconds"] = timed.seconds
        draft = self._new(sentence.span, NodeKind(found.kind), found.title, fields, wanted)
        if timed.seconds is not None and draft.kind not in WAITS:
            raise Unclear("Only somebody who is waited for can be late.", "a timer on a task, question or approval")
        draft.after = tuple(Target(To.STEP, n.strip("`"), self._section, sentence.span) for n in found.after)
        draft.about = Target(To.STEP, found.about.strip("`"), self._section, sentence.span) if found.about else None
        if timed.otherwise:
            self._act(sentence, timed.otherwise, draft, EXPIRED)
        return draft

    def _ask_for(self, facts: dict[str, dict[str, Any]]) -> None:
        """Raises :class:`Unclear` for a number out of range, and for one answer that is asked for in two ways."""
        for name, said in facts.items():
            try:
                fact = Fact(**said)
            except ValidationError as problem:
                raise naming.out_of_range(problem) from None
            if self.facts.setdefault(name, fact) != fact:
                raise Unclear(f"{name!r} is asked for in two ways.", "the same words for the same answer")

    def _ensure_held(self, kind: str, *, is_named: bool) -> None:
        """What stands above a step may say that it is not done each time. Raises :class:`Unclear`."""
        if Doubt.SELDOM in self._doubts and not is_named:
            raise Unclear("When what stands under this heading is done is not said.", "## If the update fails")
        if Doubt.RULES in self._doubts and not is_named:
            raise Unclear(
                "Below this heading stand rules or criteria, and no steps.", "## Steps; or a remark: Note: ..."
            )
        if self._under is Under.DUTIES and not is_named and kind == NodeKind.TASK:
            raise Unclear("Below this heading stands who is there for what, and no step.", "## Steps")
        if Doubt.SAID in self._doubts and not is_named:
            raise Unclear(
                "This may be what the message says, or a step after it.",
                "The note says: ..., in the sentence; or a step of its own",
            )
        if Doubt.BELOW in self._doubts:
            raise Unclear("Whether this holds under the condition above its list is not clear.", "an item of its own")
        if Doubt.HELD in self._doubts:
            raise Unclear("What stands above this is not read, and this may hold under it alone.", "If ...: above it")

    def _ensure_among(self, clause: str, *, is_named: bool) -> None:
        """Among things, a word that is a thing and a verb is a thing. Raises :class:`Unclear`."""
        said = re.sub(r" \([^()]*\)|[;,]$", "", clause)
        if (
            self._is_among
            and self._under is not Under.OWED
            and not (is_named or self._follows)
            and instruct.begins_with_a_thing(said)
        ):
            raise Unclear(f"{clause!r} can be a thing as well as a step.", "more words: Release the ..., or: Note: ...")

    def _ensure_once(self, clause: str, found: naming.Activity) -> None:
        """A rule that always holds, and what is done again and again, is no step of one run. Raises :class:`Unclear`."""
        if found.kind != NodeKind.TASK or self._under is Under.OWED:
            return
        lasting.ensure_once(clause)
        if self._place is not Place.NUMBERED:
            lasting.ensure_act(clause)
        is_seen_to = " sees to this: " in found.title
        if self._under in {Under.TOLD, Under.POINTERS} and is_seen_to:
            raise Unclear("Below this heading stands what explains, and no step.", "## Steps; or a remark: Note: ...")
        if not (self._follows or self._place is Place.NUMBERED):
            lasting.ensure_step(clause, is_seen_to=is_seen_to)

    def _ensure_asked(self, clause: str, role: str) -> None:
        """What stands below a sentence that is not read may be what it names, or what a program does. Raises :class:`Unclear`."""
        if Doubt.DENIED in self._doubts:
            raise Unclear("What stands above this says not, or for example.", "a heading of its own, or: Never ...")
        if Doubt.NAMED in self._doubts and self._is_entry(clause, role):
            raise Unclear("What stands above this is not read, and this may be one of its things.", "Note: ...")
        if Doubt.TOLD in self._doubts and self._is_nobodys(clause) and not _OBLIGES.match(clause):
            raise Unclear("Below this heading stands what explains, and no step.", "## Steps; or a remark: Note: ...")
        if Doubt.NOTED in self._doubts and self._is_nobodys(clause):
            raise Unclear("Below notes behind the steps this may be advice for all of them.", "Note: ...")
        if Doubt.AUTOMATIC in self._doubts and self._is_nobodys(clause):
            raise Unclear("What stands above says that no person does this.", "Note: ..., or: The operator ...")

    def _is_nobodys(self, clause: str) -> bool:
        try:
            return grammar.activity(clause, None, self.declared.roles) is None
        except Unclear:
            return True

    def _is_entry(self, clause: str, role: str) -> bool:
        """Whether the clause stands behind a label that names nobody: ``Concurrently: Run commands`` in a list of programs."""
        label = phrasing.labelled(clause)
        is_labelled = label is not None and naming.role_name(label[0]) != role
        return is_labelled or (
            not self._follows
            and self._among_things
            and instruct.begins_with_a_thing(re.sub(r" \([^()]*\)|[;,]$", "", clause))
        )

    def _ensure_told(self, found: naming.Activity) -> None:
        """What is read back must be read the same way. Raises :class:`Unclear`."""
        again = grammar.activity(found.title, None, {*self.declared.roles, str(found.fields.get("role"))})
        if again != found or not is_apart(found.title):
            raise Unclear("This sentence would be read in another way when it is read back.", "shorter sentences")

    def is_told(self, title: str, fields: dict[str, Any]) -> bool:
        """Whether a task with this title is read back as the same task."""
        try:
            again = grammar.activity(title, None, {*self.declared.roles, str(fields.get("role"))})
            hidden.ensure_plain(title)
        except Unclear:
            return False
        return again is not None and again.fields == fields and is_apart(title)

    def _new(self, span: Span, kind: NodeKind, title: str, fields: dict[str, Any], wanted: str | None) -> Draft:
        if wanted is not None and not self._names.claim(wanted):
            raise Unclear(f"The name `{wanted}` is taken.", "another name")
        draft = Draft(wanted or self._names.new(title), kind, title, span, fields)
        try:
            draft.bare()
        except ValidationError as problem:
            raise naming.out_of_range(problem) from None
        self.said[draft.id] = title
        draft.phase, draft.rebuild = self._phase, self._gate
        self._ids[draft.id] = draft.id
        if kind is NodeKind.GATE:
            self._gate = draft.id
        self._anchor = draft
        return draft
