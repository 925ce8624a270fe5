"""The gates on any two commits, with no sandbox and no run."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.app.project import Project
from orchestrator.app.wiring import open_trees
from orchestrator.models.change import ChangeIdentity
from orchestrator.models.gate import GateReport, Result
from orchestrator.policy.verdicts import worst
from orchestrator.ports import Candidate


def gate_range(project: Project, base: str, head: str, names: Sequence[str]) -> tuple[Result, tuple[GateReport, ...]]:
    """The worst result and every report. Test roots are not known here: test files are recognised by name."""
    from orchestrator.gates.catalog import GATES, default_gates
    from orchestrator.gates.runner import run_gates

    with open_trees(project) as trees:
        tip, commit = trees.resolve(base), trees.resolve(head)
        tree = trees.tree_of(commit)
        diff = trees.diff(trees.tree_of(tip), tree)
        identity = ChangeIdentity(target_ref=head, tip=tip, tree=tree, manifest=trees.manifest(tree))
        candidate = Candidate(identity=identity, files=diff.files, blob=trees.blob, protected=(), test_roots=())
        reports = run_gates(default_gates(tuple(names) or tuple(GATES)), candidate)
    return worst(r.result for r in reports), reports
