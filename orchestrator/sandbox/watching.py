"""Which programs run in a container, while an agent works.

Two ways for programs. A process of another user in the container reads its process table and is told by the kernel of
each file that is opened in a directory of programs (``watch.py``); it begins before the agent's first command. Where
that process is gone, the engine's own list of processes is asked once a second, but for gVisor, whose processes the
engine cannot name. Not seen by either: a program that lies elsewhere and ends within a few milliseconds.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Final, cast

from pydantic import ValidationError

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.observed import MAX_PROGRAMS, Program, Way
from orchestrator.sandbox.channel import Channel
from orchestrator.sandbox.client import Engine

EVERY_SECONDS: Final = 1.0
BEGIN_SECONDS: Final = 30
_CLOSE_SECONDS: Final = 10
_WORDS, _WORD_CHARACTERS = 16, 200
Tell = Callable[[Program], None]


class Programs:
    """Samples one container in a thread of its own until it is closed. An engine that does not answer is no error.

    ``tell`` is called in that thread with each program, once for each way and parent.
    """

    def __init__(self, engine: Engine, container: str, *, listed: bool) -> None:
        self._engine, self._container, self._listed = engine, container, listed
        self._over, self._wake = threading.Event(), threading.Event()
        self._beginning: Channel | None = None
        self._channel: Channel | None = None
        self._patience = 0.0
        self._tell: Tell = lambda _: None
        self._known: dict[tuple[str, str, Way], Program] = {}
        self._summary: dict[str, Any] | None = None
        self._dropped, self._lost = 0, False
        self._thread = threading.Thread(target=self._run, name="programs", daemon=True)
        self._thread.start()

    def tell(self, tell: Tell) -> None:
        """Tell of each program from now on; before :meth:`begin`."""
        self._tell = tell

    def begin(self, channel: Channel) -> None:
        """Read the process table through this. Does not wait: :meth:`ready` does."""
        channel.agree(time.monotonic() + BEGIN_SECONDS)
        self._beginning = channel

    def ready(self) -> None:
        """Wait until it looks. Raises ``SandboxUnavailable`` when nobody answers there. Idempotent."""
        if self._beginning is not None and self._channel is None:
            self._beginning.greet(time.monotonic() + BEGIN_SECONDS)
            self._channel = self._beginning
            self._wake.set()

    def close(self) -> None:
        """Take a last look and stop. Idempotent."""
        if not self._over.is_set():
            self._patience = time.monotonic() + _CLOSE_SECONDS
            self._over.set()
            self._wake.set()
            if self._channel is not None and not self._lost:
                with contextlib.suppress(SandboxUnavailable):
                    self._channel.command(b"S", (), self._patience)
            self._thread.join()
            self._hang_up()

    def abandon(self) -> None:
        """Stop without a last look: the container may be gone."""
        self._over.set()
        self._wake.set()
        if self._thread is not threading.current_thread():
            self._thread.join()
        self._hang_up()

    def _hang_up(self) -> None:
        self._lost = self._lost or self._summary is None
        if self._beginning is not None:
            self._beginning.close()

    @property
    def most(self) -> int | None:
        """The most processes at once, where the kernel keeps that of the container's own group."""
        return _whole(self._told("pids", None))

    @property
    def starved(self) -> bool:
        """Whether the kernel ended a process for want of memory, as its group counts."""
        return bool(_whole(self._told("oom", None)))

    @property
    def programs(self) -> tuple[Program, ...]:
        """In the order in which they were seen."""
        return tuple(self._known.values())

    @property
    def ways(self) -> tuple[Way, ...]:
        """How this container was watched."""
        told = {p.way for p in self.programs} | {Way(w) for w in self._told("ways", []) if w in set(Way)}
        return tuple(way for way in Way if way in told)

    @property
    def seen(self) -> int:
        """How many processes were looked at."""
        return max(_whole(self._told("seen", 0)) or 0, 0)

    @property
    def created(self) -> int | None:
        """How many there were, threads among them, where the kernel counts them."""
        return _whole(self._told("created", None))

    @property
    def dropped(self) -> int:
        """Programs that came after :data:`MAX_PROGRAMS`."""
        return self._dropped + (_whole(self._told("dropped", 0)) or 0)

    @property
    def lost(self) -> bool:
        """Whether the process inside ended before it was asked to, or was never there."""
        return self._lost or self._channel is None

    def _told(self, name: str, default: object) -> Any:  # noqa: ANN401  checked by who asks
        return (self._summary or {}).get(name, default)

    def _run(self) -> None:
        due = time.monotonic() + EVERY_SECONDS
        while self._goes_on():
            left = due - time.monotonic()
            if left <= 0:
                self._list()
                due = time.monotonic() + EVERY_SECONDS
            elif self._channel is None:
                self._wake.wait(left)
            elif self._lost:
                self._over.wait(left)
            elif self._channel.ready(min(left, 0.2)):
                self._take(time.monotonic() + _CLOSE_SECONDS)

    def _goes_on(self) -> bool:
        """Until it is over; then only while the sum is still to come."""
        if not self._over.is_set():
            return True
        waits = self._channel is not None and not self._lost and self._summary is None
        return waits and time.monotonic() < self._patience

    def _take(self, deadline: float) -> None:
        """The next word of the process inside; its end or nonsense is the end of that way of looking."""
        if self._channel is None:
            return
        try:
            kind, payload = self._channel.receive(deadline)
            told = json.loads(payload)
            if kind == b"p":
                self._new(_programs(told["programs"]))
            elif kind == b"s" and isinstance(told, dict):
                self._summary = cast("dict[str, Any]", told)
        except (SandboxUnavailable, ValueError, KeyError, TypeError):
            self._lost = True

    def _new(self, programs: Iterable[Program]) -> None:
        for program in programs:
            key = (program.name, program.parent, program.way)
            if key in self._known:
                continue
            if len(self._known) >= MAX_PROGRAMS:
                self._dropped += 1
                continue
            self._known[key] = program
            self._tell(program)

    def _list(self) -> None:
        if self.lost and self._listed:
            with contextlib.suppress(SandboxUnavailable):
                self._new(listed(self._engine.top(self._container)))


def listed(rows: Iterable[tuple[str, str, str, str]]) -> Iterable[Program]:
    """From process id, its parent's, name and command line of each process of a container."""
    rows = list(rows)
    names = {pid: name for pid, _, name, _ in rows}
    for _, parent, name, words in rows:
        yield from _program([name, names.get(parent, ""), words.split(), Way.TOP.value])


def _programs(told: object) -> Iterable[Program]:
    for row in cast("list[object]", told if isinstance(told, list) else []):
        yield from _program(row)


def _program(row: object) -> Iterable[Program]:
    """Nothing for what has another shape."""
    match row:
        case [str(name), str(parent), [*words], str(way)] if name:
            argv = tuple(_cut(word) for word in words[:_WORDS] if isinstance(word, str))
            with contextlib.suppress(ValidationError):
                yield Program.model_validate({"name": _cut(name), "parent": _cut(parent), "argv": argv, "way": way})
        case _:
            return


def _cut(text: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in text[:_WORD_CHARACTERS])


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
