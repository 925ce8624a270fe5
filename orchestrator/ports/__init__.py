"""Every seam of the house. Rooms meet here and nowhere else.

No I/O, no implementation. Dataclasses here are what passes through a seam and is
not kept; whatever is kept is a noun in :mod:`orchestrator.models`.
"""

from orchestrator.ports.agents import Agent, AgentEvent, AgentEventKind, AgentOutcome, AgentTask, Steering
from orchestrator.ports.broker import Broker, BrokerGrant, BrokerProcess, Budgets, Lease
from orchestrator.ports.execution import JobEnd, RunExecutor, RunJob
from orchestrator.ports.gates import Candidate, Gate
from orchestrator.ports.models import Answer, ModelClient, Question
from orchestrator.ports.sandbox import Environments, Execution, Prepared, Sandbox, Sandboxes, SandboxRequest
from orchestrator.ports.signing import Signer
from orchestrator.ports.storage import Blobs, Clock, Notifier, RunIndex, Timers
from orchestrator.ports.trees import (
    BlamedLine,
    BuiltTree,
    ChangeOut,
    CommitNode,
    History,
    OutMember,
    RefUpdate,
    TreeDiff,
    TreeEntry,
    Trees,
)

__all__ = [
    "Agent",
    "AgentEvent",
    "AgentEventKind",
    "AgentOutcome",
    "AgentTask",
    "Answer",
    "BlamedLine",
    "Blobs",
    "Broker",
    "BrokerGrant",
    "BrokerProcess",
    "Budgets",
    "BuiltTree",
    "Candidate",
    "ChangeOut",
    "Clock",
    "CommitNode",
    "Environments",
    "Execution",
    "Gate",
    "History",
    "JobEnd",
    "Lease",
    "ModelClient",
    "Notifier",
    "OutMember",
    "Prepared",
    "Question",
    "RefUpdate",
    "RunExecutor",
    "RunIndex",
    "RunJob",
    "Sandbox",
    "SandboxRequest",
    "Sandboxes",
    "Signer",
    "Steering",
    "Timers",
    "TreeDiff",
    "TreeEntry",
    "Trees",
]
