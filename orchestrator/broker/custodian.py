"""The parent's answers to a broker that runs elsewhere: keys that its grant names, one at a time, and nothing else."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import ValidationError

from orchestrator.broker.refusal import Refusal
from orchestrator.broker.secrets import read_secret, unusable
from orchestrator.broker.vault import Turn, replace
from orchestrator.models.endpoint import CredentialKind, SecretSource
from orchestrator.ports import BrokerGrant


class Custodian:
    """Answers each question in a thread of its own, so that a slow key store holds up nothing else.

    ``send`` takes the answer. Values go over the pipe alone: never into arguments, an environment or a file.
    """

    def __init__(self, grant: BrokerGrant, send: Callable[[Mapping[str, Any]], None]) -> None:
        credentials = [endpoint.credential for endpoint in grant.endpoints]
        self._sources = [c.source for c in credentials if c.source is not None] + [s.source for s in grant.secrets]
        kept = [c.source for c in credentials if c.kind is CredentialKind.OAUTH and c.source is not None]
        self._files = {source.value[0] for source in kept}
        self._send, self._turns, self._closed = send, dict[str, Turn](), False
        self._lock = threading.Lock()

    def take(self, question: tuple[int, str, Any]) -> None:
        """Returns at once."""
        threading.Thread(target=self._answer, args=question, daemon=True).start()

    def close(self) -> None:
        """Let go of every file."""
        with self._lock:
            self._closed = True
            for path in tuple(self._turns):
                self._turns.pop(path).__exit__()

    def _answer(self, number: int, what: str, of: object) -> None:
        try:
            could, words = True, asyncio.run(self._value(what, of))
        except Refusal as refusal:
            could, words = False, refusal.message
        except Exception as error:  # noqa: BLE001  a question is hostile input, and an unanswered one would hang
            could, words = False, f"a credential cannot be given ({type(error).__name__})"
        self._send({"answer": [number, could, words]})

    async def _value(self, what: str, of: object) -> str:
        if what == "read":
            return await read_secret(self._source(of))
        path, text = _pair(of)
        if path not in self._files:
            raise unusable("it is no file of this grant")
        if what == "lock":
            await self._take_turn(path)
        elif path not in self._turns:
            raise unusable("its file is not held")
        elif what == "unlock":
            self._turns.pop(path).__exit__()
        elif what == "replace":
            replace(Path(path), text.encode())
        return ""

    def _source(self, told: object) -> SecretSource:
        try:
            source = SecretSource.model_validate(told)
        except ValidationError:
            raise unusable("its source cannot be read") from None
        if source not in self._sources:
            raise unusable("its source is not of this grant")
        return source

    async def _take_turn(self, path: str) -> None:
        turn = Turn(Path(path)).__enter__()
        try:
            await turn.take()
        except BaseException:
            turn.__exit__()
            raise
        with self._lock:
            if self._closed or path in self._turns:
                turn.__exit__()
                raise unusable("its file is held, or the lease has ended")
            self._turns[path] = turn


def _pair(of: object) -> tuple[str, str]:
    """A path alone, or with a text."""
    if not isinstance(of, list):
        return str(of), ""
    path, text = cast("list[object]", of)
    return str(path), str(text)
