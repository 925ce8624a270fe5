"""A root file system from Debian's or Ubuntu's packages, by mmdebstrap and the host's own package sources."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, cast

from orchestrator.errors import SandboxUnavailable

WALL_SECONDS = 900
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PASSED = ("HOME", "TMPDIR", "http_proxy", "https_proxy", "no_proxy")
_OTHER_WAYS = "name an image with Python 3, pip and git by `--pull IMAGE`, or give a file by `--from image.tar`"


def host_suite(os_release: Path = Path("/etc/os-release")) -> str:
    """The code name of the Debian or Ubuntu release that this host is.

    Raises :class:`SandboxUnavailable` (``IMG003``) on any other system.
    """
    values: dict[str, str] = {}
    if os_release.is_file():
        for line in os_release.read_text(encoding="utf-8", errors="replace").splitlines():
            key, _, value = line.partition("=")
            values[key] = value.strip().strip('"')
    suite = values.get("VERSION_CODENAME", "")
    if values.get("ID") not in {"debian", "ubuntu"} or not suite.isalnum():
        raise SandboxUnavailable("IMG003", "this host is neither Debian nor Ubuntu with a code name", _OTHER_WAYS)
    return suite


@contextmanager
def debian_rootfs(packages: Sequence[str]) -> Generator[tuple[IO[bytes], str]]:
    """A tar stream of a minimal system with ``packages``, and the suite it is of.

    The stream must be read to its end. Raises :class:`SandboxUnavailable` (``IMG003``, ``IMG004``) before
    it starts, or at the end of the block when mmdebstrap failed.
    """
    suite = host_suite()
    program = shutil.which("mmdebstrap", path=_PATH)
    if program is None:
        hint = f"`apt-get install mmdebstrap`, or {_OTHER_WAYS}"
        raise SandboxUnavailable("IMG004", "mmdebstrap is not installed", hint)
    argv = ["timeout", str(WALL_SECONDS), program, "--quiet", "--variant=minbase"]
    argv += [f"--include={','.join(packages)}", *_apt_options(), suite, "-", *_sources()]
    environment = {"PATH": _PATH, "LANG": "C.UTF-8"} | {key: os.environ[key] for key in _PASSED if key in os.environ}
    with tempfile.TemporaryFile() as words:
        process = subprocess.Popen(  # noqa: S603 - an argument vector of checked package names
            argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=words, env=environment
        )
        try:
            yield cast("IO[bytes]", process.stdout), suite
        except SandboxUnavailable as error:
            _finish(process, cast("IO[bytes]", words), error)
            raise
        else:
            _finish(process, cast("IO[bytes]", words), None)
        finally:
            process.terminate()  # `timeout` passes it on, and mmdebstrap cleans up
            process.wait(timeout=60)


def _finish(process: subprocess.Popen[bytes], words: IO[bytes], cause: Exception | None) -> None:
    """Say what mmdebstrap said, when it failed: the broken stream is only the consequence."""
    cast("IO[bytes]", process.stdout).close()
    status = process.wait(timeout=WALL_SECONDS)
    if status == 0:
        return
    words.seek(0)
    lines = words.read(1 << 20).decode(errors="replace").splitlines()[-12:]
    hint = f"see that `apt-get update` works, or {_OTHER_WAYS}"
    raise SandboxUnavailable("IMG004", f"mmdebstrap failed (status {status})", hint, lines) from cause


def _sources() -> list[str]:
    """The files in which this host's distribution itself is named; mmdebstrap's default when there are none."""
    candidates = [
        "/etc/apt/sources.list",
        "/etc/apt/sources.list.d/debian.sources",
        "/etc/apt/sources.list.d/ubuntu.sources",
    ]
    return [path for path in candidates if Path(path).is_file() and _names_a_source(Path(path))]


def _names_a_source(path: Path) -> bool:
    lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    return any(line.startswith(("deb ", "Types:")) for line in lines)


def _apt_options() -> list[str]:
    """The host's proxy, by file, so that no credential stands in an argument."""
    return [f"--aptopt={path}" for path in sorted(Path("/etc/apt/apt.conf.d").glob("*prox*")) if path.is_file()]
