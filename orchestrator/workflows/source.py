"""A described process as the source of its own run: what a PRD is to a plan, ``process.md`` is here."""

from __future__ import annotations

from collections.abc import Iterator

from orchestrator.models.ids import RequirementId, canonical, sha256
from orchestrator.models.spec import Requirement, Span, Spec, SpecFormat
from orchestrator.models.workflow import Node, NodeKind, Workflow


def process_source(workflow: Workflow, path: str) -> Spec:
    """The process by its title, place and digest; each sentence that has something edited is a requirement of it."""
    return Spec(
        namespace=workflow.id,
        title=workflow.title,
        format=SpecFormat.PROCESS,
        path=path,
        source_digest=workflow.source_digest,
        requirements=tuple(_requirements(workflow)),
    )


def _requirements(workflow: Workflow) -> Iterator[Requirement]:
    for name, node in workflow.nodes.items():
        if node.instruction or (node.kind is NodeKind.TASK and node.edits):
            yield _requirement(workflow, name, node)


def _requirement(workflow: Workflow, name: str, node: Node) -> Requirement:
    statement = node.instruction or node.title or name
    said: list[object] = [node.title, statement, []]
    return Requirement(
        id=RequirementId(f"{workflow.id}/{name}"),
        title=node.title,
        statement=statement,
        span=node.span or Span(line=1, end_line=1),
        text_digest=sha256(canonical(said)),
    )
