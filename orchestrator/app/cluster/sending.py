"""The executor of the cluster that this machine belongs to."""

from __future__ import annotations

from orchestrator.app.cluster.executor import ClusterExecutor
from orchestrator.app.cluster.settings import required
from orchestrator.ports import RunExecutor


def cluster_executor(needs: tuple[str, ...]) -> RunExecutor:
    """Raises ``UsageError``: CLU005 on a machine of its own, CLU007 for labels that are none."""
    from orchestrator.app.cluster.labels import read_labels

    return ClusterExecutor(required(), read_labels(needs))
