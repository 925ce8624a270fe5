"""Where the gate's worker listens, for whom it answers, and what is said on the way.

Loaded by each ``handrail gate`` before anything else, so it imports what the interpreter has loaded anyway and two
modules of C: ``socket`` and ``hashlib`` alone would take longer than the whole question.

A request is four bytes of length, big endian, and fields with NUL between them, which neither an argument nor a
variable can hold. With ``GO`` go the three standard streams and the current folder, as descriptors.
"""

from __future__ import annotations

import _socket
import os
import stat
import sys
from binascii import crc32

from orchestrator import __version__
from orchestrator.store.home import state_home

__all__ = [
    "END",
    "GO",
    "INTERRUPT",
    "LENGTH_BYTES",
    "OTHER",
    "PATIENCE_SECONDS",
    "READY",
    "connect",
    "folder",
    "identity",
    "mine",
    "name",
    "own_folder",
    "peer",
]

READY, OTHER, GO, INTERRUPT, END = b"R", b"X", b"G", b"I", b"E"
"""``READY`` and ``OTHER`` (not for you) answer a request, ``GO`` lets it begin, ``END`` and its exit code end it."""
PATIENCE_SECONDS = 5.0
"""For each word before ``GO``. Whoever waits longer does the work himself."""
LENGTH_BYTES = 4
_CREDENTIALS_BYTES = 12
_OTHERS = 0o077


def identity() -> bytes:
    """All that decides what this interpreter would load and how: only for exactly the same does the worker answer."""
    flags = sys.flags
    switches = flags.optimize, flags.dont_write_bytecode, flags.no_site, flags.no_user_site, flags.ignore_environment
    told = [__version__, sys.version, sys.executable, sys.prefix, __file__, repr(switches)]
    options = sys._xoptions  # noqa: SLF001 # pyright: ignore[reportPrivateUsage] - documented all the same
    told += [repr((flags.dev_mode, flags.utf8_mode, flags.bytes_warning, sys.warnoptions, options))]
    told += [sys.getfilesystemencoding(), sys.getfilesystemencodeerrors()]
    told += sorted(f"{k}={v}" for k, v in os.environ.items() if k.startswith(("PYTHON", "LC_")) or k == "LANG")
    return "\n".join(told).encode("utf-8", "surrogateescape")


def folder() -> str:
    """Raises ``RuntimeError`` where this user has no home."""
    return f"{state_home()}/gate-worker"


def name() -> str:
    """Of the socket in that folder. Two installations that share it by chance tell each other apart by `identity`."""
    return f"{crc32(identity()):08x}.sock"


def own_folder() -> int:
    """The folder, open. Raises ``OSError`` when it is not there, not this user's, or open to others."""
    opened = os.open(folder(), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    found = os.fstat(opened)
    if found.st_uid != os.geteuid() or found.st_mode & _OTHERS:
        os.close(opened)
        raise PermissionError("the folder of the gate's worker is not this user's alone")
    return opened


def mine(name: str, opened: int) -> bool:
    """Whether it is a socket of this user in that folder, and no link to one."""
    found = os.stat(name, dir_fd=opened, follow_symlinks=False)
    return stat.S_ISSOCK(found.st_mode) and found.st_uid == os.geteuid()


def connect() -> _socket.socket:
    """To this user's worker. Raises ``OSError`` or ``RuntimeError`` when there is none that may be asked."""
    opened = own_folder()
    try:
        if not mine(name(), opened):
            raise PermissionError("what listens for the gate is not this user's")
        made = _socket.socket(_socket.AF_UNIX, _socket.SOCK_STREAM)
        made.settimeout(PATIENCE_SECONDS)
        # By its open folder: a path may be longer than an address can be, and may have changed since.
        made.connect(f"/proc/self/fd/{opened}/{name()}")
    finally:
        os.close(opened)
    if peer(made)[1] != os.geteuid():
        raise PermissionError("the gate's worker is another user's")
    return made


def peer(connection: _socket.socket) -> tuple[int, int]:
    """Process and user at the other end, as the kernel says; of a listener the process that listens."""
    told = connection.getsockopt(_socket.SOL_SOCKET, _socket.SO_PEERCRED, _CREDENTIALS_BYTES)
    return int.from_bytes(told[:4], sys.byteorder), int.from_bytes(told[4:8], sys.byteorder)
