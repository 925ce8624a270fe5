"""What is planted is what is said: defects change what code does, harmless edits do not, and both parse."""

import ast
from pathlib import Path

import pytest

from orchestrator.models.change import Hunk
from orchestrator.models.decision import Verdict
from orchestrator.models.review import Comment, Mark, MarkState
from orchestrator.review.drill import judging
from orchestrator.review.drill.defect import APART_LINES, DefectKind, Edit, applied, far
from orchestrator.review.drill.judging import Outcome, Planted
from orchestrator.review.drill.lines import line_edits
from orchestrator.review.drill.python import python_edits

CODE = """
def within(low, x, high):
    if not isinstance(x, int):
        raise LookupError("no number")
    return low <= x and x < high

def steps(n):
    total = 0
    for i in range(n):
        total += i
    if total > n:
        return True
    return False

def after(n):
    return n + 1

def name_of(path):
    if path.startswith("/"):
        raise ValueError("absolute path")
    if not path:
        return False
    return path == "é" or len(path) > 3
"""


def ran(text):
    """What the functions answer to many values."""
    space = {}
    exec(compile(text, "x", "exec"), space)  # noqa: S102  code of this test
    tried = [("within", v) for v in ((0, 0, 3), (0, 3, 3), (0, 1, 3), (5, 1, 3), (0, "1", 3))]
    tried += [("steps", (n,)) for n in (0, 1, 3, 5)] + [("after", (1,))]
    tried += [("name_of", (v,)) for v in ("/a", "", "é", "a/b", "abcd", "abc")]
    found = []
    for name, values in tried:
        try:
            found.append(space[name](*values))
        except Exception as error:  # noqa: BLE001  whatever it is, it is the answer
            found.append(type(error).__name__)
    return found


def test_every_defect_changes_an_answer_and_no_harmless_edit_does():
    found = python_edits(CODE, in_test=False)
    kinds = {edit.kind for edit in found}
    assert kinds == {DefectKind.SECURITY, DefectKind.LOGIC, DefectKind.HARMLESS}
    assert len(found) >= 12
    for edit in found:
        same = ran(applied(CODE, [edit])) == ran(CODE)
        assert same is (edit.kind is DefectKind.HARMLESS), edit


def test_tests_are_weakened_and_nothing_else_of_them():
    code = """
def test_it():
    assert add(1, 2) == 3
    with pytest.raises(ValueError):
        add("a")
    self.assertEqual(add(1), 2)
    if a < b:
        n += 1
"""
    found = python_edits(code, in_test=True)
    assert [e.new[0].strip() for e in found if e.kind is DefectKind.TEST] == [
        "assert add(1, 2) is not None",
        "with pytest.raises(Exception):",
        "self.assertIsNotNone(add(1))",
    ]
    assert {e.kind for e in found} == {DefectKind.TEST, DefectKind.HARMLESS}


@pytest.mark.parametrize("text", ["def f(:", "\0", "x" * 10, "", "(" * 5_000, "é = '\udc80'"])
def test_what_is_no_python_has_nothing_planted(text):
    assert python_edits(text, in_test=False) == ()


def test_other_languages_are_read_line_by_line():
    code = """// if (!user) return false
if (!user.admin) {
  return false
}
for (let i = 0; i < items.length; i++) { use(items[i]) }
if (path.startsWith("/etc/")) deny()
count++;
const x: Map<string, number> = new Map()
fs.chmodSync(file, 0o600)
"""
    found = line_edits(code, in_test=False)
    assert {(e.first, e.new[0].strip()) for e in found} == {
        (2, "if (user.admin) {"),
        (3, "return true"),
        (5, "for (let i = 0; i <= items.length; i++) { use(items[i]) }"),
        (6, 'if (path.includes("/etc/")) deny()'),
        (7, "count += 1;"),
        (9, "fs.chmodSync(file, 0666)"),
    }
    tested = line_edits("expect(sum(1)).toEqual(2)\nreturn false\n", in_test=True)
    assert [(e.kind, e.new[0]) for e in tested] == [(DefectKind.TEST, "expect(sum(1)).toBeDefined()")]


def test_edits_far_from_each_other_are_applied_together():
    lines = [f"line {n}" for n in range(1, 60)]
    one, two = Edit(3, 4, (), DefectKind.LOGIC, ""), Edit(30, 30, ("a", "b"), DefectKind.LOGIC, "")
    assert far(two, [one])
    assert not far(Edit(4 + APART_LINES, 4 + APART_LINES, (), DefectKind.LOGIC, ""), [one])
    text = applied("\n".join(lines), [one, two]).split("\n")
    assert (text[1:3], text[27:30]) == (["line 2", "line 5"], ["a", "b", "line 31"])


def hunk(name, path, start):
    return Hunk(id=name, path=path, definition="", old_start=start, old_lines=7, new_start=start + 2, new_lines=7)


def planted(name, kind, path="a.py"):
    return Planted(path=path, line=1, kind=kind, what="", hunk=name)


def test_a_rejected_hunk_a_remark_and_a_named_place_count_as_found():
    hunks = [hunk("h1", "a.py", 10), hunk("h2", "a.py", 40), hunk("h3", "b.py", 10), hunk("h4", "a+b.py", 10)]
    edits = [
        planted("h1", DefectKind.LOGIC),
        planted("h2", DefectKind.TEST),
        planted("h3", DefectKind.HARMLESS, "b.py"),
    ]
    edits += [planted("h4", DefectKind.SECURITY, "a+b.py")]
    at = "2026-11-30T00:00:00Z"
    mark = {"item": "R", "path": "a.py", "at": at, "reason": "no"}
    marks = [Mark.model_validate({"hunk": "h1", "state": "rejected", **mark})]
    marks += [Mark.model_validate({"hunk": "h2", "state": s, **mark}) for s in ("viewed", "accepted")]

    def said(path, line):
        return Comment(item="R", reviewer="you", text="?", path=path, line=line)

    assert judging.found(edits, hunks, marks, [], "") == {"h1"}
    assert judging.found(edits, hunks, [], [said("b.py", 18)], "see a.py:42, and a+b.py:12") == {"h2", "h3", "h4"}
    assert judging.found(edits, hunks, [], [said("b.py", 19), said("b.py", 0), said("a.py", 11)], "a.py") == set()
    assert MarkState.REJECTED in {m.state for m in marks}
    kept = judging.outcome("2026-11-30", Verdict.REJECT, edits, frozenset({"h1", "h3"}))
    assert (kept.found[DefectKind.LOGIC], kept.found[DefectKind.TEST], kept.planted[DefectKind.HARMLESS]) == (1, 0, 1)
    assert not any(judging.outcome("d", Verdict.APPROVE, edits, frozenset({"h1"})).found.values())
    assert "you" not in kept.model_dump_json()


def test_shares_have_wilsons_interval():
    outcomes = [
        Outcome(day="d", verdict="reject", planted={"logic": 4}, found={"logic": 3}),
        Outcome(day="d", verdict="approve", planted={"logic": 4}, found={}),
    ]
    row = next(r for r in judging.summed(outcomes) if r["kind"] == "logic")
    assert (row["planted"], row["found"], row["share"]) == (8, 3, 0.375)
    assert (row["low"], row["high"]) == (pytest.approx(0.1368, abs=1e-4), pytest.approx(0.6943, abs=1e-4))
    assert judging.interval(0, 0) == (0.0, 1.0)
    assert judging.interval(5, 5)[1] == 1.0


def test_whatever_is_planted_in_our_own_files_parses():
    from orchestrator.review.drill import python

    text = Path(python.__file__).read_text()
    found = python_edits(text, in_test=False)
    assert len(found) > 5
    for edit in found:
        ast.parse(applied(text, [edit]))
