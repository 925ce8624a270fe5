"""Processes without any code: people, facts, timers and branches, each run to its end on real parts."""

import json
import re
import sqlite3

import pytest
import yaml
from run_support import ROOT, Req, lab, write

from orchestrator.app.evidence.carrying import writers
from orchestrator.app.runs.answering import answer
from orchestrator.app.runs.start import RunRequest, go_on, start
from orchestrator.app.runs.ticking import tick
from orchestrator.app.trust.policies import chain_at
from orchestrator.errors import HandrailError
from orchestrator.models.decision import Verdict
from orchestrator.models.ids import sha256
from orchestrator.provenance import dsse
from orchestrator.provenance.logs.bundle import read_bundle
from orchestrator.provenance.predicates import statements
from orchestrator.provenance.predicates.claims import DecisionClaim

REFUND = {"ann": ("support-agent",), "tom": ("team-lead",), "fin": ("finance-lead",)}


class Office:
    """People who do what a run asks of them, each with an own key."""

    def __init__(self, here, workflow):
        self.here = here
        with here.project() as project:
            self.run = start(project, RunRequest(None, workflow=str(workflow)))
        self.result = None

    def go(self):
        with self.here.project() as project:
            self.result = go_on(project, project.index.run(self.run.id))
        return self

    @property
    def waits(self):
        """(node, kind) of everything that waits."""
        return [(i.node, str(i.kind)) for i in getattr(self.result, "items", ())]

    def answers(self, name, *given, file=None):
        with self.here.project() as project:
            answer(project, self.run.id, given, file, key=self.here.folder / f"{name}.pem", trust=None)
        return self.go()

    def says(self, name, verdict=Verdict.APPROVE, reason="", node=None):
        item = next(i for i in self.result.items if node in {None, i.node})
        with self.here.reviews(self.run, self.here.folder / f"{name}.pem") as reviews:
            reviews.decide(item.id, verdict, reason=reason)
        return self.go()

    def notified(self):
        with self.here.project() as project:
            path = project.layout.run(self.run.id) / "notifications.jsonl"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def nodes(self):
        with self.here.project() as project:
            return [e.node for _, e in project.index.events(self.run.id) if e.kind == "transition"]

    def hasten(self):
        """Let every timer be due now, as if its time had passed."""
        with sqlite3.connect(self.here.database()) as db:
            db.execute("UPDATE timers SET due_at = '2000-01-01T00:00:00.000000+00:00'")
        db.close()


def refuses(code, act, *given, **more):
    with pytest.raises(HandrailError) as found:
        act(*given, **more)
    assert found.value.code == code, found.value
    return found.value


def process(folder, facts=None, roles=("clerk",), **nodes):
    """A workflow file of these nodes beside a prose of no interest."""
    folder.mkdir(exist_ok=True)
    prose = b"Words for people.\n"
    (folder / "process.md").write_bytes(prose)
    named = {"title": "Made for a test", "start": next(iter(nodes)), "roles": list(roles), "facts": facts or {}}
    body = {"schema": "handrail.workflow/1", "id": folder.name, **named, "nodes": nodes, "ceiling": {}}
    path = folder / "workflow.yaml"
    path.write_text(yaml.safe_dump({**body, "source_digest": sha256(prose)}, sort_keys=False))
    return path


END = {"kind": "end", "exit": 0}
STOP = {"kind": "end", "exit": 1}
LATE = {"kind": "end", "exit": 7}


def task(done, blocked="stop", **more):
    return {"kind": "task", "role": "clerk", "on": {"done": done, "blocked": blocked}, **more}


def test_a_workflow_that_was_edited_away_from_its_words_does_not_begin(tmp_path):
    kept = ROOT / "workflows" / "hotfix"
    (tmp_path / "hotfix").mkdir()
    (tmp_path / "hotfix" / "process.md").write_bytes((kept / "process.md").read_bytes())
    path = tmp_path / "hotfix" / "workflow.yaml"
    path.write_text((kept / "workflow.yaml").read_text().replace("approvals: 2", "approvals: 1"))
    with lab(tmp_path / "lab", people=REFUND) as here, here.project() as project:
        refused = refuses("WF037", start, project, RunRequest(None, workflow=str(path)))
        assert any("approvals" in line for line in refused.details)
        assert project.index.runs() == ()


def test_a_refund_is_approved_paid_and_told(tmp_path):
    with lab(tmp_path, people=REFUND) as here:
        office = Office(here, "refund-approval").go()
        assert office.waits == [("ask-support-agent-amount", "answers")]
        refused = refuses("REV019", office.answers, "ann", "amount=much", "reason=broken")
        assert refused.hint == f"handrail answer {office.run.id} amount=NUMBER reason=TEXT"
        refuses("REV019", office.answers, "ann", "amount=700")
        refuses("REV004", office.answers, "tom", "amount=700", "reason=broken")
        office.answers("ann", "amount=700", "reason=broken").answers("ann", "goods-were-returned=no")
        assert office.waits == [("team-lead-approves-exception", "work")]
        office.says("tom")
        assert office.waits == [("finance-lead-approves-refund", "work")]
        office.says("fin").says("tom").says("ann", reason="paid by transfer 17")
        assert office.result.exit_code == 0
        assert [(n["to"], n["text"]) for n in office.notified()] == [
            ("customer", "Notify the customer that the refund is paid")
        ]
        assert here.row(office.run.id).status == "done"
        on_record(here, office.run, ["answers", "answers", "work", "work", "work", "task"])


def on_record(here, run, kinds):
    """What people said lies signed in the log, is exported and read again, and the log is one that verifies."""
    out = here.folder / "all.jsonl"
    assert here.cli("evidence", "export", "-o", str(out)).returncode == 0
    with here.project() as project:
        keys = chain_at(project).keys()
        assert [w.name for w in writers(project)] == ["you"]
    lines = read_bundle(out.read_bytes(), keys)
    found = [statements.read(dsse.open_line(line, keys).payload).decision for line in lines]
    assert {d.run for d in found} == {run.id}
    assert sorted(str(d.kind) for d in found) == sorted(kinds)


def test_a_small_refund_of_returned_goods_needs_one_approval_and_a_no_ends_it(tmp_path):
    with lab(tmp_path, people=REFUND) as here:
        office = Office(here, "refund-approval").go()
        office.answers("ann", "amount=500", "reason=broken").answers("ann", "goods-were-returned=yes")
        assert office.waits == [("team-lead-approves-refund-2", "work")]
        office.says("tom", Verdict.REJECT, "no receipt")
        assert office.result.exit_code == 5
        assert office.notified() == []


def test_who_answered_may_not_approve_where_somebody_else_must(tmp_path):
    people = {**REFUND, "ann": ("support-agent", "team-lead")}
    with lab(tmp_path, people=people) as here:
        office = Office(here, "refund-approval").go()
        office.answers("ann", "amount=1", "reason=broken").answers("ann", "goods-were-returned=yes")
        refuses("REV017", office.says, "ann")
        assert office.says("tom").waits == [("support-agent-pays-refund", "task")]


def test_a_timer_fires_once_and_what_is_said_later_is_refused(tmp_path):
    with lab(tmp_path, people=REFUND) as here:
        office = Office(here, "refund-approval").go()
        office.answers("ann", "amount=900", "reason=broken").answers("ann", "goods-were-returned=yes")
        assert office.waits == [("finance-lead-approves-refund", "work")]
        late, due = office.result.items[0], office.result.due_at
        assert (due - late.created_at).total_seconds() == 172800
        office.hasten()
        refuses("REV006", office.says, "fin")
        office.go()
        assert office.waits == [("team-lead-approves-refund", "work")]
        with here.project() as project:
            assert project.index.outcome(late.id) == "expired"
            assert project.timers.fire(project.clock.now()) == ()


def test_tick_fires_and_goes_on(tmp_path):
    with lab(tmp_path, people={"cleo": ("clerk",)}) as here:
        path = process(
            tmp_path / "slow",
            first=task("end", within_seconds=60, on={"done": "end", "blocked": "stop", "expired": "late"}),
            end=END,
            stop=STOP,
            late=LATE,
        )
        office = Office(here, path).go()
        with here.project() as project:
            assert list(tick(project, key=None, trust=None)) == []
        office.hasten()
        with here.project() as project:
            assert list(tick(project, key=None, trust=None)) == [(office.run.id, None)]
            assert list(tick(project, key=None, trust=None)) == []
        assert here.row(office.run.id).exit_code == 7


def test_a_pause_holds_nothing_and_ends_by_itself(tmp_path):
    with lab(tmp_path, people={"cleo": ("clerk",)}) as here:
        pause = {"kind": "wait", "pause_seconds": 600, "on": {"elapsed": "first"}}
        office = Office(here, process(tmp_path / "rest", rest=pause, first=task("end"), end=END, stop=STOP)).go()
        assert (office.waits, office.result.due_at is not None) == ([], True)
        assert office.go().waits == []
        office.hasten()
        assert office.go().waits == [("first", "task")]


def test_branches_wait_side_by_side_and_join(tmp_path):
    people = {
        "ina": ("incident-commander",),
        "sam": ("scribe",),
        "oli": ("operations-lead",),
        "ola": ("operations-lead",),
        "cora": ("communications-lead",),
    }
    with lab(tmp_path, people=people) as here:
        office = Office(here, "incident-response").go().says("ina").answers("ina", "severity=critical")
        three = {"scribe-keeps-timeline", "operations-lead-investigates-cause", "communications-lead-drafts-notice"}
        assert {node for node, _ in office.waits} == three
        office.says("oli", node="operations-lead-investigates-cause")
        assert "operations-lead-mitigates-cause" in dict(office.waits)
        office.says("cora", node="communications-lead-drafts-notice")
        office.says("sam", node="scribe-keeps-timeline", reason="kept")
        office.says("oli", node="operations-lead-mitigates-cause")
        assert office.waits == [("incident-commander-approves-notice", "work")]
        office.says("ina").says("cora").says("oli").says("oli")
        assert office.waits == [("two-operations-leads-approve", "work")]
        refuses("REV005", office.says, "oli")
        assert office.says("ola").result.exit_code == 0
        assert len(office.notified()) == 1


def test_a_branch_that_stops_ends_the_others(tmp_path):
    with lab(tmp_path, people={"cleo": ("clerk",)}) as here:
        fork = {"kind": "parallel", "on": {"a": "left", "b": "right"}}
        nodes = {
            "fork": fork,
            "left": task("join", inside="fork/a"),
            "right": task("join", inside="fork/b"),
            "join": {"kind": "join", "about": "fork", "on": {"joined": "end"}},
        }
        office = Office(here, process(tmp_path / "both", **nodes, end=END, stop=STOP)).go()
        left = next(i for i in office.result.items if i.node == "left")
        office.says("cleo", Verdict.REJECT, "cannot", node="right")
        assert office.result.exit_code == 1
        with here.project() as project:
            assert project.index.outcome(left.id) == "outdated"


def test_each_item_of_a_list_in_its_turn_and_a_bound(tmp_path):
    facts = {"shops": {"kind": "list", "question": "which shops", "most": 3}}
    nodes = {
        "which": {"kind": "ask", "role": "clerk", "asks": ["shops"], "on": {"answered": "loop"}},
        "loop": {"kind": "for_each", "repeat": {"fact": "shops"}, "on": {"each": "visit", "done": "end"}},
        "visit": task(
            "loop", "visit", at_most={"blocked": 1}, on={"done": "loop", "blocked": "visit", "exhausted": "stop"}
        ),
    }
    with lab(tmp_path, people={"cleo": ("clerk",)}) as here:
        office = Office(here, process(tmp_path / "round", facts, **nodes, end=END, stop=STOP)).go()
        refuses("REV019", office.answers, "cleo", "shops=a,b,c,d")
        office.answers("cleo", "shops=Oslo, Rome")
        with here.reviews(office.run) as reviews:
            assert reviews.view(office.result.items[0].id).sheet.work.sentence.endswith("/ Oslo")
        assert office.result.items[0].title.endswith("/ Oslo")
        office.says("cleo", Verdict.REJECT, "closed").says("cleo")
        office.says("cleo", Verdict.REJECT, "closed").says("cleo", Verdict.REJECT, "closed")
        assert office.result.exit_code == 1
        assert office.nodes().count("visit") == 2 * 4  # entered, and entered again with what was said


def test_a_process_without_its_people_does_not_begin(tmp_path):
    with lab(tmp_path, people={"ann": ("support-agent",)}) as here:
        found = refuses("WF050", Office, here, "refund-approval")
        assert any("finance-lead" in line for line in found.details)
        assert here.runs() == ()


def test_what_the_engine_does_not_run_is_refused_by_name(tmp_path):
    merged = {"kind": "merge", "line": "run", "on": {"merged": "end", "moved": "gate"}}
    passes = {"passed": "tests", "needs-person": "tests", "again": "stop", "error": "stop"}
    nodes = {
        "first": {**task("other"), "edits": True},
        "other": {**task("gate"), "edits": True, "change": "another"},
        "gate": {"kind": "gate", "gates": ["ruff"], "on": passes},
        "tests": {"kind": "command", "argv": ["true"], "on": {"passed": "look", "failed": "stop"}},
        "look": {
            "kind": "review",
            "role": "judge",
            "reviews": "change",
            "on": {"approve": "merge", "request-changes": "stop", "reject": "stop", "moved": "gate"},
        },
        "merge": merged,
    }
    with lab(tmp_path) as here:
        path = process(tmp_path / "two", roles=("clerk", "judge"), **nodes, end=END, stop=STOP)
        assert "2 changes in flight" in str(refuses("WF041", Office, here, path).details)
        refuses("WF050", Office, here, "policy-review")
        assert here.runs() == ()


def test_an_edited_workflow_file_does_not_change_a_run_that_began(tmp_path):
    with lab(tmp_path, people={"cleo": ("clerk",)}) as here:
        path = process(tmp_path / "kept", first=task("end"), end=END, stop=STOP)
        office = Office(here, path).go()
        process(tmp_path / "kept", first=task("stop"), end=END, stop=STOP)
        assert office.says("cleo").result.exit_code == 0


ASKED = """  before: {kind: ask, title: Ask why, role: clerk, asks: [why], on: {answered: outside}}
  outside: {kind: task, title: See to it, role: clerk, on: {done: plan, blocked: plan-refused}}
"""


class Planned(Office):
    """A PRD's run in a workflow that also asks people."""

    def __init__(self, here, workflow):
        self.here, self.result = here, None
        with here.project() as project:
            wanted = RunRequest(here.prd, workflow=str(workflow), agent="scripted", agent_input=here.script)
            self.run = start(project, wanted)


@pytest.mark.engine
def test_what_people_said_beside_a_plan_lies_in_the_log_too_and_only_once(tmp_path):
    with lab(tmp_path, people={"ann": ("clerk",)}) as here:
        whole = (ROOT / "workflows" / "prd-to-code" / "workflow.yaml").read_text()
        prose = b"Somebody is asked, then it is planned.\n"
        (here.folder / "asked").mkdir()
        (here.folder / "asked" / "process.md").write_bytes(prose)
        path = here.folder / "asked" / "workflow.yaml"
        head, nodes = whole.split("\nnodes:\n")
        head = head.replace("roles: [reviewer]", "roles: [clerk, reviewer]").replace("start: plan", "start: before")
        head = re.sub("sha256:[0-9a-f]{64}", sha256(prose), head).replace("id: prd-to-code", "id: asked")
        path.write_text(f"{head}\nfacts: {{why: {{kind: text}}}}\nnodes:\n{ASKED}{nodes}")
        here.write_job([Req(1)], {"S01": [[write("src/f1.py", "VALUE = 1\n")]]})
        office = Planned(here, path).go().answers("ann", "why=it is late").says("ann", reason="seen")
        while getattr(office.result, "items", ()):
            with here.reviews(office.run) as reviews:
                reviews.decide(office.result.items[0].id, Verdict.APPROVE)
            office.go()
        assert office.result.exit_code == 0
        out = here.folder / "all.jsonl"
        assert here.cli("evidence", "export", "-o", str(out)).returncode == 0
        with here.project() as project:
            keys = chain_at(project).keys()
            logged = [line for w in writers(project) for line in w.state.lines]
        read = [statements.read(dsse.open_line(line, keys).payload) for line in read_bundle(out.read_bytes(), keys)]
        kinds = sorted(str(c.decision.kind) for c in read if isinstance(c, DecisionClaim))
        assert kinds == ["answers", "change", "plan", "task"]
        assert len(logged) == len(set(logged)) == len(read)
        assert here.verify(office.run).verdict.value == "VERIFIED"
