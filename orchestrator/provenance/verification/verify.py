"""Offline verification of a line of commits (D11, D12, D13, D20).

Everything that can be recomputed is: identities, trees, SHA-256 manifests, signatures, roles under the policy at each
commit's parent, log chains. What is not evidence is not asked for: without the texts a statement still verifies.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from orchestrator.errors import EvidenceInvalid, RepositoryError
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.policy import Policy
from orchestrator.models.verification import Checks, CommitEvidence, EvidenceProblem, Trust, Verification, Verified
from orchestrator.policy import paths
from orchestrator.ports import Blobs, CommitNode
from orchestrator.provenance import strict
from orchestrator.provenance.logs import evidence
from orchestrator.provenance.logs.evidence import Asked, Pool, Signed, Source
from orchestrator.provenance.logs.merkle import Frontier
from orchestrator.provenance.predicates.claims import ChangeClaim
from orchestrator.provenance.roots import root
from orchestrator.provenance.roots.demands import Demands
from orchestrator.provenance.roots.trust import TrustStore, mismatch
from orchestrator.provenance.verification.collecting import fewer_collections
from orchestrator.provenance.verification.judge import Judge, Plans

_TOGETHER: Final = 256
"""Commits whose files are asked of git at once."""


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be verified, and by whose word.

    Every commit that ``head`` reaches and ``base`` does not. ``ref`` is the full
    ref name that is verified; ``None`` (a bare commit) counts as protected,
    because nobody can say that it is not. ``root_digest`` comes from outside and
    wins over ``trust``, which pins on first use and remembers log heads. With
    ``bundle`` the repository's own evidence branches are not read. ``anchors`` are
    checkpoints from outside, ``demands`` the verifier's own further rules.
    """

    head: str
    now: datetime
    repository: str
    base: str | None = None
    ref: str | None = None
    trust: TrustStore | None = None
    root_digest: Digest | None = None
    allow_self_asserted: bool = False
    bundle: bytes | None = None
    blobs: Blobs | None = None
    anchors: Sequence[bytes] = ()
    demands: Demands | None = None
    seen: Mapping[str, Frontier] = field(default_factory=dict[str, Frontier])
    carried: Sequence[bytes] = ()


@dataclass(frozen=True, slots=True)
class Examined:
    """The answer, and what it was read from."""

    answer: Verification
    pool: Pool
    head: GitOid
    chain: root.PolicyChain


def verify(source: Source, request: Request) -> Verification:
    """Raises ``EvidenceInvalid`` EVID020-023 when the head has no usable policy; all else is a row of ``problems``."""
    return examine(source, request).answer


@fewer_collections()
def examine(source: Source, request: Request) -> Examined:
    """As :func:`verify`."""
    reader = Policies(source)
    head = source.resolve(request.head)
    chain = reader.must(head)
    said, problems = _trust(chain, request)
    problems += _caught(lambda: root.refuse_expired(chain, request.now))
    asked = Asked(request.trust, request.repository, request.anchors, request.seen, request.carried)
    pool = (
        evidence.from_bundle(request.bundle, chain)
        if request.bundle is not None
        else evidence.from_logs(source, chain, asked)
    )
    nodes = source.commits(source.resolve(request.base) if request.base else None, head)
    problems += _replaced(source, nodes, head)
    walk = _Walk(source, reader, pool, request, evidence.finals(source, nodes, pool))
    walk.all(nodes)
    if request.trust is not None:
        _remember(request.trust, request.repository, pool)
    more = request.demands.problems(walk.commits, walk.unattested) if request.demands else []
    answer = _answer(said, chain, walk, (*problems, *pool.problems, *walk.problems, *more))
    return Examined(answer, pool, head, chain)


def _trust(chain: root.PolicyChain, request: Request) -> tuple[Trust, list[EvidenceProblem]]:
    given, store = request.root_digest, request.trust
    found = chain.root_digest
    if given is not None:
        wrong = [] if given == found else [evidence.problem(mismatch(given, found))]
        return (Trust.SELF_ASSERTED if wrong else Trust.PINNED), wrong
    if store is not None:
        try:
            return store.pin(request.repository, found), []
        except EvidenceInvalid as error:
            return Trust.SELF_ASSERTED, [evidence.problem(error)]
    if request.allow_self_asserted:
        return Trust.SELF_ASSERTED, []
    nobody = strict.invalid("EVID027", "nobody outside the repository vouches for its root", f"--root {found}")
    return Trust.SELF_ASSERTED, [evidence.problem(nobody)]


def _replaced(source: Source, nodes: Sequence[CommitNode], head: GitOid) -> list[EvidenceProblem]:
    """What is verified is not what git shows to whoever reads this repository."""
    other = source.replaced()
    if not other:
        return []
    meant = {oid for node in nodes for oid in (node.oid, node.tree)}
    meant |= {entry.oid for entry in source.entries(source.tree_of(head))}
    why = "refs/replace has another object in its place, which git shows instead"
    return [
        EvidenceProblem(code="EVID039", message=f"{oid}: {why}", hint=f"git replace -d {oid}")
        for oid in sorted(other & meant)
    ]


def _caught(call: Callable[[], object], commit: GitOid | None = None) -> list[EvidenceProblem]:
    try:
        call()
    except (EvidenceInvalid, RepositoryError) as error:
        return [evidence.problem(error, commit)]
    return []


def _remember(store: TrustStore, repository: str, pool: Pool) -> None:
    if not pool.problems:
        for state in pool.states.values():
            store.remember(repository, state)


@dataclass
class Policies:
    """Policy chains by commit; an equal folder of versions is looked through once, equal bytes are parsed once."""

    source: Source
    parsed: dict[tuple[GitOid, ...], root.PolicyChain] = field(
        default_factory=dict[tuple[GitOid, ...], root.PolicyChain]
    )
    known: dict[GitOid, root.PolicyChain] = field(default_factory=dict[GitOid, root.PolicyChain])
    folders: dict[GitOid | None, root.PolicyChain] = field(default_factory=dict[GitOid | None, root.PolicyChain])

    def must(self, commit: GitOid) -> root.PolicyChain:
        if commit not in self.known:
            self.known[commit] = self._read(commit)
        return self.known[commit]

    def _read(self, commit: GitOid) -> root.PolicyChain:
        tree = self.source.tree_of(commit)
        folder = self.source.folder(tree, root.FOLDER.rstrip("/"))
        if folder not in self.folders:
            self.folders[folder] = self._chain(tree)
        return self.folders[folder]

    def _chain(self, tree: GitOid) -> root.PolicyChain:
        oids = list[GitOid]()
        while (found := self.source.entry(tree, root.policy_path(len(oids) + 1))) is not None:
            oids.append(found.oid)
        key = tuple(oids)
        if key not in self.parsed:
            lines = {root.policy_path(n): self.source.blob(oid) for n, oid in enumerate(oids, 1)}
            self.parsed[key] = root.read_chain(lines, None)
        return self.parsed[key]

    def at(self, commit: GitOid) -> root.PolicyChain | None:
        try:
            return self.must(commit)
        except EvidenceInvalid as error:
            if error.code == "EVID020":
                return None
            raise


@dataclass
class _Walk:
    """The commits one by one, parents first."""

    source: Source
    policies: Policies
    pool: Pool
    request: Request
    line: frozenset[tuple[GitOid, Digest]]
    plans: Plans = field(default_factory=Plans)
    commits: list[CommitEvidence] = field(default_factory=list[CommitEvidence])
    unattested: list[GitOid] = field(default_factory=list[GitOid])
    problems: list[EvidenceProblem] = field(default_factory=list[EvidenceProblem])
    notes: list[str] = field(default_factory=list[str])

    def all(self, nodes: Sequence[CommitNode]) -> None:
        for n in range(0, len(nodes), _TOGETHER):
            some = nodes[n : n + _TOGETHER]
            attested = [node.tree for node in some if self.pool.candidates(node)]
            with suppress(RepositoryError):  # an object that is not here is told of the commit that needs it
                self.source.ready(attested)
            for node in some:
                self.step(node)

    def step(self, node: CommitNode) -> None:
        self.problems += _caught(lambda: self._step(node), node.oid)

    def _step(self, node: CommitNode) -> None:
        if node.defect:
            self.unattested.append(node.oid)
            self._say(node, "EVID058", node.defect, "git fsck; a shallow clone: git fetch --unshallow")
            return
        now = self.policies.at(node.oid)
        before = [chain for parent in node.parents if (chain := self.policies.at(parent)) is not None]
        for older in before:
            if now is None or not now.extends(older):
                self._say(node, "EVID026", "the policy was rolled back or replaced", "restore its signed versions")
        candidates = self.pool.candidates(node)
        in_force = before[0].current if before else None
        if candidates and in_force is not None:
            self._judge(node, candidates, in_force)
        elif candidates:
            self._say(node, "EVID054", "attested, but no policy is in force at its parent", "handrail init first")
        elif not self._is_policy_commit(node, now, before):
            self._by_hand(node, in_force)

    def _say(self, node: CommitNode, code: str, message: str, hint: str) -> None:
        self.problems.append(EvidenceProblem(code=code, message=message, hint=hint, commit=node.oid))

    def _judge(self, node: CommitNode, candidates: list[Signed[ChangeClaim]], policy: Policy) -> None:
        """The first statement that holds covers the commit; when none does, the first one's problems are told."""
        asked = self.request
        judges = [
            Judge(self.source, self.pool, policy, node, self.line, c, asked.now, asked.blobs, self.plans)
            for c in candidates
        ]
        judged = [(judge.judge(), judge.problems) for judge in judges]
        covered, problems = next((j for j in judged if not j[1]), judged[0])
        self.commits.append(covered)
        self.problems.extend(problems)

    def _is_policy_commit(self, node: CommitNode, now: root.PolicyChain | None, before: list[root.PolicyChain]) -> bool:
        """A commit that adds signed policy versions and touches nothing else vouches for itself."""
        if now is None or len(before) != 1 or len(node.parents) != 1 or now.payloads == before[0].payloads:
            return False
        old = set(self.source.entries(self.source.tree_of(node.parents[0])))
        touched = {entry.path for entry in old ^ set(self.source.entries(node.tree))}
        only = all(path.startswith(root.FOLDER) for path in touched) and now.extends(before[0])
        if only:
            self.notes.append(f"{node.oid[:12]} is policy version {now.current.version}, signed by the root before it")
        return only

    def _by_hand(self, node: CommitNode, policy: Policy | None) -> None:
        self.unattested.append(node.oid)
        if node.claims:
            why = "it says that it is a change of Handrail, and no statement covers it"
            self._say(node, "EVID055", why, "fetch all evidence branches; if it stays so, the commit was altered")
        if policy is not None and is_protected(policy, self.request.ref):
            self._say(node, "EVID053", "no statement covers this commit, and its ref is protected", "handrail audit")


def is_protected(policy: Policy, ref: str | None) -> bool:
    """Whether a policy protects a ref; ``main`` means ``refs/heads/main``. Unknown is protected when anything is."""
    names = [p.removeprefix("refs/heads/") for p in policy.protected_refs]
    return bool(names) if ref is None else paths.covers(names, ref.removeprefix("refs/heads/"))


def _answer(said: Trust, chain: root.PolicyChain, walk: _Walk, problems: tuple[EvidenceProblem, ...]) -> Verification:
    return Verification(
        verdict=_verdict(walk, problems),
        trust=said,
        root=chain.root_digest,
        policy_version=chain.current.version,
        commits=tuple(walk.commits),
        unattested=tuple(walk.unattested),
        problems=problems,
        human_approved=bool(walk.commits) and all(c.human for c in walk.commits),
        notes=tuple(dict.fromkeys((*walk.pool.notes, *walk.notes, *_custody(walk)))),
    )


def _verdict(walk: _Walk, problems: tuple[EvidenceProblem, ...]) -> Verified:
    if problems or not walk.commits:
        return Verified.NOT_VERIFIED
    humans = all(commit.human for commit in walk.commits)
    return Verified.VERIFIED if humans else Verified.WITHOUT_HUMAN


def _custody(walk: _Walk) -> list[str]:
    own = sum(1 for c in walk.commits if c.checks is Checks.SELF_ATTESTED)
    if not own:
        return []
    return [f"{own} commits are self-attested: whoever made them also holds the key that says the checks passed"]
