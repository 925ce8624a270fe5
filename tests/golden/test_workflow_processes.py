"""Processes and what they compile to, byte for byte. ``HANDRAIL_WRITE_GOLDEN=1`` writes the files anew."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from orchestrator.models.workflow import Workflow
from orchestrator.policy.proof import checker, judge
from orchestrator.workflows.compile import compile_prose
from orchestrator.workflows.dump import dump
from orchestrator.workflows.load import load_workflow
from orchestrator.workflows.say import explain

FOLDERS = sorted(path.parent for path in (Path(__file__).parent / "processes").glob("*/process.md"))
LIBRARY = sorted(path.parent for path in (Path(__file__).parents[2] / "workflows").glob("*/process.md"))


def compiled(folder: Path) -> Workflow:
    found = compile_prose((folder / "process.md").read_bytes(), "process.md", folder.name)
    assert found.workflow is not None, [str(p) for p in found.problems]
    return found.workflow


def test_there_are_at_least_twenty_five() -> None:
    made = [f for f in LIBRARY if not f.name.startswith("prd-")]
    assert len(FOLDERS) + len(made) >= 25


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f.name)
def test_a_process_compiles_to_its_golden_workflow_and_back(folder: Path) -> None:
    made = compiled(folder)
    golden = folder / "workflow.yaml"
    if os.environ.get("HANDRAIL_WRITE_GOLDEN"):
        golden.write_text(dump(made))
    assert dump(made) == golden.read_text()
    assert load_workflow(golden.read_bytes(), (folder / "process.md").read_bytes(), "w") == made
    assert list(judge.problems(made)) == []
    assert checker.check(made).broken == ""
    again = compile_prose(explain(made).encode(), "process.md", folder.name)
    assert again.workflow is not None, [str(p) for p in again.problems]
    assert without_places(dump(again.workflow)) == without_places(dump(made))


def without_places(text: str) -> str:
    text = re.sub(r"^ *span:\n(?: +(?:line|column|end_line|end_column): \d+\n)+", "", text, flags=re.MULTILINE)
    return re.sub(r"source_digest: .*", "", text)
