"""A change rebuilt on the present tip (D1): a three-way merge that never chooses a side.

The three trees are named outright (what the agent started from, what it made,
the tip), so history plays no part: it does not matter whether the start is an
ancestor of the tip. Renames are not followed, as that would silently move
content into a file that the change never named: a file renamed on one side and
edited on the other is a conflict. Attributes play no part either.
"""

from __future__ import annotations

from datetime import UTC, datetime

from orchestrator.errors import IntegrationConflict
from orchestrator.models.base import GitOid
from orchestrator.vcs.git import failed
from orchestrator.vcs.names import visible
from orchestrator.vcs.objects import ObjectStore

_CONFLICT = 1
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def integrate(store: ObjectStore, base: GitOid, tree: GitOid, tip: GitOid) -> GitOid:
    """As :meth:`orchestrator.ports.Trees.integrate`; a conflict is INT001 and names its paths in ``details``."""
    before, made, now = (store.peel(oid) for oid in (base, tree, tip))
    if now in {before, made}:
        return made
    if made == before:
        return now
    return _merge(store, before, made, now)


def _merge(store: ObjectStore, before: GitOid, made: GitOid, now: GitOid) -> GitOid:
    author = "Handrail <handrail@handrail.invalid>"
    start = store.commit(before, (), "base", author, _EPOCH)
    sides = [store.commit(side, (store.id_of(start),), "side", author, _EPOCH) for side in (now, made)]
    store.write([start, *sides])
    ids = [store.id_of(side) for side in sides]
    done = store.git.run("merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", *ids, ok=(0, 1))
    words = done.stdout.split(b"\0")
    if done.returncode == _CONFLICT:
        paths = sorted({visible(name.decode(errors="surrogateescape")) for name in words[1:] if name})
        message = f"The change does not apply on the present tip: {len(paths)} path(s) changed on both sides."
        raise IntegrationConflict("INT001", message, "make the change again on the present tip", paths)
    if not words[0]:
        raise failed("merge-tree", done.stderr)
    return GitOid(words[0].decode())
