"""The host's side of the self-test: a secret to be found, and doors to be knocked at. Gone when the test ends."""

from __future__ import annotations

import hashlib
import os
import secrets
import socket
import tempfile
import threading
from collections.abc import Generator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

VARIABLE = "HANDRAIL_SELFTEST_KEY"


@dataclass(frozen=True, slots=True)
class HostSide:
    """``canary`` is in this process's environment and in a file of ``folder``; ``socket`` stands for an engine's."""

    canary: str
    folder: Path
    socket: str
    port: int
    abstract: str

    def parameters(self) -> dict[str, Any]:
        """For the programs inside. The canary goes in as a digest alone."""
        digest = hashlib.sha256(self.canary.encode()).hexdigest()
        return {"canary_digest": digest, "port": self.port, "abstract": self.abstract}


@contextmanager
def host_side() -> Generator[HostSide]:
    """Listens on the loopback, on an abstract socket and on one in a folder of its own."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="handrail-selftest-")))
        canary = "hrcanary" + secrets.token_hex(12)
        (folder / "key").write_text(canary)
        place, abstract = str(folder / "engine.sock"), f"handrail-selftest-{secrets.token_hex(8)}"
        stack.enter_context(_in_environment(canary))
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        named = stack.enter_context(socket.socket(socket.AF_UNIX))
        named.bind(place)
        Path(place).chmod(0o666)
        listening = [tcp, named]
        with suppress(OSError):  # only Linux has abstract sockets
            hidden = stack.enter_context(socket.socket(socket.AF_UNIX))
            hidden.bind("\0" + abstract)
            listening.append(hidden)
        for server in listening:
            server.listen()
            threading.Thread(target=_serve, args=(server,), daemon=True).start()
        yield HostSide(canary, folder, place, tcp.getsockname()[1], abstract)


@contextmanager
def _in_environment(canary: str) -> Generator[None]:
    os.environ[VARIABLE] = canary
    try:
        yield
    finally:
        del os.environ[VARIABLE]


def _serve(server: socket.socket) -> None:
    with suppress(OSError):
        while True:
            server.accept()[0].close()
