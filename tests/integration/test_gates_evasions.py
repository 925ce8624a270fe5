"""Each way round the scanners that is known, refused by name, beside a harmless twin that passes."""

import json

import pytest

from orchestrator.gates.catalog import default_gates
from orchestrator.gates.runner import run_gates
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import Disposition, Result
from orchestrator.policy.verdicts import worst
from orchestrator.testing.gate_suite import FileSpec, candidate_of

EVAL = b"def run():\n    return eval(input())\n"
SAFE = b"def run():\n    return int(input())\n"
SHELL = "import subprocess\n\n\ndef run(command):\n    subprocess.call({command}, shell={shell}){comment}\n"


def notebook(code):
    return json.dumps({"cells": [{"cell_type": "code", "source": [code]}], "nbformat": 4}).encode()


def py(path, data):
    return [FileSpec(path, data)]


def shell(comment, *, with_shell="True"):
    return py("src/a.py", SHELL.format(command="command", shell=with_shell, comment=comment).encode())


def pair(path):
    return py(path, EVAL), py(path, SAFE)


MULTI_LINE = (
    b"import subprocess\n\n\ndef run(c):\n    subprocess.call(\n        c,\n        shell=True,  # nosec\n    )\n"
)
BOLD_EVAL = "\U0001d41e\U0001d42f\U0001d41a\U0001d425"
RLO, LRM, ALM, ZWSP, ZWJ = "\u202e", "\u200e", "\u061c", "\u200b", "\u200d"

TABLE = {
    # name: (evasion, rules that must be among the findings, twin)
    "nosec": (shell("  # nosec"), {"B602", "SUPPRESSION"}, shell("  # about seconds", with_shell="False")),
    "nosec inside a call": (py("src/a.py", MULTI_LINE), {"B602", "SUPPRESSION"}, shell("", with_shell="False")),
    "nosec far to the right": (
        shell(" " * 300 + "# nosec"),
        {"B602", "SUPPRESSION"},
        shell(" " * 300 + "# far", with_shell="False"),
    ),
    "noqa": (shell("  # noqa"), {"S602", "SUPPRESSION"}, shell("  # a quota", with_shell="False")),
    "noqa with a code": (shell("  # noqa: S602"), {"S602", "SUPPRESSION"}, shell("  # noqa: E501", with_shell="False")),
    "ruff: noqa": (shell("\n# ruff: noqa"), {"S602", "SUPPRESSION"}, shell("\n# ruff is a linter", with_shell="False")),
    "flake8: noqa": (shell("\n# flake8: noqa"), {"S602", "SUPPRESSION"}, shell("\n# flake8", with_shell="False")),
    "ruff: disable": (
        shell("\n# ruff: disable[S602]"),
        {"S602", "SUPPRESSION"},
        shell("\n# ruff: x", with_shell="False"),
    ),
    "ruff: ignore": (
        shell("  # ruff: ignore[S602]"),
        {"S602", "SUPPRESSION"},
        shell("  # ignored", with_shell="False"),
    ),
    "ruff: file-ignore": (
        shell("\n# ruff: file-ignore[S602]"),
        {"S602", "SUPPRESSION"},
        shell("\n# file", with_shell="False"),
    ),
    ".bandit in the tree": (
        [*py("docs/a.py", EVAL), FileSpec("docs/.bandit", b"[bandit]\nexclude: .py\n")],
        {"B307", "PROTECTED"},
        [*py("docs/a.py", SAFE), FileSpec("docs/bandit.md", b"exclude: .py\n")],
    ),
    "settings in pyproject": (
        [*py("a.py", EVAL), FileSpec("pyproject.toml", b'[tool.bandit]\nskips = ["B307"]\n', b"[project]\n")],
        {"B307", "S307", "PROTECTED"},
        [*py("a.py", SAFE), FileSpec("data.toml", b'[tool.other]\nskips = ["B307"]\n', b"[project]\n")],
    ),
    "nested ruff.toml": (
        [*py("src/x/a.py", EVAL), FileSpec("src/x/ruff.toml", b'exclude = ["*"]\n')],
        {"S307", "PROTECTED"},
        [*py("src/x/a.py", SAFE), FileSpec("src/x/settings.toml", b'exclude = ["*"]\n')],
    ),
    "path with CVS": (pair("src/ordersCVS.py")[0], {"B307", "S307"}, pair("src/ordersCVS.py")[1]),
    "path with .tox": (pair("y.toxic.py")[0], {"B307", "S307"}, pair("y.toxic.py")[1]),
    "path with .hg": (pair("sub.hg/b.py")[0], {"B307", "S307"}, pair("sub.hg/b.py")[1]),
    "path with .git": (pair("x.github.py")[0], {"B307", "S307"}, pair("x.github.py")[1]),
    **{
        f"folder {d}": (pair(f"{d}/a.py")[0], {"B307", "S307"}, pair(f"{d}/a.py")[1])
        for d in (
            "dist",
            "venv",
            "node_modules",
            "site-packages",
            "_build",
            ".venv",
            ".direnv",
            ".tox",
            ".nox",
            "buck-out",
        )
    },
    "gitignored file": (
        [*py("secret/a.py", EVAL), FileSpec("secret/.gitignore", b"*\n")],
        {"B307", "S307", "PROTECTED"},
        [*py("secret/a.py", SAFE), FileSpec("secret/ignored", b"*\n")],
    ),
    ".pyw": (pair("a.pyw")[0], {"B307", "S307"}, pair("a.pyw")[1]),
    ".PY": (pair("A.PY")[0], {"B307", "S307"}, pair("A.PY")[1]),
    ".pyx": (pair("a.pyx")[0], {"B307", "S307"}, pair("a.pyx")[1]),
    "shebang without suffix": (
        py("bin/tool", b"#!/usr/bin/env python3\n" + EVAL),
        {"B307", "S307", "HIDDEN-PYTHON"},
        py("bin/tool", b"#!/bin/sh\necho eval\n"),
    ),
    "program named .txt": (
        py("notes.txt", EVAL),
        {"B307", "S307", "HIDDEN-PYTHON"},
        py("notes.txt", b"Call (me) maybe.\n"),
    ),
    "folded program named .txt": (
        py("notes.txt", f"{BOLD_EVAL}(input())\n".encode()),
        {"S307", "HIDDEN-PYTHON"},
        py("notes.txt", f"{BOLD_EVAL}\n".encode()),
    ),
    "codec of a data file": (py("a.txt", b"# coding: utf-7\n"), {"ENCODING-COOKIE"}, py("a.txt", b"# coding: utf-8\n")),
    ".pth that runs code": (py("x.pth", b"import os; os.system('id')\n"), {"PTH", "PROTECTED"}, py("x.path", b"src\n")),
    "notebook": (
        py("n.ipynb", notebook("%time\neval(input())")),
        {"B307", "S307"},
        py("n.ipynb", notebook("%time\n1 + 1")),
    ),
    "bytecode": (py("a.pyc", b"\xa7\r\r\n" + b"\0" * 12 + b"\xe3code"), {"BYTECODE"}, py("a.txt", b"pyc\n")),
    "bytecode under another name": (
        py("a.dat", b"\xa7\r\r\n" + b"\0" * 12 + b"\xe3code"),
        {"BYTECODE"},
        py("a.dat", b"a,b\n"),
    ),
    "native code": (py("a.bin", b"\x7fELF\x02\x01\x01\0"), {"NATIVE-CODE"}, py("a.bin", b"ELF\n")),
    "large file store": (
        py("logo.bin", b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 9\n"),
        {"POINTER"},
        py("logo.txt", b"version 1 of the logo is kept elsewhere\n"),
    ),
    "binary": (py("logo.png", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"), {"BINARY"}, py("logo.svg", b"<svg></svg>\n")),
    "syntax error": (py("a.py", b"def f(:\n"), {"SCAN-SYNTAX", "SCAN-SKIPPED"}, py("a.py", b"def f():\n    pass\n")),
    "NUL byte": (py("a.py", EVAL + b"\0"), {"NUL", "SCAN-SKIPPED"}, py("a.py", SAFE + b'X = "\\0"\n')),
    "not UTF-8": (py("a.py", EVAL + b"# \xe9\n"), {"ENCODING", "SCAN-SYNTAX"}, py("a.py", SAFE + "# é\n".encode())),
    "syntax newer than the scanner": (
        py("a.py", b"def f(a):\n    try:\n        pass\n    except A, B:\n        eval(a)\n    t = t'{a}'\n"),
        {"SCAN-SKIPPED", "S307"},
        py("a.py", b"def f(a):\n    try:\n        pass\n    except (A, B):\n        int(a)\n"),
    ),
    "addition without end": (
        py("a.py", b"X = " + b" + ".join([b'"a"'] * 3000) + b"\n" + EVAL),
        {"SCAN-DEPTH"},
        py("a.py", b"X = " + b" + ".join([b'"a"'] * 60) + b"\n" + SAFE),
    ),
    "attributes without end": (
        py("a.py", b"X = a" + b".b" * 1500 + b"\n" + EVAL),
        {"SCAN-DEPTH"},
        py("a.py", b"X = a" + b".b" * 15 + b"\n" + SAFE),
    ),
    "minus without end": (
        py("a.py", b"X = " + b"-" * 3000 + b"1\n" + EVAL),
        {"SCAN-DEPTH"},
        py("a.py", b"X = --1\n" + SAFE),
    ),
    "latin-1 cookie": (
        py("a.py", b"# coding: latin-1\nX = '\xe9'\n" + EVAL),
        {"ENCODING-COOKIE", "ENCODING", "SCAN-SYNTAX", "B307"},
        py("a.py", "# coding: utf-8\nX = 'é'\n".encode() + SAFE),
    ),
    **{
        f"{codec} cookie": (
            py("a.py", f"# -*- coding: {codec} -*-\n# \\u000aimport os\n".encode()),
            {"ENCODING-COOKIE"},
            py("a.py", f"# {codec} is a codec\n# \\u000aimport os\n".encode()),
        )
        for codec in ("utf-7", "raw_unicode_escape", "unicode_escape")
    },
    "cookie on the second line": (
        py("a.py", b"#!/usr/bin/python3\r# vim: set fileencoding=utf-7 :\n"),
        {"ENCODING-COOKIE"},
        py("a.py", b"#!/usr/bin/python3\n# vim: set fileencoding=utf-8 :\n"),
    ),
    "right-to-left override": (
        py("a.py", f'X = "user{RLO} admin"\n'.encode()),
        {"BIDI", "PLE2502", "B613"},
        py("a.py", 'X = "user\\u202e admin"\nY = "שלום"\n'.encode()),
    ),
    "Arabic letter mark": (py("a.py", f'X = "a{ALM}b"\n'.encode()), {"BIDI"}, py("a.py", 'X = "مرحبا"\n'.encode())),
    "left-to-right mark": (py("a.js", f'x = "a{LRM}b"\n'.encode()), {"BIDI"}, py("a.js", 'x = "é"\n'.encode())),
    "zero-width space": (
        py("a.py", f'X = "a{ZWSP}b"\n'.encode()),
        {"INVISIBLE"},
        py("a.py", f'X = "👩{ZWJ}🚀 ❤️"\n'.encode()),
    ),
    "tag characters": (
        py("README.md", "hello\U000e0065\U000e0066\n".encode()),
        {"INVISIBLE"},
        py("README.md", "hello 🇫🇷 ☎️\n".encode()),
    ),
    "Cyrillic homoglyph": (
        py("a.py", "\u0430dmin = 1\n".encode()),
        {"PLC2401", "MIXED-SCRIPT"},
        py("a.py", "admin = 1  # админ, 5µs, Ωm, Δt\n".encode()),
    ),
    "mathematical eval": (
        py("a.py", f"X = {BOLD_EVAL}(input())\n".encode()),
        {"S307"},
        py("a.py", f'X = "{BOLD_EVAL}"\n'.encode()),
    ),
    "alias of exec": (
        py("a.py", b"from builtins import exec as x\nx(input())\n"),
        {"S102"},
        py("a.py", b"from builtins import int as x\nx(input())\n"),
    ),
    "lone carriage return": (
        py("a.py", b"X = 1  # fine\rimport telnetlib\n"),
        {"CONTROL"},
        py("a.py", b"X = 1  # fine\r\nY = 2\r\n"),
    ),
    "escape sequence": (py("notes.md", b"\x1b[8mhidden\x1b[0m\n"), {"CONTROL"}, py("notes.md", b"\\x1b[8m shown\n")),
    "quadratic SQL": (
        py("a.py", b'X = "' + b"select " * 40_000 + b'" + name\n'),
        {"SCAN-LIMIT"},
        py("a.py", b'X = "' + b"letter " * 40_000 + b'" + name\n'),
    ),
    "nested repository": (
        [FileSpec("vendor/.gitmodules", b"[submodule]\n")],
        {"PROTECTED"},
        [FileSpec("vendor/modules.txt", b"[submodule]\n")],
    ),
    "link to outside": (
        [FileSpec("a", b"../../etc/passwd", mode="120000")],
        {"SYMLINK"},
        [FileSpec("a", b"../../etc/passwd")],
    ),
    "diff hidden by attributes": (
        [FileSpec(".gitattributes", b"*.py -diff\n"), *py("a.py", EVAL)],
        {"PROTECTED", "B307"},
        [FileSpec("attributes.md", b"*.py -diff\n"), *py("a.py", SAFE)],
    ),
    "conftest that clears tests": (
        py("tests/conftest.py", b"def pytest_collection_modifyitems(items):\n    items.clear()\n"),
        {"PROTECTED"},
        py("tests/helper.py", b"def clear(items):\n    items.clear()\n"),
    ),
    "invisible character in a name": (py(f"a{ZWSP}.md", b"x\n"), {"NAME"}, py("é.md", b"x\n")),
    "executable bit": (
        [FileSpec("run.sh", b"echo\n", b"echo\n", mode="100755")],
        {"MODE"},
        [FileSpec("run.sh", b"echo 1\n", b"echo\n", mode="100755", old_mode="100755")],
    ),
    "large file": (py("a.csv", b"1,2\n" * 300_000), {"LARGE"}, py("a.csv", b"1,2\n" * 200_000)),
}


@pytest.fixture(scope="module")
def worker():
    with Worker(file_limit_seconds=4.0) as shared:
        yield shared


@pytest.fixture(scope="module")
def patient():
    """Nothing is slow in a twin, but the machine may be."""
    with Worker(file_limit_seconds=60.0) as shared:
        yield shared


def judged(files, worker):
    return run_gates(default_gates(worker=worker), candidate_of(files))


@pytest.mark.parametrize("trick", TABLE)
def test_evasion_is_refused_for_what_it_is(trick, worker):
    files, rules, _ = TABLE[trick]
    reports = judged(files, worker)
    deciding = {f.rule for r in reports for f in r.findings if f.disposition is not Disposition.NOTE}
    assert worst(r.result for r in reports) is not Result.PASSED
    assert rules <= deciding
    assert [r.reason for r in reports if r.gate == "accounting"] == []


@pytest.mark.parametrize("trick", TABLE)
def test_harmless_twin_passes(trick, patient):
    reports = judged(TABLE[trick][2], patient)
    refused = [f for r in reports for f in r.findings if f.disposition is not Disposition.NOTE]
    assert refused == []
    assert [r.reason for r in reports if r.reason] == []
    assert worst(r.result for r in reports) is Result.PASSED
