"""The keys that matter here: those of the policy, those in files, those that ssh-agent holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from orchestrator.app.project import Project
from orchestrator.app.trust.keys import default_path
from orchestrator.app.trust.policies import Amended, chain_at, change
from orchestrator.errors import EvidenceInvalid, HandrailError, UsageError


@dataclass(frozen=True, slots=True)
class Listed:
    """One key. ``where`` are the places in which its private half can be used here."""

    keyid: str
    public_key: str
    name: str
    roles: tuple[str, ...]
    custody: str
    human: bool | None
    revoked: datetime | None
    where: tuple[str, ...]


def listed(project: Project | None) -> tuple[Listed, ...]:
    """Of the policy at HEAD (when there is one), then keys that it does not name."""
    here = _here()
    known: list[Listed] = []
    try:
        policy = chain_at(project).current if project else None
    except (EvidenceInvalid, UsageError):
        policy = None
    for who in policy.principals if policy else ():
        roles = tuple(sorted(n for n, r in policy.roles.items() if who.name in r.principals)) if policy else ()
        mine = tuple(here.pop(who.public_key, dict[str, str]()).values())
        known.append(Listed(who.keyid, who.public_key, who.name, roles, who.custody, who.human, None, mine))
    gone = {r.keyid: r.since for r in policy.revoked} if policy else {}
    from orchestrator.provenance.signing.keys import keyid_of

    for public, places in here.items():
        keyid = keyid_of(public)
        known.append(Listed(keyid, public, "", (), "", None, gone.pop(keyid, None), tuple(places.values())))
    known += [Listed(k, "", "", (), "", None, since, ()) for k, since in gone.items()]
    return tuple(known)


def _here() -> dict[str, dict[str, str]]:
    """Public key → place → what to call it."""
    from orchestrator.provenance.signing import sshagent
    from orchestrator.provenance.signing.signers import open_signer

    found: dict[str, dict[str, str]] = {}
    folder = default_path().parent
    paths = [p for p in sorted(folder.glob("*")) if p.is_file() and not p.name.endswith((".pub", ".lock"))]
    for path in dict.fromkeys([default_path(), *paths[:100]]):
        try:
            found.setdefault(open_signer(path).public_key, {})[str(path)] = str(path)
        except HandrailError:
            continue
    try:
        for public, comment in sshagent.held():
            found.setdefault(public, {})["agent"] = f"ssh-agent ({comment})"
    except UsageError:
        pass
    return found


def rotate(project: Project, name: str, public: Path, *, key: Path | None, output: Path, commit: bool) -> Amended:
    """Give a principal another key; the old one is believed for what it stated until now, and no longer."""
    from orchestrator.models.policy import Revocation
    from orchestrator.provenance.roots.amending import Edit
    from orchestrator.provenance.signing.signers import read_any_public

    who = next((p for p in chain_at(project).current.principals if p.name == name), None)
    if who is None:
        raise UsageError("KEY016", f"The policy names nobody {name!r}.", "handrail policy show")
    fresh = {name: (read_any_public(public)[0], who.custody)}
    gone = Revocation(keyid=who.keyid, since=project.clock.now(), reason="rotated")
    edit = Edit(people=fresh, revoke=(gone,)) if who.human else Edit(machines=fresh, revoke=(gone,))
    return change(project, edit, key=key, output=output, commit=commit)


def revoke(
    project: Project, who: str, since: datetime, reason: str, *, key: Path | None, output: Path, commit: bool
) -> Amended:
    """Take a key out of all roles, and believe nothing that it states from ``since`` on."""
    from orchestrator.models.policy import Revocation
    from orchestrator.provenance.roots.amending import Edit

    principals = chain_at(project).current.principals
    found = [p for p in principals if p.name == who or (len(who) >= 8 and p.keyid.startswith(who))]  # noqa: PLR2004
    if len(found) != 1:
        raise UsageError("KEY016", f"The policy names {len(found)} keys as {who!r}.", "handrail key list")
    gone = Revocation(keyid=found[0].keyid, since=since, reason=reason)
    return change(project, Edit(revoke=(gone,)), key=key, output=output, commit=commit)
