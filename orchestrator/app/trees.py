"""The repository's trees, opened."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.models.ids import GitOid, RunId

if TYPE_CHECKING:
    from orchestrator.app.ground import Ground
    from orchestrator.app.project import Project
    from orchestrator.vcs.trees import GitTrees


@contextmanager
def open_trees(
    project: Project | Ground, fresh: Mapping[str, GitOid] | None = None, *, private: Path | None = None
) -> Iterator[GitTrees]:
    """Long-lived git processes end with the context.

    ``fresh`` are evidence branches to be read elsewhere than where they are: those of a push that is being judged.
    ``private`` is another bare repository to make trees in, which no merge reads.
    """
    from orchestrator.vcs.trees import GitTrees

    with GitTrees.of(project.repository, private or project.layout.trees, fresh, project.check) as trees:
        yield trees


def drill_trees(project: Project, run: RunId) -> Path:
    """Where the made-up change of a drill lies, and nothing else."""
    return project.layout.drill(run) / "trees.git"
