"""A run that began under another version's workflow: refused, and let go on by its own when a person says so."""

import pytest
from langgraph.graph import StateGraph
from run_support import Req, containers, good, lab

from orchestrator.app.runs.start import RunRequest, start
from orchestrator.app.wiring import open_workflow
from orchestrator.engine.state import RunState
from orchestrator.store.checkpoints import checkpoints

pytestmark = pytest.mark.engine


def begun_by_another(here, change):
    """A run on record, begun by a bundled workflow as another version had it."""
    one = Req(1)
    here.write_job([one], good(one))
    with here.project() as project:
        run = start(project, RunRequest(here.prd, agent="scripted", agent_input=here.script))
        other = change(open_workflow("prd-to-code"))
        old = run.model_copy(update={"workflow_digest": project.blobs.put(other.to_bytes())})
        project.index.save_run(old)
    return old


def test_it_goes_on_only_by_the_workflow_that_it_began_with(tmp_path):
    with lab(tmp_path) as here:
        run = begun_by_another(here, lambda w: w.model_copy(update={"title": "As it was"}))
        said = here.cli("resume", run.id, "--approve-plan")
        assert (said.returncode, "RUN005" in said.stderr, "--keep-workflow" in said.stderr) == (2, True, True), (
            said.stderr
        )
        said = here.cli("resume", run.id, "--approve-plan", "--keep-workflow")
        assert said.returncode == 4, said.stderr
        done = here.resume(run.id)
        assert (done.code, done.run.workflow_digest) == (0, run.workflow_digest)
        assert not here.verify(done.run).problems


def test_state_of_a_form_that_is_not_known_is_refused_and_nothing_begins_anew(tmp_path):
    with lab(tmp_path) as here:
        one = Req(1)
        here.write_job([one], good(one))
        with here.project() as project:
            run = start(project, RunRequest(here.prd, agent="scripted", agent_input=here.script))
            config = {"configurable": {"thread_id": run.id}}
            graph = StateGraph(RunState)
            graph.add_node("plan", lambda state: {"turn": state["run"]})
            graph.set_entry_point("plan")
            with checkpoints(project.layout.run(run.id) / "checkpoints.db") as saver:
                graph.compile(checkpointer=saver).invoke({"run": run.id, "steps": {}}, config, durability="sync")
        for _ in range(2):
            said = here.cli("resume", run.id, "--approve-plan")
            assert (said.returncode, "STORE035" in said.stderr) == (1, True), said.stderr
        assert not containers(run.id)
        assert not here.git("branch", "--list", run.run_ref.removeprefix("refs/heads/"))


def unsafe(workflow):
    """Nobody decides before the merge."""
    nodes = dict(workflow.nodes)
    name = next(n for n, node in nodes.items() if node.reviews == "change")
    merge = next(n for n, node in nodes.items() if node.kind == "merge")
    for other, node in nodes.items():
        on = {outcome: merge if target == name else target for outcome, target in node.on.items()}
        nodes[other] = node.model_copy(update={"on": on})
    return workflow.model_copy(update={"nodes": nodes})


def test_one_that_does_not_hold_any_more_is_refused(tmp_path):
    with lab(tmp_path) as here:
        run = begun_by_another(here, unsafe)
        said = here.cli("resume", run.id, "--approve-plan", "--keep-workflow")
        assert (said.returncode, "RUN011" in said.stderr) == (6, True), said.stderr
        assert here.cli("resume", run.id).returncode == 2
