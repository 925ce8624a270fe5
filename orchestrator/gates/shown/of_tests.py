"""Examples of tests that a change weakens."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.gates.shown.example import Shown

__all__ = ["OF_TESTS"]

_PATH = "tests/test_shop.py"
_IMPORT = "from shop import total\n\n\n"
_TEST = f"{_IMPORT}def test_total():\n    assert total([1]) == 1\n    assert total([]) == 0\n"
_MORE = f"{_TEST}\n\ndef test_more():\n    assert total([1, 2]) == 3\n"


def _shown(bad: str, good: str = _MORE, base: str = _TEST) -> Shown:
    return Shown(_PATH, bad, good, base)


OF_TESTS: Mapping[str, Shown] = {
    "TEST-DELETED": Shown(_PATH, "", _MORE, _TEST, deleted=True),
    "TEST-FEWER": _shown(_TEST, base=_MORE),
    "TEST-EMPTIER": _shown(f"{_IMPORT}def test_total():\n    assert total([1]) == 1\n"),
    "TEST-WEAKER": _shown(_TEST.replace("assert total([1]) == 1", "assert total([1])")),
    "TEST-SKIPPED": _shown(
        f"import pytest\n{_IMPORT}@pytest.mark.skip\n" + _TEST.removeprefix(_IMPORT),
    ),
    "TEST-HOOK": Shown(
        "tests/conftest.py",
        "def pytest_collection_modifyitems(items):\n    items.clear()\n",
        "ITEMS = []\n",
    ),
    "TEST-WRAPPED": _shown(f"from helpers import quiet\n{_IMPORT}@quiet\n" + _TEST.removeprefix(_IMPORT)),
    "TEST-REPLACED": _shown(f"def total(rows):\n    return sum(rows)\n\n\n{_TEST.removeprefix(_IMPORT)}"),
    "TEST-LIMIT": _shown(
        f"import pytest\n{_IMPORT}@pytest.mark.timeout(600)\n" + _TEST.removeprefix(_IMPORT),
        f"import pytest\n{_IMPORT}@pytest.mark.timeout(1)\n" + _TEST.removeprefix(_IMPORT),
        f"import pytest\n{_IMPORT}@pytest.mark.timeout(5)\n" + _TEST.removeprefix(_IMPORT),
    ),
    "TEST-SETTINGS": Shown(
        "pytest.ini",
        "[pytest]\naddopts = -k 'not slow'\n",
        "[pytest]\nmarkers = slow: takes long\n",
        "[pytest]\n",
    ),
    "TEST-UNREADABLE": _shown("def test_total(:\n    pass\n"),
    "TEST-RENAMED": _shown(_TEST.replace("test_total", "test_sum")),
}
