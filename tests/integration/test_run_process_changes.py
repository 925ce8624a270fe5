"""Processes that change a repository: agents that are told, edits by people, tests, reviews by role, a merge."""

import pytest
from langgraph._internal._constants import CONFIG_KEY_RUNTIME
from langgraph.runtime import Runtime
from run_support import lab, script_text, write
from test_run_processes import Office, refuses

from orchestrator.app.runs.handing import hand_in
from orchestrator.app.runs.start import RunRequest, start
from orchestrator.app.wiring import open_run
from orchestrator.engine.channels import state_of, written
from orchestrator.engine.compile import compile_workflow
from orchestrator.models.decision import Verdict
from orchestrator.models.run import RunSettings
from orchestrator.models.spec import Spec
from orchestrator.policy.proof import judge
from orchestrator.store.checkpoints import checkpoints
from orchestrator.workflows.compile import compile_prose
from orchestrator.workflows.dump import dump

MAKE = "check:\n\tgrep -q mended src/pay.py\ndeploy:\n\techo deployed\n"
FILES = {"src/pay.py": "BROKEN = True\n", "README.md": "Pay.\n", "Makefile": MAKE}
PEOPLE = {"rae": ("reporter",), "max": ("maintainer",), "moe": ("maintainer",)}


class Shop(Office):
    """A process with the scripted agent, which replays ``steps``."""

    def __init__(self, here, workflow, steps):
        self.here, self.result = here, None
        here.script.write_text(script_text(steps))
        with here.project() as project:
            wanted = RunRequest(None, workflow=str(workflow), agent="scripted", agent_input=here.script)
            self.run = start(project, wanted)

    def approved(self):
        """The plan of what it may do is approved by the reviewer of the policy."""
        self.go()
        with self.here.reviews(self.run) as reviews:
            reviews.decide(self.result.items[0].id, Verdict.APPROVE)
        return self.go()

    def log(self):
        return self.here.commits(self.run.run_ref)


def bugfix(*attempts):
    return {"bugfix/ask-agent-write-test": list(attempts)}


GOOD = [write("src/pay.py", "STATE = 'mended'\n")]
BAD = [write("src/pay.py", "STATE = 'worse'\n")]


def test_a_bug_is_reported_mended_tested_reviewed_and_merged(tmp_path):
    with lab(tmp_path, FILES, people=PEOPLE, approve=("reviewer", "maintainer")) as here:
        shop = Shop(here, "bugfix", bugfix(BAD, GOOD)).go()
        assert [(i.kind, i.role) for i in shop.result.items] == [("plan", "reviewer")]
        shop.approved()
        shop.answers("rae", "steps-to-reproduce=pay twice")
        assert shop.waits == [("maintainer-confirms-bug-real", "task")]
        shop.says("max", reason="seen it")
        assert shop.waits == [("maintainer-approves-change", "change")]
        assert shop.nodes().count("ask-agent-write-test") == 2
        shop.says("moe")
        assert shop.result.exit_code == 0
        assert here.file(shop.run.run_ref, "src/pay.py") == "STATE = 'mended'"
        report = here.verify(shop.run)
        assert (str(report.verdict), report.human_approved) == ("VERIFIED", True), report.problems
        (commit,) = report.commits
        assert commit.roles == {"maintainer": ("moe",)}
        assert commit.requirements == ("bugfix/ask-agent-write-test",)


def test_the_agent_goes_on_with_its_change_and_is_told_what_was_said(tmp_path):
    with lab(tmp_path, FILES, people=PEOPLE, approve=("reviewer", "maintainer")) as here:
        more = [write("src/more.py", "MORE = 1\n"), write("src/pay.py", "STATE = 'mended'\n")]
        shop = Shop(here, "bugfix", bugfix([write("src/first.py", "FIRST = 1\n")], more)).approved()
        shop.answers("rae", "steps-to-reproduce=pay twice").says("max", reason="seen it").says("max")
        assert shop.result.exit_code == 0
        tip = shop.run.run_ref
        assert [here.file(tip, f"src/{n}.py") for n in ("first", "more")] == ["FIRST = 1", "MORE = 1"]
        with here.project() as project:
            told = [e.data["prompt"] for _, e in project.index.events(shop.run.id) if e.kind == "agent-prompt"]
            first, second = (project.blobs.get(digest).decode() for digest in told)
        assert "steps-to-reproduce: pay twice" in first
        assert "seen it" in first
        assert "make check" in second
        assert "ended with" in second


@pytest.mark.parametrize("approve", [("reviewer",)])
def test_a_role_that_the_policy_does_not_trust_with_merges_stops_it_at_once(tmp_path, approve):
    with lab(tmp_path, FILES, people=PEOPLE, approve=approve) as here:
        found = refuses("WF050", Shop, here, "bugfix", bugfix(GOOD))
        assert "WF056" in str(found.details)


def test_a_refused_plan_ends_it_before_anything_runs(tmp_path):
    with lab(tmp_path, FILES, people=PEOPLE, approve=("reviewer", "maintainer")) as here:
        shop = Shop(here, "bugfix", bugfix(GOOD)).go()
        with here.reviews(shop.run) as reviews:
            reviews.decide(shop.result.items[0].id, Verdict.REJECT, reason="not now")
        assert (shop.go().result.exit_code, shop.nodes()) == (5, [])


POLICIES = {
    "ada": ("author",),
    "law": ("legal-counsel",),
    "dep": ("head-of-department",),
}


def edit(here, path, text, branch="draft"):
    here.git("switch", "-q", "-C", branch, "main")
    (here.repo / path).parent.mkdir(parents=True, exist_ok=True)
    (here.repo / path).write_text(text)
    here.git("add", "-A")
    here.git("commit", "-qm", "A draft")
    here.git("switch", "-q", "main")
    return branch


def test_people_write_a_policy_and_two_roles_approve_it(tmp_path):
    with lab(tmp_path, people=POLICIES, approve=("reviewer", "legal-counsel", "head-of-department")) as here:
        shop = Shop(here, "policy-review", {}).approved()
        assert shop.waits == [("author-edits-change", "task")]
        refuses("REV048", shop.says, "ada")

        def hands(name, branch):
            with here.project() as project:
                hand_in(project, shop.run.id, branch, "", key=here.folder / f"{name}.pem", trust=None)
            return shop.go()

        refuses("ANS006", hands, "ada", edit(here, "src/base.py", "BASE = 2\n"))
        refuses("ANS005", hands, "ada", "main")
        refuses("REV004", hands, "law", edit(here, "docs/leave.md", "# Leave\n"))
        hands("ada", edit(here, "docs/leave.md", "# Leave\n\nTake it.\n"))
        assert sorted(shop.waits) == [
            ("head-department-approves-change", "change"),
            ("legal-counsel-approves-change", "change"),
        ]
        shop.says("law", Verdict.REQUEST_CHANGES, "say how much", node="legal-counsel-approves-change")
        assert shop.waits == [("author-edits-change", "task")]
        hands("ada", edit(here, "docs/leave.md", "# Leave\n\nTake 30 days.\n"))
        shop.says("law", node="legal-counsel-approves-change").says("dep")
        assert shop.result.exit_code == 0
        assert here.file(shop.run.run_ref, "docs/leave.md") == "# Leave\n\nTake 30 days."
        report = here.verify(shop.run)
        assert str(report.verdict) == "VERIFIED", report.problems
        assert report.commits[0].roles == {"head-of-department": ("dep",), "legal-counsel": ("law",)}


def test_the_monitor_stops_a_merge_that_nobody_has_approved_since_the_last_edit(tmp_path):
    with lab(tmp_path, FILES, people=PEOPLE, approve=("reviewer", "maintainer")) as here:
        shop = Shop(here, "bugfix", bugfix(GOOD)).approved()
        shop.answers("rae", "steps-to-reproduce=pay twice").says("max", reason="seen it")
        with here.project() as project:
            forget_all_verdicts(project, project.index.run(shop.run.id))
        found = refuses("WF030", shop.says, "max")
        assert "merge-change" in str(found)
        assert here.git("rev-parse", "--verify", "-q", shop.run.run_ref, check=False) == ""
        with here.project() as project:
            assert [e.node for _, e in project.index.events(shop.run.id) if e.kind == "violation"]


def forget_all_verdicts(project, run):
    """As if the checkpoint had never seen a gate, a test or an approval."""
    spec = Spec.model_validate_json(project.blobs.get(run.spec))
    settings = RunSettings.model_validate_json(project.blobs.get(run.settings))
    with (
        open_run(project, run, spec, settings, key=None, trust=None, say=lambda _: None) as opened,
        checkpoints(project.layout.run(run.id) / "checkpoints.db") as saver,
    ):
        graph = compile_workflow(opened.ctx.workflow, saver)
        config = {"configurable": {"thread_id": run.id, CONFIG_KEY_RUNTIME: Runtime(context=opened.ctx)}}
        state = state_of(graph.get_state(config).values)
        graph.update_state(config, written({"standing": {**state["standing"], "bits": 0}}), as_node=state["at"])


TWICE = """# Mend it, then tell of it

Roles: maintainer.
It may write `src/**`, `docs/**`.

1. Ask the agent to mend the payment.
2. The gates check the change.
3. Run the tests with `make check`.
4. The maintainer approves the change.
5. Merge the change.
6. Ask the agent to write how it was mended.
7. The gates check the change.
8. Run the tests with `make check`.
9. The maintainer approves the change. If changes are requested, go back to step 6, at most twice.
10. Merge the change.
"""


def described(folder, prose):
    made = compile_prose(prose.encode(), "process.md", folder.name)
    assert made.workflow is not None, made.problems
    folder.mkdir()
    (folder / "process.md").write_text(prose)
    (folder / "workflow.yaml").write_text(dump(made.workflow))
    return folder / "workflow.yaml"


def test_two_changes_of_one_process_are_judged_approved_and_merged_each_by_itself(tmp_path):
    told = [write("docs/how.md", "Badly.\n")], [write("docs/how.md", "It was mended.\n")]
    with lab(tmp_path, FILES, people=PEOPLE, approve=("reviewer", "maintainer")) as here:
        path = described(tmp_path / "twice", TWICE)
        shop = Shop(here, path, {"S01": [GOOD, *told]}).approved()
        assert shop.waits == [("maintainer-approves-change", "change")]
        shop.says("max")
        assert here.file(shop.run.run_ref, "src/pay.py") == "STATE = 'mended'"
        assert shop.waits == [("maintainer-approves-change-2", "change")]
        shop.says("moe", Verdict.REQUEST_CHANGES, "say it better")
        assert shop.waits == [("maintainer-approves-change-2", "change")]
        shop.says("max")
        assert shop.result.exit_code == 0
        assert here.file(shop.run.run_ref, "docs/how.md") == "It was mended."
        report = here.verify(shop.run)
        assert (str(report.verdict), len(report.commits)) == ("VERIFIED", 2), report.problems
        assert [c.roles for c in report.commits] == [{"maintainer": ("max",)}] * 2


EACH = """# Mend each part

Roles: maintainer.
It may write `src/**`, `docs/**`.

1. For each of `pay`, `docs`:
   1. Ask the agent to mend it.
   2. The gates check the change.
   3. Run the tests with `make check`.
   4. The maintainer approves the change. If the maintainer asks for changes, go back to step 1.1, at most twice.
   5. Merge the change.

Never merge the change before the maintainer approved since the last edit.
"""


def test_a_change_for_each_item_is_judged_and_merged_before_the_next_begins(tmp_path):
    told = [write("docs/how.md", "Badly.\n")], [write("docs/how.md", "It was mended.\n")]
    with lab(tmp_path, FILES, people=PEOPLE, approve=("reviewer", "maintainer")) as here:
        shop = Shop(here, described(tmp_path / "each", EACH), {"S01": [GOOD, *told]}).approved()
        assert shop.waits == [("maintainer-approves-change", "change")]
        first = shop.result.items[0].id
        shop.says("max")
        assert here.file(shop.run.run_ref, "src/pay.py") == "STATE = 'mended'"
        assert shop.waits == [("maintainer-approves-change", "change")]
        assert shop.result.items[0].id != first
        shop.says("moe", Verdict.REQUEST_CHANGES, "say it better")
        assert shop.waits == [("maintainer-approves-change", "change")]
        shop.says("max")
        assert shop.result.exit_code == 0
        assert here.file(shop.run.run_ref, "docs/how.md") == "It was mended."
        report = here.verify(shop.run)
        assert (str(report.verdict), len(report.commits)) == ("VERIFIED", 2), report.problems
        assert [c.roles for c in report.commits] == [{"maintainer": ("max",)}] * 2


def test_no_way_merges_the_change_of_one_item_on_the_verdicts_of_another():
    unseen = EACH.replace(
        "4. The maintainer approves",
        "4. Ask the maintainer whether it is the first.\n   5. If it is the first, the maintainer approves",
    ).replace(" If the maintainer asks for changes, go back to step 1.1, at most twice.\n   5.", "\n   6.")
    made = compile_prose(unseen.encode(), "process.md", "each")
    assert made.workflow is not None, made.problems
    assert "WF030" in {code for _, code, _ in judge.problems(made.workflow)}
