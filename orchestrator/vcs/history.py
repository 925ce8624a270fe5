"""Commits in order, and the evidence branches that a clone has. Implements :class:`orchestrator.ports.History`."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.models.base import GitOid
from orchestrator.ports import CommitNode
from orchestrator.vcs.repository import Repository

_EVIDENCE = "handrail-evidence"
_FORMAT = "%H%x1f%T%x1f%P%x1f%(trailers:key=Handrail-Change,valueonly,unfold,separator=%x20)"


def commits(repository: Repository, base: GitOid | None, head: GitOid) -> tuple[CommitNode, ...]:
    """All that ``head`` reaches and ``base`` does not, parents first. Replace references and grafts play no part."""
    without = [f"^{base}"] if base else []
    said = repository.git.run(
        *("rev-list", "--topo-order", "--reverse", "--no-commit-header", f"--format={_FORMAT}"),
        *("--end-of-options", head, *without),
    )
    return _nodes(said.stdout)


def _nodes(said: bytes) -> tuple[CommitNode, ...]:
    rows = [line.split("\x1f") for line in said.decode(errors="replace").split("\n") if line]
    return tuple(
        CommitNode(GitOid(oid), tuple(GitOid(p) for p in parents.split()), GitOid(tree), tuple(claims.split()))
        for oid, tree, parents, claims in rows
    )


def nodes(repository: Repository, oids: Sequence[GitOid]) -> tuple[CommitNode, ...]:
    """These commits alone."""
    asked = "".join(f"{oid}\n" for oid in oids).encode()
    said = repository.git.run(
        "rev-list", "--no-walk=unsorted", "--no-commit-header", f"--format={_FORMAT}", "--stdin", stdin=asked
    )
    return _nodes(said.stdout)


def evidence_tips(repository: Repository) -> dict[str, GitOid]:
    """All evidence branches, local and of every remote, by their full names, sorted."""
    patterns = (f"refs/heads/{_EVIDENCE}/", f"refs/remotes/*/{_EVIDENCE}/*")
    said = repository.git.run("for-each-ref", "--format=%(objectname) %(refname)", *patterns)
    rows = [line.split(" ", 1) for line in said.stdout.decode().splitlines()]
    return {ref: GitOid(oid) for oid, ref in sorted(rows, key=lambda row: row[1])}
