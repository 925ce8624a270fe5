"""Processes and workflows to prove, read back and edit."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from orchestrator.assets.find import workflow_files, workflow_ids
from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof.machine import machine
from orchestrator.policy.proof.monitor import Monitor, Violation
from orchestrator.policy.proof.search import Passage
from orchestrator.workflows.compile import Compiled, compile_prose
from orchestrator.workflows.load import load_workflow

ROOT = Path(__file__).parents[2]
PIPELINES = {"prd-to-code", "prd-test-first"}
LIBRARY = [name for name in workflow_ids() if name not in PIPELINES]


def compiled(text: str, by: str | None = None) -> Compiled:
    return compile_prose(text.encode(), "process.md", "test", by)


def workflow(text: str) -> Workflow:
    found = compiled(text)
    assert found.workflow is not None, [str(p) for p in found.problems]
    return found.workflow


def bundled(name: str) -> Workflow:
    return load_workflow(*workflow_files(name))


def bare(made: Workflow) -> dict[str, Any]:
    """Without what a copy in other words must differ in: its source and the places in it."""
    spans = {"nodes": {n: {"span"} for n in made.nodes}, "rules": {"__all__": {"span"}}}
    return made.model_dump(mode="json", exclude={"source_digest": True, **spans})


def replay(made: Workflow, story: tuple[Passage, ...]) -> Violation | None:
    """The violation that a story really ends in; none when it does not."""
    tables = machine(made)
    watching = Monitor(tables)
    here = watching.begin()
    for passage in story:
        after = watching.passed(here, passage.node, passage.outcome)
        if isinstance(after, Violation):
            return after if passage == story[-1] else None
        here = after
    return None
