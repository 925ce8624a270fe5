"""A process in words whose steps are those of one of several cases, run to its end on each way."""

from __future__ import annotations

import pytest
from run_support import lab
from test_run_processes import Office

from orchestrator.errors import HandrailError
from orchestrator.workflows.compile import compile_prose
from orchestrator.workflows.dump import dump

SPILL = """# Spill

By default, the clerk does each step.

## Look

1. Shut the door to the spill.

## Minor spill

1. Wipe the floor.

## Major spill

1. Call the guard.
2. The lead must approve.
3. Fill the form in (if needed):
   - Sign the form.

## Afterwards

1. Open the door.
"""


def spill(folder):
    folder.mkdir()
    (folder / "process.md").write_text(SPILL)
    made = compile_prose(SPILL.encode(), "process.md", folder.name)
    assert made.workflow is not None, [str(problem) for problem in made.problems]
    path = folder / "workflow.yaml"
    path.write_text(dump(made.workflow))
    return path


def steps(office):
    """The tasks and approvals that were gone through, in order."""
    return [node for node in dict.fromkeys(office.nodes()) if node.startswith(("clerk-", "lead-"))]


@pytest.fixture(name="office")
def _office(tmp_path):
    with lab(tmp_path / "lab", people={"ann": ("clerk",), "eve": ("lead",)}) as here:
        yield Office(here, spill(tmp_path / "spill")).go().says("ann")


def test_of_the_small_case_only_its_steps_are_done(office):
    office.answers("ann", "case=Minor spill").says("ann").says("ann")
    assert office.result.exit_code == 0
    assert steps(office) == ["clerk-shuts-door-spill", "clerk-wipes-floor", "clerk-opens-door"]


@pytest.mark.parametrize(("signs", "more"), [("yes", ["clerk-signs-form"]), ("no", [])])
def test_of_the_large_case_all_are_and_what_may_be_left_out_is_asked(office, signs, more):
    office.answers("ann", "case=Major spill").says("ann").says("eve")
    office.answers("ann", f"this-is-to-be-done-fill-the-form-in={signs}")
    for _ in (*more, "clerk-opens-door"):
        office.says("ann")
    assert office.result.exit_code == 0
    begun = ["clerk-shuts-door-spill", "clerk-calls-guard", "lead-approve"]
    assert steps(office) == [*begun, *more, "clerk-opens-door"]


def test_another_answer_is_refused(office):
    with pytest.raises(HandrailError):
        office.answers("ann", "case=Huge spill")
