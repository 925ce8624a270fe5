"""What the worker has ready before it is asked, and whether that is still what is installed.

Only what every user's call of these very files would load or work out alike is loaded here: nothing of a request, of
an environment variable or of a repository.
"""

from __future__ import annotations

import gc
import os
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

from orchestrator.errors import HandrailError
from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_in_turn
from orchestrator.gates.scanners import bandit_worker
from orchestrator.gates.scanners.ruff import find_ruff
from orchestrator.gates.scanners.team import ruleset
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.base import Noun
from orchestrator.testing.gate_suite import FileSpec, candidate_of
from orchestrator.vcs.git import program

__all__ = ["MODULES", "Told", "fingerprint", "load", "own_files", "rehearse", "told"]

Told = tuple[int, ...]

_PACKAGE = Path(__file__).parents[2]
_REHEARSED = (
    "gates/scanners/spare.py",
    "gates/scanners/worker.py",
    "gates/scanners/ruff.py",
    "vcs/git.py",
    "cli/gate.py",
    "store/answers.py",
)
"""Files of ours of usual size and kind; the first is a small one."""
_ADDED = b"\n\ndef added(name):\n    return subprocess.run('ls ' + name, shell=True)\n"
MODULES = (
    "configparser",
    "tomllib",
    "orchestrator.cli.main",
    "orchestrator.cli.gate",
    "orchestrator.cli.telling",
    "orchestrator.app.gates.gating",
    "orchestrator.app.preferences",
    "orchestrator.app.ground",
    "orchestrator.app.project",
    "orchestrator.app.gates.scanners",
    "orchestrator.app.room",
    "orchestrator.app.trees",
    "orchestrator.gates.reports.annotations",
    "orchestrator.gates.catalog",
    "orchestrator.gates.reports.explain",
    "orchestrator.gates.reports.junit",
    "orchestrator.gates.kinds.detect",
    "orchestrator.gates.kinds.sbom",
    "orchestrator.gates.scanners.plain_words",
    "orchestrator.gates.runner",
    "orchestrator.gates.reports.sarif",
    "orchestrator.gates.changes.sides",
    "orchestrator.store.answers",
    "orchestrator.vcs.ahead",
    "orchestrator.vcs.trees",
)


def load() -> None:
    """Import it all, scanners too, and work out what follows from the installed files alone."""
    gc.disable()
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    for name in MODULES:
        import_module(name)
    _build(Noun)
    bandit_worker.ready("all")
    ruleset()
    with suppress(HandrailError):
        program()
    rehearse(_REHEARSED)
    gc.collect()
    # What is loaded stays: no fork looks for cycles in it, and so none copies the pages that it lies on.
    gc.freeze()
    gc.enable()


class _Here(Worker):
    """Answers in this process: only for texts of our own."""

    def uncached(self, op: str, data: bytes) -> Mapping[str, Any]:
        return bandit_worker.answer(op, data)


def rehearse(paths: Sequence[str] = _REHEARSED[:1]) -> None:
    """Judge texts of our own.

    In the worker: what is worked out once is worked out, and Python has seen which ways its code takes. In a fork that
    waits: it has its own copy of the memory that it will write to.
    """
    texts = {path: (_PACKAGE / path).read_bytes() for path in paths}
    files = [FileSpec(f"src/{path}", text + _ADDED, text) for path, text in texts.items()]
    run_in_turn(default_gates(worker=_Here()), candidate_of(files))


def _build(kind: type[Noun]) -> None:
    """A noun's checks are put together when it is first made: here once, and not in each fork."""
    kind.model_rebuild(raise_errors=False)
    for narrower in kind.__subclasses__():
        _build(narrower)


def fingerprint() -> Mapping[str, Told]:
    """Each file and folder that decides what is loaded → what changes with it; its time of change cannot be set."""
    return {path: told(path) for path in {*_files()}}


def own_files() -> Mapping[str, Told]:
    """The same of our own code alone."""
    return {path: told(path) for path in map(str, _PACKAGE.rglob("*.py"))}


def told(path: str) -> Told:
    """Empty for what is not there."""
    try:
        found = os.stat(path)  # noqa: PTH116 - hundreds of them before each answer
    except OSError:
        return ()
    if stat.S_ISDIR(found.st_mode):
        return found.st_dev, found.st_ino, found.st_mtime_ns
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _files() -> Iterator[str]:
    yield from (*sys.path, sys.executable, str(find_ruff()))
    for module in list(sys.modules.values()):
        file = getattr(module, "__file__", None)
        if isinstance(file, str):
            yield file
