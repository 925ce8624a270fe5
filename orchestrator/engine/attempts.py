"""What happens to a step that did not make it: once more with the reasons, or the end."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from orchestrator.engine.context import RunContext
from orchestrator.engine.state import RunState, StepState, StepStatus, Update
from orchestrator.models.change import Proposal
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest
from orchestrator.models.plan import Step
from orchestrator.models.review import Comment

_FEEDBACK_CHARACTERS = 16_384
_WHY_CHARACTERS = 300
_COMMENT = "comment "


@dataclass(frozen=True, slots=True)
class Attempt:
    """The attempt in hand."""

    step: Step
    mine: StepState
    proposal: Proposal

    @classmethod
    def current(cls, ctx: RunContext, state: RunState) -> Attempt:
        """Of the step that is being judged."""
        mine = state["steps"][state["current"]]
        return cls(ctx.step(state["plan"], state["current"]), mine, ctx.load(Proposal, mine["proposal"]))

    def remembered(self) -> StepState:
        """The record with this attempt's tree among the earlier ones."""
        return {**self.mine, "trees": [*self.mine["trees"], self.proposal.tree]}


def next_record(
    step: Step, mine: StepState, feedback: Sequence[str], why: str, exhausted: StepStatus, *, final: bool = False
) -> StepState:
    """RETRY with the feedback, or ``exhausted`` when the attempts are used up or ``final``. Pure."""
    status = exhausted if final or mine["attempt"] >= step.budget.attempts else StepStatus.RETRY
    first = why.split("\n", 1)[0][:_WHY_CHARACTERS]
    whole = f"{mine['why']} Then: {first}" if mine["why"] else first
    return {**mine, "status": status, "feedback": [*mine["feedback"], *feedback], "why": whole[: 4 * _WHY_CHARACTERS]}


def again(
    ctx: RunContext,
    step: Step,
    mine: StepState,
    reasons: Iterable[str],
    *,
    exhausted: StepStatus = StepStatus.REFUSED,
    final: bool = False,
) -> Update:
    """Store the reasons and open the step again, if it may."""
    text = "\n".join(reasons)[:_FEEDBACK_CHARACTERS]
    digest = ctx.blobs.put(text.encode())
    record = next_record(step, mine, [digest], text, exhausted, final=final)
    ctx.emit(EventKind("step-" + record["status"]), step=step.id, attempt=mine["attempt"], feedback=digest)
    return {"steps": {step.id: record}}


def comment_feedback(digest: Digest) -> str:
    """A feedback entry that points to a stored reviewer's comment."""
    return _COMMENT + digest


def feedback_text(ctx: RunContext, entry: str) -> str:
    """What the agent reads of one entry."""
    if not entry.startswith(_COMMENT):
        return ctx.blobs.get(Digest(entry)).decode(errors="replace")
    comment = ctx.load(Comment, entry.removeprefix(_COMMENT))
    place = f"{comment.path}:{comment.line}: " if comment.path else ""
    return f"A reviewer says: {place}{comment.text}"
