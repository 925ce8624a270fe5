"""The asking side: hand argv, environment, folder and streams to the worker, wait for its exit code.

The worker says when it is ready, and begins only when it is told to: whatever goes wrong before that, this process
does the work itself, and nothing is done twice. An answer that is lost after that is an error, never a pass.
"""

from __future__ import annotations

import _socket
import os
import sys

from orchestrator.cli.resident import place

__all__ = ["LOST", "answered", "told", "wanted"]

LOST = -1
_SWITCH = "HANDRAIL_GATE_WORKER"


def wanted(argv: list[str]) -> bool:
    """Whether this call may be answered by the worker: a gate's, and neither the flag nor the variable says no."""
    if argv[1:2] != ["gate"] or argv[2:3] == ["worker"] or "--no-worker" in argv:
        return False
    return sys.platform == "linux" and os.environ.get(_SWITCH, "").lower() not in {"0", "no", "off", "false"}


def answered(argv: list[str]) -> int | None:
    """The exit code; ``None`` when nobody took the work; ``LOST`` when who took it went away before its end.

    Raises ``KeyboardInterrupt`` before the work has begun; later ones are handed on to whoever works.
    """
    try:
        connection = place.connect()
    except (OSError, RuntimeError):
        return None
    try:
        if not _ready(connection, argv):
            return None
    except OSError:
        return None
    connection.settimeout(None)
    return _end(connection)


def told(verb: bytes) -> tuple[int, bytes]:
    """The worker's process and all that it says to ``status`` or ``stop``. Raises ``OSError``, ``RuntimeError``."""
    connection = place.connect()
    connection.sendall(_framed([verb, place.identity()]))
    said = b""
    while part := connection.recv(4096):
        said += part
    pid = place.peer(connection)[0]
    connection.close()
    return pid, said


def _ready(connection: _socket.socket, argv: list[str]) -> bool:
    folder = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        connection.sendall(_framed(_request(argv)))
        if connection.recv(1) != place.READY:
            return False
        # Not before: whoever never reads them would hold them, and a pipe with its ends held never ends.
        rights = b"".join(fd.to_bytes(4, sys.byteorder) for fd in (0, 1, 2, folder))
        connection.sendmsg([place.GO], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, rights)])
    finally:
        os.close(folder)
    return True


def _request(argv: list[str]) -> list[bytes]:
    os.umask(mask := os.umask(0o077))
    streams = (sys.stdin, sys.stdout, sys.stderr)
    codings = [text.encode() for s in streams for text in (s.encoding, s.errors or "strict")]
    words = [os.fsencode(word) for word in argv]
    variables = [key + b"=" + value for key, value in os.environb.items()]
    numbers = [b"%d" % n for n in (mask, os.getpriority(os.PRIO_PROCESS, 0), len(words))]
    return [b"gate", place.identity(), *numbers, *codings, *words, *variables]


def _framed(fields: list[bytes]) -> bytes:
    body = b"\0".join(fields)
    return len(body).to_bytes(place.LENGTH_BYTES, "big") + body


def _end(connection: _socket.socket) -> int:
    while True:
        try:
            said = connection.recv(2)
        except KeyboardInterrupt:
            # Whoever works leaves as this process would have, with its own words.
            connection.sendall(place.INTERRUPT)
            continue
        except OSError:
            return LOST
        return said[1] if said[:1] == place.END and len(said) == len(place.END) + 1 else LOST
