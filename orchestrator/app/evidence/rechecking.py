"""``attest --recheck``: run gates and acceptance of merged commits again, elsewhere, and countersign (D12)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.app.base import Base, read_base
from orchestrator.app.evidence.carrying import append
from orchestrator.app.machine.environments import TreeEnvironments
from orchestrator.app.machine.sandboxing import LazyEngine
from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.keys import signer
from orchestrator.errors import EvidenceInvalid, LimitReached, UsageError
from orchestrator.models.found import GateReport, Result
from orchestrator.models.gate import AcceptanceReport, AcceptanceRun, Demonstration
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.policy import Custody, Principal
from orchestrator.policy.verdicts import worst
from orchestrator.ports import Candidate, SandboxRequest

if TYPE_CHECKING:
    from orchestrator.provenance.logs.evidence import Pool
    from orchestrator.provenance.predicates.claims import AcceptanceClaim, ChangeClaim, Claim
    from orchestrator.vcs.trees import GitTrees

_TIMED_OUT = 124
_ELSEWHERE = (Custody.CI, Custody.WORKER)


@dataclass(frozen=True, slots=True)
class Rechecked:
    """One commit's results. ``independent``: the key that signed them is held elsewhere than the author's."""

    commit: GitOid
    gates: tuple[GateReport, ...]
    acceptance: AcceptanceReport | None
    independent: bool

    @property
    def result(self) -> Result:
        """The worst of all."""
        tested = [self.acceptance.result] if self.acceptance else []
        return worst([*(r.result for r in self.gates), *tested])


@dataclass(frozen=True, slots=True)
class _Desk:
    project: Project
    trees: GitTrees
    pool: Pool
    keyid: str
    trust: Digest | None
    engine: LazyEngine
    say: Callable[[str], None]


def recheck(
    project: Project, revs: Sequence[str], *, key: Path | None, trust: Digest | None, say: Callable[[str], None]
) -> tuple[Rechecked, ...]:
    """Results of each commit, signed into this key's own log; a bad result is signed as well.

    Raises ``UsageError`` KEY017 for a key without the role ``runner``, ``EvidenceInvalid`` EVID065 for a commit
    without a statement of its own, and what gates and sandbox raise.
    """
    from orchestrator.provenance import dsse
    from orchestrator.provenance.logs import evidence
    from orchestrator.provenance.predicates import statements
    from orchestrator.provenance.verification.verify import Policies

    by = signer(key)
    engine = LazyEngine("", "")
    with open_trees(project) as trees:
        commits = [trees.resolve(rev) for rev in revs]
        pool = evidence.from_logs(trees, Policies(trees).must(commits[-1]), evidence.Asked())
        desk = _Desk(project, trees, pool, by.keyid, trust, engine, say)
        try:
            done = [_commit(desk, commit) for commit in commits]
        finally:
            engine.close()
        lines = [dsse.seal(statements.build(claim), [by]) for _, claims in done for claim in claims]
        append(trees, by, lines, project.clock.now())
    return tuple(found for found, _ in done)


def _commit(desk: _Desk, commit: GitOid) -> tuple[Rechecked, list[Claim]]:
    from orchestrator.provenance.predicates import stating

    trees = desk.trees
    change = next((s for s in desk.pool.changes.get(commit, ())), None)
    if change is None:
        raise EvidenceInvalid("EVID065", f"No statement is of commit {commit[:12]}.", "fetch all evidence branches")
    claim = change.claim
    identity = claim.identity
    if trees.tree_of(commit) != identity.tree or trees.manifest(identity.tree) != identity.manifest:
        raise EvidenceInvalid("EVID043", f"Commit {commit[:12]} is not the tree that was judged.", "handrail verify")
    base = read_base(desk.project, trees, identity.tip, desk.trust)
    who = _runner(base, desk.keyid)
    reports = _gates(desk, base, claim)
    stated = next((s.claim for s in desk.pool.acceptance.get(identity.digest(), ())), None)
    tested = _acceptance(desk, base, claim, stated) if stated else None
    now = desk.project.clock.now()
    said: list[Claim] = [stating.of_report(r, who.custody, now) for r in reports]
    if tested is not None:
        said.append(stating.of_acceptance(tested, who.custody, now))
    signers = {p.name for k in change.keyids if (p := base.chain.current.principal(k))}
    elsewhere = who.custody in _ELSEWHERE and who.name not in signers
    return Rechecked(commit, reports, tested, elsewhere), said


def _runner(base: Base, keyid: str) -> Principal:
    """Judged by the policy in force where the change began, as ``verify`` does (D11)."""
    policy = base.chain.current
    who = policy.principal(keyid)
    if who is None or not policy.holds(keyid, "runner"):
        text = f"The key {keyid[:16]} is no runner in policy version {policy.version}, which judges this commit."
        raise UsageError("KEY017", text, "handrail key list; handrail policy change --role runner=…")
    return who


def _gates(desk: _Desk, base: Base, claim: ChangeClaim) -> tuple[GateReport, ...]:
    from orchestrator.app.gates.command_gates import open_declared
    from orchestrator.app.preferences import user_preference
    from orchestrator.gates.catalog import default_gates
    from orchestrator.gates.runner import run_gates

    identity, trees = claim.identity, desk.trees
    policy = base.chain.current
    stated = [s.claim.gate for s in desk.pool.gates.get(identity.digest(), ())]
    names = tuple(dict.fromkeys([*policy.required_gates, *stated]))
    diff = trees.diff(trees.tree_of(identity.tip), identity.tree)
    candidate = Candidate(
        identity=identity,
        files=diff.files,
        blob=trees.blob,
        protected=(*policy.protected_paths, *base.profile.protected),
        test_roots=base.profile.test_roots,
        names=partial(trees.names, identity.tree),
    )
    desk.say(f"{claim.commit[:12]}: gates {', '.join(names)}")
    with open_declared(desk.project, trees, base, desk.say) as declared:
        osv = user_preference("osv", None)
        gates = default_gates(names, vulnerabilities=Path(osv) if osv else None, declared=declared.gates)
        return run_gates(gates, candidate)


def _acceptance(desk: _Desk, base: Base, claim: ChangeClaim, stated: AcceptanceClaim) -> AcceptanceReport:
    """The commands that the statement names, on base and change, within the limits of the policy's ceiling."""
    environments = TreeEnvironments(desk.project, desk.trees, base, desk.engine.sandboxes, desk.say).of
    environment = environments(claim.identity.tree)
    before_environment = environments(desk.trees.tree_of(claim.identity.tip))
    runs: list[AcceptanceRun] = []
    for command in stated.commands:
        desk.say(f"{claim.commit[:12]}: {' '.join(command.argv)}")
        limits = base.chain.current.ceiling.limits
        request = SandboxRequest(f"recheck:{claim.commit[:12]}", claim.run, limits)
        tip = desk.trees.tree_of(claim.identity.tip)
        before, _ = _run(desk, base, request.furnished(before_environment), command.argv, tip)
        after, output = _run(desk, base, request.furnished(environment), command.argv, claim.identity.tree)
        runs.append(
            AcceptanceRun(
                argv=command.argv,
                source=command.source,
                exit_on_base=before,
                exit_on_change=after,
                shows=_shows(command.shows, before, after),
                output=output,
            )
        )
    return AcceptanceReport(
        change=claim.identity,
        image=desk.engine.sandboxes().image,
        environment=environment.digest if environment else None,
        result=Result.FAILED if any(r.shows is Demonstration.FAILED for r in runs) else Result.PASSED,
        runs=tuple(runs),
    )


def _shows(stated: Demonstration, before: int, after: int) -> Demonstration:
    """A failure that a step of tests was there to cause is one again; any other is a failure."""
    if after:
        return Demonstration.RED if stated is Demonstration.RED else Demonstration.FAILED
    shown = before != 0 and stated is not Demonstration.REGRESSION
    return Demonstration.DEMONSTRATED if shown else Demonstration.REGRESSION


def _run(desk: _Desk, base: Base, request: SandboxRequest, argv: Sequence[str], tree: GitOid) -> tuple[int, Digest]:
    from orchestrator.engine.execute import run_on_tree

    try:
        done = run_on_tree(
            desk.engine.sandboxes(), desk.trees, request, tree, argv=argv, source_roots=base.profile.source_roots
        )
    except LimitReached as limit:
        return _TIMED_OUT, desk.project.blobs.put(str(limit).encode())
    return done.exit_code, desk.project.blobs.put(done.stdout + done.stderr)
