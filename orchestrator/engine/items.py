"""What waits for a person: built from the state, the same each time, stored before anybody is asked."""

from __future__ import annotations

from orchestrator.engine.context import RunContext
from orchestrator.engine.state import RunState, StepStatus
from orchestrator.models.base import Digest, canonical, sha256
from orchestrator.models.change import Change, ChangeIdentity, Proposal
from orchestrator.models.decision import ReviewItem, SubjectKind
from orchestrator.models.gate import AcceptanceReport, GateReport
from orchestrator.models.plan import Plan
from orchestrator.models.review import ChangeSheet, ReviewSheet
from orchestrator.models.workflow import Node, Subject
from orchestrator.policy.verdicts import to_lift


def subject(ctx: RunContext, state: RunState, node: Node) -> Digest:
    """The digest of exactly what is judged."""
    if node.reviews is Subject.PLAN:
        return Digest(state["plan"])
    if node.reviews is Subject.CHANGE:
        return ctx.load(Change, state["change"]).identity.digest()
    return final_identity(ctx, state).digest()


def item_id(ctx: RunContext, state: RunState, name: str) -> str:
    """Stable for one subject at one node of one run: asking again after a crash asks the same."""
    node = ctx.workflow.nodes[name]
    attempt = _attempt(state) if node.reviews is Subject.CHANGE else 0
    stack = state.get("stack", []) if node.reviews is Subject.RUN else []
    parts = [ctx.run.id, name, subject(ctx, state, node), attempt, stack]
    return "R" + sha256(canonical(parts)).removeprefix("sha256:")[:10]


def final_identity(ctx: RunContext, state: RunState) -> ChangeIdentity:
    """All stacked commits together: from the run's base to the stack's last tree."""
    tree = ctx.trees.tree_of(ctx.trees.resolve(state["tip"]))
    manifest = ctx.trees.manifest(tree)
    return ChangeIdentity(target_ref=ctx.run.run_ref, tip=ctx.run.base_commit, tree=tree, manifest=manifest)


def prepare(ctx: RunContext, state: RunState, name: str) -> ReviewItem:
    """Store the sheet and the item. Harmless when they are there already."""
    node = ctx.workflow.nodes[name]
    sheet = _sheet(ctx, state, node)
    reports = [r for c in sheet.changes for r in c.reports]
    change = sheet.changes[-1].change.identity if node.reviews is Subject.CHANGE else None
    item = ReviewItem(
        id=item_id(ctx, state, name),
        run=ctx.run.id,
        node=name,
        kind=SubjectKind(str(node.reviews)),
        step=sheet.changes[-1].step.id if node.reviews is Subject.CHANGE else None,
        subject=subject(ctx, state, node),
        change=final_identity(ctx, state) if node.reviews is Subject.RUN else change,
        document=ctx.keep(sheet),
        shown=_shown(sheet),
        findings=to_lift(reports),
        authors=_authors(ctx, sheet),
        title=_title(sheet, node),
        role=node.role or "reviewer",
        created_at=ctx.clock.now(),
    )
    ctx.index.add_item(item)
    return ctx.index.item(item.id)


def _authors(ctx: RunContext, sheet: ReviewSheet) -> tuple[str, ...]:
    """The people who edited a change that is shown."""
    made = [ctx.load(Proposal, part.change.proposal) for part in sheet.changes]
    return tuple(dict.fromkeys(name for proposal in made for name in proposal.people))


def change_sheet(ctx: RunContext, state: RunState) -> ChangeSheet:
    """The change in hand beside everything that judged it."""
    change = ctx.load(Change, state["change"])
    proposal = ctx.load(Proposal, change.proposal)
    step = ctx.step(state["plan"], change.step)
    acceptance = state.get("acceptance")
    return ChangeSheet(
        step=step,
        requirements=ctx.requirements(step),
        change=change,
        reports=tuple(ctx.load(GateReport, r) for r in state["reports"]),
        acceptance=ctx.load(AcceptanceReport, acceptance) if acceptance else None,
        summary=proposal.summary,
        denials=proposal.denials,
    )


def stacked_sheets(ctx: RunContext, state: RunState) -> tuple[ChangeSheet, ...]:
    """The sheets of all stacked commits, oldest first."""
    by_commit = {
        s["commit"]: s["sheet"]
        for s in state["steps"].values()
        if s["status"] in {StepStatus.STACKED, StepStatus.MERGED}
    }
    return tuple(ctx.load(ChangeSheet, by_commit[c]) for c in state.get("stack", []))


def _sheet(ctx: RunContext, state: RunState, node: Node) -> ReviewSheet:
    plan: Plan | None = ctx.plan(state["plan"]) if node.reviews is Subject.PLAN else None
    changes: tuple[ChangeSheet, ...] = ()
    if node.reviews is Subject.CHANGE:
        changes = (change_sheet(ctx, state),)
    elif node.reviews is Subject.RUN:
        changes = stacked_sheets(ctx, state)
    return ReviewSheet(
        spec_path=ctx.spec.path,
        spec_title=ctx.spec.title,
        plan=plan,
        requirements=ctx.spec.requirements if plan else (),
        changes=changes,
    )


def _shown(sheet: ReviewSheet) -> tuple[Digest, ...]:
    """The identities and the reports of every change that is shown; an approval covers no other."""
    identities = [c.change.identity.digest() for c in sheet.changes]
    return tuple(dict.fromkeys([*identities, *(r.digest() for c in sheet.changes for r in c.reports)]))


def _title(sheet: ReviewSheet, node: Node) -> str:
    if node.reviews is Subject.PLAN:
        return f"Plan for {sheet.spec_title}"
    if node.reviews is Subject.CHANGE:
        return sheet.changes[-1].step.title
    return f"All {len(sheet.changes)} changes of {sheet.spec_title}"


def _attempt(state: RunState) -> int:
    return state["steps"][state["current"]]["attempt"]
