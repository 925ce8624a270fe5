"""A project's own dependencies as a directory that sandboxes mount read-only (D5): Python's, npm's, or both.

Packages come to the host as data, are laid out by a program in a container without a network, and come back as a tar
of regular files and links inside it. The directory is named by the digest of what it was made from, and is put in
place by one rename. It is mounted at ``MOUNT_POINT`` with ``PYTHONPATH=/opt/env`` and ``/opt/env/bin`` in ``PATH``;
its ``node_modules``, when there is one, at the top of the tree as well.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, Protocol, cast

from pydantic import ValidationError

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.environment import Environment
from orchestrator.models.ids import Digest, canonical, sha256
from orchestrator.sandbox import npm
from orchestrator.sandbox.abort import Abort
from orchestrator.sandbox.npm import NpmPart
from orchestrator.sandbox.oneshot import Job, run_job
from orchestrator.sandbox.python_part import MOUNT_POINT, PythonPart
from orchestrator.sandbox.unpack import Unpacked, measure, unpack
from orchestrator.sandbox.wanted import TARGET_PROBE, Target
from orchestrator.sandbox.wheels import MAX_UNPACKED_BYTES

__all__ = ["MOUNT_POINT", "ProjectEnvironments"]

_INSTALL_SECONDS = 600
_PROBE_SECONDS = 60
_POLL_SECONDS = 0.1


class Part(Protocol):
    """One package manager's share. ``files`` are the inputs that it uses; ``installer`` runs in the container."""

    recipe: str
    installer: str
    mount: str
    files: dict[str, bytes]

    def read(self, target: Target) -> int: ...

    def bring(self, folder: Path, abort: Abort, packages: Path | None) -> tuple[str, ...]: ...


class ProjectEnvironments:
    """Implements :class:`orchestrator.ports.Environments` for requirements, ``pyproject.toml``, Python and npm locks.

    ``image`` is an image's id; ``state_dir`` holds ``environments/``; ``say`` gets sentences for a person; ``abort``
    ends a download or an install at once; ``packages`` is a folder that is asked instead of any index. Several
    processes may share a ``state_dir``.
    """

    def __init__(
        self,
        image: str,
        state_dir: Path,
        say: Callable[[str], None] = lambda _: None,
        *,
        abort: Abort | None = None,
        packages: Path | None = None,
    ) -> None:
        self._image = image
        self._root = state_dir / "environments"
        self._say = say
        self._abort = abort or Abort()
        self._packages = packages

    def prepare(self, files: Mapping[str, bytes]) -> tuple[Environment, str] | None:
        """The environment of ``files`` (path in the tree → bytes) and its directory, made when it is not there.

        For Python a lock file, when there is one, speaks alone: ``uv.lock`` before ``poetry.lock`` before
        requirements files; ``pyproject.toml`` on its own gives what the project and its tests need, beside
        requirements files only what their line ``-e .`` asks for. For npm there is one lock. ``None`` when nothing
        is wanted on the image's platform. Raises :class:`SandboxUnavailable` (``ENV…``). Not checked: that the
        packages are harmless.
        """
        parts = self._parts(files)
        inputs = {path: sha256(data) for part in parts for path, data in sorted(part.files.items())}
        recipe = "+".join(part.recipe for part in parts)
        name = sha256(canonical({"recipe": recipe, "inputs": inputs, "image": self._image})).removeprefix("sha256:")
        place = self._root / name
        found = _cached(place)
        if found is not None or not inputs:
            return found
        target = self._target()
        counts = [part.read(target) for part in parts]
        if not sum(counts):
            return None
        used = [part for part, count in zip(parts, counts, strict=True) if count]
        with _locked(self._root / f"{name}.lock", self._abort):
            return _cached(place) or self._build(place, recipe, inputs, used, sum(counts))

    def _parts(self, files: Mapping[str, bytes]) -> list[Part]:
        locks = {path: data for path, data in files.items() if PurePosixPath(path).name in npm.LOCKS}
        others = {path: data for path, data in files.items() if path not in locks}
        parts: list[Part] = []
        if others or not locks:
            parts.append(PythonPart(others, self._say))
        if locks:
            parts.append(NpmPart(locks, self._say))
        return parts

    def _target(self) -> Target:
        """The image's Python, asked once per image."""
        note = self._root / f"target-{self._image.removeprefix('sha256:')[:32].replace('/', '_')}.json"
        if note.is_file():
            return Target.parse(note.read_bytes())
        answer = io.BytesIO()
        argv = ["python3", "-I", "-c", TARGET_PROBE]
        run_job(Job(self._image, argv, {}, output_bytes=1 << 16, wall_seconds=_PROBE_SECONDS), answer, self._abort)
        target = Target.parse(answer.getvalue())
        self._root.mkdir(parents=True, exist_ok=True)
        _write_whole(note, answer.getvalue())
        return target

    def _build(
        self, place: Path, recipe: str, inputs: dict[str, Digest], parts: Sequence[Part], count: int
    ) -> tuple[Environment, str]:
        self._say(f"building the project's environment: {count} packages are asked for")
        with tempfile.TemporaryDirectory(prefix=".building-", dir=self._root) as scratch:
            made = Path(scratch) / "made"
            (made / "tree").mkdir(parents=True)
            packages, contents = list[str](), list[Unpacked]()
            for number, part in enumerate(parts):
                folder = Path(scratch) / str(number) / "packages"
                folder.mkdir(mode=0o755, parents=True)
                packages += part.bring(folder, self._abort, self._packages)
                contents.append(self._install(part, folder, made / "tree"))
            content = contents[0].content if len(contents) == 1 else sha256(canonical([c.content for c in contents]))
            environment = Environment(
                recipe=recipe, inputs=inputs, image=self._image, content=content, packages=tuple(packages)
            )
            files, size = sum(c.files for c in contents), sum(c.size_bytes for c in contents)
            note = {"environment": environment.model_dump(mode="json"), "files": files, "size_bytes": size}
            _write_whole(made / "environment.json", canonical(note))
            (made / "tree").chmod(0o755)
            shutil.rmtree(place, ignore_errors=True)  # one that was cut short
            made.rename(place)
        return environment, str(place / "tree")

    def _install(self, part: Part, folder: Path, tree: Path) -> Unpacked:
        with tempfile.TemporaryFile(dir=self._root) as archive:
            stream = cast("IO[bytes]", archive)
            limit = 2 * MAX_UNPACKED_BYTES
            argv = ["python3", "-I", "-c", part.installer]
            job = Job(self._image, argv, {str(folder): part.mount}, limit, _INSTALL_SECONDS)
            words = run_job(job, stream, self._abort).decode(errors="replace").splitlines()
            if not words or words[-1] != "installed":
                hint = "take other versions; the installer's words are above"
                raise SandboxUnavailable("ENV014", "the packages could not be installed", hint, words[-12:])
            stream.seek(0)
            return unpack(stream, tree)


def _cached(place: Path) -> tuple[Environment, str] | None:
    """What was built before, unless a crash of the machine left it short."""
    try:
        note = json.loads((place / "environment.json").read_bytes())
        environment = Environment.model_validate(note["environment"])
        whole = measure(place / "tree") == (note["files"], note["size_bytes"])
    except (OSError, ValueError, KeyError, TypeError, ValidationError):
        return None
    return (environment, str(place / "tree")) if whole else None


def _write_whole(path: Path, data: bytes) -> None:
    """All or nothing, on disk when it returns."""
    with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    Path(file.name).rename(path)


@contextmanager
def _locked(path: Path, abort: Abort) -> Generator[None]:
    """One builder at a time. Whoever waits can be told to end."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        while True:
            abort.check()
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                time.sleep(_POLL_SECONDS)
        yield
