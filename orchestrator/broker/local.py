"""The broker as a process of this machine."""

from __future__ import annotations

import contextlib
import shutil
import subprocess  # nosec B404 # the process is our own program
import sys
import tempfile
import threading
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
        _end(self._process)


class LocalProcesses:
    """Starts them, each for one lease, and the next one ahead: it loads while this lease is in use.

    The one ahead has been told nothing, has no socket and ends with our pipe as any other. It is used only where the
    environment is to be the very same.
    """

    def __init__(self) -> None:
        self._ahead: tuple[dict[str, str], subprocess.Popen[bytes]] | None = None
        self._closed, self._turn = False, threading.Lock()

    @contextmanager
    def __call__(self, environment: Mapping[str, str]) -> Iterator[LocalProcess]:
        """One with a folder of its own. Raises ``SandboxUnavailable`` (``BRK001``)."""
        with _folder() as folder:
            made = LocalProcess(folder, self._taken(dict(environment)))
            try:
                yield made
            finally:
                made.end()

    def close(self) -> None:
        """End the one that nobody took. Idempotent."""
        with self._turn:
            left, self._ahead, self._closed = self._ahead, None, True
        if left is not None:
            _end(left[1], at_once=True)

    def _taken(self, environment: dict[str, str]) -> subprocess.Popen[bytes]:
        with self._turn:
            ahead, self._ahead = self._ahead, None
        if ahead is None or ahead[0] != environment or ahead[1].poll() is not None:
            if ahead is not None:
                _end(ahead[1], at_once=True)
            ahead = (environment, _start(environment))
        with self._turn:
            if self._ahead is None and not self._closed:
                self._ahead = (environment, _start(environment))
        return ahead[1]


@contextmanager
def local_process(environment: Mapping[str, str]) -> Iterator[LocalProcess]:
    """One alone. Raises ``SandboxUnavailable`` (``BRK001``)."""
    with _folder() as folder:
        made = LocalProcess(folder, _start(environment))
        try:
            yield made
        finally:
            made.end()


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="handrail-broker-"))
    try:
        (folder / SOCKET_FOLDER).mkdir(mode=0o755)
        (folder / SOCKET_FOLDER).chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _end(process: subprocess.Popen[bytes], *, at_once: bool = False) -> None:
    """Wait a moment unless ``at_once``, then kill; let go of the pipes."""
    if not at_once:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(1.0)
    if process.poll() is None:
        process.kill()
        process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):
                pipe.close()


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
