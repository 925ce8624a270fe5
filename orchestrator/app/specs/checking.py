"""What people do with a spec before anything is planned from it."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.specs.files import gather, read_spec
from orchestrator.errors import UsageError

if TYPE_CHECKING:
    from orchestrator.app.specs.files import SpecFiles
    from orchestrator.models.spec import SpecFormat
    from orchestrator.specs.check import Checked
    from orchestrator.specs.diff import Row


def check_file(
    path: Path,
    chosen: SpecFormat | None = None,
    *,
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
    fix: bool = False,
    write: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> Checked:
    """Check one file; with ``fix`` what is mechanical is mended in it first, with ``write`` its ids are kept.

    Raises ``UsageError``: SPEC001 or SPEC002 when it cannot be read, SPEC003 when it cannot be written,
    PRD050 for a code that no rule has.
    """
    from orchestrator.specs.check import check_spec, fixed

    files = gather(path)
    checked = check_spec(files.data, str(files.path), chosen, files.beside, select=select, ignore=ignore)
    if fix:
        mended, count = fixed(files.data, checked) if checked.lines else (files.data, 0)
        if mended != files.data:
            replace_file(files.path, mended)
            checked = check_spec(mended, str(files.path), chosen, files.beside, select=select, ignore=ignore)
        say(f"{files.path}: {count} places mended.")
    if write:
        _keep_ids(files, checked, say)
        files = gather(path)
        checked = check_spec(files.data, str(files.path), chosen, files.beside, select=select, ignore=ignore)
    return checked


def _keep_ids(files: SpecFiles, checked: Checked, say: Callable[[str], None]) -> None:
    """Write ``spec.lock.json``, and say what became of each id. A moved base is accepted by writing it anew."""
    from orchestrator.models.spec import Severity
    from orchestrator.specs.beside import LOCK
    from orchestrator.specs.codes import Report, shown
    from orchestrator.specs.lock import read_lock, write_lock

    wrong = [p for p in checked.problems if p.severity is Severity.ERROR and p.code != "PRD025"]
    if wrong or checked.assigned is None:
        say(f"{files.path}: no id was kept; mend the errors first.")
        return
    assigned = checked.assigned
    file = read_lock(files.beside.lock, Report(LOCK))
    replace_file(files.path.parent / LOCK, write_lock(file, files.path.name, assigned.lock))
    for key, old, new in assigned.edited:
        say(f"{key} stays for the edited text: {shown(old)!r} -> {shown(new)!r}")
    for word, keys in (("retired", assigned.retired), ("new", assigned.added)):
        if keys:
            say(f"{word}: {', '.join(keys[:20])}{' ...' if len(keys) > 20 else ''}")  # noqa: PLR2004  a list that is read


def export_file(path: Path, form: str, chosen: SpecFormat | None) -> str:
    """A spec in another form. Raises as reading and as :func:`~orchestrator.specs.export.export`."""
    from orchestrator.models.spec import SpecFormat
    from orchestrator.specs.export import export

    return export(read_spec(path, None, chosen)[0], SpecFormat(form))


def diff_files(old: Path, new: Path, base: Path | None) -> tuple[Row, ...]:
    """Requirements that differ; with ``base`` only what both sides changed in different ways.

    Raises ``UsageError`` (PRD062) when a side has provisional ids, which say nothing about the other side's.
    """
    from orchestrator.specs.diff import conflicts, diff

    specs = [read_spec(path)[0] for path in (old, new, *((base,) if base else ()))]
    for spec in specs:
        if any(r.provisional for r in spec.requirements):
            text = f"The ids of {spec.path} are provisional, so nothing can be compared by them."
            raise UsageError("PRD062", text, f"handrail prd check --write {spec.path}, on each side")
    return conflicts(specs[2], specs[0], specs[1]) if base else diff(specs[0], specs[1])


def replace_file(path: Path, data: bytes) -> None:
    """Write a file whole or not at all, with its mode kept. A link is followed, as an editor would. Raises SPEC003."""
    target = path.resolve()
    beside = target.with_name(f".{target.name}.{os.getpid()}.new")
    try:
        mode = target.stat().st_mode & 0o777 if target.exists() else 0o644
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(target)
    except OSError as problem:
        with contextlib.suppress(OSError):
            beside.unlink()
        text = f"{path} cannot be written: {problem.strerror}."
        raise UsageError("SPEC003", text, "look at its folder and its permissions") from problem
