"""The gates on any difference, with no sandbox and no run: two commits, what is staged, or a patch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from orchestrator.app.gates.asked import Asked
from orchestrator.app.trees import open_trees
from orchestrator.models.changed import ChangedFile, ChangeIdentity
from orchestrator.models.found import Disposition, Finding, GateReport, Result
from orchestrator.models.ids import Digest, GitOid, canonical, sha256
from orchestrator.policy.verdicts import of_findings, worst
from orchestrator.ports import Candidate, Gate

if TYPE_CHECKING:
    from orchestrator.app.base import Base
    from orchestrator.app.ground import Ground
    from orchestrator.app.project import Project
    from orchestrator.gates.scanners.worker import Worker
    from orchestrator.models.decision import Decision
    from orchestrator.vcs.trees import GitTrees

_SOURCE_BYTES = 1024 * 1024
_NONE: Mapping[str, Gate] = {}


class Judged(NamedTuple):
    """``lifted``: fingerprints of findings that a person lifted. ``base``: what was compared with."""

    result: Result
    reports: tuple[GateReport, ...]
    lifted: frozenset[Digest]
    base: GitOid
    sources: Mapping[str, tuple[str, ...]]
    sbom: Mapping[str, Any] | None = None

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Of all gates; what decides first."""
        order = (Disposition.DENY, Disposition.AGENT, Disposition.PERSON, Disposition.NOTE)
        found = [f for r in self.reports for f in r.findings]
        return tuple(sorted(found, key=lambda f: (order.index(f.disposition), f.path, f.line, f.rule)))


def gate(
    ground: Project | Ground,
    asked: Asked,
    *,
    project: Project | None = None,
    worker: Worker | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Judged:
    """Judge. Without ``policy`` test files are recognised by name, and ``.handrail`` is not read.

    ``project`` is needed for a policy and for decisions, and for nothing else.

    Raises ``RepositoryError`` for names that are not there, ``UsageError`` GATE010, ``EvidenceInvalid`` for a decision
    that does not verify, ``TrustError`` for a policy that nobody trusts.
    """
    from orchestrator.gates.changes.sides import begin

    with open_trees(ground) as trees, ExitStack() as stack:
        base, tree = _sides(trees, asked)
        files = trees.changed_files(base, tree)
        identity = _identity(trees, asked, base, tree, files)
        rules = _base(_whole(project), trees, identity.tip, asked) if asked.policy else None
        candidate = Candidate(
            identity=identity,
            files=files,
            blob=trees.blob,
            protected=(*rules.chain.current.protected_paths, *rules.profile.protected) if rules else (),
            test_roots=rules.profile.test_roots if rules else (),
            names=partial(trees.names, tree),
        )
        if worker is not None:
            # They work while the gates are imported.
            begin(candidate, worker)
        declared = stack.enter_context(_declared(_whole(project), trees, rules, say)) if rules else _NONE
        gates = _gates(asked, rules, worker, declared)
        if rules and not asked.gates:
            gates = (*gates, _waivers(_whole(project), trees, tree, worker))
        reports = _reports(gates, candidate)
        lifted = _lifted(_whole(project), trees, asked, identity) if asked.decisions else frozenset[Digest]()
        sources = _sources(reports, candidate)
        sbom = _sbom(candidate) if asked.sbom else None
    result = worst(_without(report, lifted) for report in reports)
    return Judged(result, reports, lifted & _liftable(reports), base, sources, sbom)


def _whole(project: Project | None) -> Project:
    if project is None:
        raise TypeError("a policy and decisions are read from an open project")
    return project


def _reports(gates: Sequence[Gate], candidate: Candidate) -> tuple[GateReport, ...]:
    from orchestrator.gates.runner import run_gates

    return run_gates(gates, candidate)


def _sbom(candidate: Candidate) -> Mapping[str, Any]:
    from orchestrator.gates.kinds.sbom import difference

    return difference(candidate)


def _base(project: Project, trees: GitTrees, tip: GitOid, asked: Asked) -> Base:
    from orchestrator.app.base import read_base

    return read_base(project, trees, tip, asked.trust)


@contextmanager
def _declared(
    project: Project, trees: GitTrees, rules: Base, say: Callable[[str], None]
) -> Iterator[Mapping[str, Gate]]:
    from orchestrator.app.gates.command_gates import open_declared

    with open_declared(project, trees, rules, say) as declared:
        yield declared.gates


def _gates(asked: Asked, rules: Base | None, worker: Worker | None, declared: Mapping[str, Gate]) -> tuple[Gate, ...]:
    from orchestrator.app.preferences import user_preference
    from orchestrator.gates.catalog import GATES, default_gates

    demanded = rules.chain.current.required_gates if rules else ()
    osv = user_preference("osv", asked.osv)
    known = Path(osv) if osv else None
    return default_gates(asked.gates or (*GATES, *demanded), worker=worker, vulnerabilities=known, declared=declared)


def _waivers(project: Project, trees: GitTrees, tree: GitOid, worker: Worker | None) -> Gate:
    from orchestrator.app.gates.waivers import ended_hits, ledger
    from orchestrator.gates.reports.waivers import WaiversGate

    return WaiversGate(ended_hits(ledger(project, trees, tree, worker), project.clock.now()))


def _sides(trees: GitTrees, asked: Asked) -> tuple[GitOid, GitOid]:
    """The commit (or empty tree) to compare with, and the tree to judge."""
    if asked.staged or asked.patch is not None:
        base = trees.resolve(asked.base) if asked.base else trees.staged_base()
        return base, trees.staged(asked.index) if asked.patch is None else trees.patched(base, asked.patch)
    if not asked.base:
        return trees.default_base(asked.head), trees.tree_of(trees.resolve(asked.head))
    # What the base gained since is not the change's; without a common ancestor the two are compared as they are.
    base, head = trees.began(asked.base, asked.head)
    return base, trees.tree_of(head)


def _identity(
    trees: GitTrees, asked: Asked, base: GitOid, tree: GitOid, files: Sequence[ChangedFile]
) -> ChangeIdentity:
    """Reading every file of a tree takes longer than judging ten of them, so it waits until somebody is told.

    Otherwise the digest of the changed rows stands there: within one call it ties each report to this candidate.
    """
    if asked.identified or asked.decisions:
        manifest = trees.manifest(tree)
    else:
        manifest = sha256(canonical([f.model_dump(mode="json") for f in files]))
    return ChangeIdentity(target_ref=asked.head, tip=base, tree=tree, manifest=manifest)


def _without(report: GateReport, lifted: frozenset[Digest]) -> Result:
    if report.result is Result.ERROR:
        return Result.ERROR
    left = [f for f in report.findings if f.disposition is not Disposition.PERSON or f.fingerprint not in lifted]
    return of_findings(left)


def _liftable(reports: Sequence[GateReport]) -> frozenset[Digest]:
    return frozenset(f.fingerprint for r in reports for f in r.findings if f.disposition is Disposition.PERSON)


def _lifted(project: Project, trees: GitTrees, asked: Asked, identity: ChangeIdentity) -> frozenset[Digest]:
    """Of approvals of exactly this tree on exactly this base, by holders of a role that may lift (D6, D11).

    The name of the branch is not compared: a difference that is judged by itself is on none.
    """
    from orchestrator.app.wiring import decision_opener

    base = _base(project, trees, identity.tip, asked)
    policy, opened = base.chain.current, decision_opener(base)
    found: set[Digest] = set()
    for keyid, decision in map(opened, asked.decisions):
        if _of(decision, identity) and any(policy.holds(keyid, role) for role in policy.lift_roles):
            found.update(decision.lifts)
    return frozenset(found)


def _of(decision: Decision, identity: ChangeIdentity) -> bool:
    from orchestrator.models.decision import ON_A_CHANGE, Verdict

    change = decision.change
    return (
        change is not None
        and decision.verdict is Verdict.APPROVE
        and decision.kind in ON_A_CHANGE
        and change.model_copy(update={"target_ref": identity.target_ref}) == identity
    )


def _sources(reports: Sequence[GateReport], candidate: Candidate) -> dict[str, tuple[str, ...]]:
    """Path → lines, of the files in which a line is to be shown."""
    wanted = {f.path for r in reports for f in r.findings if f.line}
    shown: dict[str, tuple[str, ...]] = {}
    for file in candidate.files:
        if file.path in wanted and file.new_blob is not None:
            lines = _lines(file.path, candidate.blob(file.new_blob))
            if lines:
                shown[file.path] = lines
    return shown


def _lines(path: str, data: bytes) -> tuple[str, ...]:
    # Of a notebook the lines count in the extracted cells, which are not shown.
    if len(data) > _SOURCE_BYTES or path.casefold().endswith(".ipynb"):
        return ()
    return tuple(data.decode("utf-8", "replace").replace("\r\n", "\n").replace("\r", "\n").split("\n"))
