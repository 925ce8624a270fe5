"""``workflow.yaml`` to a checked :class:`~orchestrator.models.workflow.Workflow`."""

from __future__ import annotations

from functools import lru_cache
from pathlib import PurePath
from typing import Any

from orchestrator.errors import WorkflowInvalid
from orchestrator.models.ids import sha256
from orchestrator.models.spec import Problem
from orchestrator.models.strict_yaml import Document, validated
from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof import judge
from orchestrator.workflows.dump import SCHEMA

_KEPT = 8


@lru_cache(_KEPT)
def load_workflow(data: bytes, prose: bytes, path: str) -> Workflow:
    """The workflow in ``data``, made from ``prose``. The last few are kept: one process asks again and again.

    Raises ``WorkflowInvalid`` (exit 6) whose ``details`` name every problem as
    ``path:line:col CODE text``: not YAML (WF001), not of the schema (WF002), made
    from other prose (WF003), incomplete, unconnected or unsafe (WF010 to WF030).
    """
    workflow, found, document = validated(data, Workflow, path, "WF002", _body)
    if workflow is not None:
        found = _judge(workflow, document, prose, path)
    if workflow is None or found:
        raise WorkflowInvalid(
            "WF001", f"{path} is not a workflow that can run.", "mend the lines named", [str(p) for p in found]
        )
    return workflow


def _body(data: Any) -> Any:  # noqa: ANN401  plain YAML data
    if not isinstance(data, dict) or data.get("schema") != SCHEMA:  # pyright: ignore[reportUnknownMemberType]
        return {"schema": f"must be {SCHEMA}"}
    return {key: value for key, value in data.items() if key != "schema"}  # pyright: ignore[reportUnknownVariableType]


def _judge(workflow: Workflow, document: Document, prose: bytes, path: str) -> list[Problem]:
    found = [_at(document, path, ("nodes", node), code, text) for node, code, text in judge.problems(workflow)]
    if workflow.source_digest != sha256(prose):
        text = "The process was edited after this workflow was made from it."
        again = f"handrail workflow compile {PurePath(path).parent / 'process.md'} --output {path}, and look at it"
        found.append(_at(document, path, ("source_digest",), "WF003", text).model_copy(update={"hint": again}))
    return found


def _at(document: Document, path: str, where: tuple[str, ...], code: str, text: str) -> Problem:
    line, column = document.place(where)
    return Problem(code=code, path=path, line=line, column=column, message=text)
