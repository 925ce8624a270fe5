"""Scanner processes for one command, and the answers that this user kept.

Imported before everything else that judging needs: the processes load while the caller goes on reading its own code.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from orchestrator.gates.worker import Worker
    from orchestrator.store.answers import KeptAnswers

__all__ = ["gate_worker", "kept_answers"]

_ANSWERS = 50_000


@contextmanager
def gate_worker(repo: Path, *, keep: bool) -> Iterator[Worker]:
    """Scanner processes that load while the caller goes on; with ``keep`` answers of earlier calls are used.

    Kept answers are of this user and of exactly these rules and versions, or they are none.
    """
    from orchestrator.gates.team import Team

    with Team() as team:
        team.start()
        kept = _answers(repo) if keep else None
        team.answers = kept
        try:
            yield team
        finally:
            if kept is not None:
                kept.close()


def _answers(repo: Path) -> KeptAnswers | None:
    from orchestrator.store.layout import StateLayout, state_home
    from orchestrator.vcs.repository import find

    layout = StateLayout(state_home() / find(repo).id)
    layout.create()
    return kept_answers(layout.answers, _ANSWERS)


def kept_answers(path: Path, rows: int) -> KeptAnswers | None:
    """What this user kept under the present rules; ``None`` where his key cannot be kept from others."""
    from orchestrator.gates.team import ruleset
    from orchestrator.store.answers import KeptAnswers, read_key
    from orchestrator.store.layout import config_home

    key = read_key(config_home() / "gate-answers.key")
    return KeptAnswers(path, key, ruleset(), rows) if key else None
