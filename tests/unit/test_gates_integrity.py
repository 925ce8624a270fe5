import pytest

from orchestrator.gates.integrity import IntegrityGate
from orchestrator.gates.worker import Worker
from orchestrator.models.gate import Accounting, Result
from orchestrator.testing.gate_suite import FileSpec, candidate_of

BASE = b"""import pytest

def test_one():
    assert f(1) == 2
    assert f(2) == 3

class TestMore:
    def test_two(self):
        with pytest.raises(ValueError):
            f(None)
"""


@pytest.fixture(scope="module")
def gate():
    with Worker() as worker:
        yield IntegrityGate(worker)


def check(gate, head, base=BASE, path="tests/test_a.py", **more):
    return gate.check(candidate_of([FileSpec(path, head, base, **more)]))


WEAKENED = {
    "deleted": (None, "TEST-DELETED"),
    "one test fewer": (BASE.replace(b"def test_two", b"def two"), "TEST-FEWER"),
    "one check fewer": (BASE.replace(b"    assert f(2) == 3\n", b""), "TEST-EMPTIER"),
    "check that cannot fail": (BASE.replace(b"f(2) == 3", b"True"), "TEST-EMPTIER"),
    "skip mark": (BASE.replace(b"def test_one", b"@pytest.mark.skip\ndef test_one"), "TEST-SKIPPED"),
    "expected failure": (
        BASE.replace(b"def test_one", b"@pytest.mark.xfail(reason='x')\ndef test_one"),
        "TEST-SKIPPED",
    ),
    "skip call": (BASE.replace(b"    assert f(1)", b"    pytest.skip()\n    assert f(1)"), "TEST-SKIPPED"),
    "imported skip": (b"from unittest import skip\n" + BASE.replace(b"class", b"@skip('x')\nclass"), "TEST-SKIPPED"),
    "hidden from collection": (BASE + b"collect_ignore = ['x.py']\n", "TEST-SKIPPED"),
    "skip of the module": (BASE + b"pytestmark = pytest.mark.skip\n", "TEST-SKIPPED"),
    "replaced by an empty one": (BASE.replace(b"test_one", b"test_new").replace(b"f(1) == 2", b"True"), "TEST-FEWER"),
    "emptied": (b"", "TEST-FEWER"),
    "unreadable": (b"def test_one(:\n", "TEST-UNREADABLE"),
}

HARMLESS = {
    "one test more": BASE + b"\ndef test_three():\n    assert f(3) == 4\n",
    "renamed": BASE.replace(b"test_one", b"test_first"),
    "moved": b"\n\n" + BASE,
    "stricter": BASE.replace(b"f(2) == 3", b"f(2) == 4\n    assert f(5)"),
    "a word in a text": BASE + b'"""skip this"""\n',
}


@pytest.mark.parametrize("how", WEAKENED)
def test_weakened_test_goes_to_a_person(how, gate):
    head, rule = WEAKENED[how]
    report = check(gate, head)
    assert report.result is Result.NEEDS_PERSON
    assert rule in {f.rule for f in report.findings}
    assert [a.how for a in report.accounted] == [Accounting.PERSON]


@pytest.mark.parametrize("how", HARMLESS)
def test_harmless_edit_of_a_test_passes(how, gate):
    assert check(gate, HARMLESS[how]).result is Result.PASSED


def test_test_moved_out_of_collection_goes_to_a_person(gate):
    report = check(gate, BASE, path="attic/old.py", old_path="tests/test_a.py")
    assert [f.rule for f in report.findings] == ["TEST-DELETED"]


def test_test_renamed_within_the_tests_passes(gate):
    assert check(gate, BASE, path="tests/test_b.py", old_path="tests/test_a.py").result is Result.PASSED


def test_test_that_becomes_a_link_goes_to_a_person(gate):
    assert check(gate, b"/dev/null", mode="120000").result is Result.NEEDS_PERSON


def test_deleted_test_in_another_language_goes_to_a_person(gate):
    assert check(gate, None, b"test('x')\n", path="src/a.test.ts").result is Result.NEEDS_PERSON


def test_deleted_file_below_a_confirmed_test_root_goes_to_a_person(gate):
    candidate = candidate_of([FileSpec("qa/cases/one.json", None, b"{}")], test_roots=["qa/"])
    assert gate.check(candidate).result is Result.NEEDS_PERSON


def test_ordinary_source_is_not_this_gates_business(gate):
    report = check(gate, None, path="src/a.py")
    assert report.result is Result.PASSED
    assert [a.how for a in report.accounted] == [Accounting.NOT_APPLICABLE]


def test_skip_in_a_new_test_file_goes_to_a_person(gate):
    assert check(gate, WEAKENED["skip mark"][0], None).result is Result.NEEDS_PERSON
