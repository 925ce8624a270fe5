"""Bringing a finished run to its target branch, as D14 says: never under its user's feet."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from orchestrator.app.evidence.verifying import EVIDENCE, Options, verify_line
from orchestrator.app.project import Project
from orchestrator.app.trees import open_trees
from orchestrator.errors import EvidenceInvalid, RepositoryError, UsageError
from orchestrator.models.ids import Digest, GitOid
from orchestrator.models.run import OVER, Run
from orchestrator.models.verification import Verification

if TYPE_CHECKING:
    from orchestrator.vcs.trees import GitTrees


@dataclass(frozen=True, slots=True)
class Ready:
    """A run whose evidence holds: its line's tip, and the full name of the branch that it goes to."""

    run: Run
    trees: GitTrees
    tip: GitOid
    target: str
    found: Verification


@contextmanager
def _ready(project: Project, run: Run, into: str | None, root: Digest | None) -> Iterator[Ready]:
    target = _full(into) if into else run.target_ref
    with open_trees(project) as trees:
        tip = trees.ref(run.run_ref)
        if tip is None:
            next_ = f"handrail show {run.id}" if run.status in OVER else f"handrail resume {run.id}"
            raise UsageError("RUN006", f"Run {run.id} has merged nothing.", next_)
        found = verify_line(project, run.run_ref, Options(base=run.base_commit, root=root))
        if found.problems:
            told = [f"{p.code} {p.message}" for p in found.problems]
            raise EvidenceInvalid("EVID061", f"The evidence of run {run.id} does not hold.", "handrail verify", told)
        yield Ready(run, trees, tip, target, found)


def merge(project: Project, run: Run, into: str | None = None, root: Digest | None = None) -> dict[str, Any]:
    """What happened to the target branch: ``move`` and a ``message`` that says it, or what to type.

    The evidence of the run's line is verified first. Raises ``EvidenceInvalid``
    when it does not hold, ``UsageError`` (RUN006) when nothing is merged to the
    run's branch yet, ``RepositoryError`` (REPO030) when the target cannot be fast-forwarded.
    """
    from orchestrator.vcs.worktree import TargetMove

    with _ready(project, run, into, root) as ready:
        done = ready.trees.advance(ready.target, run.run_ref)
    if done.move in {TargetMove.DIVERGED, TargetMove.NO_TARGET}:
        raise RepositoryError("REPO030", done.sentence, f"handrail merge {run.id} --into BRANCH")
    return _told(ready, move=done.move, message=done.sentence)


def push(
    project: Project, run: Run, remote: str, *, into: str | None = None, root: Digest | None = None
) -> dict[str, Any]:
    """Fast-forward the target branch on a remote, with the evidence: all or nothing, never forced.

    Raises as :func:`merge`, and ``RepositoryError`` REM001-003.
    """
    from orchestrator.vcs.remote import open_remote

    with _ready(project, run, into, root) as ready:
        there = open_remote(ready.trees.repository, remote)
        there.push([f"{ready.tip}:{ready.target}", *_evidence(ready)])
    branch = ready.target.removeprefix("refs/heads/")
    return _told(ready, move="pushed", message=f"{branch} on {remote} is at {ready.tip[:12]}.")


def request(
    project: Project, run: Run, remote: str, *, into: str | None = None, root: Digest | None = None
) -> dict[str, Any]:
    """Push the run's branch with its evidence and open a pull request that says how to verify it.

    Raises as :func:`push`, ``UsageError`` PRQ001 before anything is pushed, ``HandrailError`` PRQ002.
    """
    from orchestrator.vcs import forge
    from orchestrator.vcs.remote import open_remote

    with _ready(project, run, into, root) as ready:
        tool = forge.program(ready.trees.repository, remote)
        evidence = _evidence(ready)
        open_remote(ready.trees.repository, remote).push([f"{ready.tip}:{run.run_ref}", *evidence])
        head, base = (ref.removeprefix("refs/heads/") for ref in (run.run_ref, ready.target))
        asked = forge.Request(head, base, f"Handrail run {run.id}", _body(ready, evidence))
        said = forge.open_request(ready.trees.repository, tool, asked)
    return _told(ready, move="requested", message=said or "Opened.")


def _evidence(ready: Ready) -> list[str]:
    return [f"{oid}:{ref}" for ref, oid in ready.trees.refs_below(EVIDENCE).items()]


def _body(ready: Ready, evidence: list[str]) -> str:
    """What a reader of the request needs to check it. No text of the spec stands in it (D13)."""
    found = ready.found
    rows = [f"- `{c.commit[:12]}` gates {', '.join(sorted(c.gates)) or 'none'}" for c in found.commits]
    logs = [f"- `{spec.partition(':')[2].removeprefix('refs/heads/')}` at `{spec[:12]}`" for spec in evidence]
    verify = f"handrail verify --base {ready.run.base_commit} {ready.tip}"
    lines = [f"**{found.verdict}** (trust: {found.trust}), run `{ready.run.id}`.", "", "Commits:", *rows, ""]
    lines += ["Evidence:", *logs, "", "Check it yourself, offline:", "", f"    {verify}", ""]
    return "\n".join([*lines, "A squash with another tree is not covered by this evidence.", ""])


def _told(ready: Ready, **done: str) -> dict[str, Any]:
    body = {"target": ready.target, "branch": ready.run.run_ref, "tip": ready.tip, "verdict": ready.found.verdict}
    return {**done, **body}


def _full(branch: str) -> str:
    return branch if branch.startswith("refs/") else f"refs/heads/{branch}"
