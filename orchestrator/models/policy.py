"""Who may do what: the signed root of trust (D11, D18)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.models.base import Instant, Noun
from orchestrator.models.capabilities import Capabilities


class Custody(StrEnum):
    """Who holds a key (D12)."""

    USER = "user-held"
    HOST = "host-held"
    CI = "ci"
    WORKER = "worker"


class Principal(Noun):
    """A key with a name. ``public_key`` is the raw ed25519 key in hex; ``keyid`` its SHA-256 in hex."""

    name: str
    keyid: str
    public_key: str
    custody: Custody = Custody.USER
    human: bool = True


class Role(Noun):
    """``threshold`` distinct principals must agree."""

    principals: tuple[str, ...]
    threshold: int = Field(default=1, ge=1)


class Revocation(Noun):
    """A key that nobody should believe for anything stated at ``since`` or later."""

    keyid: str
    since: Instant
    reason: str = ""


class Policy(Noun):
    """One version of the policy. Version n+1 is signed by the root threshold of version n.

    Roles that the product itself reads: ``root`` (signs policies), ``runner``
    (signs changes and gate results), ``reviewer`` (decides). Workflows may name more.
    ``separate_configurer`` says that who chose the agents of a run, which is who holds the key that signs for it,
    cannot be the only approver of what they made.
    """

    version: int = Field(ge=1)
    expires: Instant
    roles: dict[str, Role]
    principals: tuple[Principal, ...]
    lift_roles: tuple[str, ...] = ("reviewer",)
    protected_refs: tuple[str, ...] = ()
    protected_paths: tuple[str, ...] = ()
    ceiling: Capabilities = Capabilities(write=("**",))
    gates: tuple[str, ...] = ()
    accept_risk: tuple[str, ...] = ()
    revoked: tuple[Revocation, ...] = ()
    separate_configurer: bool = False

    def principal(self, keyid: str) -> Principal | None:
        """The principal of a key, or ``None``."""
        return next((p for p in self.principals if p.keyid == keyid), None)

    def holds(self, keyid: str, role: str) -> bool:
        """Whether this key's principal is in this role."""
        who = self.principal(keyid)
        return who is not None and role in self.roles and who.name in self.roles[role].principals
