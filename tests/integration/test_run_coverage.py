"""Which changed lines acceptance runs: measured in real sandboxes, shown to people, and worth nothing to a verdict."""

import json

import pytest
from run_support import FILES, LIMITS, Req, approve, lab, nobody, write
from sandbox_support import sandboxes

from orchestrator.engine.coverage import _PROGRAM, _file, _NotMeasured, _read, _traced
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.coverage import FileCoverage
from orchestrator.models.decision import SubjectKind
from orchestrator.models.gate import AcceptanceReport, Demonstration
from orchestrator.ports import SandboxRequest, TreeEntry

pytestmark = pytest.mark.engine

MADE = "def used(n):\n    if n > 1:\n        return n\n    return -n\n\n\ndef unused():\n    return 7\n"
CHECK = "import sys\nsys.path.insert(0, 'src')\nimport f1\nassert f1.used(2) == 2\n"
TREE = {**FILES, "check.py": CHECK}
USED = FileCoverage(path="src/f1.py", changed=8, executable=6, run=4, missed=((4, 4), (8, 8)))
CHANGED = {"src/f1.py": ((1, 8),)}
CHILD = "import subprocess, sys\nsubprocess.run([sys.executable, 'check.py'], check=True)\n"
KILLED = f"{CHECK}import os, signal\nos.kill(os.getpid(), signal.SIGKILL)\n"
THREAD = f"import threading\nthreading.Thread(target=lambda: exec({CHECK!r})).start()\n"
FORK = f"import os\nif os.fork() == 0:\n    exec({CHECK!r})\n    os._exit(0)\nos.wait()\n"
NOTES = "os.environ['TMPDIR'] + '/handrail-lines'"
GONE = f"import os, shutil\nshutil.rmtree({NOTES})\n"
EMPTIED = f"import os\nopen({NOTES} + '/files', 'w').write('[]')\n"
FORGED = f"import os\nopen({NOTES} + '/lines', 'a').write('0 99\\n7 1\\n0 x\\n\\n0 1\\n')\n"


def plan_alone(reviews, item):
    (approve if item.kind is SubjectKind.PLAN else nobody)(reviews, item)


def accepted(here, run):
    with here.project() as project:
        (event,) = [e for _, e in project.index.events(run.id) if e.kind == "accepted"]
        return AcceptanceReport.model_validate_json(project.blobs.get(event.data["report"]))


def test_lines_that_were_run_are_counted_shown_and_in_the_report(tmp_path):
    one = Req(1, where=("src/f1.py",), verify=("grep -q used src/f1.py", "python3 check.py"))
    with lab(tmp_path, TREE) as here:
        done = here.run([one], {one.id: [[write("src/f1.py", MADE)]]}, decide=plan_alone)
        report = accepted(here, done.run)
        assert report.coverage.files == (USED,)
        assert report.coverage.notes == ("not measured: grep -q used src/f1.py is no command that starts Python",)
        assert [r.shows for r in report.runs] == [Demonstration.DEMONSTRATED] * 2
        words = "src/f1.py: 4 of 6 executable changed lines were run; not run: lines 4, 8"
        assert words in here.cli("review", "show", done.asked[-1].id).stdout
        page = tmp_path / "page.html"
        assert here.cli("report", done.run.id, "-o", str(page)).returncode == 0
        assert words in page.read_text()
        told = json.loads(here.cli("report", done.run.id, "--json").stdout)
        assert told["steps"][0]["coverage"]["files"] == [json.loads(USED.model_dump_json())]


@pytest.fixture(scope="module")
def provider():
    with sandboxes() as made:
        yield made


def traced(provider, argv, check=CHECK):
    files = {"src/f1.py": MADE, "check.py": check, "child.py": CHILD, "check.sh": "set -e\npython3 child.py\n"}
    entries = [TreeEntry(path, "100644", path) for path in sorted(files)]
    with provider.open(SandboxRequest("k", "run", LIMITS, open_tree=True)) as sandbox:
        sandbox.copy_in(entries, lambda oids: (files[o].encode() for o in oids), Capabilities(write=("**",)), ())
        answer = _traced(sandbox, argv.split(), CHANGED, _PROGRAM.read_text(), 30)
    return _file("src/f1.py", CHANGED["src/f1.py"], list(_read(answer, CHANGED).values()))


@pytest.mark.parametrize("argv", ["python3 check.py", "sh check.sh"])
def test_a_python_is_followed_also_below_other_programs(provider, argv):
    assert traced(provider, argv) == USED


@pytest.mark.parametrize("check", [KILLED, THREAD, FORK], ids=["killed", "thread", "fork"])
def test_every_thread_and_child_is_followed_and_what_ran_before_a_kill_counts(provider, check):
    assert traced(provider, "python3 check.py", check) == USED


def test_forged_notes_count_no_more_than_there_is(provider):
    assert traced(provider, "python3 check.py", FORGED).run == 1


@pytest.mark.parametrize(
    ("argv", "check", "why"),
    [
        ("sh -c true", CHECK, "no Python that could be followed was started"),
        ("python3 -I -c pass", CHECK, "no Python that could be followed was started"),
        ("absent", CHECK, "no Python that could be followed was started"),
        ("python3 check.py", GONE, "no Python that could be followed was started"),
        ("python3 check.py", EMPTIED, "the tracer's own report ended with 1"),
    ],
)
def test_what_was_not_measured_says_why(provider, argv, check, why):
    with pytest.raises(_NotMeasured, match=why):
        traced(provider, argv, check)
