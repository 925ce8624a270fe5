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

    from orchestrator.gates.team import Team
    from orchestrator.gates.worker import Worker
    from orchestrator.store.answers import KeptAnswers

__all__ = ["changed_python", "gate_worker", "kept_answers"]

_ANSWERS = 50_000


@contextmanager
def gate_worker(repo: Path, *, keep: bool, ahead: Callable[[], Sequence[bytes]] | None = None) -> Iterator[Worker]:
    """Scanner processes that load while the caller goes on; with ``keep`` answers of earlier calls are used.

    Kept answers are of this user and of exactly these rules and versions, or they are none. ``ahead`` reads what the
    caller will ask about, as far as that is seen before he is loaded himself, so that they begin with it.
    """
    from orchestrator.gates.team import Team

    with Team() as team:
        team.start()
        kept = _answers(repo) if keep else None
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


def changed_python(repo: Path, *, base: str, head: str, staged: bool, index: Path | None) -> Sequence[bytes]:
    """For ``ahead``: see :func:`orchestrator.vcs.ahead.contents`."""
    from orchestrator.vcs.ahead import contents

    return contents(repo, ".py", base=base, head=head, staged=staged, index=index)


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
