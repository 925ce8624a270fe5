"""Verifying only what is new since this user's last whole verification.

One private file per repository remembers what was verified: the head, under which root and for which base and demands,
how far each log went (its frontier), and the decisions on plans and runs that a later commit may rest on. From there
only new commits and new lines of the logs are read; that the logs continue is proved by their frontiers.

NOT seen this way: a line of the log that was altered in the repository *after* it was verified; a whole ``verify`` sees
it. Whenever the remembered part does not fit exactly, or anything does not verify, the whole is verified.
"""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

from pydantic import ValidationError

from orchestrator.errors import EvidenceInvalid, RepositoryError, UsageError
from orchestrator.models.base import Noun
from orchestrator.models.ids import Digest, GitOid, sha256
from orchestrator.models.verification import Trust, Verification, Verified
from orchestrator.provenance import strict
from orchestrator.provenance.logs.evidence import Source
from orchestrator.provenance.logs.merkle import Frontier
from orchestrator.provenance.signing import files
from orchestrator.provenance.verification.verify import Examined, Request, examine

_CAP_BYTES: Final = 64 * 1024 * 1024


class _Log(Noun):
    size: int
    roots: tuple[str, ...]


class _Remembered(Noun):
    format: Literal["handrail.verified/1"] = "handrail.verified/1"
    head: GitOid
    asked: Digest
    root: Digest
    verdict: Verified
    commits: int
    unattested: tuple[GitOid, ...]
    logs: dict[str, _Log]
    carried: tuple[str, ...]


def verify_more(source: Source, request: Request, path: Path) -> Verification:
    """As :func:`.verify.verify`, from where the last one ended when that is possible.

    ``commits`` of the answer are the new ones; a note says how many were verified before. Raises as ``verify`` does.
    """
    old = _load(path)
    if old is not None and _fits(source, request, old):
        found = examine(source, _continued(request, old))
        if not found.answer.problems and found.answer.root == old.root:
            answer = _together(old, found.answer)
            _save(path, _remember(request, found, answer, old))
            return answer
    whole = examine(source, request)
    if not whole.answer.problems and whole.answer.trust is not Trust.SELF_ASSERTED and request.bundle is None:
        _save(path, _remember(request, whole, whole.answer, None))
    return whole.answer


def _asked(request: Request) -> Digest:
    """What an answer depends on beside the repository."""
    demands = request.demands.digest() if request.demands else None
    return sha256(repr((request.base, request.ref, request.root_digest, demands, request.anchors)).encode())


def _fits(source: Source, request: Request, old: _Remembered) -> bool:
    try:
        ahead = source.commits(source.resolve(request.head), old.head)
    except RepositoryError:
        return False
    return not ahead and old.asked == _asked(request) and request.bundle is None


def _continued(request: Request, old: _Remembered) -> Request:
    seen = {w: Frontier(s.size, [base64.b64decode(h) for h in s.roots]) for w, s in old.logs.items()}
    return replace(request, base=old.head, seen=seen, carried=[line.encode() for line in old.carried])


def _together(old: _Remembered, new: Verification) -> Verification:
    said = {old.verdict, *([new.verdict] if new.commits else [])}
    verdict = next(v for v in (Verified.NOT_VERIFIED, Verified.WITHOUT_HUMAN, Verified.VERIFIED) if v in said)
    note = f"{old.commits} attested commits up to {old.head[:12]} were verified here before"
    return new.model_copy(
        update={
            "verdict": verdict,
            "unattested": (*old.unattested, *new.unattested),
            "human_approved": verdict is Verified.VERIFIED,
            "notes": (note, *new.notes),
        }
    )


def _remember(request: Request, found: Examined, answer: Verification, old: _Remembered | None) -> _Remembered:
    logs = {
        writer: _Log(size=s.size, roots=tuple(base64.b64encode(h).decode() for h in s.frontier.roots))
        for writer, s in found.pool.states.items()
    }
    return _Remembered(
        head=found.head,
        asked=_asked(request),
        root=answer.root,
        verdict=answer.verdict,
        commits=len(answer.commits) + (old.commits if old else 0),
        unattested=answer.unattested,
        logs=logs,
        carried=tuple(line.decode() for line in dict.fromkeys(found.pool.carried)),
    )


def _load(path: Path) -> _Remembered | None:
    """What is remembered; ``None`` for nothing, and for a file that does not hold together: all is then verified."""
    try:
        data = files.read_private(path, "TRUST", _CAP_BYTES)
        return _Remembered.model_validate(strict.parse(data, "a remembered verification", _CAP_BYTES))
    except (UsageError, EvidenceInvalid, ValidationError):
        return None


def _save(path: Path, remembered: _Remembered) -> None:
    files.replace(path, remembered.to_bytes(), "TRUST")
