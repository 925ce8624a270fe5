"""npm packages as data: brought by the host's npm, laid out by a program in a container without a network.

``npm pack`` of released packages downloads their tarballs and runs nothing of theirs; which registry it asks is npm's
own configuration. Each tarball must have the lock's SHA-512. Install scripts are never run.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.environment import NPM
from orchestrator.sandbox.abort import Abort, run_program
from orchestrator.sandbox.npm_lock import Lock, Package, read_npm_lock
from orchestrator.sandbox.wanted import Target

LOCKS = ("npm-shrinkwrap.json", "package-lock.json")
WALL_SECONDS = 900
_BATCH = 200
_PASSED = frozenset(
    {"HOME", "PATH", "TMPDIR", "LANG", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "XDG_CONFIG_HOME", "NPM_TOKEN"}
    | {"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy"}
)
_SETTINGS = frozenset(
    {"registry", "userconfig", "globalconfig", "cache", "cafile", "ca", "proxy", "https_proxy", "noproxy"}
    | {"strict_ssl", "fetch_timeout", "fetch_retries", "offline", "prefer_offline"}
)

INSTALLER = r"""
import io, json, posixpath, sys, tarfile
plan = json.load(open("/packages/plan.json"))
seen = set()
def put(out, name, data=None, mode=0o644, link=None):
    if name in seen:
        return
    seen.add(name)
    info = tarfile.TarInfo(name)
    info.mode = mode
    if link is not None:
        info.type, info.linkname = tarfile.SYMTYPE, link
        out.addfile(info)
    else:
        info.size = len(data)
        out.addfile(info, io.BytesIO(data))
with tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT) as out:
    for place, archive, bins in plan["packages"]:
        commands = {file for _, file in bins}
        there = set()
        with tarfile.open("/packages/" + archive, mode="r:*") as package:
            for member in package:
                inside = posixpath.normpath(member.name).partition("/")[2]
                if not member.isreg() or not inside or inside.startswith(".."):
                    continue
                runs = inside in commands or member.mode & 0o100
                there.add(inside)
                put(out, place + "/" + inside, package.extractfile(member).read(), 0o755 if runs else 0o644)
        top = place.rpartition("node_modules/")[0] + "node_modules"
        for command, file in bins:
            if file in there:
                put(out, top + "/.bin/" + command, link=posixpath.relpath(place + "/" + file, top + "/.bin"))
    for place, folder in plan["links"]:
        put(out, place, link=posixpath.relpath(folder, posixpath.dirname(place)))
sys.stdout.flush()
print("installed", file=sys.stderr)
"""


def download(lock: Lock, folder: Path, abort: Abort, packages: Path | None = None) -> tuple[str, ...]:
    """Bring the tarballs into ``folder``, named by their hashes, with ``plan.json``; the sorted ``name@version``.

    They come from the folder ``packages`` alone when one is named.

    Raises :class:`SandboxUnavailable`: ``ENV007`` no such version, ``ENV008`` another hash than the lock's,
    ``ENV010`` npm could not bring it, ``ENV021`` there is no npm. Not checked: what is inside.
    """
    wanted = {package.sha512: package for package in lock.packages}
    scratch = folder.parent / "npm"
    scratch.mkdir()
    (scratch / "package.json").write_text("{}\n")  # else npm looks for a project further up
    specs = sorted({package.spec for package in wanted.values()})
    for start in range(0, len(specs) if packages is None else 0, _BATCH):
        _pack(specs[start : start + _BATCH], scratch, abort)
    _collect(wanted, packages or scratch, folder)
    plan = {"packages": [[p.place, f"{p.sha512}.tgz", p.bins] for p in lock.packages], "links": lock.links}
    (folder / "plan.json").write_text(json.dumps(plan))
    return tuple(specs)


def _pack(specs: Sequence[str], scratch: Path, abort: Abort) -> None:
    npm = shutil.which("npm")
    if npm is None:
        hint = "install Node.js with npm on this machine (it only downloads here), or `--wheelhouse`"
        raise SandboxUnavailable("ENV021", "npm is not installed beside Handrail", hint)
    argv = [npm, "pack", "--silent", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
    argv += ["--loglevel=error", "--pack-destination", str(scratch), *specs]
    try:
        done = run_program(argv, cwd=scratch, env=_environment(), timeout_seconds=WALL_SECONDS, abort=abort)
    except subprocess.TimeoutExpired as error:
        raise SandboxUnavailable("ENV010", "npm took too long", "see that `npm ping` works") from error
    if done.returncode != 0:
        raise _refusal((done.stdout + done.stderr).decode(errors="replace"))


def _environment() -> Mapping[str, str]:
    def passes(name: str) -> bool:
        setting = name.lower().removeprefix("npm_config_")
        return name in _PASSED or (name.lower().startswith("npm_config_") and setting in _SETTINGS)

    return {name: value for name, value in sorted(os.environ.items()) if passes(name)}


def _refusal(words: str) -> SandboxUnavailable:
    lines = [line for line in words.splitlines() if "://" not in line and line.strip()][:20]
    if any(code in words for code in ("E404", "ETARGET")):
        return SandboxUnavailable("ENV007", "the registry has no such package", "look at the lock's version", lines)
    if "EINTEGRITY" in words:
        hint = "do not go on: the registry gave other bytes than the ones it announced"
        return SandboxUnavailable("ENV008", "a package does not have its hash", hint, lines)
    hint = "see that `npm ping` works with npm's own configuration"
    return SandboxUnavailable("ENV010", "npm could not bring the packages", hint, lines)


def _collect(wanted: Mapping[str, Package], source: Path, folder: Path) -> None:
    for archive in sorted(source.glob("*.tgz")):
        with archive.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha512").hexdigest()
        if digest in wanted:
            shutil.copyfile(archive, folder / f"{digest}.tgz")
            (folder / f"{digest}.tgz").chmod(0o644)
    absent = [package.spec for digest, package in wanted.items() if not (folder / f"{digest}.tgz").is_file()]
    if absent:
        hint = "do not go on: what came has other bytes than what was locked, or did not come"
        raise SandboxUnavailable("ENV008", "no package has the hash that was locked", hint, sorted(absent))


class NpmPart:
    """The part of a project's environment that becomes ``node_modules``. One lock speaks."""

    recipe = NPM
    installer = INSTALLER
    mount = "/packages"

    def __init__(self, files: Mapping[str, bytes], say: Callable[[str], None]) -> None:
        self._say = say
        self.files = dict(sorted(files.items())[:1])
        if len(files) > 1 or any("/" in path for path in files):
            hint = "name one lock, at the top of the tree, in the repository's profile"
            raise SandboxUnavailable("ENV001", "one npm lock at the top makes an environment", hint, sorted(files))
        self._lock = Lock((), ())

    def read(self, target: Target) -> int:
        """Take in the lock; how many packages it names."""
        for path, data in self.files.items():
            self._lock = read_npm_lock(path, data, target)
        return len(self._lock.packages) + len(self._lock.links)

    def bring(self, folder: Path, abort: Abort, packages: Path | None) -> tuple[str, ...]:
        """Tarballs into ``folder``; ``name@version`` of each."""
        scripted = sorted({package.spec for package in self._lock.packages if package.scripts})
        if scripted:
            self._say(f"install scripts are off: {', '.join(scripted)} have one and may lack what it would make")
        return download(self._lock, folder, abort, packages)
