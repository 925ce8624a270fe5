"""``evidence export --in-toto``: the evidence of a line of commits, told in the words of in-toto's own verifier."""

from __future__ import annotations

import hashlib
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.keys import signer
from orchestrator.errors import UsageError
from orchestrator.models.decision import SubjectKind, Verdict

if TYPE_CHECKING:
    from orchestrator.models.ids import Digest, GitOid
    from orchestrator.models.policy import Policy
    from orchestrator.ports import CommitNode
    from orchestrator.provenance.predicates.claims import ChangeClaim
    from orchestrator.provenance.predicates.intoto import Approved, Files, Told
    from orchestrator.provenance.verification.verify import Examined
    from orchestrator.vcs.trees import GitTrees

_CHECKS = frozenset({"EVID045", "EVID046", "EVID049"})
_APPROVALS = frozenset({"EVID047", "EVID048", "EVID050", "EVID051"})
_PLAIN = frozenset({"100644", "100755"})


def export_in_toto(project: Project, folder: Path, key: Path | None, base: str | None, head: str) -> int:
    """Write layout, links and key to a new folder; how many commits they tell of.

    What a commit's evidence does not hold is left out, so that ``in-toto-verify`` fails. Raises ``UsageError`` EVID060
    for a range without a commit and EVID066 for a folder that holds something.
    """
    from orchestrator.provenance.predicates import intoto
    from orchestrator.provenance.verification.verify import Request, examine

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError("EVID066", f"{folder} is there and not an empty folder.", "name a new folder")
    now = project.clock.now()
    with open_trees(project) as trees:
        asked = Request(head, now, project.repository.id, base=base, allow_self_asserted=True)
        found = examine(trees, asked)
        nodes = trees.commits(trees.resolve(base) if base else None, found.head)
        if not nodes:
            raise UsageError("EVID060", f"No commit lies between {base} and {head}.", "--base an earlier commit")
        telling = _Telling(trees, found, now)
        told, files = telling.all(nodes), _files(trees, found.head)
        until = telling.policies.must(found.head).current.expires
    made = intoto.export(told, files, signer(key), now, until)
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in made.items():
        (folder / name).write_bytes(data)
    return len(told)


def _files(trees: GitTrees, head: GitOid) -> Files:
    from orchestrator.provenance.predicates.intoto import Files

    entries = trees.entries(trees.tree_of(head))
    plain = [e for e in entries if e.mode in _PLAIN]
    data = trees.blobs([e.oid for e in plain])
    hashes = {e.path: hashlib.sha256(d).hexdigest() for e, d in zip(plain, data, strict=True)}
    return Files(hashes, tuple(e.path for e in entries if e.mode not in _PLAIN))


class _Telling:
    """Judges each commit as ``verify`` does, and says what held."""

    def __init__(self, trees: GitTrees, found: Examined, now: datetime) -> None:
        from orchestrator.provenance.verification.verify import Policies

        self.trees = trees
        self.found = found
        self.now = now
        self.policies = Policies(trees)

    def all(self, nodes: tuple[CommitNode, ...]) -> list[Told]:
        from orchestrator.provenance.logs import evidence

        line = evidence.finals(self.trees, nodes, self.found.pool)
        return [self._one(node, line) for node in nodes]

    def _one(self, node: CommitNode, line: frozenset[tuple[GitOid, Digest]]) -> Told:
        from orchestrator.provenance.predicates.intoto import Approved, Told
        from orchestrator.provenance.verification.judge import Judge

        trees, pool, answer = self.trees, self.found.pool, self.found.answer
        parent = trees.manifest(trees.tree_of(node.parents[0])) if node.parents else trees.manifest(node.tree)
        tree = trees.manifest(node.tree)
        before = self.policies.at(node.parents[0]) if node.parents else None
        candidates = pool.candidates(node)
        if before is None or not candidates:
            policy_alone = node.oid not in answer.unattested and not candidates
            wanted = 0 if policy_alone else 1
            return Told(node.oid, parent, tree, policy_alone, checked=False, approvals=(), wanted=wanted)
        policy = before.current
        judges = [Judge(trees, pool, policy, node, line, c, self.now) for c in candidates]
        judged = [(judge, judge.judge()) for judge in judges]
        judge, covered = next(((j, e) for j, e in judged if not j.problems), judged[0])
        codes = {p.code for p in judge.problems}
        claim = judge.signed.claim
        held = tuple(Approved(name, claim.identity.manifest) for name in covered.reviewers)
        refused = bool(codes & _APPROVALS)
        return Told(
            node.oid,
            parent,
            tree,
            made=not codes - _CHECKS - _APPROVALS,
            checked=not codes & _CHECKS,
            approvals=self._elsewhere(claim, policy) if refused else held,
            wanted=_fewest(policy) if refused else max(len(held), 1),
        )

    def _elsewhere(self, claim: ChangeClaim, policy: Policy) -> tuple[Approved, ...]:
        """Approvals of another tree by the same step, each person once."""
        from orchestrator.provenance.predicates.intoto import Approved

        out: dict[str, Approved] = {}
        for signed in (d for found in self.found.pool.decisions.values() for d in found):
            said, who = signed.claim.decision, policy.principal(signed.claim.keyid)
            mine = (said.run, said.step, said.kind) == (claim.run, claim.step, SubjectKind.CHANGE)
            seen = said.change
            if (
                mine
                and seen is not None
                and seen.tree != claim.identity.tree
                and said.verdict is Verdict.APPROVE
                and who
            ):
                out.setdefault(who.name, Approved(who.name, seen.manifest))
        return tuple(out.values())


def _fewest(policy: Policy) -> int:
    """How many people must approve at least."""
    return min((policy.roles[role].threshold for role in policy.approve_roles), default=1)
