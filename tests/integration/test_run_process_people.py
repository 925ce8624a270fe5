"""Who counts where a step is done more than once, and what a process says while nobody goes on, and at its end."""

import pytest
from run_support import lab
from test_run_processes import END, STOP, Office, process, refuses, task

from orchestrator.app.runs import listing
from orchestrator.app.runs.answering import answer
from orchestrator.app.runs.start import RunRequest, start
from orchestrator.models.decision import Verdict

PAID = {"kind": "review", "role": "lead", "reviews": "work", "other_than": ["pays"]}
BOTH = ("clerk", "lead")


def test_whoever_did_a_step_for_one_item_of_a_list_does_not_count(tmp_path):
    """Each of the two has paid one; only the last was set apart."""
    path = process(
        tmp_path / "pay",
        roles=BOTH,
        bills={"kind": "for_each", "repeat": {"items": ["rent", "light"]}, "on": {"each": "pays", "done": "checks"}},
        pays=task("bills"),
        checks={**PAID, "on": {"approve": "end", "request-changes": "no", "reject": "no"}},
        end=END,
        no={"kind": "end", "title": "It was not paid", "exit": 5},
        stop=STOP,
    )
    with lab(tmp_path / "lab", people={"ann": BOTH, "tom": BOTH, "fin": ("lead",)}) as here:
        office = Office(here, path).go()
        office.says("ann").says("tom")
        assert office.waits == [("checks", "work")]
        assert set(office.result.items[0].apart) == {"ann", "tom"}
        for name in ("ann", "tom"):
            refuses("REV017", office.says, name)
        office.says("fin", Verdict.REJECT, "No receipt.")
        assert office.result.exit_code == 5
        with here.project() as project:
            told = listing.one(project, office.run.id)
            assert told["message"] == "It was not paid (checks: it was rejected)"
            said = [(row["reviewer"], row["role"], row["verdict"], row["comment"]) for row in told["decisions"]]
            assert said[-1] == ("fin", "lead", "reject", "No receipt.")
            assert {who for who, *_ in said[:-1]} == {"ann", "tom"}
        assert "fin (lead)" in here.cli("show").stdout


@pytest.mark.parametrize("seen", ["show", "answer"])
def test_what_is_answered_is_not_told_to_be_waited_for(tmp_path, seen):
    path = process(
        tmp_path / "ask",
        facts={"colour": {"kind": "text", "question": "the colour"}},
        asks={"kind": "ask", "role": "clerk", "asks": ["colour"], "on": {"answered": "end"}},
        end={**END, "title": "All is known"},
    )
    with lab(tmp_path / "lab", people={"ann": ("clerk",)}) as here:
        office, key = Office(here, path).go(), here.folder / "ann.pem"
        with here.project() as project:
            run = office.run.id
            assert "waits for a clerk" in listing.one(project, run)["message"]
            refuses("REV019", answer, project, run, ("colour=red\x1b[2J",), None, key=key, trust=None)
            answer(project, run, ("colour=red\n| blue",), None, key=key, trust=None)
            if seen == "show":
                assert listing.one(project, run)["message"].endswith(f"has come: handrail resume {run}")
            else:
                refused = refuses("ANS001", answer, project, run, ("colour=blue",), None, key=key, trust=None)
                assert refused.hint == f"handrail resume {run}"
        assert office.go().result.exit_code == 0
        with here.project() as project:
            assert listing.one(project, run)["message"] == "All is known"
            refused = refuses("ANS001", answer, project, run, ("colour=blue",), None, key=key, trust=None)
            assert refused.hint == f"handrail show {run}"


def test_a_gate_that_there_is_not_is_named_before_anybody_works(tmp_path):
    path = process(
        tmp_path / "edit",
        edits=task("gates", edits=True),
        gates={
            "kind": "gate",
            "gates": ["ruff", "nope"],
            "on": {"passed": "end", "needs-person": "end", "again": "stop", "error": "stop"},
        },
        end=END,
        stop=STOP,
    )
    with lab(tmp_path / "lab", people={"ann": ("clerk",)}) as here, here.project() as project:
        refused = refuses("GATE010", start, project, RunRequest(None, workflow=str(path)))
        assert "nope" in refused.message
        assert "ruff" not in refused.message
        assert project.index.runs() == ()
