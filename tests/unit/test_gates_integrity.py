import pytest

from orchestrator.gates.scanners.worker import Worker
from orchestrator.gates.test_integrity.integrity import IntegrityGate
from orchestrator.models.found import Accounting, Result
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
    "shadowed by a later one": (BASE + b"\ndef test_one():\n    pass\n", "TEST-EMPTIER"),
    "bound to something else": (BASE + b"\ntest_one = None\n", "TEST-FEWER"),
    "taken away": (BASE + b"\ndel test_one\n", "TEST-FEWER"),
    "class that is not collected": (BASE.replace(b"TestMore", b"MoreTests"), "TEST-FEWER"),
    "class with a constructor": (
        BASE.replace(b"class TestMore:", b"class TestMore:\n    def __init__(self): ..."),
        "TEST-FEWER",
    ),
    "nested in a function": (b"def outer():\n    " + BASE.replace(b"\n", b"\n    "), "TEST-FEWER"),
    "never defined": (b"if False:\n    " + BASE.replace(b"\n", b"\n    "), "TEST-FEWER"),
    "left before its checks": (BASE.replace(b"    assert f(1)", b"    return\n    assert f(1)"), "TEST-EMPTIER"),
    "failure dropped": (
        BASE.replace(
            b"    assert f(2) == 3", b"    try:\n        assert f(2) == 3\n    except AssertionError:\n        pass"
        ),
        "TEST-EMPTIER",
    ),
    "failure suppressed": (
        BASE.replace(b"    assert f(2)", b"    with contextlib.suppress(Exception):\n        assert f(2)"),
        "TEST-EMPTIER",
    ),
    "or true": (BASE.replace(b"f(2) == 3", b"f(2) == 3 or True"), "TEST-EMPTIER"),
    "a tuple is true": (BASE.replace(b"f(2) == 3", b"(f(2) == 3, 'text')"), "TEST-EMPTIER"),
    "compared with itself": (BASE.replace(b"f(2) == 3", b"f(2) == f(2)"), "TEST-EMPTIER"),
    "any exception will do": (BASE.replace(b"ValueError", b"Exception"), "TEST-EMPTIER"),
    "end of the session": (BASE.replace(b"    assert f(1)", b"    os._exit(0)\n    assert f(1)"), "TEST-SKIPPED"),
    "exit by pytest": (BASE + b"pytest.exit('done', returncode=0)\n", "TEST-SKIPPED"),
    "hook": (BASE + b"def pytest_collection_modifyitems(items):\n    items.clear()\n", "TEST-HOOK"),
    "protocol of unittest": (BASE + b"def load_tests(*_):\n    return None\n", "TEST-HOOK"),
    "wrapped": (BASE.replace(b"def test_one", b"@quiet\ndef test_one"), "TEST-WRAPPED"),
    "wrapped by a lambda": (BASE.replace(b"def test_one", b"@(lambda f: None)\ndef test_one"), "TEST-WRAPPED"),
    "unreadable": (b"def test_one(:\n", "TEST-UNREADABLE"),
}

HARMLESS = {
    "one test more": BASE + b"\ndef test_three():\n    assert f(3) == 4\n",
    "renamed": BASE.replace(b"test_one", b"test_first"),
    "moved": b"\n\n" + BASE,
    "stricter": BASE.replace(b"f(2) == 3", b"f(2) == 4\n    assert f(5)"),
    "marked": BASE.replace(b"def test_one", b"@pytest.mark.slow\ndef test_one"),
    "patched": BASE.replace(b"def test_one", b"@mock.patch('a.b')\ndef test_one"),
    "caught and raised again": BASE.replace(
        b"    assert f(2) == 3", b"    try:\n        assert f(2) == 3\n    except AssertionError:\n        raise"
    ),
    "data that is named like a test": BASE + b"testdata = [1]\n",
    "helper": BASE + b"\ndef helper():\n    def test():\n        return 1\n    return test\n",
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


SKIPPED = b"""import pytest

class TestOld:
    @pytest.mark.skip
    def test_slow(self):
        assert f(1) == 2

    def test_quick(self):
        assert f(2) == 3
"""


def skipped(gate, head):
    report = check(gate, head, SKIPPED)
    return [f.message.split()[0] for f in report.findings if f.rule == "TEST-SKIPPED" and f.disposition == "person"]


def test_a_skipped_test_whose_class_is_renamed_is_no_new_skip(gate):
    assert skipped(gate, SKIPPED.replace(b"TestOld", b"TestNew")) == []


def test_a_renamed_class_hides_no_further_skip(gate):
    both = SKIPPED.replace(b"    def test_quick", b"    @pytest.mark.skip\n    def test_quick")
    assert skipped(gate, both.replace(b"TestOld", b"TestNew")) == ["TestNew.test_quick"]
    assert skipped(gate, both) == ["TestOld.test_quick"]


CASES = b"""import pytest
@pytest.mark.timeout(5)
@pytest.mark.parametrize('x', [1, 2, 3])
def test_one(x):
    assert f(x)
"""


@pytest.mark.parametrize(
    ("old", "new", "rule"),
    [
        (b"[1, 2, 3]", b"[1]", "TEST-FEWER"),
        (b"[1, 2, 3]", b"[]", "TEST-FEWER"),
        (b"@pytest.mark.timeout(5)\n", b"", "TEST-LIMIT"),
        (b"(5)", b"(0)", "TEST-LIMIT"),
        (b"(5)", b"(600)", "TEST-LIMIT"),
    ],
)
def test_fewer_cases_and_longer_limits_go_to_a_person(old, new, rule, gate):
    assert [f.rule for f in check(gate, CASES.replace(old, new), CASES).findings] == [rule]


@pytest.mark.parametrize(("old", "new"), [(b"[1, 2, 3]", b"[1, 2, 3, 4]"), (b"[1, 2, 3]", b"MANY"), (b"(5)", b"(4)")])
def test_more_cases_and_shorter_limits_pass(old, new, gate):
    base = CASES if new != b"MANY" else CASES.replace(b"[1, 2, 3]", b"FEW")
    assert check(gate, base.replace(old, new), base).result is Result.PASSED


SETTINGS = {
    "pytest.ini": (b"[pytest]\naddopts = -q\n", b"[pytest]\naddopts = -q -k 'not slow'\n", "pytest.addopts was -q"),
    "tox.ini": (b"[pytest]\n", b"[pytest]\naddopts = -p no:cacheprovider\n", "pytest.addopts was not set"),
    "setup.cfg": (b"", b"[tool:pytest]\npython_files = none_*.py\n", "tool:pytest.python_files was not set"),
    "pyproject.toml": (
        b"[tool.pytest.ini_options]\ntimeout = 5\n",
        b"[tool.pytest.ini_options]\ntimeout = 0\n",
        "pytest.timeout was 5 and is 0",
    ),
    ".coveragerc": (b"[report]\nfail_under = 90\n", b"[report]\nfail_under = 10\n", "report.fail_under was 90"),
    "package.json": (b'{"scripts": {"test": "jest"}}', b'{"scripts": {"test": "true"}}', "scripts.test was jest"),
}
DESCRIBING = {
    "pytest.ini": (b"[pytest]\nmarkers = a\n", b"[pytest]\nmarkers =\n    a\n    b\nlog_cli = true\n"),
    "pyproject.toml": (b"[project]\nversion = '1'\n", b"[project]\nversion = '2'\n"),
    "package.json": (b'{"version": "1"}', b'{"version": "2", "scripts": {"build": "x"}}'),
}


@pytest.mark.parametrize("path", SETTINGS)
def test_a_setting_that_decides_which_tests_count_goes_to_a_person(path, gate):
    base, head, said = SETTINGS[path]
    report = check(gate, head, base, path=path)
    assert [(f.rule, f.disposition) for f in report.findings] == [("TEST-SETTINGS", "person")]
    assert report.findings[0].message.startswith(said)


@pytest.mark.parametrize("path", DESCRIBING)
def test_a_setting_that_only_describes_passes(path, gate):
    base, head = DESCRIBING[path]
    assert check(gate, head, base, path=path).result is Result.PASSED


@pytest.mark.parametrize("bad", [b"[pytest", b"addopts\n", b"\xff\xfe"])
def test_settings_that_cannot_be_read_go_to_a_person(bad, gate):
    assert [f.rule for f in check(gate, bad, b"[pytest]\n", path="pytest.ini").findings] == ["TEST-UNREADABLE"]


def test_settings_that_are_deleted_go_to_a_person(gate):
    report = check(gate, None, b"[pytest]\naddopts = --strict-markers\n", path="pytest.ini")
    assert [f.rule for f in report.findings] == ["TEST-SETTINGS"]


IMPORTED = b"from app import f\n\n\ndef test_one():\n    assert f(1) == 2\n"


@pytest.mark.parametrize(
    "own", [b"def f(n):\n    return 2\n", b"f = lambda n: 2\n", b"from app import f\n\n\ndef f(n):\n    return 2\n"]
)
def test_what_was_imported_and_is_now_defined_is_no_longer_tested(gate, own):
    head = own + IMPORTED.removeprefix(b"from app import f\n")
    assert [f.rule for f in check(gate, head, IMPORTED).findings] == ["TEST-REPLACED"]


@pytest.mark.parametrize("own", [b"from app.core import f\n", b"from app import f\n\n\ndef helper(n):\n    return n\n"])
def test_another_import_or_a_helper_beside_it_replaces_nothing(gate, own):
    head = own + IMPORTED.removeprefix(b"from app import f\n")
    assert check(gate, head, IMPORTED).findings == ()


@pytest.mark.parametrize(
    "body",
    [
        b"    def inner():\n        assert f(1) == 2\n        assert f(2) == 3\n\n    inner()\n",
        b"    @app.route('/')\n    def inner():\n        assert f(1) == 2\n        assert f(2) == 3\n",
        b"    for n in (1, 2):\n        assert f(n) == n + 1\n    for n in range(count):\n        assert f(n) == 3\n",
        b"    if __debug__:\n        assert f(1) == 2\n    assert f(2) == 3\n",
        b"    made = (n for n in [])\n    assert f(1) == 2\n    assert f(2) == 3\n",
        b"    def made():\n        yield 1\n\n    assert f(made()) == 2\n    assert f(2) == 3\n",
    ],
)
def test_a_check_that_runs_counts_wherever_it_stands(body, gate):
    old = b"    assert f(1) == 2\n    assert f(2) == 3\n"
    assert check(gate, BASE.replace(old, body)).findings == ()


def test_a_coroutine_that_waits_is_a_test(gate):
    head = BASE.replace(b"def test_one", b"async def test_one").replace(b"f(1) == 2", b"await f(1) == 2")
    assert check(gate, head).findings == ()
