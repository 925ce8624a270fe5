"""Of a module that is looked at again, only what rests on something that changed meanwhile: with the same outcome."""

from pathlib import Path

import pytest

from orchestrator.gates.changes.parsing import parsed
from orchestrator.gates.flow.families import FAMILIES
from orchestrator.gates.flow.heeding import Heeding
from orchestrator.gates.flow.module import Module

PACKAGE = Path(__file__).parents[2] / "orchestrator"
HEEDING = Heeding(FAMILIES)

LATE_ATTRIBUTE = """
import os, sys

class Job:
    def run(self):
        os.system(self.line)

    def read(self):
        self.line = sys.argv[1]
"""
THROUGH_ANOTHER = """
import os, sys

class Job:
    def go(self):
        self.run()

    def run(self):
        shell(self.line)

    def read(self):
        self.line = sys.argv[1]

def shell(line):
    os.system(line)
"""
LATE_IMPORT = """
import sys

class Job:
    def run(self):
        subprocess.run(self.line, shell=True)

    def read(self):
        import subprocess
        self.line = sys.argv[1]
"""
NESTED = """
import os, sys

class Job:
    def outer(self):
        line = self.line
        def inner():
            os.system(line)
        self.call = inner

    def other(self):
        self.call()

    def read(self):
        self.line = sys.argv[1]
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
import os, sys
LINE = ""

def run():
    os.system(LINE)

def read():
    global LINE
    LINE = sys.argv[1]
"""
LATE_FUNCTION = """
import os, sys

class Job:
    def run(self):
        os.system(made(self.line))

    def read(self):
        self.line = "ls"

def made(line):
    return sys.argv[1] + line
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
    [(LATE_ATTRIBUTE, 6), (THROUGH_ANOTHER, 15), (NESTED, 8), (GLOBAL, 6), (LATE_FUNCTION, 6)],
)
def test_what_comes_late_is_found(source, line):
    found, *_ = outcome(Module, source.encode())
    assert line in {key[1] for key, *_ in found}


@pytest.mark.parametrize(
    "source", [LATE_ATTRIBUTE, THROUGH_ANOTHER, LATE_IMPORT, NESTED, LATE_SWITCH, GLOBAL, LATE_FUNCTION]
)
def test_a_second_look_at_some_finds_what_one_at_all_finds(source):
    assert outcome(Module, source.encode()) == outcome(Whole, source.encode())


@pytest.mark.parametrize("room", ["gates/scanners", "engine", "cli", "vcs", "specs", "app/runs"])
def test_so_it_is_with_modules_of_our_own(room):
    for path in sorted((PACKAGE / room).rglob("*.py")):
        data = path.read_bytes()
        assert outcome(Module, data) == outcome(Whole, data), path


def test_only_who_was_told_something_else_is_looked_at_twice():
    calm = "\n".join(f"    def calm{n}(self):\n        return self.line{n}\n" for n in range(30))
    module = Counting(FAMILIES, HEEDING)
    module.run(parsed((LATE_ATTRIBUTE + calm).encode()))
    assert len(module.looked) == 32 + 1
    assert module.looked[-1] == "Job.run"
