"""A fork of the worker that answers one call, as a process of its own that the caller had started, and ends.

It takes over the caller's streams, folder, variables, arguments, mask of file modes and niceness. Not taken over, and
so the worker's: limits of resources, control group and priority below the worker's own.

Whoever calls is of this user, in the same namespaces and below the same root, or is not answered: the same words
would mean other files there.
"""

from __future__ import annotations

import atexit
import io
import json
import os
import select
import signal
import socket
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from orchestrator.cli.resident import loaded, place
from orchestrator.gates.scanners import spare

__all__ = ["ANSWERS", "STOP", "TAKEN", "Inherited", "attend"]

TAKEN, ANSWERS, STOP = b"T", b"A", b"S"
_REQUEST_BYTES = 16 * 1024**2
_RIGHTS = 4
_NAMESPACES = ("mnt", "user", "pid", "net")
_GRACE_SECONDS = 10.0
_UNFLUSHED = 120
"""Python's own exit code when what was printed last could not be written."""


@dataclass(frozen=True, slots=True)
class Inherited:
    """What a fork has of the worker. ``alive`` ends with it, ``report`` tells it what happens here."""

    listener: socket.socket
    alive: int
    report: int
    installed: Mapping[str, tuple[int, ...]]
    about: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class _Request:
    """``codings``: encoding and error handler of each standard stream."""

    mask: int
    nice: int
    codings: list[str]
    argv: list[str]
    variables: dict[bytes, bytes]


def attend(inherited: Inherited) -> NoReturn:
    """Wait for a call, answer it, end. Never returns, whatever happens: above it stands the worker's own stack."""
    code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        spare.prepare(os.cpu_count() or 2)
        _still(inherited.installed)
        loaded.rehearse()
        connection = _accepted(inherited)
        if connection is not None:
            code = _answer(connection, inherited)
    except BaseException:  # noqa: BLE001 - the caller hears that nobody answers any more
        code = 1
    os._exit(code)


def _accepted(inherited: Inherited) -> socket.socket | None:
    poll = select.poll()
    poll.register(inherited.listener, select.POLLIN)
    poll.register(inherited.alive, select.POLLIN)
    while True:
        ready = {fileno for fileno, _ in poll.poll()}
        if inherited.alive in ready:
            return None
        with suppress(BlockingIOError, ConnectionAbortedError):
            connection, _ = inherited.listener.accept()
            os.write(inherited.report, TAKEN)
            inherited.listener.close()
            os.close(inherited.alive)
            return connection


def _answer(connection: socket.socket, inherited: Inherited) -> int:
    connection.settimeout(place.PATIENCE_SECONDS)
    fields = _received(connection)
    verb, identity, *rest = fields
    if not _same_world(connection):
        return 1
    if verb in {b"status", b"stop"}:
        about = {**inherited.about, "current": _still(inherited.installed)}
        connection.sendall(json.dumps(about).encode())
        if verb == b"stop":
            os.write(inherited.report, STOP)
        return 0
    if identity != place.identity():
        connection.sendall(place.OTHER)
        return 1
    if not _still(inherited.installed):
        connection.sendall(place.OTHER)
        os.write(inherited.report, STOP)
        return 1
    request = _parsed(rest)
    connection.sendall(place.READY)
    go, streams, _, _ = socket.recv_fds(connection, 1, _RIGHTS)
    if go != place.GO or len(streams) != _RIGHTS:
        return 1
    _become(request, streams)
    connection.settimeout(None)
    os.write(inherited.report, ANSWERS)
    code = _work(connection)
    connection.sendall(place.END + bytes([code]))
    return code


def _received(connection: socket.socket) -> list[bytes]:
    """The fields of a request. Raises ``ValueError`` for one that is none, ``OSError``."""
    size = int.from_bytes(_exactly(connection, place.LENGTH_BYTES), "big")
    if size > _REQUEST_BYTES:
        raise ValueError("too large a request")
    return _exactly(connection, size).split(b"\0")


def _exactly(connection: socket.socket, size: int) -> bytes:
    body = bytearray()
    while len(body) < size:
        part = connection.recv(min(size - len(body), 1 << 20))
        if not part:
            raise ValueError("half a request")
        body += part
    return bytes(body)


def _same_world(connection: socket.socket) -> bool:
    pid, uid = place.peer(connection)
    try:
        theirs, ours = Path(f"/proc/{pid}"), Path("/proc/self")
        same = all((theirs / "ns" / name).readlink() == (ours / "ns" / name).readlink() for name in _NAMESPACES)
        return uid == os.geteuid() and same and (theirs / "root").samefile(ours / "root")
    except OSError:
        return False


def _still(installed: Mapping[str, tuple[int, ...]]) -> bool:
    return all(loaded.told(path) == before for path, before in installed.items())


def _parsed(fields: list[bytes]) -> _Request:
    mask, nice, words, *rest = fields
    codings, rest = [text.decode() for text in rest[:6]], rest[6:]
    count = int(words)
    pairs = (variable.partition(b"=") for variable in rest[count:])
    return _Request(
        mask=int(mask),
        nice=int(nice),
        codings=codings,
        argv=[os.fsdecode(word) for word in rest[:count]],
        variables={key: value for key, _, value in pairs},
    )


def _become(request: _Request, streams: list[int]) -> None:
    """The caller's process in all that a program can see of it and that is not the worker's."""
    *three, folder = streams
    for number, stream in enumerate(three):
        os.dup2(stream, number)
        os.close(stream)
    os.fchdir(folder)
    os.close(folder)
    os.umask(request.mask)
    os.environb.clear()
    os.environb.update(request.variables)
    time.tzset()
    with suppress(OSError):
        os.nice(max(request.nice - os.getpriority(os.PRIO_PROCESS, 0), 0))
    sys.argv = request.argv
    _reopen(request.codings)


def _reopen(codings: list[str]) -> None:
    """As Python opens them at its start; what is read or printed there goes to the caller's."""
    for number, stream in enumerate(("stdin", "stdout", "stderr")):
        encoding, errors = codings[2 * number : 2 * number + 2]
        lines = stream == "stderr" or os.isatty(number)
        raw = open(number, "wb" if number else "rb", -1, closefd=False)  # noqa: SIM115 - a descriptor
        through = bool(os.environ.get("PYTHONUNBUFFERED"))
        setattr(sys, stream, io.TextIOWrapper(raw, encoding, errors, line_buffering=lines, write_through=through))


def _work(connection: socket.socket) -> int:
    """What the command would do, and the exit code that it would end with."""
    from orchestrator.cli.main import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Thread(target=_watch, args=(connection,), daemon=True).start()
    try:
        main()
    except SystemExit as left:
        return _ended(left.code)


def _watch(connection: socket.socket) -> None:
    """Hand the caller's Ctrl-C on; when he is gone, nobody waits for the answer."""
    with suppress(OSError):
        while connection.recv(1) == place.INTERRUPT:
            os.kill(os.getpid(), signal.SIGINT)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(_GRACE_SECONDS)
    os.kill(os.getpid(), signal.SIGKILL)


def _ended(code: str | int | None) -> int:
    """As the interpreter ends: threads, what was registered for the end, what is still to be written."""
    if isinstance(code, str):
        sys.stderr.write(f"{code}\n")
    threading._shutdown()  # type: ignore[attr-defined]  # noqa: SLF001 - as multiprocessing ends its forks
    atexit._run_exitfuncs()  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - as above
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return _UNFLUSHED
    return 1 if isinstance(code, str) else (code or 0) & 0xFF
