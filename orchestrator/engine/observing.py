"""One attempt watched from outside: each thing seen becomes an event, and an excess of the grant ends the attempt."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from orchestrator.engine.context import RunContext
from orchestrator.errors import GateRefused, HandrailError
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import Digest
from orchestrator.models.observed import Account, Folder, Program
from orchestrator.models.plan import Step
from orchestrator.models.traffic import Exchange
from orchestrator.policy import violations
from orchestrator.policy.paths import covers, deny_write
from orchestrator.policy.violations import Violation
from orchestrator.ports import ChangeOut, Sandbox, TreeEntry

MOST_PROGRAMS = 64
"""Events of programs in one attempt; the others stand in the stored account."""
_MOST_FOLDERS = 64
_REGULAR = "100"
_CODE = "OBS010"


class Observer:
    """Of one attempt. May be told from several threads.

    The first excess of the grant ends the sandbox; :meth:`check` then raises ``GateRefused`` (OBS010), which nothing
    but a new run undoes.
    """

    def __init__(self, ctx: RunContext, step: Step, attempt: int) -> None:
        self._ctx, self._step, self._attempt = ctx, step, attempt
        self._endpoints = self._own_hosts = frozenset[str]()
        self._turn = threading.Lock()
        self._told = 0
        self._stop: Callable[[], None] | None = None
        self._found: dict[Violation, None] = {}

    @property
    def violations(self) -> tuple[Violation, ...]:
        """In the order in which they were seen."""
        return tuple(self._found)

    def leased(self, endpoints: Iterable[str], own_hosts: Iterable[str]) -> None:
        """The names of the endpoints that the attempt may ask, of which no other answers; and the agent's own hosts."""
        self._endpoints, self._own_hosts = frozenset(endpoints), frozenset(own_hosts)

    @contextmanager
    def stopping(self, sandbox: Sandbox, shown: Sequence[TreeEntry]) -> Iterator[None]:
        """While the body runs, a violation ends this sandbox, and what comes of that is told as the violation.

        An attempt that fails leaves its account as well. ``shown`` are the files that it is given.
        """
        with self._turn:
            self._stop = sandbox.interrupt
        sandbox.watch(self.program)
        try:
            yield
        except HandrailError:
            self.account(sandbox.observed(), shown, None)
            self.check()
            raise
        finally:
            with self._turn:
                self._stop = None

    def program(self, seen: Program) -> None:
        """An event of each, up to :data:`MOST_PROGRAMS`."""
        with self._turn:
            self._told += 1
            told = self._told
        if told <= MOST_PROGRAMS:
            self._emit(EventKind.PROGRAM_SEEN, **seen.model_dump(mode="json"))
        self._judge([violations.of_program(self._step.capabilities, seen)])

    def exchange(self, seen: Exchange) -> None:
        """What the broker let through or refused."""
        self._judge([violations.of_exchange(self._step.capabilities, seen, self._endpoints, self._own_hosts)])

    def change(self, shown: Sequence[TreeEntry], out: ChangeOut, protected: Sequence[str]) -> None:
        """What came out against what was shut."""
        grant = self._step.capabilities
        shut = {e.path for e in shown if e.mode.startswith(_REGULAR) and covers(grant.read, e.path)}
        shut = {path for path in shut if deny_write(grant, protected, path) is not None}
        touched = {member.path for member in out.changed} & shut
        self._judge(violations.of_files(grant, touched | (shut - out.present - {m.path for m in out.changed})))

    def account(self, seen: Account, shown: Sequence[TreeEntry], out: ChangeOut | None) -> Digest:
        """Store what was seen of the whole attempt, and say so in an event."""
        read = _folders(e.path for e in shown if covers(self._step.capabilities.read, e.path))
        written = _folders(member.path for member in out.changed) if out else {}
        whole = seen.model_copy(update={"read": read, "written": written})
        digest = self._ctx.keep(whole)
        for ran in whole.ran:
            self._emit(EventKind.EXECUTED, **ran.model_dump(mode="json"))
        kept = {"ways", "seen", "created", "dropped", "lost", "out_of_memory", "peaks", "read", "written", "left"}
        told = whole.model_dump(mode="json", include=kept)
        self._emit(EventKind.OBSERVED, account=digest, programs=len(whole.programs), **told)
        return digest

    def check(self) -> None:
        """Raises ``GateRefused`` OBS010 when anything exceeded the grant."""
        found = self.violations
        if found:
            words = f"Step {self._step.id} was stopped: it did what it is not granted."
            hint = "look at the events of kind grant-exceeded; grant it, or begin a new run"
            raise GateRefused(_CODE, words, hint, [f"{v.code} {v.text}" for v in found])

    def _judge(self, judged: Iterable[Violation | None]) -> None:
        for violation in judged:
            if violation is None:
                continue
            with self._turn:
                new = violation not in self._found
                self._found[violation] = None
                stop = self._stop
            if new:
                self._emit(EventKind.GRANT_EXCEEDED, code=violation.code, field=violation.field, text=violation.text)
                self._ctx.say(f"Step {self._step.id} is stopped. {violation.code} {violation.text}")
            if stop is not None:
                stop()

    def _emit(self, kind: EventKind, **data: object) -> None:
        self._ctx.emit(kind, "agent", self._step.id, self._attempt, **data)


def _folders(paths: Iterable[str]) -> dict[str, Folder]:
    """Directories with how many of the files lie in each; beyond a few dozen, those of the level above."""
    found = Counter(path.rpartition("/")[0] or "." for path in paths)
    while len(found) > _MOST_FOLDERS:
        deepest = max(name.count("/") for name in found)
        if not deepest:
            rest = sum(count for _, count in found.most_common()[_MOST_FOLDERS - 1 :])
            found = Counter(dict(found.most_common(_MOST_FOLDERS - 1)) | {"(other)": rest})
            break
        higher = Counter[str]()
        for name, count in found.items():
            higher[name.rpartition("/")[0] if name.count("/") == deepest else name] += count
        found = higher
    return {name: Folder(files=count) for name, count in sorted(found.items())}
