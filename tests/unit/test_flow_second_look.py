"""Of a module that is looked at again, only what rests on something that changed meanwhile: with the same outcome."""

from pathlib import Path

import _pytest.config
import _pytest.debugging
import _pytest.python
import pytest
import typing_extensions

from orchestrator.gates.changes.parsing import parsed
from orchestrator.gates.flow.families import FAMILIES
from orchestrator.gates.flow.grounds import Grounds
from orchestrator.gates.flow.heeding import Heeding
from orchestrator.gates.flow.module import Module
from orchestrator.gates.flow.values import ANYTHING

PACKAGE = Path(__file__).parents[2] / "orchestrator"
HEEDING = Heeding(FAMILIES)

LATE_ATTRIBUTE = """
from flask import request
from requests import get as fetch

class Job:
    def run(self):
        fetch(self.line)

    def read(self):
        self.line = request.args['url']
"""
THROUGH_ANOTHER = """
from flask import request
from requests import get as fetch

class Job:
    def go(self):
        self.run()

    def run(self):
        shell(self.line)

    def read(self):
        self.line = request.args['url']

def shell(line):
    fetch(line)
"""
LATE_IMPORT = """
from flask import request

class Job:
    def run(self):
        subprocess.run(self.line, shell=True)

    def read(self):
        import subprocess
        self.line = request.args['url']
"""
NESTED = """
from flask import request
from requests import get as fetch

class Job:
    def outer(self):
        line = self.line
        def inner():
            fetch(line)
        self.call = inner

    def other(self):
        self.call()

    def read(self):
        self.line = request.args['url']
"""
THROUGH_A_RESULT = """
from flask import request
from requests import get as fetch

class Job:
    def go(self):
        fetch(self.get())

    def get(self):
        return self.line

    def read(self):
        self.line = request.args['url']
"""
THROUGH_A_CLOSURE = """
from flask import request
from requests import get as fetch

class Job:
    def outer(self):
        line = self.line
        def inner():
            return line
        self.call = inner

    def other(self):
        fetch(self.call())

    def read(self):
        self.line = request.args['url']
"""
THROUGH_THE_MODULE = """
from flask import request
from requests import get as fetch

class Job:
    def read(self):
        self.line = request.args['url']

JOB = Job()
LINE = JOB.line

def run():
    fetch(LINE)
"""
THROUGH_A_DEFAULT = """
from flask import request
from requests import get as fetch

class Job:
    def read(self):
        self.line = request.args['url']

JOB = Job()

def go():
    run()

def run(line=JOB.line):
    fetch(line)
"""
LATE_SWITCH = """
import requests

class Client(requests.Session):
    def other(self):
        return self.base

    def off(self):
        self.verify = False
        self.base = "x"
"""
GLOBAL = """
from flask import request
from requests import get as fetch
LINE = ""

def run():
    fetch(LINE)

def read():
    global LINE
    LINE = request.args['url']
"""
LATE_FUNCTION = """
from flask import request
from requests import get as fetch

class Job:
    def run(self):
        fetch(made(self.line))

    def read(self):
        self.line = "ls"

def made(line):
    return request.args['url'] + line
"""


class Whole(Module):
    """Looks at every function again."""

    def _holds(self, _):
        return False


class Counting(Module):
    def __init__(self, *args):
        super().__init__(*args)
        self.looked: list[str] = []

    def _look_at(self, name):
        self.looked.append(name)
        super()._look_at(name)


def outcome(kind, source, *, vouch=True):
    module = kind(FAMILIES, HEEDING)
    module.run(parsed(source), vouch=vouch)
    found = sorted((key, rule.code, what) for key, (rule, _, what) in module.findings.items())
    return found, sorted(map(str, module.uses.values())), sorted(module.vouched().items())


@pytest.mark.parametrize(
    ("source", "line"),
    [
        *((LATE_ATTRIBUTE, 7), (THROUGH_ANOTHER, 16), (NESTED, 9), (GLOBAL, 7), (LATE_FUNCTION, 7)),
        *((THROUGH_A_RESULT, 7), (THROUGH_A_CLOSURE, 13), (THROUGH_THE_MODULE, 13), (THROUGH_A_DEFAULT, 15)),
    ],
)
def test_what_comes_late_is_found(source, line):
    found, *_ = outcome(Module, source.encode())
    assert line in {key[1] for key, *_ in found}


@pytest.mark.parametrize(
    "source",
    [
        *(LATE_ATTRIBUTE, THROUGH_ANOTHER, LATE_IMPORT, NESTED, LATE_SWITCH, GLOBAL, LATE_FUNCTION),
        *(THROUGH_A_RESULT, THROUGH_A_CLOSURE, THROUGH_THE_MODULE, THROUGH_A_DEFAULT),
    ],
)
def test_a_second_look_at_some_finds_what_one_at_all_finds(source):
    assert outcome(Module, source.encode()) == outcome(Whole, source.encode())


@pytest.mark.parametrize("room", ["gates/scanners", "engine", "cli", "vcs", "specs", "app/runs"])
def test_so_it_is_with_modules_of_our_own(room):
    for path in sorted((PACKAGE / room).rglob("*.py")):
        data = path.read_bytes()
        assert outcome(Module, data) == outcome(Whole, data), path


@pytest.mark.parametrize("module", [_pytest.config, _pytest.debugging, _pytest.python, typing_extensions])
def test_so_it_is_with_modules_of_others(module):
    data = Path(module.__file__).read_bytes()
    assert outcome(Module, data) == outcome(Whole, data)


def test_grounds_hold_as_long_as_every_answer_is_the_same():
    grounds, other = Grounds(), Grounds()
    grounds.tell("Job", "line", None)
    assert grounds.hold(lambda *_: None)
    assert not grounds.hold(lambda *_: ANYTHING)
    other.tell("Job", "line", ANYTHING)
    other.tell("Job", "line", None)
    assert not other.hold(lambda *_: ANYTHING)
    third = Grounds()
    third.add(other)
    assert not third.hold(lambda *_: ANYTHING)
    grounds.add(third)
    assert not grounds.hold(lambda *_: None)


def test_only_who_was_told_something_else_is_looked_at_twice():
    calm = "\n".join(f"    def calm{n}(self):\n        return self.line{n}\n" for n in range(30))
    module = Counting(FAMILIES, HEEDING)
    module.run(parsed((LATE_ATTRIBUTE + calm).encode()))
    assert len(module.looked) == 32 + 1
    assert module.looked[-1] == "Job.run"
