"""Scanner processes for one command, and the answers that this user kept.

Imported before everything else that judging needs: the processes load while the caller goes on reading its own code.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from orchestrator.errors import HandrailError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from orchestrator.app.gates.asked import Asked
    from orchestrator.gates.scanners.team import Team
    from orchestrator.gates.scanners.worker import Worker
    from orchestrator.store.answers import KeptAnswers
    from orchestrator.vcs.repository import Repository

__all__ = ["Found", "changed_python", "gate_worker", "kept_answers"]

_ANSWERS = 50_000


class Found:
    """The repository of one command: looked for once, by whichever thread asks first."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        self._repository: Repository | None = None

    def __call__(self) -> Repository:
        """Raises as :func:`orchestrator.vcs.repository.find`, each time anew."""
        from orchestrator.vcs.repository import find

        with self._lock:
            self._repository = self._repository or find(self._folder)
            return self._repository


@contextmanager
def gate_worker(found: Found, *, keep: bool, ahead: Callable[[], Sequence[bytes]] | None = None) -> Iterator[Worker]:
    """Scanner processes that load while the caller goes on; with ``keep`` answers of earlier calls are used.

    Kept answers are of this user and of exactly these rules and versions, or they are none. ``ahead`` reads what the
    caller will ask about, as far as that is seen before he is loaded himself, so that they begin with it.
    """
    from orchestrator.gates.scanners.team import Team

    with Team() as team:
        team.start()
        kept = _answers(found) if keep else None
        team.answers = kept
        reading = threading.Thread(target=_begin, args=(team, ahead), daemon=True) if ahead is not None else None
        if reading is not None:
            reading.start()
        try:
            yield team
        finally:
            if reading is not None:
                reading.join()
            if kept is not None:
                kept.close()


def _begin(team: Team, ahead: Callable[[], Sequence[bytes]]) -> None:
    # Who asks by the rules is told what is wrong.
    with suppress(HandrailError, OSError, ValueError):
        team.look_ahead(ahead())


def changed_python(found: Found, asked: Asked) -> Sequence[bytes]:
    """For ``ahead``: see :func:`orchestrator.vcs.ahead.contents`."""
    from orchestrator.vcs.ahead import contents

    return contents(found(), ".py", base=asked.base, head=asked.head, staged=asked.staged, index=asked.index)


def _answers(found: Found) -> KeptAnswers | None:
    from orchestrator.store.layout import StateLayout, state_home

    layout = StateLayout(state_home() / found().id)
    layout.create()
    return kept_answers(layout.answers, _ANSWERS)


def kept_answers(path: Path, rows: int) -> KeptAnswers | None:
    """What this user kept under the present rules; ``None`` where his key cannot be kept from others."""
    from orchestrator.gates.scanners.team import ruleset
    from orchestrator.store.answers import KeptAnswers, read_key
    from orchestrator.store.layout import config_home

    key = read_key(config_home() / "gate-answers.key")
    return KeptAnswers(path, key, ruleset(), rows) if key else None
