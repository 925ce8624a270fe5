"""One program that does something in the world (D19): in a sandbox, through the broker, begun at most once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from orchestrator.engine.context import RunContext
from orchestrator.engine.execute import CommandResult
from orchestrator.errors import UsageError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.ids import GitOid, canonical, sha256
from orchestrator.policy.imports import import_roots
from orchestrator.ports import BrokerGrant, Lease, SandboxRequest

KEY_VARIABLE = "HANDRAIL_EFFECT_KEY"
"""Holds what the program hands to its target, so that it knows a repetition: the same for each of one passage."""


@dataclass(frozen=True, slots=True)
class Errand:
    """What is to be run, and what it may. ``key`` is of the passage; ``credential`` the name of a secret, or none."""

    key: str
    argv: Sequence[str]
    grant: Capabilities
    credential: str | None = None


def begun(ctx: RunContext, errand: str) -> bool:
    """Whether the program has begun, in this process or in one that died."""
    return ctx.index.effect(f"{errand}:begun") is not None


def run_outside(ctx: RunContext, errand: Errand, tip: str) -> CommandResult:
    """Run it on a copy of the line. That it has begun is on disk before it begins.

    Raises ``LimitReached`` when it does not end in time, ``UsageError`` WF043 for a credential that is not there.
    """
    tree, grant = ctx.trees.tree_of(GitOid(tip)), errand.grant
    entries = ctx.trees.entries(tree)
    with _way_out(ctx, errand) as lease:
        request = SandboxRequest(
            key=errand.key,
            run=ctx.run.id,
            limits=grant.limits,
            open_tree=True,
            import_roots=import_roots(ctx.profile.source_roots, [entry.path for entry in entries]),
            broker=lease.mount if lease else None,
            packages=ctx.settings.packages or None,
        ).furnished(ctx.environment(tree))
        env = {**(lease.environment if lease else {}), KEY_VARIABLE: sha256(canonical(errand.key))}
        with ctx.sandboxes().open(request) as sandbox:
            sandbox.copy_in(entries, ctx.trees.blobs, Capabilities(write=("**",)), ())
            ctx.index.record_effect(f"{errand.key}:begun", ctx.blobs.put(b"begun"))
            ctx.blobs.flush()
            done = sandbox.execute(errand.argv, env=env, timeout_seconds=grant.limits.wall_seconds)
    output = ctx.blobs.put(done.stdout + done.stderr)
    return CommandResult(exit_code=done.exit_code, output=output, duration_seconds=round(done.duration_seconds, 3))


@contextmanager
def _way_out(ctx: RunContext, errand: Errand) -> Iterator[Lease | None]:
    """``None`` for a program that reaches no host."""
    grant, name = errand.grant, errand.credential
    secrets = tuple(s for s in ctx.connections.secrets if s.name == name and s.name in grant.secrets)
    if name is not None and not (secrets and grant.egress):
        words = f"The secret {name} is not in your models file, or the process and the policy grant no host beside it."
        raise UsageError("WF043", words, "add it under secrets in models.yaml, and name its host: It may reach `HOST`")
    if not grant.egress:
        yield None
        return
    wanted = BrokerGrant(
        key=errand.key,
        run=ctx.run.id,
        egress=grant.egress,
        secrets=secrets,
        hosts=ctx.connections.hosts,
        data=grant.data,
        egress_kib=grant.limits.egress_kib,
    )
    with ctx.broker().open(wanted, ctx.budgets, lambda _: None) as lease:
        try:
            yield lease
        finally:
            traffic = lease.close()
            ctx.emit(EventKind.EFFECT_TRAFFIC, traffic=ctx.keep(traffic), requests=len(traffic.exchanges))
