"""Everything that a node may use, handed in once by the composition root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from orchestrator.engine.workers import Worker
from orchestrator.models.decision import Decision
from orchestrator.models.endpoint import Connections
from orchestrator.models.event import Event
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.found import GateReport
from orchestrator.models.ids import Digest, GitOid, StepId
from orchestrator.models.plain import Stored
from orchestrator.models.plan import Plan, Step
from orchestrator.models.policy import Policy
from orchestrator.models.profile import RepositoryProfile
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.run import AgentChoice, Run, RunSettings
from orchestrator.models.spec import Requirement, Spec
from orchestrator.models.workflow import Workflow
from orchestrator.policy.halts import Signed
from orchestrator.ports import (
    Blobs,
    Broker,
    Budgets,
    Candidate,
    Clock,
    Notifier,
    Prepared,
    RunIndex,
    Sandboxes,
    Signer,
    Timers,
    Trees,
)

N = TypeVar("N", bound=Stored)


@dataclass(frozen=True, slots=True)
class RunContext:
    """One run's surroundings. ``policy`` is the one in force at the run's base commit (D11).

    ``open_decision`` verifies a decision's signature and gives the key id and
    the decision; it raises ``EvidenceInvalid`` otherwise. ``environment`` builds
    or finds what a tree's own lock files ask for (D5); a tree that changes them has
    passed the gates before it is asked for. ``workers`` opens an agent by name.
    ``connections`` are the user's endpoints, and ``broker`` the only way to them.
    ``risks`` are accepted protections that the sandbox lacks; it raises ``SandboxUnsafe`` once one's day has passed.
    ``drifted`` says in a sentence how this run differs from earlier ones of its agent, '' when it does not or nobody
    can tell. ``orders`` are the orders to stop that stand, whomever they are about. ``say`` tells
    whoever watches a sentence. ``turn`` is
    held where two steps would otherwise do the same work twice.
    """

    run: Run
    settings: RunSettings
    workflow: Workflow
    policy: Policy
    spec: Spec
    profile: RepositoryProfile
    blobs: Blobs
    index: RunIndex
    trees: Trees
    clock: Clock
    workers: Callable[[AgentChoice], Worker]
    signer: Signer
    sandboxes: Callable[[], Sandboxes]
    risks: Callable[[], tuple[AcceptedRisk, ...]]
    environment: Callable[[GitOid], Prepared | None]
    make_plan: Callable[[], Plan]
    connections: Connections
    broker: Callable[[], Broker]
    budgets: Budgets
    run_gates: Callable[[Sequence[str], Candidate], tuple[GateReport, ...]]
    open_decision: Callable[[bytes], tuple[str, Decision]]
    drifted: Callable[[], str]
    orders: Callable[[], Sequence[Signed]]
    timers: Timers
    notifier: Notifier
    say: Callable[[str], None]
    turn: Lock = field(default_factory=Lock)
    _nouns: dict[Digest, Stored] = field(default_factory=dict[Digest, Stored])

    def keep(self, noun: Stored) -> Digest:
        """Store a noun; its digest is its address."""
        return self.blobs.put(noun.to_bytes())

    def load(self, kind: type[N], digest: str) -> N:
        """A stored noun. Parsed once a process: nouns are frozen."""
        key = Digest(digest)
        found = self._nouns.get(key)
        if not isinstance(found, kind):
            found = kind.model_validate_json(self.blobs.get(key))
            self._nouns[key] = found
        return found

    def plan(self, digest: str) -> Plan:
        """The plan of the run."""
        return self.load(Plan, digest)

    def step(self, plan: str, step: str) -> Step:
        """One step of a stored plan."""
        return next(s for s in self.plan(plan).steps if s.id == step)

    def requirements(self, step: Step) -> tuple[Requirement, ...]:
        """The requirements that a step is for, in the order of the spec."""
        return tuple(r for r in self.spec.requirements if r.id in step.requirements)

    def emit(self, kind: EventKind, node: str = "", step: str | None = None, attempt: int = 0, **data: Any) -> None:  # noqa: ANN401  event data is free-form by design
        """Append an event of this run."""
        self.index.emit(
            Event(
                at=self.clock.now(),
                run=self.run.id,
                kind=kind,
                node=node,
                step=StepId(step) if step else None,
                attempt=attempt,
                data=data,
            )
        )
