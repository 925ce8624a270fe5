"""A described process as the source of its own run: what a PRD is to a plan, ``process.md`` is here."""

from __future__ import annotations

from orchestrator.models.spec import Spec, SpecFormat
from orchestrator.models.workflow import Workflow


def process_source(workflow: Workflow, path: str) -> Spec:
    """The process by its title, place and digest. It asks for no change of code, so it has no requirement."""
    return Spec(
        namespace=workflow.id,
        title=workflow.title,
        format=SpecFormat.PROCESS,
        path=path,
        source_digest=workflow.source_digest,
        requirements=(),
    )
