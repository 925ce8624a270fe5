"""``kill -9`` of a process without code: no answer, task, timer or notice is lost or happens twice."""

import itertools
import json
import random
import sqlite3
from collections import Counter

import pytest
from run_process import Running
from run_support import lab

from orchestrator.app.evidence.carrying import writers
from orchestrator.app.trust.policies import chain_at
from orchestrator.models.ids import RunId
from orchestrator.provenance import dsse
from orchestrator.provenance.predicates import statements
from orchestrator.workflows.compile import compile_prose
from orchestrator.workflows.dump import dump

RUN = RunId("20260101-leaves")
PROSE = """# Take leave

1. Ask the clerk for the days (a number).
2. In parallel:
   1. The clerk files the form.
   2. The boss checks the plan.
3. If the days is above 5, the boss approves the leave.
4. Wait 2 days.
5. For each `a`, `b`: the clerk tells the shop.
6. Notify the team. If it cannot be sent, go on.
7. Wait until the boss confirms that all is well within 1 day, otherwise stop as late.
"""
PEOPLE = {"clerk": ("clerk",), "boss": ("boss",)}
SAMPLE = 4


def desk(folder):
    """A repository where the two work, and the process beside it."""
    return lab(folder, people=PEOPLE)


def written(folder):
    made = compile_prose(PROSE.encode(), "process.md", "leave")
    assert made.workflow is not None, made.problems
    (folder / "leave").mkdir()
    (folder / "leave" / "process.md").write_text(PROSE)
    path = folder / "leave" / "workflow.yaml"
    path.write_text(dump(made.workflow))
    return path


def killed_there(here, path, name, when, nth=1):
    dying = Running(here, RUN, "kill_at", name, when, nth, workflow=path)
    code = dying.wait(120)
    assert code in {-9, 0}, (name, when, code, dying.words())
    return code == -9


def finish(here, path):
    last = Running(here, RUN, workflow=path)
    assert last.wait(120) == 0, last.words()


def sound(here):
    """Each was asked once and answered once, both are signed on the log once; each timer fired once; one notice.

    Its way comes back; a node that was entered again after a death counts once.
    """
    assert here.row(RUN).exit_code == 0
    with sqlite3.connect(here.database()) as db:
        said = db.execute(
            "SELECT outcome, (SELECT count(*) FROM decisions WHERE item = items.id) FROM items WHERE run = ?", (RUN,)
        ).fetchall()
        timers = db.execute("SELECT count(*), count(fired_at) FROM timers WHERE run = ?", (RUN,)).fetchone()
    db.close()
    decided = [n for outcome, n in said if outcome not in {None, "outdated"}]
    assert decided == [1] * 7, said
    with here.project() as project:
        keys = chain_at(project).keys()
        lines = [line for w in writers(project) for line in w.state.lines]
        claims = [statements.read(dsse.open_line(line, keys).payload) for line in lines]
        path = project.layout.run(RUN) / "notifications.jsonl"
        notices = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
        nodes = [e.node for _, e in project.index.events(RUN) if e.kind == "transition"]
    kinds = Counter(str(c.decision.kind) for c in claims if hasattr(c, "decision"))
    assert kinds == {"answers": 1, "event": 1, "task": 4, "work": 1}, kinds
    assert len(notices) <= 1
    assert timers == (2, 1), "the pause ended, and the one who confirms came in time"
    return [node for node, _ in itertools.groupby(nodes)]


def boundaries(folder):
    """What an undisturbed run comes to, and its way."""
    folder.mkdir()
    with desk(folder) as here:
        path = written(folder)
        running = Running(here, RUN, "record", str(folder / "seen"), workflow=path)
        assert running.wait(120) == 0, running.words()
        way = sound(here)
    seen = set((folder / "seen").read_text().splitlines())
    return sorted(seen - {name for name in seen if name.endswith(" elsewhere")}), way


def matrix(folder, points, way):
    """Die at each of these, many in one run; one that a run had already passed is tried in a fresh one."""
    left, number = list(points), 0
    while left:
        here_now = folder / str(number)
        here_now.mkdir()
        with desk(here_now) as here:
            path = written(here_now)
            met = [point for point in left if killed_there(here, path, *point)]
            finish(here, path)
            assert sound(here) == way, met
        assert met, f"no run came to {left}"
        left = [point for point in left if point not in met]
        number += 1


NEEDED = {
    "commit store.timers:StoredTimers.park",
    "commit store.timers:StoredTimers.fire",
    "commit store.index:StoredIndex.add_decision",
    "commit langgraph:put",
    "commit engine.nodes.notify:_told",
}


ON_RECORD = ("git-update-ref vcs.refs:_move", "after")
"""What people said is on the log, and nothing says so yet."""


def test_killed_at_some_boundaries_a_process_ends_as_if_it_had_not_been(tmp_path):
    seen, way = boundaries(tmp_path / "whole")
    assert set(seen) >= NEEDED, seen
    chance = random.Random(20261130)  # noqa: S311  which ones is no secret
    points = sorted(itertools.product(seen, ("before", "after")))
    first = [(name, when) for name, when in points if name in NEEDED]
    sampled = [*chance.sample(first, 2), *chance.sample(points, SAMPLE - 2), ON_RECORD]
    matrix(tmp_path, list(dict.fromkeys(sampled)), way)


def test_killed_right_after_the_log_moved_nothing_stands_in_it_twice(tmp_path):
    with desk(tmp_path) as here:
        path = written(tmp_path)
        assert killed_there(here, path, "git-update-ref vcs.refs:_move", "after")
        finish(here, path)
        assert sound(here)


@pytest.mark.soak
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_process_killed_at_every_boundary(tmp_path, nth):
    seen, way = boundaries(tmp_path / "whole")
    for number, point in enumerate(itertools.product(seen, ("before", "after"))):
        folder = tmp_path / f"run-{number}"
        folder.mkdir()
        with desk(folder) as here:
            path = written(folder)
            killed_there(here, path, *point, nth)
            finish(here, path)
            assert sound(here) == way, point
