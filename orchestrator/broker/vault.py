"""Where keys and renewed tokens are kept: on the user's machine, read there or asked of the parent."""

from __future__ import annotations

import asyncio
import fcntl
import os
import tempfile
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Protocol, Self

from orchestrator.broker.refusal import Refusal
from orchestrator.broker.secrets import read_secret, unusable
from orchestrator.models.endpoint import SecretSource

_TURN_SECONDS = 30.0
Ask = Callable[[str, object], Awaitable[tuple[bool, str]]]
"""A question to the parent: what, and of what; whether it could, and the value or why not."""


class Vault(Protocol):
    """All methods raise :class:`Refusal` (``BRK040``), which never holds any of a value."""

    async def read(self, source: SecretSource) -> str:
        """The value of a source."""
        ...

    def turn(self, path: Path) -> AbstractAsyncContextManager[None]:
        """While it lasts, nobody else renews the token in this file."""
        ...

    async def replace(self, path: Path, text: str) -> None:
        """Put a renewed token into its file, whole or not at all."""
        ...


class LocalVault:
    """Implements :class:`Vault` on this machine."""

    async def read(self, source: SecretSource) -> str:
        """As the port says."""
        return await read_secret(source)

    @asynccontextmanager
    async def turn(self, path: Path) -> AsyncGenerator[None]:
        """As the port says."""
        with Turn(path) as turn:
            await turn.take()
            yield

    async def replace(self, path: Path, text: str) -> None:
        """As the port says."""
        replace(path, text.encode())


class AskedVault:
    """Implements :class:`Vault` by questions to a :class:`~orchestrator.broker.custodian.Custodian`."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask

    async def read(self, source: SecretSource) -> str:
        """As the port says."""
        return await self._answer("read", source.model_dump(mode="json"))

    @asynccontextmanager
    async def turn(self, path: Path) -> AsyncGenerator[None]:
        """As the port says."""
        await self._answer("lock", str(path))
        try:
            yield
        finally:
            await self._answer("unlock", str(path))

    async def replace(self, path: Path, text: str) -> None:
        """As the port says."""
        await self._answer("replace", [str(path), text])

    async def _answer(self, what: str, of: object) -> str:
        could, words = await self._ask(what, of)
        if not could:
            raise Refusal("BRK040", 502, words, "`handrail doctor`")
        return words


def replace(path: Path, data: bytes) -> None:
    """Whole or not at all, readable by nobody else. A link stays one: the file that it names is replaced."""
    fresh = ""
    try:
        target = path.resolve(strict=True)
        descriptor, fresh = tempfile.mkstemp(dir=target.parent, prefix=".handrail-")
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(fresh).replace(target)
    except OSError as error:
        if fresh:
            Path(fresh).unlink(missing_ok=True)
        raise unusable(f"its file cannot be replaced ({type(error).__name__})") from None


class Turn:
    """A lock beside a file, held while its token is renewed."""

    def __init__(self, path: Path) -> None:
        self._place = path.with_name(path.name + ".lock")
        self._handle = -1

    def __enter__(self) -> Self:
        flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        try:
            self._handle = os.open(self._place, flags, 0o600)
        except OSError as error:
            raise unusable(f"its file's folder cannot be written ({type(error).__name__})") from None
        return self

    async def take(self) -> None:
        """Without holding up other requests, and not for ever. Raises :class:`Refusal` (``BRK040``)."""
        until = time.monotonic() + _TURN_SECONDS
        while True:
            try:
                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                if time.monotonic() > until:
                    raise unusable(f"another process has held {self._place.name} for too long") from None
                await asyncio.sleep(0.05)
            else:
                return

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)
