"""Data that waits somewhere between the function that takes it in and the one that uses it."""

import pytest

from orchestrator.gates.flow.analysis import analyse

HEAD = "from flask import g, request\n\n\n"
USED = 'def go():\n    return open("/srv/" + {})\n\n\n'
KEPT = {
    # name: (module, the same with what nobody sent)
    "attribute of an object of the module": (
        "import types\nstate = types.SimpleNamespace(name='a')\n\n\n"
        + USED.format("state.name")
        + "def read():\n    state.name = {}\n"
    ),
    "attribute of the request's own object": USED.format("g.name") + "def read():\n    g.name = {}\n",
    "attribute of a thread's own object": (
        "import threading\nlocal = threading.local()\n\n\n"
        + USED.format("local.name")
        + "def read():\n    local.name = {}\n"
    ),
    "context variable": (
        "from contextvars import ContextVar\nheld = ContextVar('held', default='a')\n\n\n"
        + USED.format("held.get()")
        + "def read():\n    held.set({})\n"
    ),
    "list of the module": "names = []\n\n\n" + USED.format("names[0]") + "def read():\n    names.append({})\n",
    "dictionary of the module": "state = {{}}\n\n\n"
    + USED.replace("{}", "state['a']")
    + "def read():\n    state['a'] = {}\n",
    "property": "class Job:\n    @property\n    def name(self):\n        return {}\n\n\n"
    + USED.replace("{}", "Job().name"),
    "method of the class above": (
        "class One:\n    def name(self):\n        return {}\n\n\n"
        "class Other(One):\n    def name(self):\n        return super().name() + '/'\n\n\n"
        + USED.replace("{}", "Other().name()")
    ),
    "functions that call each other": (
        "class Job:\n    def one(self, n):\n        return self.other(n) if n else self.line\n\n"
        "    def other(self, n):\n        return self.one(n)\n\n"
        "    def go(self):\n        self.one(1)\n        return open('/srv/' + self.other(1))\n\n"
        "    def read(self):\n        self.line = {}\n"
    ),
}


def rules(text):
    return {issue["rule"] for issue in analyse((HEAD + text).encode())["issues"]}


@pytest.mark.parametrize("how", KEPT)
def test_what_waits_is_still_from_outside(how):
    assert rules(KEPT[how].format('request.args["name"]')) == {"HR401"}


@pytest.mark.parametrize("how", KEPT)
def test_what_nobody_sent_is_harmless_where_it_waits(how):
    assert rules(KEPT[how].format('"index.txt"')) == set()


OTHERS = {
    "another key": "state = {'a': 'b'}\n\n\n"
    + USED.format("state['a']")
    + "def read():\n    state['c'] = request.args['c']\n",
    "another attribute": USED.format("str(g.size)") + "def read():\n    g.name = request.args['c']\n    g.size = 3\n",
    "a name of the function's own": "names = ['a']\n\n\n"
    + USED.format("names[0]")
    + "def read():\n    names = []\n    names.append(request.args['c'])\n    return names\n",
    "a number": "names = []\n\n\n"
    + USED.format("str(names[0])")
    + "def read():\n    names.append(int(request.args['c']))\n",
}


@pytest.mark.parametrize("how", OTHERS)
def test_what_waits_elsewhere_is_another(how):
    assert rules(OTHERS[how]) == set()


HELPER = "import os\n\n\ndef _run(host):\n    os.system('ping ' + host)\n\n\ndef warm():\n    _run('localhost')\n"


def test_a_line_that_stays_says_where_its_data_come_from_now():
    before, after = (
        {i["what"] for i in analyse((HEAD + HELPER + more).encode())["issues"] if i["rule"] == "HR201"}
        for more in ("", "\n\ndef ping():\n    _run(request.args['host'])\n")
    )
    assert before != after
    assert any("data from web" in what for what in after)
