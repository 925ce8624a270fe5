"""``review``: exactly one interrupt and no side effect; resumed once, with the digest of the decision set (D15)."""

from __future__ import annotations

from collections.abc import Sequence

from langgraph.types import interrupt

from orchestrator.engine.attempts import Attempt, comment_feedback, next_record
from orchestrator.engine.context import RunContext
from orchestrator.engine.items import item_id
from orchestrator.engine.state import RunState, StepState, StepStatus, Update
from orchestrator.errors import EvidenceInvalid
from orchestrator.models.change import Change, Proposal
from orchestrator.models.decision import Decision, Verdict
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.models.plan import Plan, ReviewMode
from orchestrator.models.review import ChangeSheet, Comment
from orchestrator.models.workflow import Node, Subject
from orchestrator.policy import narrowing, quorum
from orchestrator.policy.proof.outcomes import EXPIRED


def review(ctx: RunContext, state: RunState, node: Node, name: str) -> Update:  # noqa: PLR0911  one line per answer
    """Outcomes: approve, request-changes, reject; deferred where the plan asks for one review at the end.

    And revised, when who asked for changes has made them; and moved, when the line left the tip that the undecided
    item names: nobody could judge it any more.
    """
    if node.reviews is Subject.CHANGE and ctx.plan(state["plan"]).review is ReviewMode.END_OF_RUN:
        return {"outcome": "deferred"}
    item = item_id(ctx, state, name)
    answer = interrupt({"item": item})
    if "turn" in answer:
        return {"turn": answer["turn"]}
    if "tip" in answer:
        return {"outcome": "moved", "tip": answer["tip"]}
    if "fired" in answer:
        return {"outcome": expired(ctx, item)}
    verdict = decided(ctx, item, answer)
    said: Update = {"outcome": verdict, "items": {**state.get("items", {}), name: item}}
    if verdict is Verdict.APPROVE:
        return {**said, **_approved(state, node, item)}
    revised = _revised(ctx, state, node, item) if "revised" in node.on else None
    if revised is not None:
        return {**said, "outcome": "revised", **revised}
    return {**said, **_sent_back(ctx, state, node, item)}


def expired(ctx: RunContext, key: str) -> str:
    """The outcome of a timer that has really fired. Raises ``EvidenceInvalid`` (EVID018) otherwise."""
    if ctx.timers.fired(key) is None:
        raise EvidenceInvalid("EVID018", f"The timer of {key} has not fired.", "handrail resume")
    return EXPIRED


def decision_set(ctx: RunContext, item: str) -> tuple[Digest, Verdict | None]:
    """The digest of all decisions on an item, and what they come to."""
    lines = ctx.index.decisions(item)
    opened = [ctx.open_decision(line) for line in lines]
    what = ctx.index.item(item)
    verdict = quorum.outcome(what, [d for _, d in opened], ctx.policy, [k for k, _ in opened])
    return sha256(canonical([sha256(line) for line in lines])), verdict


def decided(ctx: RunContext, item: str, answer: dict[str, str]) -> Verdict:
    """What the decisions come to that the run was resumed with. Raises ``EvidenceInvalid`` EVID001 for others."""
    digest, verdict = decision_set(ctx, item)
    if answer != {"item": item, "decisions": digest} or verdict is None:
        raise EvidenceInvalid(
            "EVID001", f"The decisions on {item} are not those that the run was resumed with.", "resume"
        )
    return verdict


def _approved(state: RunState, node: Node, item: str) -> Update:
    if node.reviews is not Subject.CHANGE:
        return {}
    current = state["current"]
    record: StepState = {**state["steps"][current], "item": item}
    return {"steps": {current: record}}


def narrowed(ctx: RunContext, plan: str, who: str, digest: Digest) -> Digest:
    """The plan with less granted. Raises ``EvidenceInvalid`` EVID029 for one that is anything else."""
    before, after = ctx.plan(plan), ctx.load(Plan, digest)
    problems = list(narrowing.wider(before, after))
    if problems:
        raise EvidenceInvalid("EVID029", f"The plan that {who} made grants more.", "handrail review list", problems)
    return digest


def revision(ctx: RunContext, item: str) -> tuple[str, Digest] | None:
    """Who has made another of what the item asks about, and the digest of it."""
    decisions = [ctx.open_decision(line)[1] for line in ctx.index.decisions(item)]
    said = {d.reviewer: ctx.load(Comment, d.comment) for d in decisions if d.comment}
    return next(((who, c.revision) for who, c in said.items() if c.revision), None)


def _revised(ctx: RunContext, state: RunState, node: Node, item: str) -> Update | None:
    """What a reviewer made of it: a proposal of the step, or a plan. Raises ``EvidenceInvalid`` EVID029 for another."""
    found = revision(ctx, item)
    if found is None:
        return None
    who, digest = found
    if node.reviews is Subject.PLAN:
        return {"plan": narrowed(ctx, state["plan"], who, digest)}
    now, made = Attempt.current(ctx, state), ctx.load(Proposal, digest)
    before = now.proposal
    same = (made.run, made.step, made.attempt) == (before.run, before.step, before.attempt)
    if not same or set(made.people) - {*before.people, who}:
        raise EvidenceInvalid("EVID029", f"The change that {who} made is not of this step.", "handrail review list")
    decisions = [ctx.open_decision(line)[1] for line in ctx.index.decisions(item)]
    feedback = [*now.mine["feedback"], *(comment_feedback(c) for c in _worded(ctx, item, decisions))]
    record: StepState = {**now.remembered(), "proposal": digest, "feedback": feedback}
    return {"steps": {now.step.id: record}}


def _sent_back(ctx: RunContext, state: RunState, node: Node, item: str) -> Update:
    decisions = [ctx.open_decision(line)[1] for line in ctx.index.decisions(item)]
    comments = _worded(ctx, item, decisions)
    feedback = [comment_feedback(c) for c in comments]
    why = _reason(ctx, decisions)
    if node.reviews is Subject.CHANGE:
        now = Attempt.current(ctx, state)
        record = next_record(now.step, now.remembered(), feedback, why, StepStatus.REJECTED)
        return {"steps": {now.step.id: record}}
    return {} if node.reviews is not Subject.RUN else _reopened(ctx, state, comments, feedback, why)


def _worded(ctx: RunContext, item: str, decisions: Sequence[Decision]) -> list[Digest]:
    """All remarks on an item, each once. A decision's may hold no words, only a time or waivers: nothing to tell."""
    comments = [*ctx.index.comments(item), *(d.comment for d in decisions if d.comment)]
    return [c for c in dict.fromkeys(comments) if ctx.load(Comment, c).text]


def _reason(ctx: RunContext, decisions: Sequence[Decision]) -> str:
    said = [ctx.load(Comment, d.comment).text for d in decisions if d.comment]
    return "; ".join(words for words in said if words)


def _reopened(ctx: RunContext, state: RunState, comments: Sequence[Digest], feedback: list[str], why: str) -> Update:
    """Open the stacked steps again whose files carry a comment (all, when none does); the stack goes back to there."""
    sheets = [ctx.load(ChangeSheet, s["sheet"]) for s in _stacked(state)]
    named = {ctx.load(Comment, c).path for c in comments} - {""}
    hit = [s for s in sheets if named & {f.path for f in s.change.files}] or sheets
    hit_ids = {s.step.id for s in hit}
    stack = state.get("stack", [])
    first = min(stack.index(state["steps"][s]["commit"]) for s in hit_ids)
    steps: dict[str, StepState] = {}
    for sheet in sheets:
        mine = state["steps"][sheet.step.id]
        if sheet.step.id in hit_ids:
            remembered: StepState = {**mine, "trees": [*mine["trees"], _proposed_tree(ctx, sheet.change)]}
            steps[sheet.step.id] = next_record(sheet.step, remembered, feedback, why, StepStatus.REJECTED)
        elif stack.index(mine["commit"]) > first:
            steps[sheet.step.id] = {**mine, "status": StepStatus.PROPOSED}
    return {"steps": steps, "stack": stack[:first], "tip": stack[first - 1] if first else ctx.run.base_commit}


def _stacked(state: RunState) -> list[StepState]:
    by_commit = {s["commit"]: s for s in state["steps"].values()}
    return [by_commit[c] for c in state.get("stack", [])]


def _proposed_tree(ctx: RunContext, change: Change) -> str:
    return ctx.load(Proposal, change.proposal).tree
