"""One agent on one scenario, once: its own sandbox, its own lease, what it did, and whether that is as expected."""

from __future__ import annotations

import hashlib
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from orchestrator.app.models.brokering import make_broker, make_budgets
from orchestrator.app.models.connections import Chosen
from orchestrator.app.trials.loading import Loaded
from orchestrator.errors import HandrailError
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.models.ids import GitOid, RequirementId, RunId, StepId, sha256
from orchestrator.models.observed import Account, Program
from orchestrator.models.plan import Budget, Source, SourceKind, Step, WritePath
from orchestrator.models.spec import Requirement, Span
from orchestrator.models.traffic import Exchange
from orchestrator.models.trial import Tried
from orchestrator.policy import violations
from orchestrator.policy.paths import covers, deny_hidden, deny_write
from orchestrator.policy.trajectory import Happened, Trajectory, broken
from orchestrator.ports import (
    Agent,
    AgentEvent,
    AgentOutcome,
    AgentTask,
    BrokerGrant,
    ChangeOut,
    Lease,
    Sandbox,
    SandboxRequest,
    TreeEntry,
)
from orchestrator.render.prompts import step_prompt

if TYPE_CHECKING:
    from orchestrator.sandbox.docker_engine import DockerSandboxes

RUN = RunId("20000101-trials")
_TOKENS = 2_000_000
_ALL = Capabilities(write=("**",))


@dataclass
class Trial:
    """An agent on an engine. ``chosen`` is the model of one that asks any."""

    agent: Agent
    sandboxes: DockerSandboxes
    limits: Limits
    chosen: Chosen | None = None

    def run(self, loaded: Loaded) -> Tried:
        """Whatever the agent does is a result; only an engine or a broker that is not there is an error."""
        began = time.monotonic()
        seen = _Seen(self._grant(loaded), self.agent.own_hosts)
        with self._leased(loaded, seen) as lease:
            change, failure = self._worked(loaded, seen, lease)
        files = {path: data for path, (_, data) in loaded.files.items()}
        changed = self._changed(loaded, change) if change else {}
        passed = {argv: self._passes(loaded, argv, changed) for argv in _commands(loaded)} if change else {}
        text, said = seen.outcome, tuple(seen.said)
        told = "\n".join([*said, text.summary, text.transcript.decode(errors="replace")] if text else said)
        differs = {path: data for path, data in changed.items() if files.get(path) != data}
        trajectory = Trajectory(
            changed=differs,
            programs=frozenset(seen.account.names()),
            moments=tuple(seen.moments),
            told=told,
            hosts=frozenset(seen.hosts),
            exceeded=tuple(v.code for v in seen.exceeded),
            passed=passed,
            failure=failure,
        )
        return Tried(scenario=loaded.id, broken=broken(loaded.scenario, trajectory), seconds=_since(began))

    def _grant(self, loaded: Loaded) -> Capabilities:
        asked = loaded.scenario
        limits = self.limits.model_copy(update={"wall_seconds": asked.wall_seconds})
        models = (self.chosen.name,) if self.chosen else ()
        return Capabilities(write=asked.write, refused=asked.refused, egress=asked.egress, models=models, limits=limits)

    @contextmanager
    def _leased(self, loaded: Loaded, seen: _Seen) -> Iterator[Lease | None]:
        if self.chosen is None:
            yield None
            return
        from orchestrator.store.index import SqliteIndex

        with tempfile.TemporaryDirectory(prefix="handrail-trial-") as folder:
            index = SqliteIndex(Path(folder) / "runs.db")
            try:
                grant = BrokerGrant(
                    key=f"{RUN}:{loaded.id}",
                    run=RUN,
                    endpoints=(self.chosen.endpoint,),
                    models=(self.chosen.name,),
                    egress=loaded.scenario.egress,
                    egress_kib=1024,
                    tokens=_TOKENS,
                )
                broker = make_broker(sha256, lambda: self.sandboxes)
                with broker.open(grant, make_budgets(index, RUN, _TOKENS), seen.exchange) as lease:
                    yield lease
            finally:
                index.close()

    def _worked(self, loaded: Loaded, seen: _Seen, lease: Lease | None) -> tuple[ChangeOut | None, str]:
        entries, blobs = _tree(loaded.files)
        shown = [e for e in entries if deny_hidden(self.agent.hidden, e.path) is None]
        request = SandboxRequest(f"{RUN}:{loaded.id}", RUN, seen.grant.limits, image=self.agent.image, watched=True)
        request = replace(request, broker=lease.mount if lease else None)
        change: ChangeOut | None = None
        try:
            with self.sandboxes.open(request) as box:
                seen.box = box
                box.watch(seen.program)
                box.copy_in(shown, lambda oids: (blobs[oid] for oid in oids), seen.grant, self.agent.hidden)
                try:
                    outcome = self.agent.run(self._task(loaded, seen.grant, lease), box, seen.event)
                    seen.outcome = outcome
                    change = box.change_out()
                finally:
                    seen.account = box.observed()
        except HandrailError as error:
            if seen.exceeded:
                return None, seen.exceeded[0].text
            if error.code.startswith(("SBX00", "BRK00", "IMG")) and not seen.began:
                raise
            return None, str(error)
        return change, "its time was over" if outcome.timed_out else ""

    def _task(self, loaded: Loaded, grant: Capabilities, lease: Lease | None) -> AgentTask:
        what = RequirementId(f"scenario/{loaded.id}")
        digest = sha256(loaded.scenario.task.encode())
        span = Span(line=1, end_line=1)
        wanted = Requirement(id=what, aliases=(), statement=loaded.scenario.task, span=span, text_digest=digest)
        source = Source(kind=SourceKind.SPEC, place=f"{loaded.id}/scenario.yaml")
        step = Step(
            id=StepId("S01"),
            title=loaded.scenario.title,
            requirements=(what,),
            instruction=loaded.scenario.task,
            write=tuple(WritePath(glob=glob, source=source) for glob in loaded.scenario.write),
            acceptance=(),
            capabilities=grant,
            budget=Budget(attempts=1, wall_seconds=grant.limits.wall_seconds),
        )
        prompt = step_prompt(step, (wanted,), (), ())
        return AgentTask(RUN, step, 1, (wanted,), prompt, model=self.chosen.name if self.chosen else "", lease=lease)

    def _changed(self, loaded: Loaded, out: ChangeOut) -> dict[str, bytes | None]:
        """What of it is granted, as a run would take it."""
        gone = [p for p in loaded.files if p not in out.present and not covers(self.agent.hidden, p)]
        found: dict[str, bytes | None] = {member.path: member.data for member in out.changed} | dict.fromkeys(gone)
        grant = self._grant(loaded)
        return {path: data for path, data in found.items() if deny_write(grant, self.agent.hidden, path) is None}

    def _passes(self, loaded: Loaded, argv: tuple[str, ...], changed: dict[str, bytes | None]) -> bool:
        files = dict(loaded.files)
        for path, data in changed.items():
            if data is None:
                files.pop(path, None)
            else:
                files[path] = (files.get(path, ("100644", b""))[0], data)
        entries, blobs = _tree(files)
        request = SandboxRequest(f"{RUN}:{loaded.id}:passes", RUN, self.limits, open_tree=True)
        with self.sandboxes.open(request) as box:
            box.copy_in(entries, lambda oids: (blobs[oid] for oid in oids), _ALL, ())
            return box.execute(argv, timeout_seconds=120).exit_code == 0


@dataclass
class _Seen:
    """What is collected while the agent works, from several threads."""

    grant: Capabilities
    own_hosts: tuple[str, ...] = ()
    moments: list[Happened] = field(default_factory=list[Happened])
    said: list[str] = field(default_factory=list[str])
    hosts: set[str] = field(default_factory=set[str])
    exceeded: list[violations.Violation] = field(default_factory=list[violations.Violation])
    account: Account = field(default_factory=Account)
    outcome: AgentOutcome | None = None
    box: Sandbox | None = None
    began: bool = False
    turn: threading.Lock = field(default_factory=threading.Lock)

    def event(self, event: AgentEvent) -> None:
        self.began = True
        path, argv = event.data.get("path"), cast("object", event.data.get("argv"))
        self.said.append(event.text)
        if event.kind == "file-written" and isinstance(path, str):
            self._add(Happened(path=path.removeprefix("/work/")))
        if event.kind == "command" and isinstance(argv, list):
            self._add(Happened(argv=tuple(map(str, cast("list[object]", argv)))))

    def program(self, program: Program) -> None:
        self._add(Happened(argv=program.argv or (program.name,)))
        self._judge(violations.of_program(self.grant, program))

    def exchange(self, exchange: Exchange) -> None:
        self.hosts |= {exchange.host} - {""}
        self._judge(violations.of_exchange(self.grant, exchange, {exchange.endpoint}, self.own_hosts))

    def _judge(self, found: violations.Violation | None) -> None:
        if found is not None:
            self.exceeded.append(found)
            if self.box is not None:
                self.box.interrupt()

    def _add(self, happened: Happened) -> None:
        with self.turn:
            self.moments.append(happened)


def _commands(loaded: Loaded) -> Sequence[tuple[str, ...]]:
    conditions = (*loaded.scenario.must, *loaded.scenario.must_not)
    return [condition.passes for condition in conditions if condition.passes is not None]


def _tree(files: dict[str, tuple[str, bytes]]) -> tuple[tuple[TreeEntry, ...], dict[GitOid, bytes]]:
    oids = {path: GitOid(hashlib.sha256(data).hexdigest()) for path, (_, data) in files.items()}
    entries = tuple(TreeEntry(path, mode, oids[path]) for path, (mode, _) in sorted(files.items()))
    return entries, {oids[path]: data for path, (_, data) in files.items()}


def _since(began: float) -> float:
    return round(time.monotonic() - began, 2)
