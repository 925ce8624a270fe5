"""What this user has seen and trusts, kept outside every repository (D11, D18).

One private JSON file: per repository id the pinned root digest, the last log head seen of each writer, and the digest
of ``.handrail/`` that a person trusted. NOT protected: against whoever can write as this user.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, ValidationError

from orchestrator.errors import EvidenceInvalid, StoreError, TrustError, UsageError
from orchestrator.models.base import Noun
from orchestrator.models.ids import Digest
from orchestrator.models.verification import Trust
from orchestrator.provenance import strict
from orchestrator.provenance.logs.log import LogState
from orchestrator.provenance.signing import files

_CAP_BYTES: Final = 8 * 1024 * 1024


class SeenHead(Noun):
    """How far one writer's log was seen. ``root`` is in hex."""

    size: int
    root: str


class Known(Noun):
    """What is known of one repository."""

    root: Digest | None = None
    heads: dict[str, SeenHead] = Field(default_factory=dict)
    folder: Digest | None = None


class _Store(Noun):
    format: Literal["handrail.trust/1"] = "handrail.trust/1"
    repositories: dict[str, Known] = Field(default_factory=dict)


class TrustStore:
    """A trust file. Absent is empty; misshapen or reachable by others raises ``UsageError`` (TRUST001-007)."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def known(self, repository: str) -> Known:
        """What is remembered of a repository; nothing, for one never seen."""
        return self._load().repositories.get(repository, Known())

    def pin(self, repository: str, root: Digest) -> Trust:
        """Compare with the pinned root, or pin it on first use. Raises ``EvidenceInvalid`` EVID025."""
        with self._locked():
            known = self.known(repository)
            if known.root == root:
                return Trust.PINNED
            if known.root is not None:
                raise mismatch(known.root, root)
            self._save(repository, known.model_copy(update={"root": root}))
        return Trust.FIRST_USE

    def pin_again(self, repository: str, root: Digest) -> None:
        """Replace the pinned root, because a person says so; what was seen of logs stays."""
        with self._locked():
            self._save(repository, self.known(repository).model_copy(update={"root": root}))

    def compare(self, repository: str, state: LogState) -> None:
        """Raises ``EvidenceInvalid`` EVID034 for a log that is shorter than, or no continuation of, the one seen."""
        seen = self.known(repository).heads.get(state.writer)
        if seen is not None:
            demand_continuation(state, seen.size, bytes.fromhex(seen.root), "seen before")

    def remember(self, repository: str, state: LogState) -> None:
        """Note how far a log was seen, after :meth:`compare`."""
        with self._locked():
            self.compare(repository, state)
            known = self.known(repository)
            heads = {**known.heads, state.writer: SeenHead(size=state.size, root=state.head.root.hex())}
            self._save(repository, known.model_copy(update={"heads": heads}))

    def record_folder(self, repository: str, digest: Digest) -> None:
        """A person trusts ``.handrail/`` as it is now."""
        with self._locked():
            self._save(repository, self.known(repository).model_copy(update={"folder": digest}))

    def check_folder(self, repository: str, digest: Digest) -> None:
        """Raises ``TrustError`` TRUST008 when nobody has trusted the folder, TRUST009 when it has changed since."""
        folder = self.known(repository).folder
        if folder is None:
            raise TrustError("TRUST008", "nobody has trusted this repository's .handrail/ here", "handrail trust")
        if folder != digest:
            raise TrustError("TRUST009", ".handrail/ has changed since it was trusted", "read it, then handrail trust")

    def _load(self) -> _Store:
        try:
            data = files.read_private(self._path, "TRUST", _CAP_BYTES)
        except UsageError as error:
            if error.code == "TRUST002":
                return _Store()
            raise
        try:
            return _Store.model_validate(strict.parse(data, "the trust store", _CAP_BYTES))
        except (ValidationError, EvidenceInvalid):
            raise TrustError(
                "TRUST010", f"{self._path} is not a trust store", "move it away; every root is then asked for again"
            ) from None

    def _save(self, repository: str, known: Known) -> None:
        repositories = {**self._load().repositories, repository: known}
        files.replace(self._path, _Store(repositories=repositories).to_bytes(), "TRUST")

    def _open_lock(self) -> int:
        lock = self._path.with_name(self._path.name + ".lock")
        try:
            lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            return os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError("TRUST007", f"{lock} cannot be opened: {error.strerror}", "check its directory") from None

    @contextmanager
    def _locked(self) -> Generator[None]:
        handle = self._open_lock()
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def demand_continuation(state: LogState, size: int, root: bytes, when: str) -> None:
    """Raises ``EvidenceInvalid`` EVID034 unless the log had this root when it had this size.

    A part of a log that was not read (an incremental one) is not compared.
    """
    if size < state.start:
        return
    if state.root_at(size) != root:
        raise strict.invalid(
            "EVID034",
            f"the log of writer {state.writer[:16]} is not the one {when} with {size} lines",
            "fetch the evidence branch again; if it stays so, its tail was cut or its history replaced",
        )


def mismatch(expected: Digest, found: Digest) -> EvidenceInvalid:
    """EVID025."""
    return strict.invalid(
        "EVID025",
        f"the repository's root of trust is {found}, and {expected} is trusted",
        "ask its maintainers over another channel before you trust a new root",
    )
