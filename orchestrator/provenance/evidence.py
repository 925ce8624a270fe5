"""All statements of a repository: the union of its writers' logs, or one exported bundle (D10)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from orchestrator.errors import EvidenceInvalid, HandrailError
from orchestrator.models.base import Digest, GitOid
from orchestrator.models.decision import SubjectKind
from orchestrator.models.verification import EvidenceProblem
from orchestrator.ports import CommitNode, TreeEntry
from orchestrator.provenance import bundle, dsse, log, statements
from orchestrator.provenance.claims import AcceptanceClaim, ChangeClaim, Claim, DecisionClaim, GateClaim
from orchestrator.provenance.trust import TrustStore

C = TypeVar("C")


class Source(Protocol):
    """The parts of :class:`~orchestrator.ports.Trees` and :class:`~orchestrator.ports.History` that are read."""

    def resolve(self, rev: str) -> GitOid: ...
    def tree_of(self, commit: GitOid) -> GitOid: ...
    def entries(self, tree: GitOid) -> tuple[TreeEntry, ...]: ...
    def file(self, commit: GitOid, path: str) -> bytes | None: ...
    def manifest(self, tree: GitOid) -> Digest: ...
    def evidence(self, ref: str) -> Mapping[str, bytes]: ...
    def commits(self, base: GitOid | None, head: GitOid) -> tuple[CommitNode, ...]: ...
    def evidence_refs(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True)
class Signed(Generic[C]):
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
    problems: list[EvidenceProblem] = field(default_factory=list[EvidenceProblem])
    notes: list[str] = field(default_factory=list[str])
    states: dict[str, log.LogState] = field(default_factory=dict[str, log.LogState])

    def add_lines(self, lines: Iterable[bytes], keys: Mapping[str, str]) -> None:
        """Open each line. One by nobody known is noted, any other defect is a problem."""
        for line in lines:
            try:
                opened = dsse.open_line(line, keys)
                self._add(statements.read(opened.payload), opened)
                if opened.unknown:
                    self.notes.append(
                        f"{opened.digest} also carries a signature by a key that the policy does not name"
                    )
            except EvidenceInvalid as error:
                if error.code == "EVID009":
                    self.notes.append("a statement that is signed by no key of the policy was ignored")
                else:
                    self.problems.append(problem(error))

    def _add(self, claim: Claim, opened: dsse.Opened) -> None:
        match claim:
            case ChangeClaim():
                signed = Signed(claim, opened.keyids, opened.digest)
                self.changes[claim.commit].append(signed)
                self.by_tree[claim.identity.tip, claim.identity.tree].append(signed)
            case GateClaim():
                self.gates[claim.identity.digest()].append(Signed(claim, opened.keyids, opened.digest))
            case AcceptanceClaim():
                self.acceptance[claim.identity.digest()].append(Signed(claim, opened.keyids, opened.digest))
            case DecisionClaim():
                decided = Signed(claim, opened.keyids, opened.digest)
                self.decisions[claim.decision.subject].append(decided)
                if claim.decision.kind is SubjectKind.RUN:
                    self.run_decisions.append(decided)


def problem(error: HandrailError, commit: GitOid | None = None) -> EvidenceProblem:
    """An error as one row of the answer."""
    return EvidenceProblem(code=error.code, message=error.message, hint=error.hint, commit=commit)


def from_bundle(data: bytes, keys: Mapping[str, str]) -> Pool:
    """Of an exported bundle alone. Its index must hold, else nothing is read from it."""
    pool = Pool()
    try:
        pool.add_lines(dict.fromkeys(bundle.read_bundle(data, keys)), keys)
    except EvidenceInvalid as error:
        pool.problems.append(problem(error))
    return pool


def from_logs(source: Source, keys: Mapping[str, str], store: TrustStore | None, repository: str) -> Pool:
    """The union of all writers' logs that this repository has.

    A writer whom the policy never named is noted and not read, so that a
    stranger's branch cannot make a verification fail.
    """
    pool = Pool()
    for ref in source.evidence_refs():
        prefix = ref.rsplit("/", 1)[-1]
        if not any(keyid[: log.PREFIX_DIGITS] == prefix for keyid in keys):
            pool.notes.append(f"{ref} is by a writer whom the policy does not name, and was not read")
            continue
        try:
            _keep_longest(pool.states, log.check(source.evidence(ref), keys, prefix))
        except EvidenceInvalid as error:
            pool.problems.append(problem(error))
    pool.add_lines(dict.fromkeys(line for state in pool.states.values() for line in state.lines), keys)
    if store is not None:
        _compare(pool, store, repository)
    return pool


def _keep_longest(states: dict[str, log.LogState], state: log.LogState) -> None:
    other = states.get(state.writer, state)
    short, long = sorted((other, state), key=lambda s: s.count)
    if long.chain[short.count] != short.chain[-1]:
        raise EvidenceInvalid(
            "EVID034",
            f"two copies of the log of writer {state.writer[:16]} contradict each other",
            "fetch both again; if it stays so, the writer's key signs two histories",
        )
    states[state.writer] = long


def _compare(pool: Pool, store: TrustStore, repository: str) -> None:
    for state in pool.states.values():
        try:
            store.compare(repository, state)
        except EvidenceInvalid as error:
            pool.problems.append(problem(error))
    for writer in store.known(repository).heads.keys() - pool.states.keys():
        pool.problems.append(
            EvidenceProblem(
                code="EVID035",
                message=f"the log of writer {writer[:16]}, seen before, is not here",
                hint=f"git fetch the branch handrail-evidence/{writer[:16]}",
            )
        )
