"""Who may do what: the signed root of trust (D11, D18)."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from orchestrator.models.base import Instant, Noun
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.command_gate import CommandGate


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
    (signs changes and gate results), ``reviewer`` (decides). Workflows may name more;
    of those, only ``approve_roles`` can approve what is merged, and only ``lift_roles`` lift findings.
    ``accept_risk`` lists what may be accepted by name: ``trifecta:WORKFLOW/NODE`` by the policy itself,
    ``sandbox:PROTECTION`` by a run that names an owner and a last day.
    ``command_gates`` are programs of the team's own; each is a gate that every change must pass.
    With ``separate_approval`` whoever signed a change as made cannot be its only approver; who edited it by hand never
    can. ``drift_approvals`` distinct people must approve a change of an agent that does what its earlier runs did not;
    0 asks for no more than else. With ``keep_review_times`` a decision keeps how long its reviewer had the item on
    screen; without, nobody does.
    """

    version: int = Field(ge=1)
    expires: Instant
    roles: dict[str, Role]
    principals: tuple[Principal, ...]
    lift_roles: tuple[str, ...] = ("reviewer",)
    approve_roles: tuple[str, ...] = ("reviewer",)
    protected_refs: tuple[str, ...] = ()
    protected_paths: tuple[str, ...] = ()
    ceiling: Capabilities = Capabilities(write=("**",))
    gates: tuple[str, ...] = ()
    separate_approval: bool = False
    keep_review_times: bool = False
    drift_approvals: int = Field(default=0, ge=0, le=16)
    accept_risk: tuple[str, ...] = ()
    revoked: tuple[Revocation, ...] = ()
    command_gates: tuple[CommandGate, ...] = ()

    @property
    def required_gates(self) -> tuple[str, ...]:
        """Names of the gates that every change must pass, each once."""
        return tuple(dict.fromkeys((*self.gates, *(g.name for g in self.command_gates))))

    def principal(self, keyid: str) -> Principal | None:
        """The principal of a key, or ``None``."""
        for principal in self.principals:
            if principal.keyid == keyid:
                return principal
        return None

    def holds(self, keyid: str, role: str) -> bool:
        """Whether this key's principal is in this role."""
        who = self.principal(keyid)
        return who is not None and role in self.roles and who.name in self.roles[role].principals
