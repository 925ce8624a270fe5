"""Examples of what is found in and about files of any kind."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.gates.shown.example import Shown

__all__ = ["OF_FILES"]

_PIPELINE = "on: push\npermissions: {}\njobs:\n  test:\n    runs-on: x\n    steps:\n"
_RELEASE = f"{_PIPELINE}      - run: pytest\n  deploy:\n%s    runs-on: x\n    steps:\n      - run: make deploy\n"
_CELL = '{"cells": [{"cell_type": "code", "source": ["%s"]}], "nbformat": 4}\n'
_EVAL = "def run(text):\n    return eval(text)\n"
_INT = "def run(text):\n    return int(text)\n"

OF_FILES: Mapping[str, Shown] = {
    "SCAN-SYNTAX": Shown("src/a.py", "def run(:\n    pass\n", "def run():\n    pass\n"),
    "SCAN-SKIPPED": Shown("src/a.py", "def run(:\n    pass\n", "def run():\n    pass\n"),
    "SCAN-LIMIT": Shown(
        "src/a.py",
        "a text of 40,000 words of SQL in one literal, which a scanner needs minutes for\n",
        "the same text in a file of its own, queries.sql\n",
        told=True,
    ),
    "SCAN-SIZE": Shown("src/a.py", "x = 'a row of data'\n", "x = 'a row of data'\n", times=60_000),
    "SCAN-DEPTH": Shown("src/a.py", "x = " + "-" * 3000 + "1\n", "x = -1\n"),
    "SCAN-NOTEBOOK": Shown("a.ipynb", '{"cells": [}\n', _CELL % "x = 1"),
    "PROTECTED": Shown("pyproject.toml", "[tool.pytest]\n", "[tool.pytest]\n", good_path="notes.toml"),
    "DESTROY-DATA": Shown("clean.sql", "DROP TABLE orders;\n", "SELECT * FROM orders;\n"),
    "DESTROY-HISTORY": Shown("publish.sh", "git push --force origin main\n", "git push origin main\n"),
    "DESTROY-SERVICE": Shown("stop.sh", "terraform destroy -auto-approve\n", "terraform plan\n"),
    "DESTROY-FILES": Shown("clean.sh", "rm -rf /srv/data\n", "rm /srv/data/old.log\n"),
    "DESTROY-MUCH": Shown("data.txt", "", "one line more\n", base="a line\n", times=300, of_base=True),
    "DESTROY-RENAMES": Shown("a.txt", "twenty files with new names\n", "one file with a new name\n", told=True),
    "DESTROY-MIGRATION": Shown(
        "shop/migrations/0002_more.py", "x = 2\n", "x = 2\n", base="x = 1\n", good_path="shop/more.py"
    ),
    "DESTROY-PRODUCTION": Shown("deploy/prod.yaml", "replicas: 1\n", "replicas: 1\n", good_path="deploy/test.yaml"),
    "WAIVER-ENDED": Shown(
        "src/a.py",
        "a finding that was lifted until 2026-06-30, on 2026-07-01\n",
        "the same finding, mended before that day\n",
        told=True,
    ),
    "GATE-SETTINGS": Shown(
        "eslint.config.js",
        "a change that edits the settings which the policy's own gate is run with\n",
        "a change of other files\n",
        told=True,
    ),
    "SUPPRESSION": Shown("src/a.py", "x = 1  # nosec\n", "x = 1  # about a second\n"),
    "HIDDEN-PYTHON": Shown("notes.txt", f"import os\n{_EVAL}", "Call me maybe.\n"),
    "NOTEBOOK-COMMAND": Shown("a.ipynb", _CELL % "!make install", _CELL % "x = 1"),
    "YAML-OBJECT": Shown("a.yaml", "a: !!python/object/apply:os.getcwd []\n", "a: '!!python'\n"),
    "PICKLE": Shown("a.dat", "cos\ngetcwd\n(tR.\n", "cos and sin\n"),
    "XML-ENTITY": Shown(
        "a.xml",
        '<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>\n',
        '<!DOCTYPE a [<!ENTITY x "text">]><a>&x;</a>\n',
    ),
    "TEMPLATE-INSIDE": Shown("a.html", "{{ ''.__class__.__mro__ }}\n", "{{ name }}\n"),
    "TEMPLATE-RAW": Shown("a.html", "<p>{{ comment | safe }}</p>\n", "<p>{{ comment }}</p>\n"),
    "SVG-SCRIPT": Shown("a.svg", "<svg><script>x()</script></svg>\n", '<svg><path d="M0 0h1"/></svg>\n'),
    "DATA-CODE": Shown("a.json", '{"hook": "import os\\nos.system(input())"}\n', '{"hook": "shop.hooks.clean"}\n'),
    "RUNS-PRIVILEGED": Shown(
        "compose.yaml",
        "services:\n  web:\n    image: shop:1\n    privileged: true\n",
        "services:\n  web:\n    image: shop:1\n    cap_drop: [ALL]\n",
    ),
    "OPEN-TO-ALL": Shown("bucket.tf", 'acl = "public-read"\n', 'acl = "private"\n'),
    "CHECK-MILDER": Shown(
        ".github/workflows/a.yml",
        f"{_PIPELINE}      - run: pytest || true\n",
        f"{_PIPELINE}      - run: pytest\n",
    ),
    "DEFENCE-OFF": Shown("db.tf", "deletion_protection = false\n", "deletion_protection = true\n"),
    "SETTING-RUNS": Shown("load.sql", "COPY t FROM PROGRAM 'ls';\n", "COPY t FROM STDIN;\n"),
    "SOURCE-REMOTE": Shown(
        "net.tf",
        'module "net" {\n  source = "git::https://example.net/net.git"\n}\n',
        'module "net" {\n  source = "./net"\n}\n',
    ),
    "RELEASE-UNGUARDED": Shown(
        ".github/workflows/a.yml",
        _RELEASE % "",
        _RELEASE % "    needs: [test, lint]\n",
        _RELEASE % "    needs: [test]\n",
    ),
    "PIPELINE-INPUT": Shown(
        ".gitlab-ci.yml",
        'test:\n  script:\n    - eval "echo $CI_COMMIT_MESSAGE"\n',
        'test:\n  script:\n    - echo "$CI_COMMIT_MESSAGE"\n',
    ),
    "PIPELINE-WRITES": Shown(
        ".github/workflows/a.yml",
        _PIPELINE.replace("    runs-on", "    permissions:\n      contents: write\n    runs-on")
        + "      - run: pytest\n",
        _PIPELINE.replace("    runs-on", "    permissions:\n      contents: read\n    runs-on")
        + "      - run: pytest\n",
    ),
    "TLS-UNCHECKED": Shown("site.yml", "- get_url:\n    validate_certs: no\n", "- get_url:\n    validate_certs: yes\n"),
    "ATTRIBUTES": Shown(".gitattributes", "*.py -diff\n", "*.py text eol=lf\n"),
    "PIPELINE-REMOTE": Shown(
        ".gitlab-ci.yml",
        "include:\n  - remote: https://example.net/ci.yml\n",
        "include:\n  - local: ci/test.yml\n",
    ),
    "BIDI": Shown("src/a.py", 'role = "user\u202e admin"\n', 'role = "user\\u202e admin"\n'),
    "INVISIBLE": Shown("src/a.py", 'role = "us\u200ber"\n', 'role = "user"\n'),
    "CONTROL": Shown("notes.md", "\x1b[8mhidden\x1b[0m\n", "shown\n"),
    "MIXED-SCRIPT": Shown("src/a.py", "\u0430dmin = 1\n", "admin = 1\n"),
    "LONG-LINE": Shown("src/a.py", "x = 1" + " " * 600 + "; y = 2\n", "x = 1\ny = 2\n"),
    "NAME": Shown("src/tools.py", "x = 1\n", "x = 1\n", bad_path="src/aux.py"),
    "GITLINK": Shown("vendor/other", "", "x\n", mode="160000", good_path="vendor/other.txt"),
    "MODE": Shown("run.sh", "echo hello\n", "echo hello there\n", base="echo hello\n", mode="100755"),
    "SYMLINK": Shown("data", "/etc/hostname", "a host's name\n", mode="120000"),
    "ENCODING": Shown("src/a.py", "name = 'caf\u00e9'\n", "name = 'caf\u00e9'\n", encoding="latin-1"),
    "ENCODING-COOKIE": Shown("src/a.py", "# coding: utf-7\nx = 1\n", "# coding: utf-8\nx = 1\n"),
    "NUL": Shown("src/a.py", "x = 1\n\0", "x = 1\n"),
    "BYTECODE": Shown("src/a.py", "x = 1\n", "x = 1\n", bad_path="src/a.pyc"),
    "NATIVE-CODE": Shown("src/fast.c", "\x7fELF\x02\x01", "int fast(void);\n", bad_path="src/fast.so"),
    "EXAMPLE-CODE": Shown(
        "guide.md",
        "Setup\n\n```python\nimport os\nos.system(input())\n```\n",
        "Setup\n\n```python\nimport os\nos.getcwd()\n```\n",
    ),
    "ENTRY-POINTS": Shown(
        "shop.egg-info/entry_points.txt",
        "[pytest11]\nshop = shop.plugin\n",
        "[pytest11]\nshop = shop.plugin\n",
        good_path="docs/entry_points.txt",
    ),
    "PTH": Shown("shop.pth", "import shop.start\n", "import shop.start\n", good_path="run.py"),
    "BINARY": Shown("logo.bmp", "BM\0\0\0\x01", "a logo in words\n"),
    "POINTER": Shown(
        "model.bin", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 4\n", "a model in words\n"
    ),
    "LARGE": Shown("rows.csv", "1,2,3\n", "1,2,3\n", times=300_000),
    "MORE": Shown("src/a.py", "eval(input())\n", _INT, times=300),
    "SHADOWS": Shown("secrets.py", "x = 1\n", "x = 1\n", good_path="shop_secrets.py"),
    "LOSES-CHECK": Shown(
        "views.py",
        "@app.get('/orders')\ndef orders():\n    return []\n",
        "@app.get('/orders')\n@login_required\ndef orders():\n    return [1]\n",
        "@app.get('/orders')\n@login_required\ndef orders():\n    return []\n",
    ),
    "GAINS": Shown(
        "src/a.py", "import socket\n\ns = socket.socket()\n", "import math\n\ns = math.sqrt(2)\n", "x = 1\n"
    ),
}
