"""Prose to Workflow, without a model: each sentence is a node, an edge, a rule, a role, a remark, or an error."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import ValidationError

from orchestrator.models.ids import sha256
from orchestrator.models.spec import Problem, Span
from orchestrator.models.workflow import Needs, Node, NodeKind, Workflow
from orchestrator.workflows import (
    choices,
    course,
    doers,
    duties,
    explaining,
    forms,
    headings,
    instruct,
    order,
    prose,
    rules,
    separation,
)
from orchestrator.workflows.choosing import Choosing
from orchestrator.workflows.draft import ENDS, Draft, Target, To, every, link, place, share
from orchestrator.workflows.naming import Unclear, role_name


class Kind(StrEnum):
    """What became of a sentence. A detail is told with the step before it."""

    NODE = "node"
    EDGE = "edge"
    RULE = "rule"
    ROLE = "role"
    DETAIL = "detail"
    REMARK = "remark"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Read:
    """One sentence and what became of it."""

    sentence: prose.Sentence
    kind: Kind


@dataclass(frozen=True, slots=True)
class Compiled:
    """``workflow`` is ``None`` when there is a problem. ``read`` has every sentence, in the order of the text."""

    workflow: Workflow | None
    problems: tuple[Problem, ...]
    read: tuple[Read, ...]

    def counts(self) -> dict[str, int]:
        """How many sentences became what."""
        found = Counter(r.kind for r in self.read)
        return {kind.value: found[kind] for kind in Kind}


def compile_prose(data: bytes, path: str, workflow_id: str, by: str | None = None) -> Compiled:
    """The workflow that ``data`` describes. ``by`` does the steps that name nobody, when the text names no one for them.

    Never raises for what the text says: every defect is a problem with its place.
    Not checked: whether the workflow is safe, see :mod:`orchestrator.policy.proof.judge`.
    """
    if by and role_name(by) is None:
        said = f"{by!r} is nobody's name: nobody could do the steps that name nobody."
        return Compiled(None, (Problem(code="WF100", path=path, line=1, message=said, hint="--by clerk"),), ())
    try:
        text = data.decode("utf-8-sig").replace("\r\n", "\n")
        tree = prose.read(text)
    except (UnicodeDecodeError, ValueError, RecursionError) as problem:
        said = "The file is not UTF-8." if isinstance(problem, UnicodeDecodeError) else str(problem)
        return Compiled(None, (Problem(code="WF100", path=path, line=1, message=said),), ())
    return _Compiler(tree, data, path, workflow_id, by).run()


_FEW: Final = 3


def _among_steps(items: list[prose.Item]) -> Iterator[int]:
    """The first sentences of numbered items, in lists of which most begin with an instruction; by identity."""
    firsts = [item.sentences[0] for item in items if item.ordered and item.sentences]
    asking = sum(instruct.clause(sentence.text) is not None for sentence in firsts)
    if asking >= _FEW and asking * 2 > len(firsts):
        yield from (id(sentence) for sentence in firsts)
    for item in items:
        yield from _among_steps(item.children)


def _among_things(items: list[prose.Item], *, few: bool = False) -> Iterator[int]:
    """The first sentences of lists of which less than half begin with what can only be an instruction; by identity.

    ``few``: and of which less than two in three can be instructions at all.
    """
    firsts = [item.sentences[0] for item in items if item.listed and item.sentences]
    asking = [s for s in firsts if instruct.clause(s.text)]
    sure = [s for s in asking if not instruct.begins_with_a_thing(s.text)]
    if len(sure) * 2 < len(firsts) and not (few and len(asking) * _FEW >= len(firsts) * 2):
        yield from (id(sentence) for sentence in firsts)
    for item in items:
        yield from _among_things(item.children, few=few)


class _Compiler:
    """One run over one tree."""

    def __init__(self, tree: prose.Prose, data: bytes, path: str, workflow_id: str, by: str | None) -> None:
        self._tree, self._data, self._path, self._id = tree, data, path, workflow_id
        self._made = Choosing(role_name(by) if by else None)
        self._made.begin(is_plain=not any(s.title or any(i.listed for i in s.items) for s in tree.sections))
        self._made.among_things = {n for section in tree.sections for n in _among_things(section.items)}
        self._made.among_nouns = {n for section in tree.sections for n in _among_things(section.items, few=True)}
        self._made.among_steps = {n for section in tree.sections for n in _among_steps(section.items)}
        self._made.declared.foresee(s.text for s in tree.sentences() if not (s.remark or id(s) in self._made.owned))
        self._made.programs = explaining.programs_in(s.text for s in tree.sentences())
        self._made.held = course.held(tree)
        self._made.standing = duties.sections(tree)
        offered = choices.Offered(tree, self._made.held)
        self._arranged = tree.sections if self._made.declared.order else offered.sections(tree.sections)
        self._made.shortened, self._made.released = offered.shortened, offered.released
        for section in self._arranged:
            for item, role, line in doers.of_items(section.items, self._made.declared.roles):
                self._made.owners[item] = role
                self._made.owned.add(line)
        self._made.following = {id(one): below for one, below in itertools.pairwise(tree.sentences())}

    def run(self) -> Compiled:
        main = self._sections()
        share(main)
        link(main, Target(To.END, "done"))
        place(main, None)
        nodes = self._nodes(main)
        self._rules(nodes)
        self._whole(main)
        if not main:
            self._empty()
        workflow = self._workflow(main, nodes) if main else None
        found = [self._problem(*p) for p in self._made.problems]
        read = tuple(one for s in self._tree.sentences() for one in self._became(s))
        return Compiled(None if found else workflow, tuple(sorted(found, key=lambda p: (p.line, p.column))), read)

    def _became(self, sentence: prose.Sentence) -> Iterator[Read]:
        """What became of a sentence and of those that it has somebody see to as they stand."""
        kind = Kind(self._made.became.get(id(sentence), "error"))
        yield Read(sentence, kind)
        yield from (Read(inner, kind) for inner in sentence.quoted)

    def _problem(self, span: Span, code: str, message: str, hint: str) -> Problem:
        return Problem(code=code, path=self._path, line=span.line, column=span.column, message=message, hint=hint)

    def _empty(self) -> None:
        if not self._made.problems:
            self._made.wrong(Span(line=1, end_line=1), "WF101", "Nothing here is a step.", "1. The operator ...")

    def _whole(self, main: list[Draft]) -> None:
        """Refuse ``Then run``, when the block that it leads on to did not join it: a verb alone says too little."""
        by_span = {id(s.span): s for s in self._tree.sentences()}
        self._order(main, by_span)
        for draft in every(main):
            found = by_span.get(id(draft.span))
            if draft.kind is not NodeKind.TASK or found is None or found.quotation:
                continue
            if forms.BARE.fullmatch(draft.title):
                self._made.fail(found, "WF110", "What is run or entered is not said.", "The clerk runs `X`")
            elif found.text.endswith(":") and self._is_empty(draft, found):
                self._made.fail(found, "WF110", "What stands below this is not read.", "The clerk ..., with its thing")

    def _order(self, main: list[Draft], by_span: dict[int, prose.Sentence]) -> None:
        """Refuse a step that says before which one it is done, and stands behind it."""
        drafts = [draft for draft in every(main) if draft.kind is NodeKind.TASK and "quotation" not in draft.fields]
        for at in order.turned([draft.title for draft in drafts]):
            found = by_span.get(id(drafts[at].span))
            if found is not None and self._made.became.get(id(found)) != "error":
                said = "This says that it is done before or after another step, and stands on the other side of it."
                self._made.fail(found, "WF113", said, "the steps in the order in which they are done")

    def _is_empty(self, draft: Draft, sentence: prose.Sentence) -> bool:
        """Whether a task leads on to what did not join it: to nothing that is read, or in words that say nothing without it."""
        if draft.title != self._made.said.get(draft.id):
            return False
        said = re.sub(r" \([^()]*\)", "", draft.title)
        if forms.DANGLES.search(said) or not forms.SPEAKS_OF.search(said):
            return forms.DANGLES.search(said) is not None
        below = self._made.following.get(id(sentence))
        is_led = below is not None and below.code and self._made.became.get(id(below)) == "node"
        return not (is_led or id(sentence) in self._made.led_on)

    def _sections(self) -> list[Draft]:
        made, parts = self._made, list[tuple[str, list[Draft], Span]]()
        for number, section in enumerate(headings.gathered(self._arranged)):
            role = doers.whose(section.title, made.declared.by or "")
            made.enter(number, section, role)
            steps = made.items(section.items)
            if steps:
                parts.append((section.title if role else "", steps, section.span))
        if sum(bool(title) for title, _, _ in parts) > 1 and made.declared.order is None:
            text = "Several people's steps stand under headings of their own, and their order is not said."
            made.wrong(parts[0][2], "WF113", text, "The phases follow each other, or: The phases run in parallel")
        if made.declared.order == "parallel" and len(parts) > 1:
            return made.parallel_phases([(title, steps) for title, steps, _ in parts], parts[0][2])
        return [draft for _, steps, _ in parts for draft in steps]

    def _nodes(self, main: list[Draft]) -> dict[str, Node]:
        nodes: dict[str, Node] = {}
        used = set[str]()
        for draft in every(main):
            order = draft.on if draft.kind is NodeKind.PARALLEL else sorted(draft.on)
            on = {name: self._resolve(draft.on[name], used) for name in order}
            nodes[draft.id] = self._node(draft, on)
        for name in ENDS:
            if name in used:
                code, title = ENDS[name]
                nodes[name] = Node(kind=NodeKind.END, title=title, exit=code)
        return nodes

    def _node(self, draft: Draft, on: dict[str, str]) -> Node:
        fields: dict[str, Any] = dict(draft.fields)
        title = draft.title
        for target in (*draft.after, *((draft.about,) if draft.about else ())):
            found = self._resolve(target, set())
            title = re.sub(rf"step `?{re.escape(target.name)}`?(?![\d.`])", f"step `{found}`", title)
            fields |= (
                {"about": found} if target is draft.about else {"other_than": (*fields.get("other_than", ()), found)}
            )
        where: dict[str, Any] = {"span": draft.span, "phase": draft.phase, "inside": draft.inside}
        where |= {"details": tuple(draft.details)} if draft.details else {}
        try:
            return Node(kind=draft.kind, title=title, on=on, **where, **fields)
        except ValidationError as problem:
            self._made.wrong(draft.span, "WF112", f"A value is out of range: {problem.errors()[0]['msg']}.", "")
            return Node(kind=draft.kind, title=title, on=on, **where)

    def _resolve(self, target: Target, used: set[str]) -> str:
        match target.kind:
            case To.END:
                used.add(target.name)
                return target.name
            case To.STEP:
                found = self._made.step(target)
                span = target.span or Span(line=1, end_line=1)
                if (target.section, target.name.rstrip(".")) in self._made.doubtful:
                    text = f"Which one step {target.name} is can be read in two ways: the written numbers are not in order."
                    self._made.wrong(span, "WF114", text, "numbers in order, or a name: `fix`: ...")
                elif found is None and (target.section, target.name.rstrip(".")) in self._made.written:
                    self._made.wrong(span, "WF114", f"Step {target.name} is there, and is not read.", "mend it first")
                elif found is None:
                    self._made.wrong(span, "WF114", f"There is no step {target.name}.", "the number of a step")
                return found or "stopped"
            case To.NODE | To.NEXT:
                return target.name

    def _rules(self, nodes: dict[str, Node]) -> None:
        for sentence, section in self._made.pending_rules:
            steps = {
                n: i for (s, n), i in self._made.numbers.items() if s == section and (s, n) not in self._made.doubtful
            }
            try:
                if separation.is_separation(sentence.text):
                    separation.keep(sentence.text, nodes)
                    continue
                self._made.rules.append(rules.rule(forms.unwarned(sentence.text), nodes, steps, sentence.span))
            except Unclear as problem:
                self._made.fail(sentence, "WF115", problem.message, problem.hint)

    def _workflow(self, main: list[Draft], nodes: dict[str, Node]) -> Workflow | None:
        made, said = self._made, self._made.declared
        named = [n.role for n in nodes.values() if n.role]
        try:
            return Workflow(
                id=self._id,
                title=self._tree.title or self._id,
                start=main[0].id,
                nodes=nodes,
                roles=tuple(sorted({*said.roles, *named, *said.needed})),
                facts=made.facts,
                rules=tuple(made.rules),
                needs=Needs(gates=said.gates, roles=tuple(said.needed), tests=said.tests),
                ceiling=said.ceiling(),
                source_digest=sha256(self._data),
            )
        except ValidationError as problem:
            made.wrong(main[0].span, "WF112", f"A value is out of range: {problem.errors()[0]['msg']}.", "")
            return None
