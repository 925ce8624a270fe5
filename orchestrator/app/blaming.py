"""``blame``: from a line of code to the sentence that asked for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.errors import UsageError
from orchestrator.store.layout import config_home

if TYPE_CHECKING:
    from orchestrator.provenance.blame import Blamed

_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<first>[1-9]\d{0,8})(?:-(?P<last>[1-9]\d{0,8}))?)?")


def blame_file(project: Project, place: str, rev: str) -> tuple[str, tuple[Blamed, ...]]:
    """The path and its lines. ``place`` is ``FILE``, ``FILE:L`` or ``FILE:L1-L2``, from the top of the repository.

    Raises ``UsageError`` (CLI002) for lines in the wrong order, ``RepositoryError`` REPO040 for what is not there.
    """
    from orchestrator.provenance.blame import blame

    found = _PLACE.fullmatch(place)
    path = found["path"] if found else place
    first = int(found["first"]) if found and found["first"] else 1
    last = int(found["last"]) if found and found["last"] else (first if found and found["first"] else 0)
    if last and last < first:
        raise UsageError("CLI002", f"Lines {first}-{last} are in the wrong order.", f"{path}:{last}-{first}")
    index = config_home() / "verified" / f"{project.repository.id}.places"
    with open_trees(project) as trees:
        head = trees.resolve(rev)
        rows = trees.blame(head, path, first, last)
        return path, blame(trees, rows, head, project.clock.now(), project.blobs, index=index)
