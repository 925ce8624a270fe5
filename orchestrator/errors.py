"""Every error that Handrail raises on purpose, and the exit code it ends with.

::

    HandrailError
    ├── UsageError               2   a wrong call, or configuration that cannot work
    │   ├── RepositoryError      2   no repository, no commit, a ref that moved
    │   ├── TrustError           2   something in the repository that nobody has trusted yet
    │   └── PlanStale            2   the plan was made for another commit or spec
    ├── SpecInvalid              6   a PRD with problems, each with its place
    ├── WorkflowInvalid          6   a workflow with problems, each with its place
    ├── PlanInvalid              6   a plan that breaks a rule of planning
    ├── AgentFailed              1   the agent ended without a usable result
    ├── GateRefused              3   gates or acceptance said no, attempts used up
    ├── GateBroken               1   a gate could not do its work: never a pass
    ├── IntegrationConflict      1   a change does not apply on the present tip
    ├── AwaitingPerson           4   state is saved, a person is asked
    ├── Rejected                 5   a person said no
    ├── LimitReached             7   a budget or time limit
    ├── SandboxUnavailable       8   no engine, no image, too old
    │   └── SandboxUnsafe        8   a protection that does not hold here
    ├── EvidenceInvalid          9   evidence that does not verify
    ├── StoreError               1   the store cannot be read or written; the run can be resumed
    │   └── RunBusy              1   another live process is advancing this run
    └── Interrupted            130   Ctrl-C or SIGTERM

Each carries a stable ``code`` (``FAMILY`` and three digits), a plain sentence and a hint.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum

__all__ = [
    "AgentFailed",
    "AwaitingPerson",
    "EvidenceInvalid",
    "ExitCode",
    "GateBroken",
    "GateRefused",
    "HandrailError",
    "IntegrationConflict",
    "Interrupted",
    "LimitReached",
    "PlanInvalid",
    "PlanStale",
    "Rejected",
    "RepositoryError",
    "RunBusy",
    "SandboxUnavailable",
    "SandboxUnsafe",
    "SpecInvalid",
    "StoreError",
    "TrustError",
    "UsageError",
    "WorkflowInvalid",
]


class ExitCode(IntEnum):
    """What the ``handrail`` process returns. A published contract."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    GATE_REFUSED = 3
    WAITING = 4
    REJECTED = 5
    INVALID = 6
    LIMIT = 7
    SANDBOX = 8
    EVIDENCE = 9
    INTERRUPTED = 130


class HandrailError(Exception):
    """Base of all. ``details`` are further lines for people, one per problem."""

    exit_code: ExitCode = ExitCode.FAILED

    def __init__(self, code: str, message: str, hint: str = "", details: Sequence[str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
        self.details = tuple(details)

    def __str__(self) -> str:
        """``CODE message Try: hint``, the form in which every error is printed."""
        return f"{self.code} {self.message}" + (f" Try: {self.hint}" if self.hint else "")


class UsageError(HandrailError):
    exit_code = ExitCode.USAGE


class RepositoryError(UsageError):
    pass


class TrustError(UsageError):
    pass


class PlanStale(UsageError):
    pass


class SpecInvalid(HandrailError):
    exit_code = ExitCode.INVALID


class WorkflowInvalid(HandrailError):
    exit_code = ExitCode.INVALID


class PlanInvalid(HandrailError):
    exit_code = ExitCode.INVALID


class AgentFailed(HandrailError):
    pass


class GateRefused(HandrailError):
    exit_code = ExitCode.GATE_REFUSED


class GateBroken(HandrailError):
    pass


class IntegrationConflict(HandrailError):
    pass


class AwaitingPerson(HandrailError):
    exit_code = ExitCode.WAITING


class Rejected(HandrailError):
    exit_code = ExitCode.REJECTED


class LimitReached(HandrailError):
    exit_code = ExitCode.LIMIT


class SandboxUnavailable(HandrailError):
    exit_code = ExitCode.SANDBOX


class SandboxUnsafe(SandboxUnavailable):
    pass


class EvidenceInvalid(HandrailError):
    exit_code = ExitCode.EVIDENCE


class StoreError(HandrailError):
    pass


class RunBusy(StoreError):
    pass


class Interrupted(HandrailError):
    exit_code = ExitCode.INTERRUPTED
