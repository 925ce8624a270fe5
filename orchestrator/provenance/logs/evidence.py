"""All statements of a repository: the union of its writers' logs, or one exported bundle (D10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from typing import Final, Generic, NamedTuple, Protocol, TypeVar, assert_never

from orchestrator.errors import EvidenceInvalid, HandrailError, RepositoryError
from orchestrator.models.decision import SubjectKind
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.policy import Revocation
from orchestrator.models.verification import EvidenceProblem
from orchestrator.ports import CommitNode, TreeEntry
from orchestrator.provenance import dsse, strict
from orchestrator.provenance.logs.merkle import Frontier
from orchestrator.provenance.predicates import statements, wire
from orchestrator.provenance.predicates.claims import (
    AcceptanceClaim,
    ChangeClaim,
    Claim,
    DecisionClaim,
    GateClaim,
    LinesClaim,
    MonitorClaim,
    ProofClaim,
    stated_at,
)
from orchestrator.provenance.roots.root import PolicyChain
from orchestrator.provenance.roots.trust import TrustStore, demand_continuation

from . import bundle, checkpoint, log

C = TypeVar("C")

_TOGETHER: Final = 1024
_KIND, _KIND_BYTES = b'"predicateType":"', 64


class Source(Protocol):
    """The parts of :class:`~orchestrator.ports.Trees` and :class:`~orchestrator.ports.History` that are read."""

    def resolve(self, rev: str) -> GitOid: ...
    def tree_of(self, commit: GitOid) -> GitOid: ...
    def entry(self, tree: GitOid, path: str) -> TreeEntry | None: ...
    def folder(self, tree: GitOid, path: str) -> GitOid | None: ...
    def entries(self, tree: GitOid) -> tuple[TreeEntry, ...]: ...
    def file(self, commit: GitOid, path: str) -> bytes | None: ...
    def manifest(self, tree: GitOid) -> Digest: ...
    def ready(self, trees: Sequence[GitOid]) -> None: ...
    def look(self, trees: Sequence[GitOid]) -> None: ...
    def blob(self, oid: GitOid) -> bytes: ...
    def blobs(self, oids: Sequence[GitOid]) -> Iterable[bytes]: ...
    def evidence(self, ref: str, since: str = "") -> Mapping[str, bytes]: ...
    def commits(self, base: GitOid | None, head: GitOid) -> tuple[CommitNode, ...]: ...
    def nodes(self, oids: Sequence[GitOid]) -> tuple[CommitNode, ...]: ...
    def replaced(self) -> frozenset[GitOid]: ...
    def evidence_refs(self) -> tuple[str, ...]: ...
    def evidence_tips(self) -> Mapping[str, GitOid]: ...
    def evidence_files(self, ref: str) -> Mapping[str, GitOid]: ...


class Signed(NamedTuple, Generic[C]):
    """A claim, the known keys that signed it, and the digest of its line."""

    claim: C
    keyids: tuple[str, ...]
    line: Digest


@dataclass
class Pool:
    """Claims by what they are about. Gates and acceptance by the digest of the change's identity."""

    changes: dict[GitOid, list[Signed[ChangeClaim]]] = field(default_factory=lambda: defaultdict(list))
    by_tree: dict[tuple[GitOid, GitOid], list[Signed[ChangeClaim]]] = field(default_factory=lambda: defaultdict(list))
    gates: dict[Digest, list[Signed[GateClaim]]] = field(default_factory=lambda: defaultdict(list))
    acceptance: dict[Digest, list[Signed[AcceptanceClaim]]] = field(default_factory=lambda: defaultdict(list))
    decisions: dict[Digest, list[Signed[DecisionClaim]]] = field(default_factory=lambda: defaultdict(list))
    run_decisions: list[Signed[DecisionClaim]] = field(default_factory=list[Signed[DecisionClaim]])
    lines: dict[GitOid, list[Signed[LinesClaim]]] = field(default_factory=lambda: defaultdict(list))
    proofs: dict[Digest, list[Signed[ProofClaim]]] = field(default_factory=lambda: defaultdict(list))
    monitors: dict[GitOid, list[Signed[MonitorClaim]]] = field(default_factory=lambda: defaultdict(list))
    carried: list[bytes] = field(default_factory=list[bytes])
    """Lines of decisions that a later commit of the same run may rest on."""
    revoked: dict[str, Revocation] = field(default_factory=dict[str, Revocation])
    problems: list[EvidenceProblem] = field(default_factory=list[EvidenceProblem])
    notes: list[str] = field(default_factory=list[str])
    states: dict[str, log.LogState] = field(default_factory=dict[str, log.LogState])

    def add_lines(self, lines: Iterable[bytes], keys: Mapping[str, str]) -> None:
        """Open each line. One by nobody known is noted, any other defect is a problem.

        Of some lines all signatures are looked at, then all contents, those of one kind after each other: that takes
        two thirds of the time of one line after the other. They are added in the order in which they came.
        """
        queue = iter(lines)
        while some := list(islice(queue, _TOGETHER)):
            opened: list[tuple[bytes, dsse.Opened]] = []
            for line in some:
                try:
                    opened.append((line, dsse.open_line(line, keys)))
                except EvidenceInvalid as error:
                    self._unusable(error)
            for (line, found), claim in zip(opened, _claims([found.payload for _, found in opened]), strict=True):
                if isinstance(claim, EvidenceInvalid):
                    self._unusable(claim)
                else:
                    self._accept(line, found, claim)

    def _unusable(self, error: EvidenceInvalid) -> None:
        if error.code == "EVID009":
            self.notes.append("a statement that is signed by no key of the policy was ignored")
        else:
            self.problems.append(problem(error))

    def _accept(self, line: bytes, opened: dsse.Opened, claim: Claim) -> None:
        if opened.unknown:
            self.notes.append(f"{opened.digest} also carries a signature by a key that the policy does not name")
        if keyids := self._believed(claim, opened.keyids):
            self._add(claim, keyids, opened.digest, line)

    def candidates(self, node: CommitNode) -> list[Signed[ChangeClaim]]:
        """Statements of a commit by its id; else by parent and tree, as a server's squash leaves them (D14)."""
        direct = self.changes.get(node.oid, [])
        alike = self.by_tree.get((node.parents[0], node.tree), []) if len(node.parents) == 1 else []
        return direct or alike

    def _believed(self, claim: Claim, keyids: tuple[str, ...]) -> tuple[str, ...]:
        """The signers whose key was not revoked when they say that they signed."""
        if not self.revoked:
            return keyids
        when = stated_at(claim)
        gone = [k for k in keyids if k in self.revoked and when >= self.revoked[k].since]
        for keyid in gone:
            self.notes.append(
                f"a statement of {when:%Y-%m-%d} by the key {keyid[:16]} was ignored: "
                f"it is revoked since {self.revoked[keyid].since:%Y-%m-%d}"
            )
        return tuple(k for k in keyids if k not in gone)

    def _add(self, claim: Claim, keyids: tuple[str, ...], digest: Digest, line: bytes) -> None:
        match claim:
            case ChangeClaim():
                signed = Signed(claim, keyids, digest)
                self.changes[claim.commit].append(signed)
                self.by_tree[claim.identity.tip, claim.identity.tree].append(signed)
            case LinesClaim():
                self.lines[claim.commit].append(Signed(claim, keyids, digest))
            case GateClaim():
                self.gates[wire.digest_of(claim.identity)].append(Signed(claim, keyids, digest))
            case AcceptanceClaim():
                self.acceptance[wire.digest_of(claim.identity)].append(Signed(claim, keyids, digest))
            case ProofClaim():
                self.proofs[claim.workflow].append(Signed(claim, keyids, digest))
            case MonitorClaim():
                self.monitors[claim.commit].append(Signed(claim, keyids, digest))
            case DecisionClaim():
                self._decided(Signed(claim, keyids, digest), line)
            case _:
                assert_never(claim)

    def _decided(self, signed: Signed[DecisionClaim], line: bytes) -> None:
        decision = signed.claim.decision
        self.decisions[decision.subject].append(signed)
        if decision.kind is SubjectKind.RUN:
            self.run_decisions.append(signed)
        if decision.kind is not SubjectKind.CHANGE:
            self.carried.append(line)


def _claims(payloads: Sequence[bytes]) -> list[Claim | EvidenceInvalid]:
    """What each says, or why it says nothing."""
    read: dict[int, Claim | EvidenceInvalid] = {}
    for at in sorted(range(len(payloads)), key=lambda at: _looks_like(payloads[at])):
        try:
            read[at] = statements.read(payloads[at])
        except EvidenceInvalid as error:
            read[at] = error
    return [read[at] for at in range(len(payloads))]


def _looks_like(payload: bytes) -> tuple[bytes, int]:
    """What is alike for statements of one kind; nothing is believed of it."""
    return payload[payload.rfind(_KIND) :][:_KIND_BYTES], len(payload)


def problem(error: HandrailError, commit: GitOid | None = None) -> EvidenceProblem:
    """An error as one row of the answer."""
    return EvidenceProblem(code=error.code, message=error.message, hint=error.hint, commit=commit)


@dataclass(frozen=True, slots=True)
class Asked:
    """What the union of logs is compared with, and from where on it is read.

    ``anchors`` are checkpoints from outside; ``seen`` are frontiers by writer of an earlier verification, whose lines
    are not read again; ``carried`` are its lines that are needed all the same.
    """

    store: TrustStore | None = None
    repository: str = ""
    anchors: Sequence[bytes] = ()
    seen: Mapping[str, Frontier] = field(default_factory=dict[str, Frontier])
    carried: Sequence[bytes] = ()


def finals(source: Source, nodes: Iterable[CommitNode], pool: Pool) -> frozenset[tuple[GitOid, Digest]]:
    """(tree, manifest) of what an end-of-run decision could mean: manifests of large trees are not free."""
    meant = {d.claim.decision.change.tree for d in pool.run_decisions if d.claim.decision.change}
    return frozenset((n.tree, source.manifest(n.tree)) for n in nodes if n.tree in meant)


def empty_pool(chain: PolicyChain) -> Pool:
    """Nothing yet; it knows which keys are revoked."""
    return Pool(revoked={r.keyid: r for r in chain.current.revoked})


def from_bundle(data: bytes, chain: PolicyChain) -> Pool:
    """Of an exported bundle alone. Its index must hold, else nothing is read from it."""
    pool = empty_pool(chain)
    keys = chain.keys()
    try:
        pool.add_lines(dict.fromkeys(bundle.read_bundle(data, keys)), keys)
    except EvidenceInvalid as error:
        pool.problems.append(problem(error))
    return pool


def from_logs(source: Source, chain: PolicyChain, asked: Asked) -> Pool:
    """The union of all writers' logs that this repository has.

    A writer whom the policy never named is noted and not read, so that a
    stranger's branch cannot make a verification fail.
    """
    pool, keys = empty_pool(chain), chain.keys()
    for ref in source.evidence_refs():
        prefix = ref.rsplit("/", 1)[-1]
        keyid = next((k for k in keys if k[: log.PREFIX_DIGITS] == prefix), None)
        if keyid is None:
            pool.notes.append(f"{ref} is by a writer whom the policy does not name, and was not read")
            continue
        try:
            _keep_longest(pool.states, _state(source, ref, keys[keyid], asked.seen.get(keyid)), chain)
        except (EvidenceInvalid, RepositoryError) as error:
            pool.problems.append(problem(error))
    fresh = [line for state in pool.states.values() for line in state.lines]
    pool.add_lines(dict.fromkeys((*asked.carried, *fresh)), keys)
    _compare(pool, asked, keys)
    return pool


def _state(source: Source, ref: str, public_key: str, seen: Frontier | None) -> log.LogState:
    if seen is None:
        return log.check(source.evidence(ref), public_key)
    return log.check(source.evidence(ref, log.bundle_path(seen.size)), public_key, seen)


def _keep_longest(states: dict[str, log.LogState], state: log.LogState, chain: PolicyChain) -> None:
    other = states.get(state.writer)
    if other is None:
        states[state.writer] = state
        return
    short, long = sorted((other, state), key=lambda s: s.size)
    if long.root_at(short.size) != short.head.root:
        who = next((p.name for policy in chain.policies for p in policy.principals if p.keyid == state.writer), "")
        raise EvidenceInvalid(
            "EVID034",
            f"two copies of the log of {who} (writer {state.writer[:16]}) contradict each other at {short.size} lines",
            "fetch both again; if it stays so, the writer's key signs two histories",
        )
    states[state.writer] = long


def _compare(pool: Pool, asked: Asked, keys: Mapping[str, str]) -> None:
    """With what this user has seen, and with anchors from elsewhere."""
    expected: dict[str, str] = {}
    for state in pool.states.values():
        if asked.store is not None:
            _caught(pool, partial(asked.store.compare, asked.repository, state))
    for note in asked.anchors:
        _caught(pool, partial(_anchored, pool, note, keys, expected))
    known = asked.store.known(asked.repository).heads if asked.store is not None else {}
    for writer in (known.keys() | expected.keys()) - pool.states.keys():
        pool.problems.append(
            EvidenceProblem(
                code="EVID035",
                message=f"the log of writer {writer[:16]}, seen before, is not here",
                hint=f"git fetch the branch handrail-evidence/{writer[:16]}",
            )
        )


def _anchored(pool: Pool, note: bytes, keys: Mapping[str, str], expected: dict[str, str]) -> None:
    writer = checkpoint.writer_of(note)
    if writer not in keys:
        raise strict.invalid("EVID038", f"an anchor is by the writer {writer[:16]}, whom the policy does not name")
    found = checkpoint.read(note, keys[writer])
    expected[writer] = note.decode()
    if (state := pool.states.get(writer)) is not None:
        demand_continuation(state, found.size, found.root, "anchored")


def _caught(pool: Pool, call: Callable[[], object]) -> None:
    try:
        call()
    except EvidenceInvalid as error:
        pool.problems.append(problem(error))
