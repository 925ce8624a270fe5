"""Whether a workflow is still what its process says, or was edited by hand."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.errors import WorkflowInvalid
from orchestrator.models.base import Noun
from orchestrator.models.workflow import Workflow
from orchestrator.workflows.compile import compile_prose


def ensure_as_described(workflow: Workflow, prose: bytes, path: str) -> None:
    """Raises ``WorkflowInvalid`` WF037 where the prose compiles, and to nothing that is this workflow.

    Not checked: a workflow whose prose is for people alone and does not compile.
    """
    defaults = (None, *workflow.roles)  # what names nobody may have been given to any of the roles
    described = list[Workflow]()
    for by in defaults:
        found = compile_prose(prose, path, workflow.id, by).workflow
        if found == workflow:
            return
        described += [found] if found is not None else []
    if described:
        raise WorkflowInvalid(
            "WF037",
            f"{path} is not what the process beside it says.",
            "change the process, and compile it again",
            [f"{path} WF037 {text}" for text in min((_differences(d, workflow) for d in described), key=len)],
        )


def _differences(described: Workflow, workflow: Workflow) -> list[str]:
    """Where a workflow is not the one that is described, in words."""
    whole = [name for name in type(workflow).model_fields if name != "nodes"]
    found = [f"{name} is not what is described." for name in _unlike(described, workflow, whole)]
    for name in dict.fromkeys((*described.nodes, *workflow.nodes)):
        one, other = described.nodes.get(name), workflow.nodes.get(name)
        if one is None or other is None:
            found.append(f"{name} is {'described and not there' if one else 'there and not described'}.")
        else:
            unlike = _unlike(one, other, type(one).model_fields)
            found += [f"{name} is described otherwise: {', '.join(unlike)}."] if unlike else []
    return found


def _unlike(one: Noun, other: Noun, names: Iterable[str]) -> list[str]:
    return [name for name in names if getattr(one, name) != getattr(other, name)]
