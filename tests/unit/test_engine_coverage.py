"""What a tracer in a sandbox may say, and what is taken from it."""

import json

import pytest

from orchestrator.engine import line_tracer
from orchestrator.engine.coverage import _file, _NotMeasured, _read, changed_lines, may_start_python
from orchestrator.models.coverage import Coverage, FileCoverage

CHANGED = {"a.py": ((2, 4), (9, 9))}
DIFF = b"""diff --git a/a.py b/a.py
index 1..2 100644
--- a/a.py
+++ b/a.py
@@ -1,3 +1,5 @@
 one
+two
+three
 four
-five
+cinq
diff --git a/b.js b/b.js
index 1..2 100644
--- a/b.js
+++ b/b.js
@@ -0,0 +1 @@
+x
"""


def said(*files, began=True):
    return json.dumps({"began": began, "files": list(files)}).encode()


def test_added_lines_of_python_alone_are_asked_about():
    assert changed_lines(DIFF) == {"a.py": ((2, 3), (5, 5))}


def test_an_answer_is_read():
    (lines,) = _read(said({"code": [[2, 4], [9, 9]], "run": [[2, 2]]}), CHANGED).values()
    told = _file("a.py", CHANGED["a.py"], [lines])
    assert told == FileCoverage(path="a.py", changed=4, executable=4, run=1, missed=((3, 9),))


def test_what_any_command_ran_was_run():
    each = [_read(said({"code": [[2, 4]], "run": [[n, n]]}), CHANGED)["a.py"] for n in (2, 4)]
    assert _file("a.py", CHANGED["a.py"], each).missed == ((3, 3),)


HOSTILE = {
    "nothing": b"",
    "deep": b"[" * 100_000,
    "another shape": b'{"began": true}',
    "no process": said(began=False),
    "a file too many": said({"code": [], "run": []}, {"code": [], "run": []}),
    "a line that is not changed": said({"code": [[1, 4]], "run": []}),
    "a line run that is not changed": said({"code": [], "run": [[5, 5]]}),
    "a range that goes back": said({"code": [[4, 2]], "run": []}),
    "endless": said({"code": [[2, 10**12]], "run": []}),
    "text": said({"code": [["2", "4"]], "run": []}),
    "more than was asked": said({"code": [], "run": [], "words": "all of it"}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_not_understood_measures_nothing(name):
    with pytest.raises(_NotMeasured):
        _read(HOSTILE[name], CHANGED)


def test_lines_run_count_only_where_there_is_code():
    (lines,) = _read(said({"code": [[2, 2]], "run": [[2, 4]]}), CHANGED).values()
    assert _file("a.py", CHANGED["a.py"], [lines]).run == 1


@pytest.mark.parametrize("word", ["python", "/usr/bin/python3.11", "pytest", "make", "sh", "./run.py", "tox"])
def test_words_that_may_start_python(word):
    assert may_start_python([word, "x"])


@pytest.mark.parametrize("word", ["grep", "npm", "go", "cargo", "true", "node"])
def test_words_that_do_not(word):
    assert not may_start_python([word, "python"])


def test_code_is_told_from_what_is_none():
    source = '"""Text."""\n\nimport os\n\n\ndef f(\n    a,\n):\n    # nothing\n    return os.getcwd()\n'
    code = set(line_tracer.executable(compile(source, "f", "exec")))
    assert {3, 6, 10} <= code
    assert not code & {2, 4, 5, 9}


def test_the_words_name_sum_files_and_reason():
    one = FileCoverage(path="a.py", changed=9, executable=4, run=1, missed=((2, 3), (9, 9)), more=2)
    total, line, note = Coverage(files=(one,), notes=("not measured: make x",)).words()
    assert "1 of 4" in total
    assert line.endswith("not run: lines 2-3, 9 and 2 more stretches")
    assert note == "not measured: make x"
    assert Coverage(not_measured="why").words() == ("changed lines run by acceptance: not measured: why",)
