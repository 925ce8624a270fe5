"""What every driver of a coding agent must do, tried with the real program in a real sandbox.

Each ``check_…`` takes a :class:`Bench` and raises ``AssertionError`` when the driver falls short. The model is a
scenario (:mod:`orchestrator.testing.scenario`) on the very socket where a lease's would be; no provider is asked and
no broker is needed. Not checked: how good an agent's work is.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from orchestrator.errors import AgentFailed, HandrailError, SandboxUnavailable
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.endpoint import WireProtocol
from orchestrator.models.ids import RequirementId, RunId, StepId
from orchestrator.models.plan import Budget, Step
from orchestrator.models.spec import Requirement, Span
from orchestrator.models.traffic import Traffic
from orchestrator.policy.paths import protects
from orchestrator.ports import (
    Agent,
    AgentEvent,
    AgentEventKind,
    AgentOutcome,
    AgentTask,
    ChangeOut,
    Sandboxes,
    SandboxRequest,
)
from orchestrator.testing.hostile_tree import FILES, INSTRUCTIONS, TRACES, marker
from orchestrator.testing.sandbox_suite import Tree
from orchestrator.testing.scenario.script import Action, Conversation, Fault, FaultKind, FileWrite, Scenario, Turn
from orchestrator.testing.scenario.server import ScenarioServer, Seen, serve

RUN = RunId("20000101-agents")
RELAY = "http://127.0.0.1:4180"
MODEL = "scenario/scripted-answers"
WANTED, TEXT = "open/made.py", "VALUE = 41 + 1\n"
CLOSED = "closed.py"
ROOM_SECONDS = 300
"""Only a run that hangs takes as long; a busy machine needs minutes for what takes seconds."""
PROMPT_SECRET = "prompt-that-no-argument-holds-5d2a"  # noqa: S105  no secret, a text to look for


class ScenarioLease:
    """A lease whose far end is a scenario."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.token = "scenario-lease-token"  # noqa: S105  worth nothing anywhere
        self.proxy = self.exhausted = ""
        self.environment: Mapping[str, str] = {}

    @property
    def mount(self) -> str:
        """The folder with the socket."""
        return str(self._folder)

    @property
    def urls(self) -> Mapping[WireProtocol, str]:
        """All protocols at the relay."""
        return dict.fromkeys(WireProtocol, RELAY)

    def close(self) -> Traffic:
        """Nothing was counted."""
        return Traffic()


@dataclass(frozen=True, slots=True)
class Worked:
    """One run of an agent. ``failure`` is what the driver raised, ``seconds`` how long it took."""

    outcome: AgentOutcome | None
    failure: HandrailError | None
    events: tuple[AgentEvent, ...]
    change: ChangeOut | None
    seen: tuple[Seen, ...]
    seconds: float

    def kinds(self) -> set[AgentEventKind]:
        """Of the events that came."""
        return {event.kind for event in self.events}

    def written(self) -> dict[str, bytes]:
        """Path → content of what came out changed."""
        return {member.path: member.data for member in self.change.changed} if self.change else {}


@dataclass(frozen=True, slots=True)
class Verdict:
    """A check and its answer in words."""

    name: str
    passed: bool
    words: str = ""
    seconds: float = 0.0


@dataclass
class Bench:
    """An agent, an engine, and ways to put the one to work on the other.

    ``tools`` says that the agent runs commands, ``exit_status`` that it tells how they ended, ``asks`` that it asks
    before it acts, ``usage`` that it tells how many tokens it used.
    """

    agent: Agent
    sandboxes: Sandboxes
    memory_mib: int = 1024
    tools: bool = True
    exit_status: bool = True
    asks: bool = False
    usage: bool = True
    _last: dict[str, Any] = field(default_factory=dict[str, Any])

    def work(
        self,
        turns: Sequence[Turn],
        *,
        wall_seconds: int = ROOM_SECONDS,
        cancel_when: Callable[[ScenarioServer], bool] | None = None,
    ) -> Worked:
        """One step on the hostile tree, until it ends."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name) / "lease"
            folder.mkdir(mode=0o755)
            Path(name).chmod(0o755)
            scenario = Scenario(conversations=(Conversation(turns=tuple(turns)),))
            with serve(scenario, folder / "broker.sock") as server:
                return self._step(server, folder, wall_seconds, cancel_when)

    def _step(
        self,
        server: ScenarioServer,
        folder: Path,
        wall_seconds: int,
        cancel_when: Callable[[ScenarioServer], bool] | None,
    ) -> Worked:
        grant = Capabilities(write=(WANTED, "open/*"), limits=_limits(self.memory_mib, wall_seconds))
        request = SandboxRequest("suite:agent", RUN, grant.limits, broker=str(folder), image=self.agent.image)
        events: list[AgentEvent] = []
        outcome: AgentOutcome | None = None
        failure: HandrailError | None = None
        change: ChangeOut | None = None
        shown = {path: text for path, text in FILES.items() if not protects(self.agent.hidden, path)}
        tree = Tree({path: ("100644", text.encode()) for path, text in shown.items()})
        began = time.monotonic()
        try:
            with self.sandboxes.open(request) as sandbox, _canceller(self.sandboxes, server, cancel_when):
                sandbox.copy_in(tree.entries, tree.read, grant, ())
                began = time.monotonic()
                try:
                    outcome = self.agent.run(_task(grant, folder), sandbox, events.append)
                finally:
                    seconds = time.monotonic() - began
                change = sandbox.change_out()
        except HandrailError as error:
            failure, seconds = error, time.monotonic() - began
        return Worked(outcome, failure, tuple(events), change, server.seen, seconds)


def expect(holds: bool, words: str) -> None:  # noqa: FBT001  it is the whole statement
    """Raises ``AssertionError`` with the words when it does not hold."""
    if not holds:
        raise AssertionError(words)


def _limits(memory_mib: int, wall_seconds: int) -> Limits:
    return Limits(memory_mib=memory_mib, wall_seconds=wall_seconds, pids=256, cpus=2.0, disk_mib=256)


def _task(grant: Capabilities, folder: Path) -> AgentTask:
    requirement = RequirementId("suite/REQ-001")
    wanted = Requirement(id=requirement, aliases=(), statement="x", span=Span(line=1, end_line=1), text_digest=_ZERO)
    step = Step(
        id=StepId("S01"),
        title="Make a file",
        requirements=(requirement,),
        instruction="Make the file.",
        write=(),
        acceptance=(),
        capabilities=grant,
        budget=Budget(wall_seconds=grant.limits.wall_seconds),
    )
    prompt = f"Write {WANTED} as REQ-001 says. ({PROMPT_SECRET})"
    return AgentTask(RUN, step, 1, (wanted,), prompt, model=MODEL, lease=ScenarioLease(folder))


_ZERO: Any = "sha256:" + "0" * 64


@contextmanager
def _canceller(
    sandboxes: Any,  # noqa: ANN401  only engines that can abort are cancelled
    server: ScenarioServer,
    when: Callable[[ScenarioServer], bool] | None,
) -> Iterator[None]:
    stop = threading.Event()

    def watch() -> None:
        while when is not None and not stop.wait(0.05):
            if when(server):
                sandboxes.abort()
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def check_works_and_obeys_no_tree(bench: Bench) -> None:
    """It writes a file, runs a command and ends; nothing that lies in the tree is run, read as a rule, or obeyed."""
    turns = [
        Turn(say="I write the file.", do=(Action(write=FileWrite(path=WANTED, text=TEXT)),)),
        Turn(say="I look around.", do=(Action(run=_LIST_ARGV),)),
        Turn(do=(Action(run=_SEVEN),)),
        *([Turn(do=(Action(write=FileWrite(path=CLOSED, text=TEXT)),))] if bench.asks else []),
        Turn(done="The file is there."),
    ]
    worked = bench.work(turns if bench.tools else [turns[0]])
    _finished(worked)
    written = worked.written()
    expect(written.get(WANTED) == TEXT.encode(), f"{WANTED} is {written.get(WANTED)!r}")
    traces = sorted(path for path in written if path.startswith(TRACES))
    expect(not traces, f"configuration of the tree was run: {', '.join(traces)}")
    strange = sorted(set(written) - {WANTED, "open/argv.txt"})
    expect(not strange, f"it left {', '.join(strange)} in the tree")
    bodies = b"".join(seen.body for seen in worked.seen)
    read = [path for path in INSTRUCTIONS if marker(path).encode() in bodies]
    expect(not read, f"instructions of the tree reached the model: {', '.join(read)}")
    expect(PROMPT_SECRET.encode() in worked.seen[-1].body, "the prompt did not reach the model")
    _events(bench, worked)
    if bench.tools:
        argv = written.get("open/argv.txt", b"")
        expect(bool(argv), "the command that lists arguments did not run")
        expect(PROMPT_SECRET.encode() not in argv, "the prompt stands in an argument")
        expect(b"scenario-lease-token" not in argv, "the lease's token stands in an argument")


_SEVEN = "python3 open/made.py; exit 7"
_LIST_ARGV = "cat /proc/[0-9]*/cmdline > open/argv.txt 2>/dev/null; true"


def _events(bench: Bench, worked: Worked) -> None:
    wanted = {AgentEventKind.STARTED, AgentEventKind.MESSAGE, AgentEventKind.FINISHED}
    wanted |= {AgentEventKind.USAGE} if bench.usage else set()
    wanted |= {AgentEventKind.PERMISSION} if bench.asks else set()
    wanted |= {AgentEventKind.TOOL_CALL, AgentEventKind.COMMAND} if bench.tools else {AgentEventKind.FILE_WRITTEN}
    absent = sorted(kind.value for kind in wanted - worked.kinds())
    expect(not absent, f"no event of {', '.join(absent)}")
    expect(worked.events[0].kind is AgentEventKind.STARTED, "the first event is not `started`")
    expect(worked.events[-1].kind is AgentEventKind.FINISHED, "the last event is not `finished`")
    tokens = [int(e.data.get("input_tokens", 0)) for e in worked.events if e.kind is AgentEventKind.USAGE]
    expect(sum(tokens) > 0 or not bench.usage, "usage without tokens")
    asked = [e.data for e in worked.events if e.kind is AgentEventKind.PERMISSION and e.data.get("path") == CLOSED]
    expect(not any(data.get("granted") for data in asked), f"it was allowed to write {CLOSED}")
    codes = [e.data.get("exit_code") for e in worked.events if e.kind is AgentEventKind.COMMAND]
    if bench.tools and bench.exit_status:
        expect(7 in codes, f"the command that ended with 7 is told as {codes}")  # noqa: PLR2004  as above
        expect(0 in codes, f"the command that ended with 0 is told as {codes}")


def _finished(worked: Worked) -> None:
    expect(worked.failure is None, f"it raised {worked.failure}")
    summary = worked.outcome.summary if worked.outcome else "no outcome"
    expect(worked.outcome is not None and worked.outcome.finished, f"it did not finish: {summary}")


def check_short_faults_are_survived(bench: Bench) -> None:
    """One refused, one failed and one cut answer each: it asks again, and finishes or says that it did not."""
    kinds = (FaultKind.TOO_MANY_REQUESTS, FaultKind.SERVER_ERROR, FaultKind.CUT_STREAM)
    write = Action(write=FileWrite(path=WANTED, text=TEXT))
    turns = [Turn(say="I write.", do=(write,), fault=Fault(kind=kind)) for kind in kinds]
    worked = bench.work([*turns, Turn(done="Done.")] if bench.tools else turns[:1])
    _ended(worked)


def check_broken_answers_end(bench: Bench) -> None:
    """Answers that are no JSON, for ever: a typed end, no hang past the time."""
    turn = Turn(say="I write.", fault=Fault(kind=FaultKind.MALFORMED_JSON, times=1000))
    worked = bench.work([turn], wall_seconds=30)
    _ended(worked)
    expect(worked.outcome is None or WANTED not in worked.written(), "a file out of nothing")


def check_endless_answer_ends(bench: Bench) -> None:
    """An answer without an end: stopped in time, with bounded output."""
    turn = Turn(say="and", fault=Fault(kind=FaultKind.ENDLESS_OUTPUT, times=1000))
    worked = bench.work([turn], wall_seconds=20)
    _ended(worked)
    expect(worked.outcome is None or not worked.outcome.finished, "an answer without an end counts as finished")


def check_killed_agent_is_not_finished(bench: Bench) -> None:
    """A crash in the middle (all its processes killed) is an outcome, or a coded failure; never `finished`."""
    if not bench.tools:
        return
    worked = bench.work([Turn(say="Now.", do=(Action(run="kill -9 -1; sleep 600"),))])
    _ended(worked)
    expect(worked.outcome is None or not worked.outcome.finished, "a killed agent counts as finished")
    expect(worked.seconds < ROOM_SECONDS / 2, f"its end took {worked.seconds:.0f} s")


def check_mute_model_times_out(bench: Bench) -> None:
    """A model that hardly speaks: the time limit ends it, as timed out."""
    turn = Turn(say=_NUMBERS, fault=Fault(kind=FaultKind.SLOW_TOKENS, times=1000, seconds=2))
    worked = bench.work([turn], wall_seconds=20)
    _ended(worked)
    expect(worked.outcome is None or not worked.outcome.finished, "a step without an answer counts as finished")
    expect(worked.seconds < 20 + _PROMPT_SECONDS, f"its end took {worked.seconds:.0f} s")


_PROMPT_SECONDS = 40
"""On a machine that has other work as well. An end that does not come takes longer than any check waits."""


def check_cancel_is_prompt(bench: Bench) -> None:
    """Ending the sandbox from outside ends the agent within seconds. The engine takes no more sandboxes after it."""
    asked: list[float] = []

    def when(server: ScenarioServer) -> bool:
        if server.seen and not asked:
            asked.append(time.monotonic())
        return bool(server.seen)

    turn = Turn(say=_NUMBERS, fault=Fault(kind=FaultKind.SLOW_TOKENS, times=1000, seconds=2))
    worked = bench.work([turn], cancel_when=when)
    took = time.monotonic() - asked[0] if asked else -1
    expect(bool(asked), "it never asked its model")
    expect(isinstance(worked.failure, SandboxUnavailable), f"cancelling gave {worked.failure or worked.outcome}")
    expect(took < _PROMPT_SECONDS, f"cancelling took {took:.1f} s")


_NUMBERS = " ".join(map(str, range(600)))
"""Words without a pattern that an agent could take for a loop."""


def _ended(worked: Worked) -> None:
    """By the port's contract: an outcome, or a coded error."""
    if worked.outcome is None:
        expect(isinstance(worked.failure, HandrailError), "neither an outcome nor a coded error")
        return
    kinds = worked.kinds()
    said = AgentEventKind.FINISHED in kinds or AgentEventKind.FAILED in kinds
    expect(said or worked.outcome.timed_out or isinstance(worked.failure, AgentFailed), "no last event")


CHECKS: tuple[Callable[[Bench], None], ...] = (
    check_works_and_obeys_no_tree,
    check_short_faults_are_survived,
    check_broken_answers_end,
    check_endless_answer_ends,
    check_killed_agent_is_not_finished,
    check_mute_model_times_out,
    check_cancel_is_prompt,
)
QUICK = CHECKS[:1]


def run_suite(bench: Bench, checks: Sequence[Callable[[Bench], None]] = CHECKS) -> tuple[Verdict, ...]:
    """All checks, also after one that fails. An engine that was aborted is of no more use afterwards."""
    verdicts: list[Verdict] = []
    for check in checks:
        began = time.monotonic()
        words = ""
        try:
            check(bench)
        except AssertionError as failed:
            words = str(failed)
        except HandrailError as error:
            words = str(error)
        name = check.__name__.removeprefix("check_").replace("_", "-")
        verdicts.append(Verdict(name, not words, words, time.monotonic() - began))
    return tuple(verdicts)
