"""``blame``: from a line of code to the sentence that asked for it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.project import Project
from orchestrator.app.specs.checking import replace_file
from orchestrator.app.trees import open_trees
from orchestrator.errors import UsageError
from orchestrator.store.layout import config_home

if TYPE_CHECKING:
    from orchestrator.provenance.verification.blame import Blamed

_PLACE = re.compile(r"(?P<path>.+?)(?::(?P<first>[1-9]\d{0,8})(?:-(?P<last>[1-9]\d{0,8}))?)?")


def blame_file(project: Project, place: str, rev: str) -> tuple[str, tuple[Blamed, ...]]:
    """The path and its lines. ``place`` is ``FILE``, ``FILE:L`` or ``FILE:L1-L2``, from the top of the repository.

    Raises ``UsageError`` (CLI002) for lines in the wrong order, ``RepositoryError`` REPO040 for what is not there.
    """
    from orchestrator.provenance.verification.blame import blame

    found = _PLACE.fullmatch(place)
    path = found["path"] if found else place
    first = int(found["first"]) if found and found["first"] else 1
    last = int(found["last"]) if found and found["last"] else (first if found and found["first"] else 0)
    if last and last < first:
        raise UsageError("CLI002", f"Lines {first}-{last} are in the wrong order.", f"{path}:{last}-{first}")
    index = config_home() / "verified" / f"{project.repository.id}.places"
    with open_trees(project) as trees:
        head = trees.resolve(rev)
        with closing(trees.blame(head, path, first, last)) as groups:
            return path, blame(trees, groups, head, project.clock.now(), project.blobs, index=index)


def write_page(page: Path, path: str, rev: str, rows: Sequence[Blamed]) -> None:
    """The same as one HTML page. Raises as :func:`~orchestrator.app.specs.checking.replace_file` does."""
    from orchestrator.render.blame_page import blame_page

    replace_file(page, blame_page(path, rev, [row.model_dump(mode="json") for row in rows]).encode())
