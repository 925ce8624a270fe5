"""Every seam of the house. Rooms meet here and nowhere else.

No I/O, no implementation. Dataclasses and named tuples here are what passes through a seam and is
not kept; whatever is kept is a noun in :mod:`orchestrator.models`. A seam is loaded when it is first
named: who judges a change does not pay for agents and sandboxes.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
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

_HOMES = {
    "Agent": "agents",
    "AgentEvent": "agents",
    "AgentEventKind": "agents",
    "AgentOutcome": "agents",
    "AgentTask": "agents",
    "Answer": "models",
    "BlamedLine": "trees",
    "Blobs": "storage",
    "Broker": "broker",
    "BrokerGrant": "broker",
    "BrokerProcess": "broker",
    "Budgets": "broker",
    "BuiltTree": "trees",
    "Candidate": "gates",
    "ChangeOut": "trees",
    "Clock": "storage",
    "CommitNode": "trees",
    "Environments": "sandbox",
    "Execution": "sandbox",
    "Gate": "gates",
    "History": "trees",
    "JobEnd": "execution",
    "Lease": "broker",
    "ModelClient": "models",
    "Notifier": "storage",
    "OutMember": "trees",
    "Prepared": "sandbox",
    "Question": "models",
    "RefUpdate": "trees",
    "RunExecutor": "execution",
    "RunIndex": "storage",
    "RunJob": "execution",
    "Sandbox": "sandbox",
    "SandboxRequest": "sandbox",
    "Sandboxes": "sandbox",
    "Signer": "signing",
    "Steering": "agents",
    "Timers": "storage",
    "TreeDiff": "trees",
    "TreeEntry": "trees",
    "Trees": "trees",
}
"""Name → module of this package in which it stands."""


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any of the names above
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
