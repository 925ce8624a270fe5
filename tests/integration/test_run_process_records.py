"""A process that was got at while it waited: whatever was dropped from the store or exchanged in it stops the run."""

import sqlite3
from contextlib import closing

import pytest
from run_support import lab
from test_run_processes import END, STOP, Office, process, refuses, task

from orchestrator.app.runs.answering import answer
from orchestrator.models.event_kinds import EventKind
from orchestrator.models.workflow import Workflow

PEOPLE = {"ann": ("clerk",), "tom": ("lead",)}


def buying(folder):
    said = {"approve": "pays", "request-changes": "stop", "reject": "stop"}
    return process(
        folder,
        facts={"amount": {"kind": "number", "question": "the amount"}},
        roles=("clerk", "lead"),
        asks={"kind": "ask", "role": "clerk", "asks": ["amount"], "on": {"answered": "judges"}},
        judges={"kind": "review", "role": "lead", "reviews": "work", "on": said},
        pays=task("end"),
        end=END,
        stop=STOP,
    )


def changed(here, *statements):
    with closing(sqlite3.connect(here.database())) as db, db:
        for statement in statements:
            assert db.execute(statement).rowcount, statement


def dropped_answers(here, _):
    changed(here, "DELETE FROM decisions WHERE item = (SELECT id FROM items ORDER BY rowid LIMIT 1)")


def a_decided_item(here, _):
    changed(here, "UPDATE items SET outcome = 'approve' WHERE outcome IS NULL")


def dropped_events(here, _):
    changed(here, "DELETE FROM events WHERE document LIKE '%\"transition\"%'")


def another_record_of_what_was_decided(here, _):
    changed(here, "UPDATE effects SET result = (SELECT digest FROM blobs LIMIT 1) WHERE key LIKE 'decided:%'")


def another_workflow(here, office):
    """One without the lead's approval, under the same name."""
    with here.project() as project:
        run = project.index.run(office.run.id)
        kept = Workflow.model_validate_json(project.blobs.get(run.workflow_digest))
        asks = kept.nodes["asks"].model_copy(update={"on": {"answered": "pays"}})
        other = kept.model_copy(update={"nodes": {**kept.nodes, "asks": asks}})
        digest = project.blobs.put(other.to_bytes())
        project.index.save_run(run.model_copy(update={"workflow_digest": digest}))


CODES = [
    (dropped_answers, "EVID075"),
    (a_decided_item, "EVID075"),
    (another_record_of_what_was_decided, "EVID075"),
    (dropped_events, "EVID076"),
    (another_workflow, "EVID077"),
]


@pytest.mark.parametrize(("get_at", "code"), CODES, ids=[get_at.__name__ for get_at, _ in CODES])
def test_a_run_that_was_got_at_does_not_go_on_and_says_so(tmp_path, get_at, code):
    with lab(tmp_path / "lab", people=PEOPLE) as here:
        office = Office(here, buying(tmp_path / "buy")).go()
        office.answers("ann", "amount=7")
        assert office.waits == [("judges", "work")]
        get_at(here, office)
        for _ in range(2):  # it stays so
            refuses(code, office.go)
        with here.project() as project:
            told = [e for _, e in project.index.events(office.run.id) if e.kind == EventKind.VIOLATION]
            assert {e.data["code"] for e in told} == {code}
            assert project.index.run(office.run.id).status == "stopped"


def test_an_answer_that_was_not_signed_is_not_gone_by(tmp_path):
    """The stored answer of another run stands in the checkpoint's place of ann's: the record says what she signed."""
    with lab(tmp_path / "lab", people=PEOPLE) as here:
        office = Office(here, buying(tmp_path / "buy")).go()
        office.answers("ann", "amount=7")
        with here.project() as project:
            folder = project.layout.run(office.run.id)
        with closing(sqlite3.connect(folder / "checkpoints.db")) as db, db:
            rows = db.execute("SELECT rowid, checkpoint FROM checkpoints").fetchall()
            for number, data in rows:
                at = data.find(b"\xa5facts\x81\xa6amount\xd9Gsha256:")
                if at >= 0:
                    start = at + len(b"\xa5facts\x81\xa6amount\xd9Gsha256:")
                    other = data[:start] + b"0" * 64 + data[start + 64 :]
                    db.execute("UPDATE checkpoints SET checkpoint = ? WHERE rowid = ?", (other, number))
        refuses("EVID075", office.go)


def test_two_at_once_do_not_both_go_on(tmp_path):
    with lab(tmp_path / "lab", people=PEOPLE) as here:
        office = Office(here, buying(tmp_path / "buy")).go()
        with here.project() as project:
            key = here.folder / "ann.pem"
            answer(project, office.run.id, ("amount=7",), None, key=key, trust=None)
            with project.owners.own(office.run.id):
                refuses("RUN002", office.go)
        assert office.go().waits == [("judges", "work")]
