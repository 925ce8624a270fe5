"""Where a repository's state lies (D17)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

from orchestrator.models.ids import RunId
from orchestrator.store import home
from orchestrator.store.whole import make_folder


def state_home() -> Path:
    """``$XDG_STATE_HOME/handrail``, by default below ``~/.local/state``."""
    return Path(home.state_home())


def config_home() -> Path:
    """``$XDG_CONFIG_HOME/handrail``, by default below ``~/.config``."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if Path(base).is_absolute() else Path.home() / ".config") / "handrail"


class StateLayout(NamedTuple):
    """The folder of one repository. Folders are made 0700: diffs and specs lie below.

    ``shared`` is where contents lie that other machines need too; in a cluster that is another folder.
    """

    root: Path
    shared_root: Path | None = None

    @property
    def shared(self) -> Path:
        return self.shared_root or self.root

    @property
    def database(self) -> Path:
        return self.root / "runs.db"

    @property
    def blobs(self) -> Path:
        return self.shared / "blobs"

    @property
    def trees(self) -> Path:
        return self.shared / "trees.git"

    @property
    def answers(self) -> Path:
        """Kept answers of the scanners; nothing but time is lost with it."""
        return self.root / "answers.db"

    @property
    def audits(self) -> Path:
        """What an audit found at each commit; an interrupted one goes on from it."""
        return self.root / "audits.db"

    @property
    def environments(self) -> Path:
        return self.root / "environments"

    def drill(self, run: RunId) -> Path:
        """What a drill planted; gone with its end."""
        return self.root / "drills" / run

    @property
    def drill_outcomes(self) -> Path:
        """What drills came to, an object a line."""
        return self.root / "drills.jsonl"

    def run(self, run: RunId) -> Path:
        """The run's own folder: its checkpoints and its lease."""
        return self.root / "runs" / run

    def create(self) -> None:
        """Make the folder; harmless when it is there."""
        make_folder(self.root)
        make_folder(self.shared)
