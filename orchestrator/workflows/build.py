"""Items, sections and branches to drafts; what a sentence means is in :mod:`orchestrator.workflows.flow`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Final

from orchestrator.models.spec import Span
from orchestrator.models.workflow import NodeKind
from orchestrator.workflows import doers, forms, grammar, headings, instruct, marks, naming, standing, words
from orchestrator.workflows.clauses import conditional
from orchestrator.workflows.draft import Draft, Target, To, every
from orchestrator.workflows.flow import Flow
from orchestrator.workflows.naming import Unclear
from orchestrator.workflows.people import is_person
from orchestrator.workflows.phrasing import is_denial
from orchestrator.workflows.prose import BELOW_ALL, Item, Section, Sentence
from orchestrator.workflows.prose import every as every_sentence
from orchestrator.workflows.standing import Doubt, Place, Under

_BRANCH: Final = re.compile(r"branch `(?P<name>[a-z][a-z0-9-]*)`:?", re.IGNORECASE)

_PENDING: Final = re.compile(
    r"(?: (?:the|a|an|to|of|for|with|in|on|by|and|or)|\b(?:when|if|where|that|unless|until):)$", re.IGNORECASE
)
"""A sentence that is not whole without what stands below it."""
_PAIR: Final = re.compile(r"[A-Za-z\"'][\w \"'/().-]{0,40}? ?: \S")


class Builder(Flow):
    """Reads items in order; remembers which step has which number."""

    def begin(self, *, is_plain: bool) -> None:
        """``is_plain``: the text has neither list nor heading, and is not the introduction to any."""
        self._began = is_plain

    def enter(self, number: int, section: Section, role: str | None) -> None:
        """A new section begins; ``role`` does what names nobody in it."""
        title = section.title
        self._section = number
        self._phase = title if title or not section.level else self._phase
        self._by = (naming.role_name(role) or "") if role and not doers.is_unclear(role) else ""
        self._began = self._began or bool(title)
        self.declared.here, self.declared.unclear = "", False
        whose = self._whose_duties(title)
        self._by = self._by or whose
        if role and doers.is_unclear(role):
            self._give(role)
        elif not self._by:
            self._give(doers.of_heading(title, self.declared.roles))
        is_standing = section.span.line in self.standing and bool(title)
        self._under = Under.DUTIES if whose or is_standing else standing.under(title)
        self._doubts = self._held(section)
        is_later = self.numbers or (" " in title and title.lower().startswith("requirements") and number > 1)
        self._doubts |= standing.noted(title) if self.numbers else frozenset[Doubt]()
        if self._under is Under.NEEDS and is_later:
            self._doubts |= {Doubt.RULES}
        self._told = self._near = self._asked = None
        self._fresh = True
        self._held_before, self._loose, self._offers = False, False, frozenset[str]()

    def _give(self, role: str) -> None:
        """Have what names nobody done by this role; by nobody where it is not one."""
        self.declared.unclear = self.declared.unclear or doers.is_unclear(role)
        self._by = role if role and not doers.is_unclear(role) else self._by

    def _held(self, section: Section) -> frozenset[Doubt]:
        """The doubts of a heading, which hold for those below it: ``Common mistakes``; ``Rollback`` after other steps."""
        if section.level <= self._fallen[0]:
            self._fallen = (0, frozenset[Doubt]())
        found = standing.denied(section.title) | standing.ruled(section.title) | standing.told(section.title)
        if self.numbers and headings.is_fallback(section.title):
            found |= {Doubt.SELDOM}
        if found and not self._fallen[0]:
            self._fallen = (section.level, found)
        if section.level == BELOW_ALL and standing.holds_beside(section.title or self._first_of(section)):
            self._fallen = (section.level - 1, self._fallen[1] | {Doubt.HELD})
        return found | self._fallen[1]

    @staticmethod
    def _first_of(section: Section) -> str:
        """The words of a heading that became a condition with its list."""
        first = section.items[0] if section.items else None
        return first.sentences[0].text if first and first.sentences and not first.listed else ""

    def _whose_duties(self, title: str) -> str:
        """The role that a heading below ``Responsibilities`` names; '' for any other heading."""
        role = naming.role_name(title.rstrip(":")) if self._under is Under.DUTIES else None
        return role if role and (is_person(role) or role in self.declared.roles) else ""

    def step(self, target: Target) -> str | None:
        """The node that a reference to a step means: in its own section first, then in the only one that has it."""
        name = target.name.strip("`").rstrip(".")
        if name in self._ids:
            return self._ids[name]
        here = self.numbers.get((target.section, name))
        found = [node for (_, number), node in self.numbers.items() if number == name]
        return here or (found[0] if len(found) == 1 else None)

    # items

    def items(self, found: list[Item]) -> list[Draft]:
        """The drafts of a section. A list belongs to the paragraph before it that ends in a colon."""
        made, whole = list[Draft](), self._doubts
        for item in standing.led(found):
            if not item.listed and not all(sentence.code for sentence in item.sentences):
                self._doubts -= {Doubt.HELD} - whole  # what a list left open ends with it
            made += self.item(item)
            whole = whole if item.listed else self._doubts
        return made

    def item(self, item: Item) -> list[Draft]:
        """The drafts of an item and of the list below it, in order."""
        if self._is_title(item):
            return self._below_title(item)
        made: list[Draft] = []
        if any(standing.is_of_a_program(s.text) for s in item.sentences):
            self._doubts |= frozenset((Doubt.AUTOMATIC,))
        self._told, self._near = (None, None) if item.ordered else (self._told, self._near)
        self._among_things = bool(item.sentences) and id(item.sentences[0]) in self.among_things
        self._is_among = bool(item.sentences) and id(item.sentences[0]) in self.among_nouns
        by, unclear = self._by, self.declared.unclear
        self._by = grammar.labelled_role(item.sentences, self.declared.roles) or self._by
        self._give(self.owners.get(id(item), ""))
        self._began = self._began or item.listed
        self._listed = item.listed
        item, opened = self._said(item, made)
        first = made[0].id if made else None
        if any(standing.restricts(s.text) and self.became.get(id(s)) in {"error", "remark"} for s in item.sentences):
            self._doubts |= {Doubt.HELD}
        if opened is not None and not item.children and not self._is_answered():
            self._bare(item.sentences[-1])
        self._list(item, made, opened)
        first = first or (made[0].id if made else None)
        self._by, self.declared.unclear = (
            self.declared.here or by,
            unclear or (self.declared.unclear and not item.listed),
        )
        for sentence in item.sentences:
            self._leave_open(sentence)
        if item.number:
            self.written.add((self._section, item.number))
        if item.number and first:
            self._count(item, first)
        return made

    def _said(self, item: Item, made: list[Draft]) -> tuple[Item, list[Draft] | None]:
        """Read the sentences of an item. Returns it without a list that is told, and where its list goes."""
        opened: list[Draft] | None = None
        for sentence in item.sentences:
            if sentence.unreadable == marks.ORNAMENT:
                self._mark(sentence, "remark")
                continue
            left = self._tell_list(item) if sentence is item.sentences[-1] else None
            if left is not None:
                return replace(item, children=left), None
            if opened is not None and forms.ANSWER.fullmatch(sentence.text) is None:
                self._bare(item.sentences[item.sentences.index(sentence) - 1])
            is_first = sentence is item.sentences[0]
            self._place = Place.LATER if not is_first else Place.NUMBERED if item.ordered else Place.FIRST
            opened = self._sentence(sentence, made)
            self._leave_open(sentence)
        return item, opened

    def _leave_open(self, sentence: Sentence) -> None:
        """Doubt what follows a sentence that is not read and may say when that holds."""
        if self.became.get(id(sentence)) == "error" and standing.leaves_open(sentence.text):
            self._doubts |= {Doubt.HELD}

    def _list(self, item: Item, made: list[Draft], opened: list[Draft] | None) -> None:
        """What stands below an item: its list, and what comes after that."""
        doubts, by, unclear = self._doubts, self._by, self.declared.unclear
        if item.sentences:
            last = item.sentences[-1]
            if item.children:
                self._give_below(last.text)
            self._doubts = standing.below(last.text, self.became.get(id(last)), doubts)
            if opened is None and self.became.get(id(last)) in {"node", "edge"} and conditional(last.text):
                self._doubts |= {Doubt.BELOW}
        cut = next((n for n, child in enumerate(item.children) if child.after), len(item.children))
        if item.sentences and opened is not None:
            for held in every_sentence(item.children):
                self.held.pop(id(held), None)
        item, below = replace(item, children=item.children[:cut]), item.children[cut:]
        left = self._named_things(item, made) if opened is None else item.children
        if item.sentences and standing.leads_on(item.sentences[-1].text):
            self._told = self._near = None
        self._children(Item(item.number, item.sentences, left), made, opened)
        if item.sentences and any(self.became.get(id(s)) in {"node", "edge"} for s in every_sentence(left)):
            self.led_on.add(id(item.sentences[-1]))
        within, self._doubts, self._by, self.declared.unclear = self._doubts, doubts, by, unclear
        self._below_list(below, made, opened)
        self._doubts = doubts if item.children else doubts | within.intersection((Doubt.AUTOMATIC,))

    def _give_below(self, text: str) -> None:
        """Have the list below a sentence done by whom it names."""
        known, led = self.declared.roles, self.declared.led_by(text)
        self._give(led or doers.of_sentence(text, known) or doers.of_title(text, known))

    def _below_list(self, below: list[Item], made: list[Draft], opened: list[Draft] | None) -> None:
        """What stands in an item below its list comes after it; below the list of a condition it may be meant to hold under it alone."""
        doubts = self._doubts
        if (
            opened is not None
            and self._opened is not None
            and self._opened[0].kind is NodeKind.DECIDE
            and self._asked is None
        ):
            self._doubts |= frozenset((Doubt.BELOW,))
        for child in standing.led(below):
            made += self.item(child)
        self._doubts = doubts

    def _count(self, item: Item, first: str) -> None:
        """Remember where the item begins; of a bullet only where no numbered item has that number."""
        key = (self._section, item.number)
        if item.doubtful:
            beside = item.number.rpartition(".")[0]
            self.doubtful |= {key, (self._section, f"{beside}.{item.written}".lstrip("."))}
        if item.ordered and key not in self._counted:
            self._counted.add(key)
            self.numbers[key] = first
        self.numbers.setdefault(key, first)

    def _is_title(self, item: Item) -> bool:
        """Whether an item is only the heading of the list below it: ``4. Procedure``."""
        if not item.children or len(item.sentences) != 1:
            return False
        said = item.sentences[0]
        if not item.listed:
            return standing.are_needs(said.text.rstrip(":"))
        is_name = forms.TITLE.fullmatch(said.text) and forms.THING.fullmatch(said.text.rstrip(":"))
        if not is_name or said.remark or said.unreadable or is_denial(said.text):
            return False
        words_ = said.text.rstrip(": ")
        if doers.of_title(words_, self.declared.roles):
            return True
        first, _, rest = words_.partition(" ")
        if rest.count(" ") and words.base_verb(first):
            return False
        aside = (forms.REMARK, forms.FOLLOWING, forms.EACH, forms.PARALLEL, forms.GOTO, forms.END, forms.QUALIFIES)
        return not any(form.fullmatch(words_) for form in aside) and not self._says_something(words_)

    def _below_title(self, item: Item) -> list[Draft]:
        title, before = item.sentences[0], (self._under, self._by, self._doubts)
        whose = self._whose_duties(title.text)
        self._by = whose or self._by
        unclear = self.declared.unclear
        self._give(doers.of_title(title.text, self.declared.roles) or doers.of_heading(title.text, self.declared.roles))
        self._under = Under.DUTIES if whose else standing.under(title.text)
        self._doubts |= standing.ruled(title.text) | standing.denied(title.text) | standing.told(title.text)
        self._told = self._near = None
        self._began = True
        made = [draft for child in item.children for draft in self.item(child)]
        self._under, self._by, self._doubts = before
        self.declared.unclear = unclear
        below = {self.became.get(id(s)) for child in item.children for s in child.sentences}
        if below & {"node", "edge", "rule", "role"}:
            self._mark(title, "edge")
        else:
            self.fail(title, "WF116", "Nothing below this is a step.", "a step below it, or a remark: Note: ...")
        if made and item.number:
            self._count(item, made[0].id)
        return made

    def _is_answered(self) -> bool:
        """Whether the sentences after a question said what follows its answers."""
        return self._asked is not None and bool(self._asked.on)

    def _bare(self, sentence: Sentence) -> None:
        self.fail(sentence, "WF116", "Nothing stands below this.", "a list, one level deeper, right after it")

    def _named_things(self, item: Item, made: list[Draft]) -> list[Item]:
        """What stands below the item, without the things that its sentence speaks of: ``Update these files:``. They join it."""
        is_read = bool(item.sentences) and self.became.get(id(item.sentences[-1])) == "node"
        whole = made[-1] if made and item.children and is_read else None
        if whole is None or whole.kind is not NodeKind.TASK or whole.sides:
            return item.children
        said = item.sentences[-1].text
        pending = _PENDING.search(said) is not None
        of_verb = forms.VERB_ALONE.fullmatch(said) is not None
        things = [child for child in item.children if self._is_thing(child, pending=pending, of_verb=of_verb)]
        if len(things) * 2 < len(item.children):  # a list of steps, of which these are not read
            return item.children
        is_list = said.endswith(":") or pending or all(_PAIR.match(t.sentences[0].text) for t in things)
        title = f"{whole.title}: {'; '.join(t.sentences[0].text for t in things)}"
        if not things or not is_list or not self.is_told(title, whole.fields):
            return item.children
        whole.title = title
        for thing in things:
            self._mark(thing.sentences[0], "node")
        more = {
            id(child)
            for child in item.children
            if child.children and self._is_thing(child, pending=pending, of_verb=of_verb, alone=False)
        }
        for sentence in every_sentence(child for child in item.children if id(child) in more):
            text = "This says more about one of the things of a list."
            self.fail(sentence, "WF110", text, "The operator ..., as a step of its own; or the thing alone")
        return [child for child in item.children if child not in things and id(child) not in more]

    def _is_thing(self, child: Item, *, pending: bool, of_verb: bool, alone: bool = True) -> bool:
        if len(child.sentences) != 1 or (alone and child.children) or child.sentences[0].unreadable:
            return False
        said = child.sentences[0].text
        return forms.REMARK.fullmatch(said) is None and (
            pending
            or instruct.may_be_a_thing(said)
            or (of_verb and instruct.begins_with_a_thing(said))
            or not self._says_something(said)
        )

    def _says_something(self, text: str) -> bool:
        try:
            found = grammar.activity(text, "somebody", self.declared.roles)
        except Unclear:
            found = None
        return found is not None or conditional(text) is not None or forms.BINDING.search(text) is not None

    def _children(self, item: Item, made: list[Draft], opened: list[Draft] | None) -> None:
        owner, entered = self._anchor, self._opened
        if opened is None:
            for child in item.children:
                made += self.item(child)
        elif owner is not None and owner.kind is NodeKind.PARALLEL and opened is owner.body:
            self._branches(owner, item, made)
        else:
            for child in standing.led(item.children):
                if entered and child.sentences and forms.ANSWER.fullmatch(child.sentences[0].text):
                    self._opened = entered
                opened += self.item(child)
            self._close(opened, item, entered)

    def _close(self, opened: list[Draft], item: Item, entered: tuple[Draft, str] | None) -> None:
        """Lead the outcome that a nested list stands for to its first step."""
        if entered is None:
            return
        owner, outcome = entered
        self._opened = entered
        self._anchor = owner
        if not opened and owner is self._asked and owner.on:
            return
        if not opened or (owner is self._asked and owner.on):
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
        if not owner.branches:
            self.wrong(owner.span, "WF116", "Nothing below this is a step.", "a step, one level deeper")
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
