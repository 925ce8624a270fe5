"""A repository and where its state would lie, with nothing opened: all that judging a difference needs."""

from __future__ import annotations

from typing import NamedTuple

from orchestrator.store.layout import StateLayout, state_home
from orchestrator.vcs.repository import Repository


class Ground(NamedTuple):
    """What :class:`.project.Project` is too, without its index: nothing of a run can be read or written."""

    repository: Repository
    layout: StateLayout

    @property
    def is_known(self) -> bool:
        """Whether anything of it was ever kept on this machine, so that timers may be due."""
        return self.layout.database.exists()

    def check(self) -> None:
        """There is no run that could have passed to somebody else."""


def ground(repository: Repository) -> Ground:
    """Raises ``StoreError`` when the state folder cannot be made."""
    layout = StateLayout(state_home() / repository.id)
    layout.create()
    return Ground(repository, layout)
