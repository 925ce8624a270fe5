"""Which files of the base an agent is shown with its step: the same for the same tree and step."""

from __future__ import annotations

from orchestrator.engine.context import RunContext
from orchestrator.models.ids import GitOid
from orchestrator.models.plan import Step
from orchestrator.policy.paths import covers, may_read, protects
from orchestrator.ports import TreeEntry
from orchestrator.render.prompts import ContextFile

MOST = 60
_PLAIN = {"100644", "100755"}


def relevant_files(ctx: RunContext, step: Step, commit: GitOid, hidden: tuple[str, ...]) -> tuple[ContextFile, ...]:
    """What it may write, then what its commands name; those in exact grants first, then by path. Links are left out."""
    found = [e for e in ctx.trees.entries(ctx.trees.tree_of(commit)) if e.mode in _PLAIN and _may(step, hidden, e.path)]
    chosen = sorted((e for e in found if _is_about(step, e.path)), key=lambda e: _rank(step, e))[:MOST]
    contents = ctx.trees.blobs([entry.oid for entry in chosen])
    return tuple(ContextFile(entry.path, data) for entry, data in zip(chosen, contents, strict=True))


def _may(step: Step, hidden: tuple[str, ...], path: str) -> bool:
    return may_read(step.capabilities, path) and not protects(hidden, path)


def _is_about(step: Step, path: str) -> bool:
    return covers([p.glob for p in step.write], path) or _is_named(step, path)


def _is_named(step: Step, path: str) -> bool:
    return any(path in acceptance.argv for acceptance in step.acceptance)


def _rank(step: Step, entry: TreeEntry) -> tuple[int, str]:
    exact = entry.path in {p.glob for p in step.write}
    return (0 if exact else 1 if _is_named(step, entry.path) else 2, entry.path)
