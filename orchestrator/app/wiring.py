"""The composition root: rooms are put together here and nowhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.base import Base, read_base
from orchestrator.app.landing.halting import watched
from orchestrator.app.machine.environments import TreeEnvironments
from orchestrator.app.machine.sandboxing import EngineShelf, LazyEngine, layers_of
from orchestrator.app.models.brokering import make_broker, make_budgets
from orchestrator.app.models.connections import load_connections
from orchestrator.app.observe.drifting import how_it_differs
from orchestrator.app.project import Project
from orchestrator.app.runs.fencing import FencedNotifier, FencedSandboxes, fenced
from orchestrator.app.runs.notifying import LocalNotifier
from orchestrator.app.runs.risks import in_force
from orchestrator.app.trees import open_trees
from orchestrator.assets.find import workflow_files
from orchestrator.engine.context import RunContext
from orchestrator.engine.workers import Worker
from orchestrator.errors import UsageError
from orchestrator.models.decision import Decision
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.found import GateReport
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.plan import Plan
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.run import AgentChoice, Run, RunSettings
from orchestrator.models.spec import Spec
from orchestrator.models.workflow import Workflow
from orchestrator.ports import Agent, Broker, Budgets, Candidate, Gate, Trees

if TYPE_CHECKING:
    from orchestrator.app.gates.command_gates import Declared
    from orchestrator.broker.local import LocalProcesses
    from orchestrator.vcs.trees import GitTrees


def open_workflow(workflow: str) -> Workflow:
    """A workflow by its bundled id or the path of its ``workflow.yaml``, checked and proved.

    Raises ``UsageError`` or ``WorkflowInvalid``.
    """
    from orchestrator.workflows.load import load_workflow

    return load_workflow(*workflow_source(workflow))


def workflow_source(workflow: str) -> tuple[bytes, bytes, str]:
    """Bytes of ``workflow.yaml`` and of the ``process.md`` beside it, and the first's path. Raises ``UsageError``."""
    from orchestrator.app.files import read_file

    path = Path(workflow)
    if path.suffix not in {".yaml", ".yml"}:
        return workflow_files(workflow)
    return read_file(path), read_file(path.parent / "process.md"), str(path)


def workflow_of(project: Project, run: Run) -> Workflow:
    """The workflow that a run began with.

    Raises ``UsageError`` (RUN005) when the bundled one is another now and nobody let the run keep its own. One from a
    file is kept with the run: the file may be edited, and what was approved goes on.
    """
    if Path(run.workflow).suffix or run.keeps_workflow:
        return Workflow.model_validate_json(project.blobs.get(run.workflow_digest))
    found = open_workflow(run.workflow)
    if found.digest() != run.workflow_digest:
        text = f"The workflow {run.workflow} is not the one that run {run.id} began with."
        raise UsageError(
            "RUN005",
            text,
            f"handrail resume {run.id} --keep-workflow goes on by the one it began with, which is kept; or begin anew",
        )
    return found


def open_agent(name: str, agent_input: bytes | None, path: str = "script") -> Agent:
    """A driver by name. Raises ``UsageError`` for an unknown one, one that is not installed, or a bad input."""
    from orchestrator.agents.catalog import make_agent
    from orchestrator.agents.drivers import DRIVERS
    from orchestrator.app.machine.agents import open_installed

    if name in DRIVERS:
        return open_installed(name)
    return make_agent(name, agent_input, path)


def installed_agents() -> tuple[str, ...]:
    """Names of the coding agents that can be named here, without the scripted one."""
    from orchestrator.agents.catalog import AGENTS
    from orchestrator.app.machine.agents import installed_names

    return tuple(sorted({*AGENTS, *installed_names()} - {"scripted"}))


def decision_opener(base: Base) -> Callable[[bytes], tuple[str, Decision]]:
    """Verifies a decision line by the keys of the policy at the base."""
    from orchestrator.errors import EvidenceInvalid
    from orchestrator.provenance import dsse
    from orchestrator.provenance.predicates import claims, statements

    keys = {p.keyid: p.public_key for p in base.chain.current.principals}

    def open_decision(line: bytes) -> tuple[str, Decision]:
        opened = dsse.open_line(line, keys)
        claim = statements.read(opened.payload)
        if not isinstance(claim, claims.DecisionClaim) or opened.keyids != (claim.keyid,) or opened.unknown:
            raise EvidenceInvalid("EVID017", "A stored decision is not one person's decision.", "handrail verify")
        return opened.keyids[0], claim.decision

    return open_decision


@dataclass(frozen=True, slots=True)
class Opened:
    """A run's context and the way to end its sandboxes at once."""

    ctx: RunContext
    abort: Callable[[], None]


@contextmanager
def open_run(
    project: Project,
    run: Run,
    spec: Spec,
    settings: RunSettings,
    *,
    key: Path | None,
    trust: Digest | None,
    say: Callable[[str], None],
    shelf: EngineShelf | None = None,
) -> Iterator[Opened]:
    """Everything that advances this run. The engine is asked for only when the first sandbox is needed.

    ``say`` gets sentences for the person, which are events of the run too.
    """
    from orchestrator.broker.local import LocalProcesses

    with ExitStack() as stack:
        trees = stack.enter_context(open_trees(project))
        base = read_base(project, trees, run.base_commit, trust)
        workflow = workflow_of(project, run)
        processes = stack.enter_context(closing(LocalProcesses()))
        risks = [risk.protection for risk in settings.risks]
        engine = LazyEngine(settings.image, settings.runtime, layers_of(base.profile), risks, shelf=shelf)
        seams = _Seams(project, run, settings, trees, base, engine, say)
        declared = stack.enter_context(_declared(project, trees, base, seams.tell, settings))
        budgets = stack.enter_context(_budgets(project, run, settings))
        gates = stack.enter_context(_gates(base, declared.gates, settings.osv))
        ctx = _context(seams, spec, workflow, key, _Held(processes, budgets, gates))

        def abort() -> None:
            engine.abort()
            declared.abort()

        try:
            yield Opened(ctx, abort)
        finally:
            engine.close()


@dataclass(frozen=True, slots=True)
class _Held:
    """What lives as long as the run is open."""

    processes: LocalProcesses
    budgets: Budgets
    gates: Callable[[Sequence[str], Candidate], tuple[GateReport, ...]]


@dataclass(frozen=True, slots=True)
class _Seams:
    """What a run asks of other rooms when it needs it, and not before."""

    project: Project
    run: Run
    settings: RunSettings
    trees: GitTrees
    base: Base
    engine: LazyEngine
    say: Callable[[str], None]

    def tell(self, words: str) -> None:
        """The person, and whoever reads the run's events."""
        data = {"words": self.project.blobs.put(words.encode())}
        event = Event(at=self.project.clock.now(), run=self.run.id, kind=EventKind.ENVIRONMENT, data=data)
        self.project.index.emit(event)
        self.say(words)

    def sandboxes(self) -> FencedSandboxes:
        return FencedSandboxes(self.engine.sandboxes(), self.project.owners.check)

    def risks(self) -> tuple[AcceptedRisk, ...]:
        return in_force(self.settings.risks, self.engine.sandboxes().missing, self.project.clock)

    def environments(self) -> TreeEnvironments:
        engine, packages = self.engine, self.settings.packages
        return TreeEnvironments(
            self.project, self.trees, self.base, engine.sandboxes, self.tell, packages, engine.builds
        )

    def broker(self, processes: LocalProcesses) -> Broker:
        sandboxes = fenced(self.engine.sandboxes, self.project.owners.check)
        return make_broker(self.project.blobs.put, sandboxes, self.tell, self.settings.packages, processes)

    def notifier(self) -> FencedNotifier:
        file = self.project.layout.run(self.run.id) / "notifications.jsonl"
        return FencedNotifier(LocalNotifier(file, self.project.clock), self.project.owners.check)


def _context(seams: _Seams, spec: Spec, workflow: Workflow, key: Path | None, held: _Held) -> RunContext:
    from orchestrator.app.trust.keys import signer

    project, run, settings, base = seams.project, seams.run, seams.settings, seams.base
    return RunContext(
        run=run,
        settings=settings,
        workflow=workflow,
        policy=base.chain.current,
        spec=spec,
        profile=base.profile,
        blobs=project.blobs,
        index=project.index,
        trees=seams.trees,
        clock=project.clock,
        workers=workers(project, settings),
        signer=signer(key),
        sandboxes=seams.sandboxes,
        risks=seams.risks,
        environment=seams.environments().of,
        make_plan=lambda: plan_for(seams.trees, base, spec, workflow, target=run.target_ref, settings=settings),
        connections=load_connections(),
        broker=lambda: seams.broker(held.processes),
        budgets=held.budgets,
        run_gates=held.gates,
        open_decision=decision_opener(base),
        drifted=lambda: how_it_differs(project, run.id),
        orders=watched(project, base.chain.current),
        timers=project.timers,
        notifier=seams.notifier(),
        say=seams.say,
    )


def workers(project: Project, settings: RunSettings) -> Callable[[AgentChoice], Worker]:
    """Opens each agent of a run once."""
    given = project.blobs.get(settings.agent_input) if settings.agent_input else None

    @cache
    def opened(name: str) -> Agent:
        return open_agent(name, given)

    return lambda choice: Worker(opened(choice.agent), choice.model)


@contextmanager
def _budgets(project: Project, run: Run, settings: RunSettings) -> Iterator[Budgets]:
    tokens = sys.maxsize if settings.budget_tokens is None else settings.budget_tokens
    own = make_budgets(project.index, run.id, tokens, settings.budget_usd)
    if not settings.batch:
        yield own
        return
    from orchestrator.app.batches import book
    from orchestrator.store.budgets import SharedBudgets

    batch = book.shared(settings.batch)
    index = book.open_index(batch.id)
    try:
        yield SharedBudgets((book.budgets(index, batch), own))
    finally:
        index.close()


def plan_for(trees: Trees, base: Base, spec: Spec, workflow: Workflow, *, target: str, settings: RunSettings) -> Plan:
    """The deterministic plan; nothing runs."""
    from orchestrator.planning.planner import make_plan

    return make_plan(
        spec,
        base.profile,
        workflow,
        base.chain.current,
        base.commit,
        target,
        paths=[e.path for e in trees.entries(trees.tree_of(base.commit))],
        review=settings.review,
        models=settings.models(),
        limits=settings.limits,
    )


def process_plan_for(
    project: Project,
    spec: Spec,
    workflow: Workflow,
    settings: RunSettings,
    *,
    base: GitOid,
    target: str,
    trust: Digest | None,
) -> Plan | None:
    """What a process may do where it edits something; nothing runs. ``None`` where it edits nothing."""
    from orchestrator.planning.process import process_plan

    with open_trees(project) as trees:
        there = read_base(project, trees, base, trust)
        return process_plan(
            spec,
            there.profile,
            workflow,
            there.chain.current,
            base,
            target,
            paths=[e.path for e in trees.entries(trees.tree_of(base))],
            models=settings.models(),
            limits=settings.limits,
        )


def _declared(
    project: Project, trees: GitTrees, base: Base, say: Callable[[str], None], settings: RunSettings
) -> AbstractContextManager[Declared]:
    from orchestrator.app.gates.command_gates import open_declared

    return open_declared(
        project, trees, base, say, image=settings.image, runtime=settings.runtime, packages=settings.packages
    )


@contextmanager
def _gates(
    base: Base, declared: Mapping[str, Gate], osv: str
) -> Iterator[Callable[[Sequence[str], Candidate], tuple[GateReport, ...]]]:
    """Gates for a whole run: one scanner process serves all its steps, and ends with the context.

    What the policy demands is asked beside what a node names.
    """
    from orchestrator.gates.catalog import default_gates
    from orchestrator.gates.runner import run_gates
    from orchestrator.gates.scanners.worker import Worker

    known = Path(osv) if osv else None
    demanded = base.chain.current.required_gates
    with Worker() as worker:

        def run(names: Sequence[str], candidate: Candidate) -> tuple[GateReport, ...]:
            gates = default_gates((*names, *demanded), worker=worker, vulnerabilities=known, declared=declared)
            return run_gates(gates, candidate)

        yield run
