"""Colours of single lines: the same characters come out, in time that no line can stretch."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.tui import syntax

PATHS = ["a.py", "b.rs", "c.sh", "d.yaml", "e.sql", "f.html", "Dockerfile", "g.unknown", "noending", ""]


@pytest.mark.parametrize(
    ("path", "line", "wanted"),
    [
        ("a.py", "def find(x): # why", [("def", "keyword"), ("find", "name"), ("# why", "comment")]),
        ("a.py", "x = f\"a # b\" + 'c' + 12.5", [('f"a # b"', "string"), ("'c'", "string"), ("12.5", "number")]),
        ("a.py", "    @cached.one", [("    @cached.one", "name")]),
        ("b.rs", "fn a<'x>(b: &'x str) {} // c", [("fn", "keyword"), ("a", "name"), ("// c", "comment")]),
        ("b.js", "const a = `b ${c}` /* d */", [("const", "keyword"), ("`b ${c}`", "string"), ("/* d */", "comment")]),
        ("b.java", " * said above", [(" * said above", "comment")]),
        ("c.sh", "if [ $#x ]; then # y", [("if", "keyword"), ("then", "keyword"), ("# y", "comment")]),
        ("Makefile", "include x.mk # z", [("include", "keyword"), ("# z", "comment")]),
        ("e.sql", "SELECT a -- b", [("SELECT", "keyword"), ("-- b", "comment")]),
        ("f.html", '<a href="b"><!-- c -->', [('"b"', "string"), ("<!-- c -->", "comment")]),
        ("g.unknown", "def x", []),
    ],
)
def test_what_gets_a_colour(path, line, wanted):
    assert [part for part in syntax.spans(path, line) if part[1]] == wanted


@given(st.sampled_from(PATHS), st.text(alphabet="ab1 #/*'\"`\\@-<!>_.\té\ud800", max_size=60))
def test_no_character_is_lost(path, line):
    parts = syntax.spans(path, line)
    assert "".join(text for text, _ in parts) == line
    assert {name for _, name in parts} <= {"", *syntax.NAMES}


@pytest.mark.parametrize("unit", ["'", '"', "\\", "'\\", "/*", "@a.", "<!--", "a1", "* ", "rb", "`"])
def test_no_line_takes_long(unit):
    start = time.process_time()
    for path in PATHS:
        syntax.spans(path, unit * (syntax.LONGEST_LINE // len(unit)))
    assert time.process_time() - start < 1.0
