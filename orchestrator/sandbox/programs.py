"""The programs that run inside, kept as an immutable copy by digest and mounted read-only at ``/opt/handrail``."""

from __future__ import annotations

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.ids import Digest

SUPERVISOR = "supervisor.py"


def _files(source: Path) -> dict[str, bytes]:
    found = sorted(p for p in source.rglob("*") if "__pycache__" not in p.parts and p.is_file() and not p.is_symlink())
    return {p.relative_to(source).as_posix(): p.read_bytes() for p in found}


def _digest(files: dict[str, bytes]) -> Digest:
    whole = hashlib.sha256()
    for name, data in sorted(files.items()):
        whole.update(f"{name}\0{hashlib.sha256(data).hexdigest()}\n".encode())
    return Digest("sha256:" + whole.hexdigest())


def _write(files: dict[str, bytes], target: Path) -> None:
    """With fixed modes: a checkout made under a strict umask would be unreadable to the user inside."""
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = Path(tempfile.mkdtemp(dir=target.parent, prefix=".new-"))
    for name, data in files.items():
        place = fresh / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        place.chmod(0o444)
    for directory in (fresh, *(p for p in fresh.rglob("*") if p.is_dir())):
        directory.chmod(0o755)
    try:
        fresh.rename(target)
    except OSError:
        shutil.rmtree(fresh)


def install(source: Path, state: Path) -> tuple[Path, Digest]:
    """Copy ``source`` to ``state/programs/<digest>`` unless it is there unaltered; the place and the digest.

    Raises ``SandboxUnavailable`` (``SBX012``) when the supervisor is missing or the place cannot be written.
    """
    try:
        files = _files(source)
        if SUPERVISOR not in files:
            raise SandboxUnavailable("SBX012", f"{source} holds no {SUPERVISOR}", "reinstall handrail")
    except OSError as error:
        raise _unwritable(state, error) from error
    return keep(files, state, "programs")


def keep(files: dict[str, bytes], state: Path, kind: str) -> tuple[Path, Digest]:
    """Put files (by relative path) into ``state/kind/<digest>``. Raises ``SandboxUnavailable`` (``SBX012``)."""
    digest = _digest(files)
    target = state / kind / digest.removeprefix("sha256:")
    try:
        if target.is_dir() and _digest(_files(target)) != digest:
            shutil.rmtree(target)
        if not target.is_dir():
            _write(files, target)
    except OSError as error:
        raise _unwritable(state, error) from error
    return Path(os.path.realpath(target)), digest


def _unwritable(state: Path, error: OSError) -> SandboxUnavailable:
    words = f"the sandbox programs cannot be put into {state}: {error}"
    return SandboxUnavailable("SBX012", words, "make that directory writable")
