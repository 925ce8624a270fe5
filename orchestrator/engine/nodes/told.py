"""``agent`` with an instruction, and a ``task`` that edits: attempts at the one change of a process.

The first attempt after a merge begins at the tip; each further one goes on with the change in hand.
"""

from __future__ import annotations

from orchestrator.engine.attempts import again
from orchestrator.engine.context import RunContext
from orchestrator.engine.nodes.agent import Ground, attempt
from orchestrator.engine.said import said_so_far
from orchestrator.engine.state import RunState, StepState, StepStatus, Update, Work, opened
from orchestrator.errors import EvidenceInvalid
from orchestrator.models.change import Proposal
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest
from orchestrator.models.plan import Step
from orchestrator.models.review import Comment
from orchestrator.models.workflow import Node
from orchestrator.policy import capabilities

_OVER = frozenset({StepStatus.REFUSED, StepStatus.REJECTED, StepStatus.LIMIT})
_NOT_JUDGED: Update = {"change": "", "reports": [], "acceptance": ""}


def told(ctx: RunContext, state: RunState, node: Node, name: str) -> Update:
    """Outcomes: proposed, failed (the agent did, or its attempts, its time or its budget are used up)."""
    step = process_step(ctx, state)
    mine = state["steps"].get(step.id) or opened()
    if mine["status"] in _OVER or mine["attempt"] >= step.budget.attempts:
        return {"outcome": "failed", "current": step.id, "steps": {step.id: mine}}
    working: StepState = {**mine, "status": StepStatus.WORKING, "attempt": mine["attempt"] + 1}
    work: Work = {
        "run": state["run"],
        "plan": state["plan"],
        "tip": state["tip"],
        "at": state.get("at", ""),
        "outcome": state.get("outcome", ""),
        "step": step.id,
        "tests": "",
        "mine": working,
        "spent_seconds": mine["spent_seconds"],
    }
    ground = Ground(change=_of_step(ctx, mine), known=said_so_far(ctx, state))
    made = attempt(ctx, work, _narrowed(step, node, name, ctx), ground)
    record: StepState = made["steps"][step.id]
    outcome = "proposed" if record["status"] == StepStatus.PROPOSED else "failed"
    return {**_NOT_JUDGED, "outcome": outcome, "current": step.id, "steps": {step.id: record}}


def handed_in(ctx: RunContext, state: RunState, item: str) -> Update:
    """The change that a person made, as the next attempt. Raises ``EvidenceInvalid`` EVID029.

    It takes the place of what is in hand: their lines are those that differ from it.
    """
    step = process_step(ctx, state)
    mine = state["steps"].get(step.id) or opened()
    made, before = ctx.load(Proposal, _revision(ctx, item)), _of_step(ctx, mine)
    if made.run != ctx.run.id or made.step != step.id:
        raise EvidenceInvalid("EVID029", f"What was handed in for {item} is not of this run.", "handrail review list")
    attempt_ = mine["attempt"] + 1
    people = tuple(dict.fromkeys([*(before.people if before else ()), *made.people]))
    update = {"attempt": attempt_, "people": people, "written": before.tree if before else made.base_tree}
    if before is not None:
        update |= {"agent": before.agent, "agent_version": before.agent_version, "image": before.image}
    digest = ctx.keep(made.model_copy(update=update))
    record: StepState = {**mine, "status": StepStatus.PROPOSED, "attempt": attempt_, "proposal": digest}
    ctx.emit(EventKind.PROPOSED, "task", step.id, attempt_, proposal=digest)
    return {**_NOT_JUDGED, "current": step.id, "steps": {step.id: record}}


def failed_command(ctx: RunContext, state: RunState, reason: str) -> Update:
    """What the next attempt is told of a command that did not pass on the change in hand."""
    step = process_step(ctx, state)
    mine = state["steps"][step.id]
    proposal = ctx.load(Proposal, mine["proposal"])
    return again(ctx, step, {**mine, "trees": [*mine["trees"], proposal.tree]}, [reason])


def process_step(ctx: RunContext, state: RunState) -> Step:
    """The one step of a process's plan."""
    return ctx.plan(state["plan"]).steps[0]


def in_hand(ctx: RunContext, state: RunState) -> Proposal | None:
    """The change that no merge has landed yet."""
    return _of_step(ctx, state["steps"].get(process_step(ctx, state).id) or opened()) if state.get("plan") else None


def _of_step(ctx: RunContext, mine: StepState) -> Proposal | None:
    landed = mine["status"] == StepStatus.MERGED or not mine["proposal"]
    return None if landed else ctx.load(Proposal, mine["proposal"])


def _narrowed(step: Step, node: Node, name: str, ctx: RunContext) -> Step:
    """The step as this node tells it: its own sentence, and no more than its own grant."""
    own = node.capabilities
    grant = capabilities.meet(step.capabilities, own) if own else step.capabilities
    mine = tuple(r for r in step.requirements if r == f"{ctx.workflow.id}/{name}")
    update = {"title": node.title or name, "instruction": node.instruction, "requirements": mine, "capabilities": grant}
    return step.model_copy(update=update)


def _revision(ctx: RunContext, item: str) -> Digest:
    for line in ctx.index.decisions(item):
        keyid, decision = ctx.open_decision(line)
        said = ctx.load(Comment, decision.comment) if decision.comment else None
        if said is not None and said.revision is not None and ctx.policy.holds(keyid, decision.role):
            return said.revision
    raise EvidenceInvalid("EVID029", f"Nothing was handed in for {item}.", "handrail review show")
