"""``handrail policy``: show, change and sign the policy that everything is judged by."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from orchestrator.cli.options import as_json, digest, repository
from orchestrator.cli.telling import note, print_json, say

if TYPE_CHECKING:
    from orchestrator.app.trust.policies import Amended

_PATH = click.Path(path_type=Path)
_CUSTODY = "NAME=PUBFILE[:CUSTODY]"


@click.group(help="Show, change and sign the policy.")
def command() -> None: ...


@command.command(help="Show the policy in force at a commit, and the digest of its root.")
@click.option("--rev", default="HEAD", show_default=True)
@repository
@as_json
def show(rev: str, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.policies import chain_at

    with open_project(repo) as project:
        chain = chain_at(project, rev)
    policy = chain.current
    if json_:
        print_json("policy", {"root": chain.root_digest, **policy.model_dump(mode="json")})
        return
    say(f"version {policy.version}, expires {policy.expires:%Y-%m-%d}, root {chain.root_digest}")
    for name, role in sorted(policy.roles.items()):
        say(f"{name}: {role.threshold} of {', '.join(role.principals)}")
    if policy.separate_approval:
        say("separate approval: who signed a change as made is not its only approver")
    if policy.keep_review_times:
        say("review times: a decision keeps how long its reviewer had the item on screen")
    if policy.drift_approvals:
        say(f"drift: {policy.drift_approvals} people approve a change of an agent that does what it did not before")
    for who in policy.principals:
        kind = "a person" if who.human else "not a person"
        say(f"{who.name}: {kind}, key {who.keyid[:16]} ({who.custody})")
    say(f"approves what is merged: {', '.join(policy.approve_roles)}")
    for name in policy.accept_risk:
        say(f"risk that may be accepted: {name}")
    for gate in policy.command_gates:
        say(f"gate {gate.name}: {' '.join(gate.argv)}")
    for gone in policy.revoked:
        say(f"revoked: key {gone.keyid[:16]} since {gone.since.isoformat()} {gone.reason}".rstrip())


@command.command(help="Make a first policy on its own, where `handrail init` has set the rest up without one.")
@click.option("--name", required=True, help="Your name in the policy.")
@click.option("--key", type=_PATH, help="Your signing key (default: your own).")
@click.option("--protect", multiple=True, help="A branch on which commits without evidence do not verify.")
@click.option("--gate", "gates", multiple=True, help="A gate that every change must pass (repeatable).")
@click.option("--commit", is_flag=True, help="Commit it.")
@repository
@as_json
def init(
    name: str, key: Path | None, protect: tuple[str, ...], gates: tuple[str, ...], commit: bool, repo: Path, json_: bool
) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.policies import begin

    with open_project(repo) as project:
        root, done = begin(project, name, key=key, protect=protect, gates=gates, commit=commit)
    _tell(done, json_=json_, root=root)


@command.command(help="Draft and sign the next version; it is written when the root threshold has signed.")
@click.option("--add-person", "people", multiple=True, metavar=_CUSTODY, help="Add or replace a person's key.")
@click.option("--add-machine", "machines", multiple=True, metavar=_CUSTODY, help="Add or replace a machine's key.")
@click.option("--remove", multiple=True, metavar="NAME", help="Take somebody out of all roles.")
@click.option("--role", "roles", multiple=True, metavar="ROLE=NAME,…[:THRESHOLD]", help="Set who holds a role.")
@click.option("--gate", "gates", multiple=True, help="The gates that every change must pass, all of them.")
@click.option("--command-gate", "declared", multiple=True, type=_PATH, help="Add or replace a gate of your own (TOML).")
@click.option("--drop-command-gate", "dropped", multiple=True, metavar="NAME", help="Take such a gate out.")
@click.option("--protect", multiple=True, help="The protected branches, all of them.")
@click.option("--ceiling", type=_PATH, help="The most that any step may be granted, from this file (YAML).")
@click.option("--approve-role", "approve", multiple=True, help="The roles that can approve a change, all of them.")
@click.option(
    "--accept-risk", multiple=True, metavar="NAME", help="What may be accepted by name, all of it ('' for nothing)."
)
@click.option(
    "--separate-approval/--no-separate-approval",
    "separate",
    default=None,
    help="Whether who signed a change as made may not be its only approver.",
)
@click.option(
    "--keep-review-times/--no-keep-review-times",
    "review_times",
    default=None,
    help="Whether decisions keep how long the item was on the reviewer's screen.",
)
@click.option(
    "--drift-approvals",
    type=click.IntRange(0, 16),
    help="How many people must approve a change of an agent that has drifted (0: no more than else).",
)
@click.option("--days", type=click.IntRange(1, 3650), help="How long the version holds (default: a year).")
@click.option("--key", type=_PATH, help="A root key (default: your own).")
@click.option("-o", "output", type=_PATH, default=Path("policy-next.json"), show_default=True, help="The draft.")
@click.option("--commit", is_flag=True, help="Commit the version when it is complete.")
@repository
@as_json
def change(
    people: tuple[str, ...],
    machines: tuple[str, ...],
    remove: tuple[str, ...],
    roles: tuple[str, ...],
    gates: tuple[str, ...],
    declared: tuple[Path, ...],
    dropped: tuple[str, ...],
    protect: tuple[str, ...],
    ceiling: Path | None,
    approve: tuple[str, ...],
    accept_risk: tuple[str, ...],
    separate: bool | None,
    review_times: bool | None,
    drift_approvals: int | None,
    days: int | None,
    key: Path | None,
    output: Path,
    commit: bool,
    repo: Path,
    json_: bool,
) -> None:
    from orchestrator.app.gates.command_gates import read_declaration
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.policies import change as change_policy
    from orchestrator.app.trust.policies import principals, read_ceiling, roles_of
    from orchestrator.provenance.roots.amending import Edit

    edit = Edit(
        people=principals(people),
        machines=principals(machines),
        remove=remove,
        roles=roles_of(roles),
        gates=gates or None,
        command_gates=[read_declaration(path) for path in declared],
        drop_gates=dropped,
        protect=protect or None,
        ceiling=read_ceiling(ceiling) if ceiling else None,
        approve=approve or None,
        accept_risk=tuple(filter(None, accept_risk)) if accept_risk else None,
        separate=separate,
        review_times=review_times,
        drift_approvals=drift_approvals,
        days=days,
    )
    with open_project(repo) as project:
        done = change_policy(project, edit, key=key, output=output, commit=commit)
    _tell(done, json_=json_)


@command.command(help="Add your signature to a draft; the last one that is needed makes it the version in force.")
@click.argument("draft", type=_PATH, default=Path("policy-next.json"))
@click.option("--key", type=_PATH, help="A root key (default: your own).")
@click.option("--commit", is_flag=True, help="Commit the version when it is complete.")
@repository
@as_json
def sign(draft: Path, key: Path | None, commit: bool, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.policies import sign as sign_draft

    with open_project(repo) as project:
        done = sign_draft(project, draft, key=key, commit=commit)
    _tell(done, json_=json_)


@command.command(help="All root keys are lost: start a new root. Every verifier must be told its digest by you.")
@click.option("--name", required=True, help="Your name in the new policy.")
@click.option("--reason", required=True, help="What happened; it stands in the commit.")
@click.option("--key", type=_PATH, help="The new root key (default: your own).")
@click.option("--commit", is_flag=True, help="Commit it.")
@repository
@as_json
def recover(name: str, reason: str, key: Path | None, commit: bool, repo: Path, json_: bool) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.policies import recover as recover_root

    with open_project(repo) as project:
        old, new, done = recover_root(project, name, key=key, commit=commit, why=reason)
    if not json_:
        note(f"The root was {old}. Nothing but your word connects it with the new one.")
        note("Commits up to here verify with the old root: handrail verify COMMIT --root OLD")
        note(f"Whoever trusts you runs: handrail policy pin {new}")
    _tell(done, json_=json_, root=new)


@command.command(help="Trust another root of this repository from now on. Get the digest over another channel.")
@click.argument("root")
@repository
def pin(root: str, repo: Path) -> None:
    from orchestrator.app.project import open_project
    from orchestrator.app.trust.policies import pin as pin_root

    found = digest(root)
    if found is not None:
        with open_project(repo) as project:
            pin_root(project, found)
        note(f"Pinned {found}.")


def _tell(done: Amended, *, json_: bool, root: str | None = None) -> None:
    if json_:
        body = {"version": done.version, "missing": done.missing, "written": done.written, "committed": done.committed}
        print_json("policy-change", {**body, **({"root": root} if root else {})})
        return
    if done.missing:
        say(f"{done.written}: version {done.version}, {done.missing} more root signatures needed")
        note(f"Try: handrail policy sign {done.written}")
        return
    say(f"{done.written}: version {done.version}" + (f", root {root}" if root else ""))
    if not done.committed:
        note("Try: git add .handrail && git commit, then handrail trust")
