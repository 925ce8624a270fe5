"""What stood in a definition is old under its new name, and nothing else becomes old by it."""

import pytest

from orchestrator.gates.flow_gate import FlowGate
from orchestrator.gates.scanners.bandit import BanditGate
from orchestrator.gates.scanners.ruff import RuffGate
from orchestrator.gates.scanners.worker import Worker
from orchestrator.models.found import Disposition
from orchestrator.testing.gate_suite import FileSpec, candidate_of

TOP = "import os\nimport pickle\n\n\n"
RUNS = "    def run(self, command):\n        os.system(command)\n"
WORKS = f"{TOP}class Old(Base):\n{RUNS}"


@pytest.fixture(scope="module")
def worker():
    with Worker() as shared:
        yield shared


@pytest.fixture
def new(worker):
    def found(base, head, path="src/a.py", old_path=None):
        file = FileSpec(path, head.encode(), base.encode(), old_path=old_path)
        gates = (BanditGate(worker), RuffGate(worker), FlowGate(worker))
        reports = [gate.check(candidate_of([file])) for gate in gates]
        return sorted(f.rule for r in reports for f in r.findings if f.disposition is Disposition.AGENT)

    return found


ALL = ["B605", "HR201", "S605"]


def test_a_class_under_another_name_has_nothing_new(new):
    assert new(WORKS, WORKS.replace("Old", "New")) == []


@pytest.mark.parametrize(
    ("what", "head"),
    [
        ("one more in it", WORKS.replace("Old", "New") + "        os.system(command)\n"),
        ("one more of it", WORKS.replace("Old", "New") + f"\n\nclass More(Base):\n{RUNS}"),
        ("one more in another class", WORKS.replace("Old", "New") + f"\n\nclass More(Other):\n{RUNS}"),
        ("another base", WORKS.replace("Old(Base)", "New(Other)")),
        ("no base", WORKS.replace("Old(Base)", "New")),
        ("a decorator", WORKS.replace("class Old", "@public\nclass New")),
        ("another method", WORKS.replace("Old", "New").replace("def run", "def do_GET")),
        ("another signature", WORKS.replace("Old", "New").replace("self, command", "self, command, *more")),
        ("a check less", WORKS.replace("Old", "New").replace("os.system(command)", "os.system(command) ")),
        ("the old one is still there", f"{WORKS}\n\nclass New(Base):\n{RUNS}"),
        ("behind no condition any more", WORKS.replace("class Old(Base):", "class New(Base):")),
    ],
)
def test_whatever_else_changes_with_the_name_is_new(what, head, new):
    base = WORKS
    if what == "a check less":
        base = WORKS.replace("        os.system", "        check()\n        os.system")
    if what == "behind no condition any more":
        inside = "".join(f"    {line}\n" for line in WORKS.removeprefix(TOP).splitlines())
        base = f"{TOP}if TRUSTED:\n{inside}"
    assert set(new(base, head)) == set(ALL)


def test_a_guard_that_the_old_place_had_is_not_lost_by_a_name(new):
    guarded = f"{TOP}@login_required\ndef old(command):\n    os.system(command)\n"
    assert set(new(guarded, f"{TOP}def new(command):\n    os.system(command)\n")) == set(ALL)
    assert set(new(guarded, f"{TOP}@login_required\ndef new(command):\n    os.system(command)\n")) == set(ALL)


def test_two_that_change_places_are_two_that_changed(new):
    base = f"{TOP}def one(command):\n    check()\n    os.system(command)\n\n\ndef two(command):\n    return None\n"
    head = f"{TOP}def one(command):\n    check()\n\n\ndef two(command):\n    os.system(command)\n    return None\n"
    assert set(new(base, head)) == set(ALL)


def test_a_function_within_a_function_stays_behind_what_is_before_it(new):
    inner = "    def inner(command):\n        os.system(command)\n\n    return inner\n"
    base = f"{TOP}def old():\n    check()\n\n{inner}"
    assert set(new(base, f"{TOP}def other():\n{inner}")) == set(ALL)
    assert new(base, f"{TOP}def other():\n    check()\n\n{inner}") == []


TESTS = "import pickle\n\n\nclass OldTest(Base):\n    def test_a(self):\n        assert pickle.loads(self.data)\n"


def test_a_class_of_tests_may_get_other_bases_too(new):
    path = "tests/test_a.py"
    assert new(TESTS, TESTS.replace("OldTest(Base)", "TestNew"), path) == []
    assert new(TESTS, TESTS.replace("OldTest(Base)", "TestNew").replace("test_a(", "test_b("), path) == []
    more = TESTS.replace("OldTest(Base)", "TestNew") + "        assert pickle.loads(self.more)\n"
    assert "B301" in new(TESTS, more, path)
    twice = TESTS.replace("OldTest(Base)", "TestNew") + TESTS.removeprefix("import pickle\n").replace("Old", "Other")
    assert "B301" in new(TESTS, twice, path)


def test_what_leaves_the_tests_is_new_under_any_name(new):
    assert "B301" in new(TESTS, TESTS.replace("OldTest", "Loader"), "src/loader.py", "tests/test_a.py")
    assert "B301" in new(TESTS, TESTS, "src/loader.py", "tests/test_a.py")


def test_names_that_stand_there_twice_are_not_followed(new):
    twice = f"{WORKS}\n\nclass Old(Base):\n{RUNS}"
    assert set(new(twice, twice.replace("Old", "New"))) == set(ALL)


CLASS = "".join(f"\n    def test_{name}(self):\n        assert pickle.loads(self.{name})\n" for name in "abc")
LISTED = f"import pickle\n\n\nclass OldTest(Base):\n    kind = 1\n{CLASS}"


def test_a_class_that_holds_most_of_the_tests_of_one_that_is_gone_is_that_one(new):
    path = "tests/test_a.py"
    other = LISTED.replace("OldTest(Base)", "TestNew").replace("assert pickle", "x = 1\n        assert pickle")
    assert new(LISTED, other, path) == []
    assert "B301" in new(LISTED, other, "src/a.py")
    assert "B301" in new(LISTED, other + CLASS.replace("test_a", "test_d"), path)
    assert "B301" in new(LISTED, other.replace("test_a", "test_x").replace("test_b", "test_y"), path)
    assert "B301" in new(LISTED, f"{LISTED}\n\n{other.removeprefix('import pickle')}", path)
