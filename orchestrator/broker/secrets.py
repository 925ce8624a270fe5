"""Secret values: read where the user's configuration says, when they are needed, and masked wherever they turn up."""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import os
import stat
from pathlib import Path
from typing import Any, cast

from orchestrator.broker.refusal import Refusal
from orchestrator.models.endpoint import SecretSource, SourceKind

COMMAND_SECONDS = 30.0
MAX_SECRET_BYTES = 64 * 1024
_END_SECONDS = 5.0
_MIN_MASKED = 8
"""Shorter values would be found everywhere."""
_COMMAND_ENV = ("PATH", "HOME", "LANG", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME", "SSH_AUTH_SOCK")


def _unreadable(why: str) -> Refusal:
    return Refusal("BRK040", 502, f"a credential of this endpoint cannot be read: {why}", "`handrail doctor`")


def unusable(why: str) -> Refusal:
    """A credential that does not work; ``why`` holds nothing of it."""
    return Refusal("BRK040", 502, f"a credential of this endpoint cannot be used: {why}", "`handrail doctor`")


async def read_secret(source: SecretSource) -> str:
    """The value without surrounding white space. Raises :class:`Refusal` (``BRK040``), which never holds any of it."""
    match source.kind:
        case SourceKind.ENVIRONMENT:
            value = os.environ.get(source.value[0], "")
        case SourceKind.FILE:
            value = await asyncio.to_thread(_file, Path(source.value[0]))
        case SourceKind.KEYRING:
            value = await asyncio.to_thread(_keyring, source.value[0])
        case SourceKind.COMMAND:
            value = await _command(source.value)
    value = value.strip()
    if not value:
        raise _unreadable(f"the {source.kind} source gives nothing")
    return value


def _file(path: Path) -> str:
    """An absolute, regular file that nobody else can read or write."""
    if not path.is_absolute():
        raise _unreadable("its file's path is not absolute")
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            seen = os.fstat(file.fileno())
            if not stat.S_ISREG(seen.st_mode) or seen.st_mode & 0o077 or seen.st_uid != os.getuid():
                raise _unreadable("its file is not the user's own with mode 0600")
            return file.read(MAX_SECRET_BYTES).decode()
    except (OSError, UnicodeDecodeError) as error:
        raise _unreadable(f"its file gives {type(error).__name__}") from None


def _keyring(name: str) -> str:
    """``service/user`` in the desktop's key store, by the ``keyring`` library where it is installed."""
    service, slash, user = name.partition("/")
    try:
        keyring: Any = importlib.import_module("keyring")  # optional, and slow to load
    except ImportError:
        raise _unreadable("the library `keyring` is not installed") from None
    try:
        found = cast("str | None", keyring.get_password(service, user) if slash else None)
    except Exception as error:  # noqa: BLE001  backends raise what they like
        raise _unreadable(f"the key store gives {type(error).__name__}") from None
    return found or ""


async def _command(argv: tuple[str, ...]) -> str:
    """All that a program prints, run without a shell and without our secrets."""
    env = {name: os.environ[name] for name in _COMMAND_ENV if name in os.environ}
    try:
        process = await asyncio.create_subprocess_exec(
            *argv,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env=env,
        )
    except OSError as error:
        raise _unreadable(f"its command gives {type(error).__name__}") from None
    try:
        async with asyncio.timeout(COMMAND_SECONDS):
            out = await _whole(process.stdout) if process.stdout else b""
            code = await process.wait()
    except TimeoutError:
        raise _unreadable(f"its command took longer than {COMMAND_SECONDS:g} s") from None
    finally:
        await _ended(process)
    if code != 0:
        raise _unreadable(f"its command ended with {code}")
    return out.decode(errors="replace")


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Killed if need be. What it started may keep its output open: that is not waited for."""
    if process.returncode is None:
        process.kill()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_END_SECONDS):
                await process.wait()


async def _whole(stream: asyncio.StreamReader) -> bytes:
    """To its end; of one that is longer than any secret the rest is left out."""
    out = b""
    while piece := await stream.read(MAX_SECRET_BYTES):
        out = (out + piece)[: MAX_SECRET_BYTES + 1]
    if len(out) > MAX_SECRET_BYTES:
        raise _unreadable("its command prints more than a secret")
    return out


class Masker:
    """Knows every secret value of the lease. Masks keep the length, so that a body's framing stays true."""

    def __init__(self, *, answers: bool = True) -> None:
        self._values: set[str] = set()
        self._answers = answers
        self._bytes: tuple[bytes, ...] = ()

    def learn(self, value: str) -> None:
        """From now on ``value`` is masked."""
        if len(value) >= _MIN_MASKED and value not in self._values:
            self._values.add(value)
            longest = sorted((v.encode() for v in self._values), key=len, reverse=True)
            self._bytes = tuple(longest)

    def text(self, text: str) -> str:
        """For a log or a reason."""
        for value in sorted(self._values, key=len, reverse=True):
            text = text.replace(value, "[secret]")
        return text

    def data(self, data: bytes) -> bytes:
        """For something whole."""
        for value in self._bytes:
            if value in data:
                data = data.replace(value, b"*" * len(value))
        return data

    def stream(self) -> MaskedStream:
        """For an answer that comes in pieces; ``answers`` off knows nothing to mask, for the test that shows why."""
        return MaskedStream(self if self._answers else Masker())

    def overlap(self, data: bytes) -> int:
        """How many last bytes could be the beginning of a secret."""
        longest = 0
        for value in self._bytes:
            place = data.find(value[:1], max(0, len(data) - len(value) + 1))
            while place >= 0:
                if value.startswith(data[place:]):
                    longest = max(longest, len(data) - place)
                    break
                place = data.find(value[:1], place + 1)
        return longest


class MaskedStream:
    """Holds back only what may be the beginning of a secret."""

    def __init__(self, masker: Masker) -> None:
        self._masker, self._held = masker, b""
        self.masked = False

    def feed(self, piece: bytes) -> bytes:
        """What can go on."""
        data = self._held + piece if self._held else piece
        clean = self._masker.data(data)
        self.masked |= clean is not data
        keep = self._masker.overlap(clean)
        self._held = clean[len(clean) - keep :] if keep else b""
        return clean[: len(clean) - keep] if keep else clean

    def end(self) -> bytes:
        """The rest."""
        held, self._held = self._held, b""
        return held
