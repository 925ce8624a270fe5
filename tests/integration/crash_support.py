"""A run that must come to the same end whatever happens to its processes, and what that end is."""

import os
import shutil
import sqlite3
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from run_process import Running, until
from run_support import Req, gone, good, lab, write

from orchestrator.app.runs.start import new_run_id

REQS = [Req(1), Req(2), Req(3, depends=(1, 2))]
"""Two steps side by side, and one on both."""
LONG = "VALUE = 2\n# " + "x" * 300_000
"""Too large for the index: it is a file of the store."""
TREE = {"src/f1.py": "VALUE = 1", "src/f2.py": LONG, "src/f3.py": "VALUE = 3"}
RUN = new_run_id(datetime(2026, 1, 1, tzinfo=UTC))
"""Of every scene of this process, one after another: containers are looked for by it."""
KILLED = set()
"""Sessions; each process here leads its own."""


@contextmanager
def scene(folder, **more):
    """A repository with the job, and a temporary directory of its own (short: sockets lie below it)."""
    short = tempfile.mkdtemp(prefix="hr-", dir="/tmp")
    try:
        with lab(folder, **more) as here:
            here.env |= {"TMPDIR": short, "HANDRAIL_TEST_LOG": f"{short}.log"}
            here.write_job(REQS, {**good(*REQS), REQS[1].id: [[write(REQS[1].path, LONG + "\n")]]})
            yield here
    finally:
        shutil.rmtree(short, ignore_errors=True)
        Path(f"{short}.log").unlink(missing_ok=True)


def kill(running):
    KILLED.add(running.pid)
    running.kill()


def killed_there(here, name, when, nth=1):
    """Go on until that boundary and die there; whether it came to it."""
    dying = Running(here, RUN, "kill_at", name, when, nth)
    KILLED.add(dying.pid)
    code = dying.wait(120)
    assert code in {-9, 0}, (name, when, code, dying.words())
    return code == -9


def finish(here, run=RUN):
    last = Running(here, run)
    assert last.wait(180) == 0, last.words()


def leftovers():
    """Processes of sessions whose leader was killed; what is dead but unreaped is none."""
    return [words for words in map(_of_the_killed, Path("/proc").glob("[0-9]*")) if words]


def _of_the_killed(entry):
    try:
        fields = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()
        words = (entry / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
    except OSError:
        return ""
    return words if int(fields[3]) in KILLED and fields[0] not in {"Z", "X"} else ""


def strays(here):
    """Temporary files and folders: those of processes, and those beside what is kept."""
    with here.project() as project:
        below = [project.layout.root, here.repo / ".git"]
    found = [entry.name for entry in os.scandir(here.env["TMPDIR"])]
    named = (".new-", ".building-", "tmp_", ".holder-")
    return found + [
        str(p) for root in below for p in root.rglob("*") if p.name.startswith(named) or p.suffix == ".lock"
    ]


def sound(here, run=RUN):
    """As if nothing had happened."""
    row = here.row(run)
    assert row.status == "done"
    assert len(here.commits(row.run_ref)) == 3
    changed = here.git("diff", "--name-only", "main", row.run_ref).split()
    assert {p: here.file(row.run_ref, p) for p in changed} == TREE
    with sqlite3.connect(here.database()) as db:
        said = db.execute(
            "SELECT items.id, outcome, (SELECT count(*) FROM decisions WHERE item = items.id) FROM items WHERE run = ?",
            (run,),
        ).fetchall()
    db.close()
    assert [(o, n) for _, o, n in said if (o, n) != (None, 0)] == [("approve", 1)] * 4, said
    found = here.verify(row)
    assert (found.problems, found.unattested, len(found.commits)) == ((), (), 3), found.problems
    assert gone(run, 15)
    assert until(lambda: not leftovers(), 15), leftovers()
    KILLED.clear()  # of these nothing is left, so the system may give their numbers to others
    assert until(lambda: not strays(here), 15), strays(here)


def pause(seconds):
    """A moment of the machine's time, not an answer to wait for."""
    time.sleep(seconds)


def matrix(folder, points, seed):
    """Die at each of these, many in one run; one that a run had already passed is tried in a fresh one."""
    left, number = list(points), 0
    while left:
        (folder / f"{seed}-{number}").mkdir()
        with scene(folder / f"{seed}-{number}") as here:
            met = [point for point in left if killed_there(here, *point)]
            finish(here)
            sound(here)
        assert met, f"no run came to {left}"
        left = [point for point in left if point not in met]
        number += 1


def killed_again_and_again(here, chance, kills):
    """How often, until it ended or had been killed so often."""
    for count in range(kills):
        running = Running(here, RUN, "kill_after", chance.randint(1, 120))
        if running.wait(chance.uniform(0.5, 6.0) if chance.random() < 0.5 else 120) == 0:
            return count
        kill(running)
    return kills
