"""Stopping at once what works with an agent, a model, a key or a workflow, and taking the order back (D17)."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from typing import Any

from pydantic import ValidationError

from orchestrator.app.project import Project
from orchestrator.app.trust.keys import signer
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import EvidenceInvalid, UsageError
from orchestrator.models.halt import Halt, HaltScope
from orchestrator.models.ids import Digest, sha256
from orchestrator.models.policy import Policy
from orchestrator.policy import halts
from orchestrator.policy.halts import Signed
from orchestrator.store import halts as rows

HALT_TYPE = "application/vnd.handrail.halt+json"
_NONCE_BYTES = 16
_MAX_VALUE = 200


def halt(project: Project, scope: HaltScope, value: str, key: Path | None) -> Digest:
    """Sign the order and store it; every owner of a run reads it within a second.

    Raises ``UsageError``: HALT002 for a key without the role, HALT003 for a value that is none.
    """
    if (not value) != (scope is HaltScope.ALL) or len(value) > _MAX_VALUE or not value.isprintable():
        raise UsageError("HALT003", f"{value[:32]!r} names no {scope}.", "handrail halt --help")
    return _store(project, key, scope=scope, value=value)


def lift(project: Project, order: str, key: Path | None) -> bool:
    """One signature that takes an order back; whether it no longer stands, for a role may need several.

    ``order`` is its digest, or how that begins after ``sha256:``. Raises ``UsageError``: HALT002, and HALT004 when
    it names no standing order or several.
    """
    policy = chain_at(project).current
    named = order.removeprefix("sha256:")
    found = [r for r in standing(project, policy) if named and r.digest.removeprefix("sha256:").startswith(named)]
    if len(found) != 1:
        raise UsageError("HALT004", f"{order[:80]!r} names {len(found)} standing orders.", "handrail halt --list")
    _store(project, key, lifts=found[0].digest)
    return found[0].digest not in {r.digest for r in standing(project, policy)}


def _store(project: Project, key: Path | None, **said: Any) -> Digest:  # noqa: ANN401  fields of the noun
    from orchestrator.provenance import dsse

    policy, by = chain_at(project).current, signer(key)
    role, who = halts.role_of(policy), policy.principal(by.keyid)
    if who is None or not policy.holds(by.keyid, role):
        raise UsageError(
            "HALT002", f"The key {by.keyid[:16]} is not in the policy's role {role}.", "handrail policy show"
        )
    now, nonce = project.clock.now(), secrets.token_hex(_NONCE_BYTES)
    made = Halt(repository=project.repository.id, by=who.name, at=now, nonce=nonce, **said)
    line = dsse.seal(made.to_bytes(), [by], HALT_TYPE)
    rows.add(project.index, line)
    return sha256(line)


def standing(project: Project, policy: Policy) -> tuple[Signed, ...]:
    """All orders that nobody lifted, by the keys and roles of this policy."""
    return watched(project, policy)()


def orders(project: Project) -> list[dict[str, str]]:
    """The standing orders as plain data, oldest first. ``by`` is '' where no signature by a key of the policy holds."""
    found = standing(project, chain_at(project).current)
    return [
        {
            "digest": row.digest,
            "what": halts.words(row),
            "by": row.halt.by if row.halt and row.keyid else "",
            "at": row.halt.at.isoformat(timespec="seconds") if row.halt else "",
        }
        for row in found
    ]


def _read(project: Project, line: bytes, keys: dict[str, str]) -> Signed:
    from orchestrator.provenance import dsse

    keyid = ""
    try:
        payload = dsse.unpack(line, HALT_TYPE).payload
        keyid = _signer(line, keys)
        found = Halt.model_validate_json(payload)
    except (EvidenceInvalid, ValidationError):
        return Signed(sha256(line), None, keyid)
    mine = found.repository == project.repository.id
    return Signed(sha256(line), found if mine else None, keyid if mine else "")


def _signer(line: bytes, keys: dict[str, str]) -> str:
    """'' when no key of the policy signed it, or a signature does not hold."""
    from orchestrator.provenance import dsse

    try:
        return dsse.open_line(line, keys, HALT_TYPE).keyids[0]
    except EvidenceInvalid:
        return ""


def watched(project: Project, policy: Policy) -> Callable[[], tuple[Signed, ...]]:
    """Gives the standing orders; a row is read once, however often it is asked."""
    keys = {p.keyid: p.public_key for p in policy.principals}
    turn, seen = Lock(), dict[bytes, Signed]()

    def ask() -> tuple[Signed, ...]:
        with turn:
            for line in rows.lines(project.index)[len(seen) :]:
                seen.setdefault(line, _read(project, line, keys))
            return halts.standing(seen.values(), policy)

    return ask
