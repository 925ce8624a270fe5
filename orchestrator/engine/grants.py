"""What a node of a process may do by itself: the least of policy, process, node and the person's own limits."""

from __future__ import annotations

from orchestrator.engine.context import RunContext
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.workflow import Node
from orchestrator.policy import capabilities


def grant_of(ctx: RunContext, node: Node) -> Capabilities:
    """Only narrower than each of them."""
    grant = capabilities.meet(ctx.policy.ceiling, ctx.workflow.ceiling)
    if node.capabilities is not None:
        grant = capabilities.meet(grant, node.capabilities)
    return capabilities.lowered(grant, ctx.settings.limits)
