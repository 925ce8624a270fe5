"""Workflow to LangGraph: one graph node per node, explicit path maps, every transition checked as it happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, assert_never, cast

from langgraph.graph import END, START, StateGraph
from langgraph.types import Send

from orchestrator.engine.context import RunContext
from orchestrator.engine.halting import halted
from orchestrator.engine.nodes.agent import agent
from orchestrator.engine.nodes.command import command
from orchestrator.engine.nodes.end import end
from orchestrator.engine.nodes.for_each import for_each
from orchestrator.engine.nodes.gate import gate
from orchestrator.engine.nodes.merge import merge
from orchestrator.engine.nodes.plan import plan
from orchestrator.engine.nodes.review import review
from orchestrator.engine.runnable import ensure_runnable
from orchestrator.engine.state import RunState, StepStatus, Update, Work
from orchestrator.engine.watch import TRANSITION, check_transition
from orchestrator.errors import Interrupted, WorkflowInvalid
from orchestrator.models.base import StepId
from orchestrator.models.plan import StepKind
from orchestrator.models.workflow import Node, NodeKind

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

Handler = Callable[[Any], Update]
Graph = Any


def compile_workflow(ctx: RunContext, saver: BaseCheckpointSaver[Any]) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The runnable graph of a workflow that :mod:`orchestrator.policy.proof` found no problem in.

    Raises ``WorkflowInvalid`` WF041 for what a workflow may say and this engine does not do.
    """
    ensure_runnable(ctx.workflow)
    graph: Graph = StateGraph(RunState)
    for name, node in ctx.workflow.nodes.items():
        handler = _watched(ctx, name, _handler(ctx, name, node))
        if node.kind is NodeKind.AGENT:
            graph.add_node(name, handler, input_schema=Work)
        else:
            graph.add_node(name, handler)
        if node.kind is NodeKind.END:
            graph.add_edge(name, END)
        else:
            graph.add_conditional_edges(name, _route(ctx, node), {t: t for t in node.on.values()})
    graph.add_edge(START, ctx.workflow.start)
    return cast("CompiledStateGraph[Any, Any, Any, Any]", graph.compile(checkpointer=saver))


def _handler(ctx: RunContext, name: str, node: Node) -> Handler:  # noqa: PLR0911  one line per kind
    match node.kind:
        case NodeKind.PLAN:
            return lambda state: plan(ctx, state)
        case NodeKind.FOR_EACH:
            return lambda state: for_each(ctx, state)
        case NodeKind.AGENT:
            return lambda work: agent(ctx, work)
        case NodeKind.GATE:
            return lambda state: gate(ctx, state, node)
        case NodeKind.COMMAND:
            return lambda state: command(ctx, state)
        case NodeKind.REVIEW:
            return lambda state: review(ctx, state, node, name)
        case NodeKind.MERGE:
            return lambda state: merge(ctx, state, node)
        case NodeKind.END:
            return lambda _: end(ctx, node, name)
        case (
            NodeKind.TASK
            | NodeKind.ASK
            | NodeKind.DECIDE
            | NodeKind.NOTIFY
            | NodeKind.WAIT
            | NodeKind.PARALLEL
            | NodeKind.JOIN
        ):
            raise WorkflowInvalid("WF041", f"{name} is a {node.kind} node, and this version does not run those.")
        case _:
            assert_never(node.kind)


def _watched(ctx: RunContext, name: str, handler: Handler) -> Handler:
    def run(state: RunState) -> Update:
        before, outcome = state.get("at", ""), state.get("outcome", "")
        check_transition(ctx.workflow, before, outcome, name)
        ctx.emit(TRANSITION, name, before=before, outcome=outcome)
        if ctx.index.cancel_asked(ctx.run.id):
            raise Interrupted("RUN003", f"Run {ctx.run.id} was cancelled.")
        if (order := halted(ctx)) is not None:
            raise order
        update = handler(state)
        ctx.blobs.flush()  # the checkpoint that follows refers to them
        return cast("Update", plain({**update, "at": name}))

    return run


def plain(value: Any) -> Any:  # noqa: ANN401  state is plain data of any shape
    """Only str, int, bool, None, list and dict: a ``StrEnum`` becomes its text, since checkpoints rebuild no type."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in cast("list[Any]", value)]
    return str(value) if isinstance(value, str) else value


def _route(ctx: RunContext, node: Node) -> Callable[[RunState], str | list[Send]]:
    def route(state: RunState) -> str | list[Send]:
        target = node.on[state["outcome"]]
        if ctx.workflow.nodes[target].kind is NodeKind.AGENT:
            return [Send(target, _work(ctx, state, step)) for step in _working(state)]
        return target

    return route


def _working(state: RunState) -> list[str]:
    return [s for s, mine in state["steps"].items() if mine["status"] == StepStatus.WORKING]


def _tests(ctx: RunContext, state: RunState, step: str) -> str:
    plan = {s.id: s for s in ctx.plan(state["plan"]).steps}
    mine = plan[StepId(step)]
    before = (plan[d] for d in mine.depends_on)
    tests = (s.id for s in before if s.kind is StepKind.TESTS and s.requirements == mine.requirements)
    return next((state["steps"][s]["proposal"] for s in tests), "")


def _work(ctx: RunContext, state: RunState, step: str) -> Work:
    return {
        "run": state["run"],
        "plan": state["plan"],
        "tip": state["tip"],
        "at": state["at"],
        "outcome": state["outcome"],
        "step": step,
        "tests": _tests(ctx, state, step),
        "mine": state["steps"][step],
    }
