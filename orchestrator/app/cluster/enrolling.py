"""Before a worker takes a job: what it serves, and that its key may sign for runs and decide nothing."""

from __future__ import annotations

from pathlib import Path

from orchestrator.app.base import read_base
from orchestrator.app.cluster.labels import read_labels
from orchestrator.app.cluster.settings import required
from orchestrator.app.cluster.worker import Settings
from orchestrator.app.project import Project, open_project
from orchestrator.app.trees import open_trees
from orchestrator.app.trust.keys import default_path, signer
from orchestrator.errors import HandrailError, UsageError
from orchestrator.models.ids import Digest
from orchestrator.models.policy import Policy
from orchestrator.vcs.repository import resolve

_RUNNER, _ROOT = "runner", "root"
_NO_WORKER = "CLU009"


def enrolled(
    folders: tuple[Path, ...], labels: tuple[str, ...], *, jobs: int, key: Path | None, trust: Digest | None
) -> Settings:
    """What a worker is told. Raises ``UsageError``: CLU005 no cluster, CLU007 labels, CLU009 a key that is no worker's.

    And whatever keeps a repository from being opened or trusted here.
    """
    joined, found = required(), dict[str, Path]()
    for folder in folders:
        with open_project(folder) as project:
            _ensure_a_workers_key(project, key, trust)
            found[project.repository.id] = project.repository.folder
    where = str((key or default_path()).resolve())
    return Settings(joined, found, read_labels(labels), jobs, where, trust or "")


def revoked(folder: Path, key: Path, trust: Digest | None) -> str:
    """Why this key is no worker's any more, '' while it is. Whatever else is wrong is told by the run itself."""
    try:
        with open_project(folder) as project:
            _ensure_a_workers_key(project, key, trust)
    except HandrailError as problem:
        return problem.message if problem.code == _NO_WORKER else ""
    return ""


def _ensure_a_workers_key(project: Project, key: Path | None, trust: Digest | None) -> None:
    """By the policy of the commit that is checked out; each run is judged by the one at its base all the same."""
    keyid = signer(key).keyid
    with open_trees(project) as trees:
        policy = read_base(project, trees, resolve(project.repository, "HEAD"), trust).chain.current
    if not policy.holds(keyid, _RUNNER):
        text = f"The policy of {project.repository.folder} has no runner with the key {keyid[:16]}."
        raise UsageError(_NO_WORKER, text, "handrail key new here, then the policy's owner adds it as a runner")
    held = [role for role in _deciding(policy) if policy.holds(keyid, role)]
    if held:
        text = f"This key decides too ({', '.join(held)}): a worker has a key that only signs for runs."
        raise UsageError(_NO_WORKER, text, "handrail key new here, and --key with it")


def _deciding(policy: Policy) -> tuple[str, ...]:
    return tuple(dict.fromkeys((_ROOT, *policy.approve_roles, *policy.lift_roles)))
