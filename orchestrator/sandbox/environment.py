"""A project's own dependencies as a directory that sandboxes mount read-only (D5); here for Python.

Wheels come to the host as data (:mod:`orchestrator.sandbox.wheels`), are installed by the image's own pip
in a container without a network, and come back as a tar of regular files. The directory is named by the
digest of what it was made from, and is put in place by one rename. It is meant to be mounted at
``MOUNT_POINT`` with ``PYTHONPATH=/opt/env`` and ``/opt/env/bin`` in ``PATH``.
"""

from __future__ import annotations

import fcntl
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import IO, cast

from pydantic import ValidationError

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.base import Digest, canonical, sha256
from orchestrator.models.environment import Environment
from orchestrator.sandbox.locks import read_poetry_lock, read_uv_lock
from orchestrator.sandbox.manifest import read_manifest
from orchestrator.sandbox.oneshot import Job, run_job
from orchestrator.sandbox.requirements import read_requirements
from orchestrator.sandbox.unpack import Unpacked, measure, unpack
from orchestrator.sandbox.wanted import TARGET_PROBE, Target, Wanted
from orchestrator.sandbox.wheels import MAX_UNPACKED_BYTES, download

RECIPE = "python/1"
MOUNT_POINT = "/opt/env"
_LOCKS = {"uv.lock": read_uv_lock, "poetry.lock": read_poetry_lock}
_INSTALL_SECONDS = 600
_PROBE_SECONDS = 60

_INSTALLER = f"""
import compileall, glob, os, subprocess, sys, tarfile
pip = [sys.executable, "-I", "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--no-compile"]
pip += ["--no-cache-dir", "--disable-pip-version-check", "--target", "/tmp/out"]
subprocess.run(pip + sorted(glob.glob("/wheels/*.whl")), stdout=2, check=True)
mode = __import__("py_compile").PycInvalidationMode.UNCHECKED_HASH
compileall.compile_dir("/tmp/out", quiet=2, invalidation_mode=mode, stripdir="/tmp/out", prependdir="{MOUNT_POINT}")
def plain(member):
    member.mtime = member.uid = member.gid = 0
    return member
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as out:
    for name in sorted(os.listdir("/tmp/out")):
        out.add("/tmp/out/" + name, name, filter=plain)
sys.stdout.flush()
print("installed", file=sys.stderr)
"""


class PythonEnvironments:
    """Implements :class:`orchestrator.ports.Environments` for requirements files, locks and ``pyproject.toml``.

    ``image`` is an image's id; ``state_dir`` holds ``environments/``; ``say`` gets sentences for a person.
    Several processes may share a ``state_dir``.
    """

    def __init__(self, image: str, state_dir: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self._image = image
        self._root = state_dir / "environments"
        self._say = say

    def prepare(self, files: Mapping[str, bytes]) -> tuple[Environment, str] | None:
        """The environment of ``files`` (path in the tree → bytes) and its directory, made when it is not there.

        A lock file, when there is one, speaks alone: ``uv.lock`` before ``poetry.lock`` before requirements
        files; ``pyproject.toml`` on its own gives what the project and its tests need, beside requirements
        files only what their line ``-e .`` asks for. ``None`` when nothing is wanted on the image's Python.
        Raises :class:`SandboxUnavailable` (``ENV…``). Not checked: that the packages are harmless.
        """
        used = self._chosen(files)
        inputs = {path: sha256(used[path]) for path in sorted(used)}
        name = sha256(canonical({"recipe": RECIPE, "inputs": inputs, "image": self._image})).removeprefix("sha256:")
        place = self._root / name
        found = _cached(place)
        if found is not None or not used:
            return found
        target = self._target()
        wanted, complete = _read(used, target)
        if not wanted:
            return None
        with _locked(self._root / f"{name}.lock"):
            return _cached(place) or self._build(place, inputs, wanted, target, complete=complete)

    def _chosen(self, files: Mapping[str, bytes]) -> dict[str, bytes]:
        for lock in _LOCKS:
            locks = {path: data for path, data in files.items() if PurePosixPath(path).name == lock}
            if len(locks) > 1:
                hint = "name one of them in the repository's profile"
                raise SandboxUnavailable("ENV001", f"several files are called {lock}", hint, sorted(locks))
            if locks:
                others = sorted(set(files) - set(locks))
                if others:
                    self._say(f"the environment is built from {lock} alone, not from {', '.join(others)}")
                return locks
        strange = [path for path in files if not path.endswith((".txt", ".in")) and not _is_manifest(path)]
        if strange:
            hint = "use requirements files, uv.lock, poetry.lock or pyproject.toml"
            raise SandboxUnavailable("ENV001", "a file of a kind that no environment is built from", hint, strange)
        return dict(files)

    def _target(self) -> Target:
        """The image's Python, asked once per image."""
        note = self._root / f"target-{self._image.removeprefix('sha256:')[:32].replace('/', '_')}.json"
        if note.is_file():
            return Target.parse(note.read_bytes())
        answer = io.BytesIO()
        argv = ["python3", "-I", "-c", TARGET_PROBE]
        run_job(Job(self._image, argv, {}, output_bytes=1 << 16, wall_seconds=_PROBE_SECONDS), answer)
        target = Target.parse(answer.getvalue())
        self._root.mkdir(parents=True, exist_ok=True)
        _write_whole(note, answer.getvalue())
        return target

    def _build(
        self, place: Path, inputs: dict[str, Digest], wanted: tuple[Wanted, ...], target: Target, *, complete: bool
    ) -> tuple[Environment, str]:
        self._say(f"building the project's environment: {len(wanted)} requirements for Python {target.python}")
        with tempfile.TemporaryDirectory(prefix=".building-", dir=self._root) as scratch:
            wheels, made = Path(scratch) / "wheels", Path(scratch) / "made"
            wheels.mkdir(mode=0o755)
            (made / "tree").mkdir(parents=True)
            packages = download(wanted, target, wheels, complete=complete)
            self._tell_unpinned(wanted, packages)
            unpacked = self._install(wheels, made / "tree")
            environment = Environment(
                recipe=RECIPE, inputs=inputs, image=self._image, content=unpacked.content, packages=packages
            )
            note = {"environment": environment.model_dump(mode="json"), "files": unpacked.files}
            _write_whole(made / "environment.json", canonical(note | {"size_bytes": unpacked.size_bytes}))
            (made / "tree").chmod(0o755)
            shutil.rmtree(place, ignore_errors=True)  # one that was cut short
            made.rename(place)
        return environment, str(place / "tree")

    def _install(self, wheels: Path, tree: Path) -> Unpacked:
        with tempfile.TemporaryFile(dir=self._root) as archive:
            stream = cast("IO[bytes]", archive)
            limit = 2 * MAX_UNPACKED_BYTES
            job = Job(
                self._image, ["python3", "-I", "-c", _INSTALLER], {str(wheels): "/wheels"}, limit, _INSTALL_SECONDS
            )
            words = run_job(job, stream).decode(errors="replace").splitlines()
            if not words or words[-1] != "installed":
                hint = "take other versions; pip's words are above"
                raise SandboxUnavailable("ENV014", "the wheels could not be installed", hint, words[-12:])
            stream.seek(0)
            return unpack(stream, tree)

    def _tell_unpinned(self, wanted: tuple[Wanted, ...], packages: tuple[str, ...]) -> None:
        versions = dict(package.split("==") for package in packages)
        for item in wanted:
            if not item.pinned:
                self._say(
                    f"{item.place} does not pin {item.name}: today it is {versions[item.name]}, and stays so here"
                )


def _read(files: Mapping[str, bytes], target: Target) -> tuple[tuple[Wanted, ...], bool]:
    """The requirements, and whether they come from a lock."""
    for path, data in files.items():
        reader = _LOCKS.get(PurePosixPath(path).name)
        if reader is not None:
            return reader(path, data, target), True
    if all(_is_manifest(path) for path in files):
        read = (item for path, data in files.items() for item in read_manifest(path, data, target, None))
        return tuple({item.line(): item for item in read}.values()), False
    return read_requirements(files, target), False


def _is_manifest(path: str) -> bool:
    return PurePosixPath(path).name == "pyproject.toml"


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
def _locked(path: Path) -> Generator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
