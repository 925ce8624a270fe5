"""Workflow to LangGraph: one graph node per node, explicit path maps, every transition checked as it happens."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, assert_never, cast

from langgraph.graph import END, START, StateGraph
from langgraph.runtime import Runtime
from langgraph.types import Send

from orchestrator.engine import turns
from orchestrator.engine.channels import Channels, state_of, written
from orchestrator.engine.context import RunContext
from orchestrator.engine.halting import refuse_stopped
from orchestrator.engine.nodes.agent import agent
from orchestrator.engine.nodes.argv import argv
from orchestrator.engine.nodes.command import command
from orchestrator.engine.nodes.end import end
from orchestrator.engine.nodes.facts import decide, each
from orchestrator.engine.nodes.for_each import for_each
from orchestrator.engine.nodes.gate import gate
from orchestrator.engine.nodes.merge import merge
from orchestrator.engine.nodes.notify import notify
from orchestrator.engine.nodes.people import pause, person
from orchestrator.engine.nodes.plan import plan
from orchestrator.engine.nodes.review import review
from orchestrator.engine.nodes.told import told
from orchestrator.engine.runnable import ensure_runnable
from orchestrator.engine.state import RunState, StepStatus, Update, Work
from orchestrator.engine.watch import check_transition, kept, stood
from orchestrator.errors import WorkflowInvalid
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import StepId
from orchestrator.models.plan import StepKind
from orchestrator.models.workflow import Node, NodeKind, Workflow
from orchestrator.policy.proof import monitor
from orchestrator.policy.proof.machine import Machine, machine

if TYPE_CHECKING:
    from langgraph.checkpoint.base import BaseCheckpointSaver
    from langgraph.graph.state import CompiledStateGraph

Handler = Callable[[RunContext, Any], Update]
Graph = Any
_KEPT = 8


def compile_workflow(workflow: Workflow, saver: BaseCheckpointSaver[Any]) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The runnable graph of a workflow that :mod:`orchestrator.policy.proof` found no problem in.

    It is run with a :class:`RunContext` as its context, and knows nothing of any run: the last few are kept, for a
    process that advances many.

    Raises ``WorkflowInvalid`` WF041 for what a workflow may say and this engine does not do.
    """
    graph = _compiled(workflow.to_bytes())
    return cast("CompiledStateGraph[Any, Any, Any, Any]", graph.copy({"checkpointer": saver}))


@lru_cache(_KEPT)
def _compiled(document: bytes) -> Graph:
    workflow = Workflow.model_validate_json(document)
    ensure_runnable(workflow)
    tables = machine(workflow)
    watching = monitor.Monitor(tables)
    graph: Graph = StateGraph(Channels, context_schema=RunContext)
    for name, node in workflow.nodes.items():
        graph.add_node(name, _watched(watching, tables, name, _handler(tables, name, node)))
        if node.kind is NodeKind.END:
            graph.add_edge(name, END)
        else:
            targets = _targets(tables, name, node)
            graph.add_conditional_edges(name, _route(workflow, targets), {t: t for t in targets})
    graph.add_edge(START, workflow.start)
    return graph.compile()


def _targets(tables: Machine, name: str, node: Node) -> frozenset[str]:
    """Where a node may lead: its own targets, and from a branch any node of a branch, whose turn it may be."""
    if not tables.chains[name] and name not in tables.forks:
        return frozenset(node.on.values())
    return frozenset(node.on.values()) | {n for n, chain in tables.chains.items() if chain}


def _handler(tables: Machine, name: str, node: Node) -> Handler:  # noqa: C901, PLR0911, PLR0912  one line per kind
    match node.kind:
        case NodeKind.PLAN:
            return plan
        case NodeKind.FOR_EACH if node.repeat is not None:
            return lambda ctx, state: each(ctx, state, node, name, tables.bodies[name])
        case NodeKind.FOR_EACH:
            return for_each
        case NodeKind.AGENT if node.instruction is not None:
            return lambda ctx, state: told(ctx, state, node, name)
        case NodeKind.AGENT:
            return agent
        case NodeKind.GATE:
            return lambda ctx, state: gate(ctx, state, node)
        case NodeKind.COMMAND if node.argv:
            return lambda ctx, state: argv(ctx, state, node, name)
        case NodeKind.COMMAND:
            return command
        case NodeKind.REVIEW:
            return lambda ctx, state: review(ctx, state, node, name)
        case NodeKind.MERGE:
            return lambda ctx, state: merge(ctx, state, node)
        case NodeKind.END:
            return lambda ctx, _: end(ctx, node, name)
        case NodeKind.WAIT if node.role is None:
            return lambda ctx, state: pause(ctx, state, name)
        case NodeKind.TASK | NodeKind.ASK | NodeKind.WAIT:
            return lambda ctx, state: person(ctx, state, node, name)
        case NodeKind.DECIDE:
            return lambda ctx, state: decide(ctx, state, node)
        case NodeKind.NOTIFY:
            return lambda ctx, state: notify(ctx, state, node, name)
        case NodeKind.PARALLEL:
            return lambda _ctx, _: {"outcome": turns.BEGUN}
        case NodeKind.JOIN:
            return lambda _ctx, state: {"outcome": "joined" if turns.has_come(tables, state, name) else turns.STAYS}
        case _:
            assert_never(node.kind)


def _watched(
    watching: monitor.Monitor, tables: Machine, name: str, handler: Handler
) -> Callable[[Any, Runtime[RunContext]], Update]:
    def run(given: Any, runtime: Runtime[RunContext]) -> Update:  # noqa: ANN401  channels, or what an agent is sent
        ctx, state = runtime.context, given if "mine" in given else state_of(given)
        before, outcome = state.get("at", ""), state.get("outcome", "")
        check_transition(ctx.workflow, before, outcome, name)
        ctx.emit(EventKind.TRANSITION, name, before=before, outcome=outcome)
        refuse_stopped(ctx)
        update = handler(ctx, state)
        ctx.index.settle()  # the checkpoint that follows refers to it
        return written(plain(_left(ctx, watching, tables, state, update, name=name)))

    return run


def _left(
    ctx: RunContext, watching: monitor.Monitor, tables: Machine, state: RunState, update: Update, *, name: str
) -> Update:
    """What the node said, with where the run stands after it."""
    if "mine" in state:  # one of several agents side by side
        return {**update, "at": name, "turn": _only_target(ctx, name)}
    if "turn" in update:
        return {**update, **turns.give_way(state, name, update["turn"])}
    passed = turns.passed(ctx.workflow, tables, state, name, update["outcome"])
    ended = _ended(ctx.workflow.nodes[name], str(update["outcome"]), str(passed.get("outcome", "")))
    return {**update, **passed, **_stands(ctx, watching, state, name, ended)}


def _ended(node: Node, said: str, counted: str) -> str:
    """How the node was left, as the proof names it; '' when it was not: an end, and a join that waits for others."""
    if node.kind is NodeKind.END or said == turns.STAYS:
        return ""
    return turns.BEGUN if node.kind is NodeKind.PARALLEL else counted


def _stands(ctx: RunContext, watching: monitor.Monitor, state: RunState, name: str, ended: str) -> Update:
    """Where the monitor sees the run now. Raises ``WorkflowInvalid`` with the code of a property that broke."""
    last = ctx.workflow.nodes.get(state.get("at", ""))
    here = stood(watching, state, side_by_side=last is not None and _side_by_side(last))
    if isinstance(here, monitor.Standing) and ended:
        here = watching.passed(here, name, ended)
    if isinstance(here, monitor.Violation):
        ctx.emit(EventKind.VIOLATION, name, code=here.code, text=here.text)
        raise WorkflowInvalid(here.code, here.text, f"handrail events {ctx.run.id}")
    return {"standing": kept(here)}


def _only_target(ctx: RunContext, name: str) -> str:
    """Agents that work side by side on steps all end as proposed."""
    return ctx.workflow.nodes[name].on["proposed"]


def plain(value: Any) -> Any:  # noqa: ANN401  state is plain data of any shape
    """Only str, int, bool, None, list and dict: a ``StrEnum`` becomes its text, since checkpoints rebuild no type."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in cast("dict[str, Any]", value).items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in cast("list[Any]", value)]
    return str(value) if isinstance(value, str) else value


def _route(workflow: Workflow, targets: frozenset[str]) -> Callable[..., str | list[Send]]:
    """Who is next."""

    def turn(channels: Channels) -> str:
        return cast("str", channels["cursor"]["turn"])

    def route(channels: Channels, runtime: Runtime[RunContext]) -> str | list[Send]:
        target, state = turn(channels), state_of(channels)
        if _side_by_side(workflow.nodes[target]):
            return [Send(target, _work(runtime.context, state, step)) for step in _working(state)]
        return target

    return route if any(_side_by_side(workflow.nodes[target]) for target in targets) else turn


def _side_by_side(node: Node) -> bool:
    """Agents of a plan work on several steps at once; one that a process tells something has the turn."""
    return node.kind is NodeKind.AGENT and node.instruction is None


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
        "spent_seconds": sum(one["spent_seconds"] for one in state["steps"].values()),
        "mine": state["steps"][step],
    }
