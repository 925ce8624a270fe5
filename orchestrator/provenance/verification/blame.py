"""Of each line of a file: which sentence asked for it, who wrote it, what was checked, who approved.

``git blame`` names the commit and the line at which each line was written; the signed statements of that commit say the
rest. Only statements that speak of those commits are opened, each with its signature; each commit is judged as in
``verify``. What nobody signed for is ``unattested``, what does not verify is said to be so.

NOT checked: that git's own attribution of a line to a commit is what a person would say; that the logs are whole and
not cut (``verify`` does that).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path

from orchestrator.errors import EvidenceInvalid, StoreError
from orchestrator.models.base import Noun
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.verification import CommitEvidence, EvidenceProblem
from orchestrator.ports import BlamedLine, Blobs, CommitNode
from orchestrator.provenance.logs import evidence
from orchestrator.provenance.logs.evidence import Pool, Source
from orchestrator.provenance.logs.places import RUN, Places, places
from orchestrator.provenance.predicates import claims
from orchestrator.provenance.predicates.claims import Contributor, LinesClaim
from orchestrator.provenance.roots.root import PolicyChain
from orchestrator.provenance.verification.collecting import fewer_collections
from orchestrator.provenance.verification.judge import Judge, Plans
from orchestrator.provenance.verification.verify import Policies


class Standing(StrEnum):
    """What the evidence of a line's commit comes to."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not verified"
    UNATTESTED = "unattested"


class Asked(Noun):
    """A requirement: its sentence, or ``None`` when the text is not here (D13)."""

    id: str
    sentence: str | None


class Blamed(Noun):
    """One line. ``evidence`` is ``None`` for an unattested one; ``contributor`` where no statement names the line."""

    number: int
    text: str
    commit: GitOid
    path: str
    line: int
    author: str
    standing: Standing
    contributor: Contributor | None = None
    asked: tuple[Asked, ...] = ()
    evidence: CommitEvidence | None = None
    problems: tuple[EvidenceProblem, ...] = ()


@dataclass(frozen=True, slots=True)
class _Covered:
    evidence: CommitEvidence
    problems: tuple[EvidenceProblem, ...]
    lines: LinesClaim | None
    asked: tuple[Asked, ...]


@fewer_collections()
def blame(
    source: Source,
    found: Iterable[Sequence[BlamedLine]],
    head: GitOid,
    now: datetime,
    blobs: Blobs,
    *,
    index: Path | None = None,
) -> tuple[Blamed, ...]:
    """What ``git blame`` found at ``head``, with what is signed for it, sorted. Raises as ``verify`` without a policy.

    Lines may come in groups while git still looks for others: what is signed for those is verified meanwhile.
    ``index`` is where :mod:`~orchestrator.provenance.logs.places` keeps its file.
    """
    groups = iter(found)
    group = next(groups, None)
    whole, rows = _Whole.of(source, head, places(source, index), now, blobs), list[BlamedLine]()
    while group is not None:
        whole.cover(list(dict.fromkeys(r.commit for r in group)))
        rows += group
        group = next(groups, None)
    return tuple(_row(r, whole.covered[r.commit]) for r in sorted(rows, key=lambda r: r.number))


def _row(row: BlamedLine, found: _Covered | None) -> Blamed:
    kind = Standing.UNATTESTED if found is None else Standing.NOT_VERIFIED if found.problems else Standing.VERIFIED
    return Blamed(
        number=row.number,
        text=row.text.decode(errors="replace"),
        commit=row.commit,
        path=row.path,
        line=row.line,
        author=row.author,
        standing=kind,
        contributor=_contributor(row, found.lines) if found else None,
        asked=found.asked if found else (),
        evidence=found.evidence if found else None,
        problems=found.problems if found else (),
    )


def _contributor(row: BlamedLine, lines: LinesClaim | None) -> Contributor | None:
    mine = (f for f in lines.files if f.path == row.path) if lines else ()
    return next((r.contributor for f in mine for r in f.ranges if r.start <= row.line <= r.end), None)


@dataclass
class _Whole:
    """What is known by now. ``opened`` are lines of evidence that the pool has."""

    source: Source
    policies: Policies
    chain: PolicyChain
    index: Places
    now: datetime
    blobs: Blobs
    pool: Pool
    line: frozenset[tuple[GitOid, Digest]] = frozenset()
    plans: Plans = field(default_factory=Plans)
    opened: set[bytes] = field(default_factory=set[bytes])
    covered: dict[GitOid, _Covered | None] = field(default_factory=dict[GitOid, "_Covered | None"])

    @classmethod
    def of(cls, source: Source, head: GitOid, index: Places, now: datetime, blobs: Blobs) -> _Whole:
        """With all decisions on whole runs, since what these list is in no subject."""
        policies = Policies(source)
        chain = policies.must(head)
        whole = cls(source, policies, chain, index, now, blobs, evidence.empty_pool(chain))
        whole._open([RUN])
        if whole.pool.run_decisions:
            whole.line = evidence.finals(source, source.commits(None, head), whole.pool)
        return whole

    def cover(self, commits: Sequence[GitOid]) -> None:
        """Judge those that were not judged before."""
        nodes = self.source.nodes([c for c in commits if c not in self.covered])
        self._open([word.encode() for n in nodes for word in (n.oid, n.tree)])
        claims_of = [s.claim for n in nodes for s in self.pool.candidates(n)]
        self._open([c.plan.removeprefix("sha256:").encode() for c in claims_of])
        attested = [n for n in nodes if self.pool.candidates(n)]
        self.source.ready([n.tree for n in attested])
        self.source.look([n.tree for n in self.source.nodes([p for n in attested for p in n.parents[:1]])])
        self.covered |= {n.oid: _covered(self, n) for n in nodes}

    def _open(self, words: Iterable[bytes]) -> None:
        """The statements that name these, each once. What does not hold is not evidence here."""
        lines = [line for line in self.index.lines(words) if line not in self.opened]
        self.opened.update(lines)
        self.pool.add_lines(lines, self.chain.keys())
        self.pool.problems.clear()


def _covered(whole: _Whole, node: CommitNode) -> _Covered | None:
    source, pool, blobs = whole.source, whole.pool, whole.blobs
    candidates = pool.candidates(node)
    before = whole.policies.at(node.parents[0]) if node.parents else None
    if not candidates or before is None:
        return None
    judges = [
        Judge(source, pool, before.current, node, whole.line, c, whole.now, blobs, whole.plans) for c in candidates
    ]
    judged = [(judge, judge.judge()) for judge in judges]
    judge, found = next(((j, e) for j, e in judged if not j.problems), judged[0])
    claim = judge.signed.claim
    lines = judge.stated_lines()
    asked = tuple(Asked(id=r.id, sentence=_sentence(r, blobs)) for r in claim.requirements)
    return _Covered(found, tuple(judge.problems), lines[0] if lines else None, asked)


def _sentence(requirement: claims.RequirementClaim, blobs: Blobs) -> str | None:
    try:
        text = claims.text_of(blobs.get(requirement.text), requirement.text)
        return str(json.loads(text)["statement"])
    except (StoreError, EvidenceInvalid, ValueError, KeyError, TypeError):
        return None
