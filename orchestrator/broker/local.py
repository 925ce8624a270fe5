"""The broker as a process of this machine."""

from __future__ import annotations

import contextlib
import shutil
import subprocess  # nosec B404 # the process is our own program
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from orchestrator.broker.setup import SOCKET_FOLDER
from orchestrator.errors import SandboxUnavailable

_ROOT = Path(__file__).resolve().parents[2]
BOOT = "import sys; sys.path.insert(0, sys.argv[1]); from orchestrator.broker.process import main; main()"


class LocalProcess:
    """Implements :class:`~orchestrator.ports.BrokerProcess`. The socket's folder is mounted into the sandbox."""

    machine = ""

    def __init__(self, folder: Path, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self.folder, self.mount = str(folder), str(folder / SOCKET_FOLDER)

    @property
    def pid(self) -> int:
        """Of the process."""
        return self._process.pid

    def send(self, data: bytes) -> None:
        """As the port says."""
        if self._process.stdin is not None:
            with contextlib.suppress(OSError, ValueError):
                self._process.stdin.write(data)
                self._process.stdin.flush()

    def lines(self) -> Iterator[bytes]:
        """As the port says."""
        if self._process.stdout is not None:
            yield from self._process.stdout

    def kill(self) -> None:
        """As the port says."""
        self._process.kill()

    def end(self) -> None:
        """Wait a moment, then kill; let go of the pipes."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1.0)
        if self._process.poll() is None:
            self._process.kill()
            self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with contextlib.suppress(OSError):
                    pipe.close()


@contextmanager
def local_process(environment: Mapping[str, str]) -> Iterator[LocalProcess]:
    """One with a folder of its own. Raises ``SandboxUnavailable`` (``BRK001``)."""
    folder = Path(tempfile.mkdtemp(prefix="handrail-broker-"))
    try:
        (folder / SOCKET_FOLDER).mkdir(mode=0o755)
        (folder / SOCKET_FOLDER).chmod(0o755)
        made = LocalProcess(folder, _start(environment))
        try:
            yield made
        finally:
            made.end()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _start(environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    try:
        return subprocess.Popen(  # noqa: S603 # nosec B603 # fixed arguments, our own program
            [sys.executable, "-I", "-c", BOOT, str(_ROOT)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=dict(environment),
            start_new_session=True,
        )
    except OSError as error:
        raise SandboxUnavailable("BRK001", f"the broker cannot start: {error}", "`handrail doctor`") from error
