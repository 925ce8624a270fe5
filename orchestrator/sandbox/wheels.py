"""Wheels for one Python, brought by the host's pip as data: no code of any package runs here.

``pip download --only-binary=:all:`` neither builds nor imports anything. Which index it asks is pip's own
configuration. It runs outside the repository, with a requirements file that we wrote.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.parser import BytesParser
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.abort import Abort, run_program
from orchestrator.sandbox.wanted import Target, Wanted

WALL_SECONDS = 900
MAX_UNPACKED_BYTES = 4 << 30
_METADATA_BYTES = 4 << 20
_ROUNDS = 5
_PASSED = frozenset(
    {"HOME", "PATH", "TMPDIR", "NETRC", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"}
    | {"XDG_CONFIG_HOME", "XDG_CONFIG_DIRS", "XDG_CACHE_HOME"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "no_proxy", "all_proxy"}
    | {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX", "PIP_TRUSTED_HOST", "PIP_PROXY"}
    | {"PIP_CERT", "PIP_CLIENT_CERT", "PIP_KEYRING_PROVIDER", "PIP_CONFIG_FILE", "PIP_CACHE_DIR"}
    | {"PIP_DEFAULT_TIMEOUT", "PIP_RETRIES"}
)


@dataclass(frozen=True, slots=True)
class Pip:
    """Where wheels go, what they are for, and where they come from: a ``packages`` folder alone, or pip's own index."""

    folder: Path
    target: Target
    abort: Abort
    packages: Path | None = None


def download(wanted: Sequence[Wanted], pip: Pip, *, complete: bool) -> tuple[str, ...]:
    """Bring wheels into pip's folder and give them as sorted ``name==version``.

    With hashes exactly ``wanted`` is brought; without, pip also resolves what they depend on. ``complete``
    says that ``wanted`` comes from a lock, whose word on dependencies is final; otherwise every dependency
    that holds on ``target`` must be there. Raises :class:`SandboxUnavailable` (``ENV006`` … ``ENV010``).
    Not checked: what is inside the wheels.
    """
    hashed = all(item.hashes for item in wanted)
    target, folder = pip.target, pip.folder
    lines = [item.line() for item in wanted]
    for _ in range(_ROUNDS):
        _pip(lines, pip, hashed=hashed)
        absent = [] if complete else _absent(wanted, target, folder)
        if not absent:
            _open_up(folder)
            return tuple(sorted(f"{name}=={version}" for name, (version, _) in _wheels(folder).items()))
        if hashed:
            hint = "write the file again with all dependencies (`uv pip compile --generate-hashes`)"
            raise SandboxUnavailable("ENV006", "the hashed requirements are not complete", hint, absent)
        lines += absent
    hint = "pin all dependencies (`uv pip compile`)"
    raise SandboxUnavailable("ENV009", "the requirements do not come to rest", hint, lines[len(wanted) :])


def _pip(lines: Iterable[str], pip: Pip, *, hashed: bool) -> None:
    """Run pip for lines; its marker evaluation is the host's, hence the check for what is absent."""
    target, folder = pip.target, pip.folder
    listing = folder.parent / "wanted.txt"
    listing.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    argv = [sys.executable, "-I", "-m", "pip", "download", "--quiet", "--no-input", "--disable-pip-version-check"]
    argv += ["--only-binary=:all:", "--dest", str(folder), "--implementation", "cp", "--abi", target.abi]
    argv += ["--python-version", target.python, *(f"--platform={tag}" for tag in target.platforms)]
    argv += ["--require-hashes", "--no-deps"] if hashed else []
    environment = {key: os.environ[key] for key in sorted(_PASSED) if key in os.environ}
    if pip.packages is not None:
        argv += ["--no-index", "--find-links", str(pip.packages)]
        environment = {key: value for key, value in environment.items() if not key.startswith("PIP_")}
        environment["PIP_CONFIG_FILE"] = os.devnull
    try:
        argv += ["-r", str(listing)]
        done = run_program(argv, cwd=folder.parent, env=environment, timeout_seconds=WALL_SECONDS, abort=pip.abort)
    except subprocess.TimeoutExpired as error:
        raise SandboxUnavailable("ENV010", "pip took too long", "see that `pip download six` works") from error
    if done.returncode != 0:
        raise _refusal(done.stderr.decode(errors="replace"))


def _refusal(words: str) -> SandboxUnavailable:
    """What pip's words mean, with a code; the words themselves as details."""
    lines = [line for line in words.splitlines() if line.startswith(("ERROR", " ")) and "://" not in line][:20]
    if "No module named pip" in words:
        hint = "`python -m ensurepip`, or install Handrail with pip"
        return SandboxUnavailable("ENV010", "pip is not installed beside Handrail", hint)
    if "DO NOT MATCH THE HASHES" in words:
        hint = "do not go on: the index gave other bytes than the ones that were locked"
        return SandboxUnavailable("ENV008", "a wheel does not have the hash that was asked for", hint, lines)
    if "No matching distribution" in words:
        hint = "take a version with a wheel for the image's Python; source distributions are never built"
        return SandboxUnavailable("ENV007", "there is no wheel for a requirement", hint, lines)
    if "ResolutionImpossible" in words or "conflicting dependencies" in words or "Double requirement" in words:
        return SandboxUnavailable("ENV009", "the requirements contradict each other", "change the versions", lines)
    hint = "see that `pip download six` works with pip's own configuration"
    return SandboxUnavailable("ENV010", "pip could not bring the wheels", hint, lines or words.splitlines()[-5:])


def _wheels(folder: Path) -> dict[str, tuple[str, Path]]:
    """Normalised name → version and file. Raises when something else lies there."""
    found: dict[str, tuple[str, Path]] = {}
    for path in sorted(folder.iterdir()):
        try:
            name, version, _, _ = parse_wheel_filename(path.name)
        except InvalidWheelFilename as error:
            raise SandboxUnavailable("ENV007", f"{path.name} is no wheel", "take another version") from error
        found[str(name)] = (str(version), path)
    return found


def _absent(wanted: Sequence[Wanted], target: Target, folder: Path) -> list[str]:
    """Dependencies that hold on the target and are not in the folder, as requirement lines."""
    wheels = _wheels(folder)
    pending = [item.requirement for item in wanted]
    seen: set[tuple[str, frozenset[str]]] = set()
    absent: dict[str, None] = {}
    while pending:
        requirement = pending.pop()
        name, extras = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if (name, extras) in seen:
            continue
        seen.add((name, extras))
        if name not in wheels:
            absent[Wanted(requirement, (), "").line()] = None
            continue
        dependencies = _dependencies(wheels[name][1])
        pending += [one for one in dependencies if any(target.holds(one, extra) for extra in extras or {""})]
    return sorted(absent)


def _dependencies(wheel: Path) -> list[Requirement]:
    try:
        with zipfile.ZipFile(wheel) as archive:
            name = next(item for item in archive.infolist() if _is_metadata(item))
            with archive.open(name) as stream:
                headers = BytesParser().parsebytes(stream.read(_METADATA_BYTES), headersonly=True)
        return [Requirement(str(line)) for line in headers.get_all("Requires-Dist", [])]
    except (zipfile.BadZipFile, StopIteration, InvalidRequirement, NotImplementedError) as error:
        raise SandboxUnavailable("ENV007", f"{wheel.name} has no usable metadata", "take another version") from error


def _is_metadata(item: zipfile.ZipInfo) -> bool:
    folder, _, name = item.filename.rpartition("/")
    return name == "METADATA" and folder.endswith(".dist-info") and "/" not in folder


def _open_up(folder: Path) -> None:
    """Let the container's user read the wheels, when they are not too much together."""
    total = 0
    for _, wheel in _wheels(folder).values():
        wheel.chmod(0o644)
        try:
            with zipfile.ZipFile(wheel) as archive:
                total += sum(item.file_size for item in archive.infolist())
        except zipfile.BadZipFile as error:
            raise SandboxUnavailable("ENV007", f"{wheel.name} is no archive", "take another version") from error
    if total > MAX_UNPACKED_BYTES:
        hint = f"an environment may have {MAX_UNPACKED_BYTES >> 30} GiB"
        raise SandboxUnavailable("ENV012", f"the wheels unpack to {total >> 20} MiB", hint)
