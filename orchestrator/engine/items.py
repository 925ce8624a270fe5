"""What waits for a person: built from the state, the same each time, stored before anybody is asked."""

from __future__ import annotations

from datetime import timedelta

from orchestrator.engine.came import ill_passage
from orchestrator.engine.context import RunContext
from orchestrator.engine.nodes.facts import known_facts, listed
from orchestrator.engine.said import notes
from orchestrator.engine.state import RunState, StepStatus
from orchestrator.models.change import Change, ChangeIdentity, Proposal
from orchestrator.models.decision import ReviewItem, SubjectKind
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.found import GateReport
from orchestrator.models.gate import AcceptanceReport
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.models.plan import Plan
from orchestrator.models.review import ChangeSheet, ReviewSheet, WorkSheet
from orchestrator.models.workflow import Node, NodeKind, Subject
from orchestrator.policy.proof.shape import is_planned
from orchestrator.policy.verdicts import to_lift

OPENING = "(opening)"
"""Where the approval of a process's plan is asked: at no node, before all of them."""
_OF_A_DOCUMENT = frozenset({Subject.PLAN, Subject.CHANGE, Subject.RUN})


def visit(state: RunState, name: str) -> int:
    """Which visit of the node this is, from 1."""
    return state.get("visits", {}).get(name, 0) + 1


def subject(ctx: RunContext, state: RunState, node: Node) -> Digest:
    """The digest of exactly what is judged."""
    if node.reviews is Subject.PLAN:
        return Digest(state["plan"])
    if node.reviews is Subject.CHANGE:
        return ctx.load(Change, state["change"]).identity.digest()
    return final_identity(ctx, state).digest()


def item_id(ctx: RunContext, state: RunState, name: str) -> str:
    """Stable for one subject at one visit of one node: asking again after a crash asks the same.

    What a process has so far is no part of it: a branch beside may add to that while this one waits.
    """
    node = ctx.workflow.nodes[name]
    about = subject(ctx, state, node) if node.reviews in _OF_A_DOCUMENT else ""
    parts = [ctx.run.id, name, about, visit(state, name)]
    return "R" + sha256(canonical(parts)).removeprefix("sha256:")[:10]


def opening_item(ctx: RunContext, plan: str) -> ReviewItem:
    """What asks for the approval of the plan of a process, before its first node. Stored when it is new."""
    sheet = ReviewSheet(
        spec_path=ctx.spec.path,
        spec_title=ctx.spec.title,
        plan=ctx.plan(plan),
        requirements=ctx.spec.requirements,
    )
    item = ReviewItem(
        id=opening_id(ctx, plan),
        run=ctx.run.id,
        node=OPENING,
        kind=SubjectKind.PLAN,
        subject=Digest(plan),
        document=ctx.keep(sheet),
        title=f"What {ctx.spec.title} may do",
        role="reviewer",
        created_at=ctx.clock.now(),
    )
    ctx.index.add_item(item)
    return ctx.index.item(item.id)


def opening_id(ctx: RunContext, plan: str) -> str:
    """The id of that item."""
    return "R" + sha256(canonical([ctx.run.id, OPENING, plan, 1])).removeprefix("sha256:")[:10]


def final_identity(ctx: RunContext, state: RunState) -> ChangeIdentity:
    """All stacked commits together: from the run's base to the stack's last tree."""
    tree = ctx.trees.tree_of(ctx.trees.resolve(state["tip"]))
    manifest = ctx.trees.manifest(tree)
    return ChangeIdentity(target_ref=ctx.run.run_ref, tip=ctx.run.base_commit, tree=tree, manifest=manifest)


def prepare(ctx: RunContext, state: RunState, name: str) -> ReviewItem:
    """Store the sheet and the item. Harmless when they are there already."""
    node = ctx.workflow.nodes[name]
    if node.reviews not in _OF_A_DOCUMENT:
        return _of_work(ctx, state, node, name)
    drift = ctx.drifted() if ctx.policy.drift_approvals and node.reviews is not Subject.PLAN else ""
    sheet = _sheet(ctx, state, node).model_copy(update={"drift": drift})
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
        threshold=max(node.approvals, ctx.policy.drift_approvals if drift else 0),
        apart=_apart(ctx, node),
        revisable="revised" in node.on,
        created_at=ctx.clock.now(),
    )
    return parked(ctx, item, node)


def parked(ctx: RunContext, item: ReviewItem, node: Node) -> ReviewItem:
    """The item as it is stored, with its timer where the node has one. The first one stays."""
    if node.within_seconds is None:
        ctx.index.add_item(item)
    else:
        due_at = item.created_at + timedelta(seconds=node.within_seconds)
        ctx.timers.park(ctx.run.id, item.id, due_at, item.model_copy(update={"due_at": due_at}))
    return ctx.index.item(item.id)


def _authors(ctx: RunContext, sheet: ReviewSheet) -> tuple[str, ...]:
    """Who edited a change that is shown; where the policy separates approval, also who signs it here as made."""
    made = [ctx.load(Proposal, part.change.proposal) for part in sheet.changes]
    here = ctx.policy.principal(ctx.signer.keyid) if made and ctx.policy.separate_approval else None
    names = [name for proposal in made for name in proposal.people]
    return tuple(dict.fromkeys([*names, *([here.name] if here else [])]))


def _apart(ctx: RunContext, node: Node) -> tuple[str, ...]:
    """Who did what this node must be decided apart from, at any visit: in a loop, whoever did it for any item."""
    done = [i.id for i, _ in ctx.index.items_of(ctx.run.id) if i.node in node.other_than] if node.other_than else []
    opened = (ctx.open_decision(line)[1].reviewer for item in done for line in ctx.index.decisions(item))
    return tuple(dict.fromkeys(opened))


_KINDS = {
    NodeKind.TASK: SubjectKind.TASK,
    NodeKind.ASK: SubjectKind.ANSWERS,
    NodeKind.WAIT: SubjectKind.EVENT,
    NodeKind.COMMAND: SubjectKind.TASK,
}


def _of_work(ctx: RunContext, state: RunState, node: Node, name: str) -> ReviewItem:
    """Of a node of a process that is about no change."""
    node = _unknown_effect(ctx, node, name) if node.kind is NodeKind.COMMAND else node
    work = work_sheet(ctx, state, node, name)
    sheet = ReviewSheet(spec_path=ctx.spec.path, spec_title=ctx.spec.title, work=work)
    item = ReviewItem(
        id=item_id(ctx, state, name),
        run=ctx.run.id,
        node=name,
        kind=_KINDS.get(node.kind, SubjectKind.WORK),
        subject=work.digest(),
        document=ctx.keep(sheet),
        title=work.sentence,
        role=node.role or "reviewer",
        threshold=node.approvals,
        apart=_apart(ctx, node),
        created_at=ctx.clock.now(),
    )
    return parked(ctx, item, node)


def _unknown_effect(ctx: RunContext, node: Node, name: str) -> Node:
    """What is asked when a crash hides whether a command had its effect, of who approves that effect."""
    target = node.effect.target if node.effect else name
    words = f"`{' '.join(node.argv)}` was begun and nobody knows how it ended. Look at {target}: was it done?"
    roles = (n.role for n in ctx.workflow.nodes.values() if n.reviews is Subject.EFFECT and n.about == name)
    return node.model_copy(update={"title": words, "role": next(roles, None)})


def _quoted(node: Node) -> tuple[str, ...]:
    """The words of the process that somebody sees to as they stand, in one piece."""
    return (f"As it is written:\n{node.quotation}",) if node.quotation else ()


def _effect_told(ctx: RunContext, node: Node) -> tuple[str, ...]:
    """What is approved with the effect of a step: its sentence, and the program as it is run."""
    about = ctx.workflow.nodes.get(node.about or "")
    if about is None or about.effect is None:
        return ()
    undo = f"undone by `{' '.join(about.effect.undo)}`" if about.effect.undo else "nothing takes it back"
    tried = f" after a dry run with `{' '.join(about.effect.dry_run)}`" if about.effect.dry_run else ""
    return (f"Step {node.about} runs `{' '.join(about.argv)}`{tried} and changes {about.effect.target}; {undo}",)


def work_sheet(ctx: RunContext, state: RunState, node: Node, name: str) -> WorkSheet:
    """What is asked, and everything that was said before."""
    loops = state.get("loops", {})
    now = [listed(ctx, state, ctx.workflow.nodes[n])[i - 1] for n, i in loops.items() if i]
    return WorkSheet(
        workflow=ctx.workflow.id,
        node=name,
        visit=visit(state, name),
        sentence=" / ".join([node.title or name, *now]),
        details=(*ill_passage(ctx, state, name), *node.details, *_quoted(node), *_effect_told(ctx, node)),
        asks={fact: ctx.workflow.facts[fact] for fact in node.asks},
        facts=known_facts(ctx, state),
        notes=tuple(notes(ctx, state)),
        edits=node.edits,
    )


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
        used=proposal.used,
        risks=proposal.risks,
        hidden=proposal.hidden,
    )


def approving(ctx: RunContext, state: RunState, sheet: ChangeSheet) -> list[str]:
    """The items whose decisions approve this very change: of a process, those of all nodes that reviewed it."""
    if is_planned(ctx.workflow):
        return [state["steps"][sheet.step.id]["item"]]
    identity = sheet.change.identity
    decided = (item for name, item in state.get("items", {}).items() if ctx.workflow.nodes[name].reviews)
    return [item for item in decided if ctx.index.item(item).change == identity]


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
        violations=_violations(ctx),
    )


def _violations(ctx: RunContext) -> tuple[str, ...]:
    """What stopped steps of this run, in the order in which it was seen."""
    told = (e for _, e in ctx.index.events(ctx.run.id) if e.kind is EventKind.GRANT_EXCEEDED)
    return tuple(f"{e.step}, attempt {e.attempt}: {e.data['code']} {e.data['text']}" for e in told)


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
