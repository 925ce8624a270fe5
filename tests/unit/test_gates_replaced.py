"""Tests that put something of their own in the place of what they test, or leave out what they say to try."""

import pytest

from orchestrator.gates.scanners.worker import Worker
from orchestrator.gates.test_integrity.integrity import IntegrityGate
from orchestrator.models.found import Disposition
from orchestrator.testing.gate_suite import FileSpec, candidate_of

BASE = "import pytest\nfrom shop import total\n\n\ndef test_total():\n    assert total([1]) == 1\n"
BODY = "    assert total([1]) == 1\n"
TOP = "import sys\nfrom unittest import mock\nimport pytest\nimport shop\nfrom shop import total\n"
GIVEN = (
    "from hypothesis import assume, given, settings\nfrom hypothesis import strategies as st\nfrom shop import total\n"
)
REPLACED = {
    "its own module": f"{TOP}\n\n@mock.patch(__name__ + '.total')\ndef test_total(fake):\n{BODY}",
    "its own module, in a text": f"{TOP}\n\n@mock.patch('tests.test_a.total')\ndef test_total(fake):\n{BODY}",
    "its own module, formatted": f"{TOP}\n\n@mock.patch(f'{{__name__}}.total')\ndef test_total(fake):\n{BODY}",
    "its own module, in the table of modules": (
        f"{TOP}\n\ndef test_total(monkeypatch):\n"
        f"    monkeypatch.setattr(sys.modules[__name__], 'total', lambda x: 1)\n{BODY}"
    ),
    "its own names": f"{TOP}\n\ndef test_total():\n    globals()['total'] = lambda x: 1\n{BODY}",
    "its own names, patched": (
        f"{TOP}\n\ndef test_total():\n    with mock.patch.dict(globals(), total=lambda x: 1):\n    {BODY}"
    ),
    "a name of its own": f"{TOP}\n\ndef test_total():\n    total = lambda x: 1\n{BODY}",
    "its code": f"{TOP}\n\ndef test_total():\n    total.__code__ = (lambda x: 1).__code__\n{BODY}",
    "once for all": f"{TOP}\nshop.total = lambda x: 1\n\n\ndef test_total():\n    assert shop.total([1]) == 1\n",
    "in a fixture": (
        f"{TOP}\n\n@pytest.fixture(autouse=True)\ndef fake(monkeypatch):\n"
        "    monkeypatch.setattr(shop, 'total', lambda x: 1)\n\n\n"
        "def test_total():\n    assert shop.total([1]) == 1\n"
    ),
}
NOT_REPLACED = {
    "what it needs": f"{TOP}\n\n@mock.patch('shop.clock')\ndef test_total(fake):\n{BODY}",
    "another function of the same name": f"{TOP}\n\n@mock.patch('ledger.total')\ndef test_total(fake):\n{BODY}",
    "a name of its own beside it": f"{TOP}\n\ndef test_total():\n    expected = lambda x: 1\n{BODY}",
    "a setting": f"{TOP}\nshop.RATE = 2\n\n\ndef test_total():\n{BODY}",
}


def found(base, head):
    with Worker() as worker:
        report = IntegrityGate(worker).check(candidate_of([FileSpec("tests/test_a.py", head.encode(), base.encode())]))
    return {f.rule for f in report.findings if f.disposition is not Disposition.NOTE}


@pytest.mark.parametrize("how", REPLACED)
def test_a_test_that_replaces_what_it_calls_is_a_persons(how):
    assert found(BASE, REPLACED[how]) == {"TEST-WEAKER"}


@pytest.mark.parametrize("how", NOT_REPLACED)
def test_a_test_that_replaces_something_else_is_not(how):
    assert found(BASE, NOT_REPLACED[how]) == set()


def drawn(decorators="@given(st.integers())\n", body="", imports=GIVEN):
    return f"{imports}\n\n{decorators}def test_total(n):\n{body}    assert total([n]) == n\n"


@pytest.mark.parametrize(
    ("before", "after", "weaker"),
    [
        (drawn(), drawn("@settings(max_examples=5)\n@given(st.integers())\n"), True),
        (drawn(), drawn("@settings(max_examples=500)\n@given(st.integers())\n"), False),
        (drawn("@settings(max_examples=500)\n@given(st.integers())\n"), drawn(), True),
        (drawn(), drawn("@settings(phases=())\n@given(st.integers())\n"), True),
        (drawn(), drawn("@settings(phases=[Phase.explicit, Phase.generate])\n@given(st.integers())\n"), False),
        (drawn(), drawn("@given(st.just(0))\n"), True),
        (drawn(), drawn("@given(st.sampled_from([0]))\n"), True),
        (drawn(), drawn("@given(st.sampled_from([0, 1]))\n"), False),
        (drawn(), drawn(body="    assume(False)\n"), True),
        (drawn(), drawn(body="    assume(n > 0)\n"), False),
    ],
)
def test_fewer_examples_are_a_weaker_test(before, after, weaker):
    assert found(before, after) == ({"TEST-WEAKER"} if weaker else set())


@pytest.mark.parametrize(
    ("body", "weaker"),
    [
        ("    with pytest.raises(ValueError, match='x'):\n        total(None)\n        raise ValueError('x')\n", True),
        ("    with pytest.raises(ValueError, match='x'):\n        total(None)\n", False),
    ],
)
def test_an_expected_error_that_the_test_raises_itself(body, weaker):
    base = (
        "import pytest\nfrom shop import total\n\n\ndef test_total():\n    with pytest.raises(ValueError, match='x'):\n"
    )
    head = f"import pytest\nfrom shop import total\n\n\ndef test_total():\n{body}"
    assert found(base + "        total(None)\n", head) == ({"TEST-WEAKER"} if weaker else set())


@pytest.mark.parametrize(
    ("body", "weaker"),
    [
        ("    SAVED.write_text(page())\n    assert page() == SAVED.read_text()\n", True),
        ("    SAVED.write_text('x')\n    assert page() == SAVED.read_text()\n", False),
        ("    SAVED.write_text(str(page))\n    assert page() == SAVED.read_text()\n", False),
    ],
)
def test_an_expectation_that_the_test_writes_itself(body, weaker):
    top = "from pathlib import Path\nfrom shop import page\n\nSAVED = Path('page.html')\n\n\ndef test_page():\n"
    base = f"{top}    assert page() == SAVED.read_text()\n"
    assert found(base, top + body) == ({"TEST-WEAKER"} if weaker else set())
