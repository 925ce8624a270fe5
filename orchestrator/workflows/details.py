"""Which step a sentence is told with, and what is read back of it."""

from __future__ import annotations

from typing import Final

from orchestrator.models.workflow import NodeKind
from orchestrator.workflows import binding, explaining, reasons, somebody, telling
from orchestrator.workflows.completing import Completing
from orchestrator.workflows.cutting import is_one
from orchestrator.workflows.doing import WAITS
from orchestrator.workflows.draft import Draft
from orchestrator.workflows.naming import Unclear, Unread
from orchestrator.workflows.prose import Item, Sentence
from orchestrator.workflows.standing import Doubt, Place

EXPLAINED: Final = "explained"
"""Of a sentence before another one: it explains, and the other is read as behind one that is not read."""


class Details(Completing):
    """Sentences that ask for nothing, beside those that do."""

    def _is_doubtful(self) -> bool:
        """Whether what stands above the sentence may make it a case, a criterion, or what is not so."""
        return not self._doubts.isdisjoint((Doubt.DENIED, Doubt.HELD, Doubt.RULES))

    def _is_detail(self, sentence: Sentence, problem: Unclear) -> bool:
        """Whether a sentence that is no step explains the step before it: no numbered item, no heading and nothing unread stands between."""
        step = self._near
        if step is None or sentence.unreadable or self._is_doubtful():
            return False
        known = self._acting(step)
        said = sentence.text
        is_told = explaining.explains(said, known, self.programs) or explaining.foretells(said, known)
        is_told = is_told or explaining.says_why(said, known) or explaining.is_seen(said, known)
        return isinstance(problem, Unread) and is_told

    def _says_how(self, text: str, task: Draft) -> bool:
        known = self._acting(task)
        return telling.tells(text) and (binding.binds_nobody(text, known) or explaining.acts_by_itself(text, known))

    def _acting(self, step: Draft) -> list[str]:
        """The roles that are known so far: a sentence that speaks of one of them may be its task."""
        return [role for role in (*self.declared.roles, str(step.fields.get("role") or "")) if role]

    def _is_foreword(self, sentence: Sentence, problem: Unclear) -> bool:
        """Whether a sentence before the first step of its section explains what follows, and asks for nothing."""
        if sentence.unreadable or self._listed or not self._fresh or self._doubts:
            return False
        said, known = sentence.text, self.declared.roles
        return isinstance(problem, Unread) and (
            explaining.introduces(said, known, self.programs) or explaining.greets(said)
        )

    def _now(self, sentence: Sentence, task: Draft | None) -> None:
        """Remember which step the sentences behind this one may be told with."""
        last, became = self._anchor, self.became.get(id(sentence))
        is_task = became == "node" and last is not None and last.kind is NodeKind.TASK
        self._told = last if is_task else task if became == "remark" else None
        if became == "remark":
            return
        side = last.sides[-1] if last is not None and last.sides else []
        made = [draft for draft in (*side[-1:], last) if draft and draft.span is sentence.span and draft.kind in WAITS]
        self._near = self._told or next(iter(made), None)

    def _belongs(self, sentence: Sentence, task: Draft) -> bool:
        """Whether a remark right after a task, in the same item, is told with it."""
        return (
            self._place is Place.LATER
            and not (sentence.remark or sentence.unreadable or Doubt.DENIED in self._doubts)
            and telling.belongs(sentence.text)
            and not somebody.is_of_another(sentence.text, str(task.fields.get("role") or ""), task.title)
        )

    def _ensure_aside(self, sentence: Sentence) -> None:
        """Raises :class:`Unclear` for a quotation that orders something, and for a pointer or an example that asks for something."""
        text = sentence.text
        if sentence.remark and somebody.is_order(text):
            hint = "without the > before it; a comment: <!-- ... -->"
            raise Unclear("This quotation tells somebody to do something.", hint)
        step = self._near if text.partition(" ")[0][-1:] != ":" and not sentence.remark else None
        is_of_another = step is not None and somebody.is_of_another(
            text, str(step.fields.get("role") or ""), step.title
        )
        if is_of_another and somebody.EXAMPLE.match(text):
            raise Unclear("This example has somebody do something.", "a step of its own; or: For example, `X`")
        if (not sentence.remark and telling.turns(text)) or is_of_another:
            hint = "a sentence of its own; a remark: Note: ..."
            raise Unclear("This asks for something beside what it points at.", hint)

    def _tell(self, sentence: Sentence, task: Draft | None) -> None:
        """Have the sentence told with the task right before it: it says so, or says only how things are."""
        about = telling.ABOUT.fullmatch(sentence.text)
        said = about["what"] if about else sentence.text
        if task is None:
            self.fail(sentence, "WF110", "There is no task of a person right before this.", "a sentence right after it")
        elif not is_one(f"About this: {said}") or telling.ABOUT.fullmatch(said):
            self.fail(sentence, "WF110", "This would be read in another way when it is read back.", "shorter sentences")
        else:
            task.details.append(said)
            self._told = task if task.kind is NodeKind.TASK else None
            self._mark(sentence, "detail")

    def _tell_list(self, item: Item) -> list[Item] | None:
        """Have ``The workflow will:`` and the list below it told with the step before it. Returns the items behind that list, or ``None``."""
        lead, step = item.sentences[-1], self._near
        cut = next(
            (n for n, child in enumerate(item.children) if child.ordered or not child.listed), len(item.children)
        )
        mine = item.children[:cut]
        below = [s for child in mine for s in child.sentences]
        is_flat = len(below) == cut and not any(child.children for child in mine)
        if step is None or not below or not is_flat or self._is_doubtful():
            return None
        said = f"{lead.text} {'; '.join(s.text for s in below)}"
        is_told = explaining.tells_list(lead.text, [s.text for s in below], self._acting(step))
        if not is_told or any(s.unreadable or s.remark or s.boxed for s in below) or not is_one(f"About this: {said}"):
            return None
        step.details.append(said)
        for sentence in (lead, *below):
            self._mark(sentence, "detail")
        self._before, self._led = below[-1].text, EXPLAINED
        return item.children[cut:]

    def _leave(self, sentence: Sentence, task: Draft | None, problem: Unclear) -> str:
        """What a sentence is that is no step: told with the one before it, a remark, or an error. Returns how what follows is led."""
        is_block = bool(sentence.unreadable) or self._is_doubtful()
        if task is not None and not is_block and self._says_how(sentence.text, task):
            self._tell(sentence, task)
        elif self._is_detail(sentence, problem):
            self._tell(sentence, self._near)
            return EXPLAINED
        elif self._near is None and self._is_foreword(sentence, problem):
            self._mark(sentence, "remark")
            return EXPLAINED
        else:
            message, hint = problem.message, problem.hint
            if isinstance(problem, Unread):
                message, hint = reasons.of(sentence.text, problem, is_behind=self._near is not None)
            self._near = None
            self.fail(sentence, "WF110", message, hint)
        return ""
