"""What acts outside the store, asking first whether the run is still this process's: containers and notifications."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import TypeVar

from orchestrator.models.workflow import Channel
from orchestrator.ports import Notifier, Sandbox, Sandboxes, SandboxRequest

S = TypeVar("S", bound=Sandboxes)


def fenced(opened: Callable[[], S], check: Callable[[], None]) -> Callable[[], S]:
    """An engine that is asked for only while the run is this process's. Raises ``RunBusy`` (RUN014)."""

    def asked() -> S:
        check()
        return opened()

    return asked


@dataclass(frozen=True, slots=True)
class FencedSandboxes:
    """Implements :class:`orchestrator.ports.Sandboxes`: no container is begun for a run that is another's."""

    inner: Sandboxes
    check: Callable[[], None]

    @property
    def image(self) -> str:
        return self.inner.image

    def open(self, request: SandboxRequest) -> AbstractContextManager[Sandbox]:
        """As the port says. Raises ``RunBusy`` (RUN014)."""
        self.check()
        return self.inner.open(request)

    def warm(self, request: SandboxRequest) -> None:
        """As the port says. Raises ``RunBusy`` (RUN014)."""
        self.check()
        self.inner.warm(request)


@dataclass(frozen=True, slots=True)
class FencedNotifier:
    """Implements :class:`orchestrator.ports.Notifier`. Raises ``RunBusy`` (RUN014): nobody is told twice."""

    inner: Notifier
    check: Callable[[], None]

    def tell(self, channel: Channel, to: str, words: str, key: str) -> bool:
        """As the port says."""
        self.check()
        return self.inner.tell(channel, to, words, key)
