"""The Python part of a project's environment: which of its files speak, what they ask for, and the install.

Wheels come to the host as data (:mod:`orchestrator.sandbox.wheels`) and are installed by the image's own pip in a
container without a network.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path, PurePosixPath

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.abort import Abort
from orchestrator.sandbox.locks import read_poetry_lock, read_uv_lock
from orchestrator.sandbox.manifest import read_manifest
from orchestrator.sandbox.requirements import read_requirements
from orchestrator.sandbox.wanted import Target, Wanted
from orchestrator.sandbox.wheels import Pip, download

RECIPE = "python/1"
MOUNT_POINT = "/opt/env"
_LOCKS = {"uv.lock": read_uv_lock, "poetry.lock": read_poetry_lock}

INSTALLER = f"""
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


class PythonPart:
    """``files`` are those that are not another part's."""

    recipe = RECIPE
    installer = INSTALLER
    mount = "/wheels"

    def __init__(self, files: Mapping[str, bytes], say: Callable[[str], None]) -> None:
        self._say = say
        self.files = self._chosen(files)
        self._wanted: tuple[Wanted, ...] = ()
        self._complete = False

    def read(self, target: Target) -> int:
        """Take in what is asked for; how many requirements that is."""
        self._target = target
        self._wanted, self._complete = _read(self.files, target)
        return len(self._wanted)

    def bring(self, folder: Path, abort: Abort, packages: Path | None) -> tuple[str, ...]:
        """Wheels into ``folder``; ``name==version`` of each."""
        pip = Pip(folder, self._target, abort, packages)
        brought = download(self._wanted, pip, complete=self._complete)
        versions = dict(package.split("==") for package in brought)
        for item in self._wanted:
            if not item.pinned:
                today = versions[item.name]
                self._say(f"{item.place} does not pin {item.name}: today it is {today}, and stays so here")
        return brought

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
            hint = "use requirements files, uv.lock, poetry.lock, pyproject.toml or package-lock.json"
            raise SandboxUnavailable("ENV001", "a file of a kind that no environment is built from", hint, strange)
        return dict(files)


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
