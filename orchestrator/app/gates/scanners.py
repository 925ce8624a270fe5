"""Scanner processes for one command, and the answers that this user kept.

Imported before everything else that judging needs: the processes load while the caller goes on reading its own code.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.app.gates.ahead import Found, Reading
    from orchestrator.gates.scanners.worker import Worker
    from orchestrator.store.answers import KeptAnswers

__all__ = ["gate_worker", "kept_answers"]

_ANSWERS = 50_000


@contextmanager
def gate_worker(found: Found, *, keep: bool, reading: Reading | None = None) -> Iterator[Worker]:
    """Scanner processes that load while the caller goes on; with ``keep`` answers of earlier calls are used.

    Kept answers are of this user and of exactly these rules and versions, or they are none. What ``reading`` finds is
    what they begin with.
    """
    from orchestrator.gates.scanners.team import Team

    with Team() as team:
        team.start()
        kept = _answers(found) if keep else None
        team.answers = kept
        if reading is not None:
            reading.tell(team)
        try:
            yield team
        finally:
            if reading is not None:
                reading.end()
            if kept is not None:
                kept.close()


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
