"""Capabilities of a workflow: each node within the ceiling, no node with all three of what a thief needs.

An agent reads what others wrote, and so does a command on a tree that an agent
wrote: their input is untrusted. With a secret and a way out beside it, a
sentence in that input can send something away in somebody's name.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from orchestrator.models.capabilities import Capabilities
from orchestrator.models.policy import Policy
from orchestrator.models.workflow import Channel, Node, NodeKind, Workflow
from orchestrator.policy import capabilities, egress, globs
from orchestrator.policy.proof.shape import Found
from orchestrator.policy.witness import Answer, host_beyond, path_beyond

DOCUMENTS: Final = ("**/*.md", "**/*.rst", "**/*.txt", "**/*.adoc", "docs/**")


def problems(workflow: Workflow) -> Iterator[Found]:
    """What is wrong whoever's policy it runs under."""
    for name, node in workflow.nodes.items():
        if node.capabilities is not None:
            for field in above(node.capabilities, workflow.ceiling):
                yield name, "WF050", f"{name} is granted more than the workflow's ceiling: {field}."
            yield from _impossible(name, name, node.capabilities)
        yield from _used(name, node, node.capabilities or workflow.ceiling)
    yield from _impossible("", "The workflow", workflow.ceiling)
    wide = (*workflow.ceiling.write, *workflow.ceiling.write_protected)
    if not workflow.needs.tests and not globs.below(wide, DOCUMENTS):
        yield "", "WF052", "Merges without tests are for workflows that can write nothing but documents."


def _impossible(name: str, who: str, granted: Capabilities) -> Iterator[Found]:
    for pattern in (*granted.write, *granted.write_protected):
        if (why := globs.refusal(pattern)) is not None:
            yield name, "WF050", f"{who} is granted {pattern!r}, which no grant can be: it {why}."


def _used(name: str, node: Node, granted: Capabilities) -> Iterator[Found]:
    """A secret or an address that a node says it uses, and is not granted: its run could only break off there."""
    secret = node.effect.credential if node.effect is not None else None
    if secret is not None and secret not in granted.secrets:
        yield (
            name,
            "WF050",
            f"{name} uses the secret {secret!r}, which it is not granted: It may use the secrets `{secret}`.",
        )
    if secret is not None and not granted.egress:
        yield name, "WF050", f"{name} uses the secret {secret!r} and may reach no host to give it to."
    if node.channel is not Channel.WEBHOOK or node.to is None:
        return
    target = node.to.removeprefix("https://")
    try:
        rule = egress.reached(target).model_copy(update={"methods": ("POST",), "max_kib": 1})
    except ValueError:
        yield name, "WF050", f"{name} posts to {node.to!r}, which is no host and path."
        return
    if not egress.below((rule,), granted.egress):
        yield name, "WF050", f"{name} posts to {target!r}, which it is not granted: It may post to `{target}`."


def under(workflow: Workflow, policy: Policy) -> Iterator[Found]:
    """What is wrong under this policy. ``trifecta:WORKFLOW/NODE`` in its ``accept_risk`` allows one node by name.

    Limits, refused programs and the class of data are not compared: no sentence grants any of them,
    and a run has the stricter of both.
    """
    for field in above(_as_strict(workflow.ceiling, policy.ceiling), policy.ceiling):
        yield "", "WF053", f"The workflow's ceiling is above the policy's: {field}."
    yield from together(workflow, policy)


def _as_strict(granted: Capabilities, ceiling: Capabilities) -> Capabilities:
    """What is granted, with the limits, the refused programs and the class of data of what both allow."""
    both = capabilities.meet(granted, ceiling)
    return granted.model_copy(update={"limits": both.limits, "refused": both.refused, "data": both.data})


def together(workflow: Workflow, policy: Policy) -> Iterator[Found]:
    """Nodes with all three of what a thief needs, which the policy does not name."""
    for name, node in workflow.nodes.items():
        if is_trifecta(workflow, node) and f"trifecta:{workflow.id}/{name}" not in policy.accept_risk:
            yield name, "WF051", f"{name} has untrusted input, a secret and a way out, and the policy does not name it."


def is_trifecta(workflow: Workflow, node: Node) -> bool:
    """Whether a node reads what others wrote, and has both a secret and a host beside it."""
    if node.kind not in {NodeKind.AGENT, NodeKind.COMMAND}:
        return False
    granted = node.capabilities if node.capabilities is not None else workflow.ceiling
    return bool(granted.secrets) and bool(granted.egress)


def above(grant: Capabilities, ceiling: Capabilities) -> list[str]:
    """The fields in which a grant is not provably within the ceiling, each with what exceeds it."""
    if capabilities.is_within(grant, ceiling):
        return []
    found = [
        f"{field} {pattern!r}{_such_as(path_beyond(pattern, getattr(ceiling, field)))}"
        for field in ("read", "write", "write_protected")
        for pattern in getattr(grant, field)
        if not globs.below((pattern,), getattr(ceiling, field))
    ]
    found += [f"commands {c!r}" for c in grant.commands if c not in ceiling.commands]
    found += [f"refused {r!r}, which is left out" for r in ceiling.refused if r not in grant.refused]
    hosts = [rule.host for rule in ceiling.egress]
    found += [
        f"egress {rule.host!r}{_such_as(host_beyond(rule.host, hosts))}"
        for rule in grant.egress
        if not egress.below((rule,), ceiling.egress)
    ]
    found += [f"models {m!r}" for m in grant.models if not egress.models_below((m,), ceiling.models)]
    found += [f"secrets {s!r}" for s in grant.secrets if s not in ceiling.secrets]
    return found or ["limits or class of data"]


def _such_as(example: str | Answer) -> str:
    """What is covered by the one and not by the other, where z3 knows something."""
    return f" (such as {example!r})" if isinstance(example, str) else ""
