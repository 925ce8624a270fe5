"""The files of a spec on disk: itself, its lock, and what its format keeps beside it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.files import read_file
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.app.project import Project
    from orchestrator.models.spec import Spec, SpecFormat
    from orchestrator.specs.beside import Beside

_MOST_BYTES = 8 << 20
_CAPABILITIES = 200


@dataclass(frozen=True, slots=True)
class SpecFiles:
    """``path`` is the file that was read: of a folder with an OpenSpec change its ``proposal.md``."""

    path: Path
    data: bytes
    beside: Beside


def gather(path: Path) -> SpecFiles:
    """A spec and all that belongs to it. Links beside it are not followed: a repository may have any.

    Raises as :func:`read_file`, and SPEC004 for something beside it that is no plain file of at most 8 MiB.
    """
    from orchestrator.specs.beside import LOCK, TASKS, Beside, openspec_place

    if path.is_dir() and (path / "proposal.md").is_file():
        path = path / "proposal.md"
    data = read_file(path)
    folder = path.parent
    lock = _beside(folder, LOCK)
    place = openspec_place(str(Path(os.path.abspath(path))))  # noqa: PTH100  links stay as they are named
    if place is None:
        tasks = {name: text for name in TASKS if name != path.name and (text := _beside(folder, name)) is not None}
        return SpecFiles(path, data, Beside(lock, tasks))
    name = _joined(place.change, "tasks.md")
    found = _beside(folder, name)
    deltas = {} if place.capability else dict(_specs(folder, f"{place.change}/specs"))
    wanted = [place.capability] if place.capability else sorted(deltas)
    bases = {c: (n, text) for c in wanted if (text := _beside(folder, n := f"{place.specs}/{c}/spec.md")) is not None}
    return SpecFiles(path, data, Beside(lock, {name: found} if found is not None else {}, bases, deltas))


def read_spec(path: Path, project: Project | None = None, chosen: SpecFormat | None = None) -> tuple[Spec, bytes]:
    """A spec file, parsed together with what belongs to it, and the bytes that its source digest covers.

    Raises ``UsageError`` (SPEC001) when it cannot be read, ``SpecInvalid`` when it is wrong.

    With a project its path becomes the one inside the work tree, or the bare
    file name: it goes into plans and evidence, where no folder of this machine belongs.
    """
    from orchestrator.specs.beside import whole
    from orchestrator.specs.parse import parse_document

    files = gather(path)
    parsed = parse_document(files.data, str(files.path), chosen, None, files.beside)
    parsed.report.refuse_errors()
    spec = parsed.spec
    named = {"path": label(files.path, project)} if project else {}
    return spec.model_copy(update=named), whole(files.data, parsed.used)


def lasting(spec: Spec, why: str) -> Spec:
    """The same spec. Raises ``UsageError`` (PRD062) when its ids are provisional: ``why`` says what that forbids."""
    if any(r.provisional for r in spec.requirements):
        text = f"The ids of {spec.path} are provisional, so {why}."
        raise UsageError("PRD062", text, f"handrail prd check --write {spec.path}")
    return spec


def read_again(path: Path, project: Project) -> tuple[Spec, bytes]:
    """:func:`read_spec` for a plan. Raises PRD062 too when there was a run of this spec and its ids may have moved."""
    spec, data = read_spec(path, project)
    if any(run.spec_path == spec.path for run in project.index.runs()):
        lasting(spec, "a new plan could mean other requirements by them")
    return spec, data


def label(path: Path, project: Project) -> str:
    """A path as it goes into plans and evidence: inside the work tree, or the bare file name."""
    from orchestrator.vcs.repository import work_tree

    top = work_tree(project.repository)
    whole = path.resolve()
    return whole.relative_to(top.resolve()).as_posix() if top and whole.is_relative_to(top.resolve()) else path.name


def _joined(folder: str, name: str) -> str:
    return name if folder == "." else f"{folder}/{name}"


def _specs(folder: Path, inside: str) -> Iterator[tuple[str, tuple[str, bytes]]]:
    """Each ``CAPABILITY/spec.md`` of a folder, sorted."""
    top = folder / inside
    names = sorted(p.name for p in top.iterdir() if p.is_dir() and not p.is_symlink()) if top.is_dir() else []
    if len(names) > _CAPABILITIES:
        text = f"{top} has {len(names)} capabilities; {_CAPABILITIES} can be read."
        raise UsageError("SPEC004", text, "split the change")
    for name in names:
        relative = _joined(inside.removeprefix("./"), f"{name}/spec.md")
        data = _beside(folder, relative)
        if data is not None:
            yield name, (relative, data)


def _beside(folder: Path, name: str) -> bytes | None:
    """``None`` when it is not there."""
    path = folder / name
    try:
        status = path.lstat()
        if not stat.S_ISREG(status.st_mode) or status.st_size > _MOST_BYTES:
            text = f"{path} is no plain file of at most {_MOST_BYTES >> 20} MiB."
            raise UsageError("SPEC004", text, "put the file itself there, or take it away")
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as problem:
        raise UsageError("SPEC001", f"{path} cannot be read: {problem.strerror}.", "check the path") from problem
