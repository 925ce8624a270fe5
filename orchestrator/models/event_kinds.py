"""What each kind of event says, in which shape: digests, counts and names. Texts are blobs behind a digest (D13)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from orchestrator.models.base import Noun
from orchestrator.models.found import Result
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.observed import Cause, Folder, Program, Way
from orchestrator.models.risk import AcceptedRisk
from orchestrator.models.traffic import TrafficKind
from orchestrator.models.usage import Peaks

Stored = Annotated[Digest, StringConstraints(pattern=r"^sha256:[0-9a-f]{64}$")]
"""Where a text or a noun lies; a text itself would not pass."""
Commit = Annotated[GitOid, StringConstraints(pattern=r"^[0-9a-f]{40}([0-9a-f]{24})?$")]


class EventKind(StrEnum):
    """Closed: an event of another kind is none. ``agent-…`` are the agent's own words, all else the host saw itself."""

    PLANNED = "planned"
    TRANSITION = "transition"
    VIOLATION = "violation"
    ENVIRONMENT = "environment"
    BASE_FAILS = "base-fails"
    AGENT_PROMPT = "agent-prompt"
    AGENT_STARTED = "agent-started"
    AGENT_MESSAGE = "agent-message"
    AGENT_TOOL_CALL = "agent-tool-call"
    AGENT_COMMAND = "agent-command"
    AGENT_FILE_WRITTEN = "agent-file-written"
    AGENT_PERMISSION = "agent-permission"
    AGENT_USAGE = "agent-usage"
    AGENT_FAILED = "agent-failed"
    AGENT_FINISHED = "agent-finished"
    AGENT_HIDDEN = "agent-hidden"
    STEERED = "steered"
    PAUSED = "paused"
    RISK_ACCEPTED = "risk-accepted"
    EXCHANGE = "exchange"
    PROGRAM_SEEN = "program-seen"
    EXECUTED = "executed"
    OBSERVED = "observed"
    GRANT_EXCEEDED = "grant-exceeded"
    SANDBOX_DENIED = "sandbox-denied"
    BUDGET_WARNING = "budget-warning"
    PROPOSED = "proposed"
    GATED = "gated"
    ACCEPTED = "accepted"
    STEP_RETRY = "step-retry"
    STEP_STACKED = "step-stacked"
    STEP_MERGED = "step-merged"
    STEP_REFUSED = "step-refused"
    STEP_REJECTED = "step-rejected"
    STEP_LIMIT = "step-limit"
    STEP_BLOCKED = "step-blocked"
    COMMAND = "command"
    EFFECT = "effect"
    EFFECT_UNKNOWN = "effect-unknown"
    EFFECT_TRAFFIC = "effect-traffic"
    EFFECT_TRIED = "effect-tried"
    NOTIFIED = "notified"
    ENDED = "ended"


class Planned(Noun):
    """``plan`` is the plan that was stored."""

    plan: Stored
    steps: int = Field(ge=0)


class Transition(Noun):
    """The node that ended before ('' at the start) and how; the event's ``node`` is the one that begins."""

    before: str
    outcome: str


class Violation(Noun):
    """What must not have happened, with the code of the property of the workflow."""

    code: str
    text: str


class Words(Noun):
    """``words`` is a stored sentence of ours."""

    words: Stored


class Steered(Noun):
    """``text`` is the stored word of a person to the agent."""

    text: Stored


class Nothing(Noun):
    """The kind says it all."""


class Ran(Noun):
    """A command of ours: its exit code and stored output, or ``why`` it did not end."""

    exit_code: int | None = None
    output: Stored | None = None
    why: str = ""


class Prompt(Noun):
    """``prompt`` is the stored text, ``template`` what it was made from; ``policy`` is the one in force.

    ``template_digest`` is of the template's own text. Both digests are ``None`` in records from before they were kept.
    """

    prompt: Stored
    template: str
    template_digest: Stored | None = None
    policy: Stored | None = None


Said = bool | int | str | tuple[str, ...]


class AgentSaid(Noun):
    """The agent's own account, of any type that its driver let pass: nothing is decided by it."""

    path: Said | None = None
    bytes: Said | None = None
    argv: Said | None = None
    exit_code: Said | None = None
    done: Said | None = None
    failed: Said | None = None
    denied: Said | None = None
    deleted: Said | None = None
    command: Said | None = None
    tool: Said | None = None
    dropped: Said | None = None
    input_tokens: Said | None = None
    output_tokens: Said | None = None
    cached_tokens: Said | None = None
    turn: Said | None = None
    turns: Said | None = None
    code: Said | None = None
    steered: Said | None = None
    granted: Said | None = None


class Hidden(Noun):
    """``paths`` is the stored list, a path a line."""

    count: int = Field(ge=1)
    paths: Stored


class Denied(Noun):
    """``denials`` is the stored list, a sentence a line."""

    count: int = Field(ge=1)
    denials: Stored


class Exchanged(Noun):
    """One request through the broker: ``traffic`` is what it was for, all else as in the record of the attempt."""

    traffic: TrafficKind
    endpoint: str = ""
    method: str = ""
    host: str = ""
    port: int = 0
    status: int = 0
    model: str = ""
    request: Stored | None = None
    response: Stored | None = None
    tokens: int = 0
    cost_usd: float | None = None
    bytes_out: int = 0
    bytes_in: int = 0
    duration_ms: int = 0
    code: str = ""
    reason: str = ""


class Executed(Noun):
    """A command that the host started inside, as :class:`~orchestrator.models.observed.Ran`."""

    argv: tuple[str, ...]
    exit_code: int
    cause: Cause
    seconds: float
    truncated: bool


class Observed(Noun):
    """``account`` is the stored :class:`~orchestrator.models.observed.Account` of the attempt; its sums stand here."""

    account: Stored
    ways: tuple[Way, ...]
    programs: int = Field(ge=0)
    seen: int = Field(ge=0)
    created: int | None = None
    dropped: int = Field(ge=0)
    lost: bool
    out_of_memory: bool
    peaks: Peaks
    read: dict[str, Folder]
    written: dict[str, Folder]
    left: dict[str, Folder]


class Exceeded(Noun):
    """What was done beyond the grant: ``field`` of the grant, a stable code and one sentence."""

    code: str
    field: str
    text: str


class BudgetWarning(Noun):
    """``budget`` names it in words; what was used of it by then."""

    budget: str
    tokens: int | None = None
    usd: float | None = None
    wall_seconds: float | None = None


class Proposed(Noun):
    """``proposal`` is the stored outcome of the attempt."""

    proposal: Stored


class Gated(Noun):
    """``reports`` are the stored reports, one a gate."""

    result: Result
    reports: tuple[Stored, ...]


class Accepted(Noun):
    """``report`` is the stored account of the acceptance commands."""

    result: Result
    report: Stored


class StepEnded(Noun):
    """``feedback`` is the stored text that goes back to the agent, ``commit`` what was made of the change."""

    feedback: Stored | None = None
    commit: Commit | None = None


class EffectTraffic(Noun):
    """``traffic`` is the stored record of what a command with effects asked for."""

    traffic: Stored
    requests: int = Field(ge=0)


class Notified(Noun):
    """``outcome`` is sent or unsent, and ``why`` it could not be sent."""

    outcome: str
    channel: str
    why: str = ""


class Ended(Noun):
    """``exit`` is the exit code that the workflow names."""

    exit: int


_OURS = {EventKind.AGENT_PROMPT, EventKind.AGENT_HIDDEN}
_SAID = frozenset(kind for kind in EventKind if kind.startswith("agent-")) - _OURS


class Teller(StrEnum):
    """Whose word an event is."""

    HOST = "host"
    AGENT = "agent"


def teller(kind: EventKind) -> Teller:
    """Whether the host saw it itself, or passes on what the agent says."""
    return Teller.AGENT if kind in _SAID else Teller.HOST


DATA: Mapping[EventKind, type[Noun]] = {
    EventKind.PLANNED: Planned,
    EventKind.TRANSITION: Transition,
    EventKind.VIOLATION: Violation,
    EventKind.ENVIRONMENT: Words,
    EventKind.BASE_FAILS: Ran,
    EventKind.AGENT_PROMPT: Prompt,
    EventKind.AGENT_HIDDEN: Hidden,
    EventKind.STEERED: Steered,
    EventKind.PAUSED: Nothing,
    EventKind.RISK_ACCEPTED: AcceptedRisk,
    EventKind.EXCHANGE: Exchanged,
    EventKind.PROGRAM_SEEN: Program,
    EventKind.EXECUTED: Executed,
    EventKind.OBSERVED: Observed,
    EventKind.GRANT_EXCEEDED: Exceeded,
    EventKind.SANDBOX_DENIED: Denied,
    EventKind.BUDGET_WARNING: BudgetWarning,
    EventKind.PROPOSED: Proposed,
    EventKind.GATED: Gated,
    EventKind.ACCEPTED: Accepted,
    EventKind.COMMAND: Ran,
    EventKind.EFFECT: Ran,
    EventKind.EFFECT_UNKNOWN: Ran,
    EventKind.EFFECT_TRAFFIC: EffectTraffic,
    EventKind.EFFECT_TRIED: Ran,
    EventKind.NOTIFIED: Notified,
    EventKind.ENDED: Ended,
    **dict.fromkeys(_SAID, AgentSaid),
    **{kind: StepEnded for kind in EventKind if kind.startswith("step-")},
}
"""The shape of ``data`` by kind; every kind has one."""
