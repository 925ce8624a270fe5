"""What counts as the same line of Python on both sides of a change."""

import pytest

from orchestrator.gates.scanners.bandit import BanditGate
from orchestrator.gates.scanners.worker import Worker
from orchestrator.testing.gate_suite import FileSpec, candidate_of

OLD = "import os\n\n\ndef run(name):\n    os.system(name)\n"


@pytest.fixture(scope="module")
def found():
    with Worker() as worker:
        gate = BanditGate(worker)

        def asked(line, base=OLD):
            head = OLD.replace("    os.system(name)", line).encode()
            return [f.rule for f in gate.check(candidate_of([FileSpec("src/a.py", head, base.encode())])).findings]

        yield asked


@pytest.mark.parametrize(
    "line",
    [
        "    os.system(name)  # noqa: S605",
        "    os.system(name)  # nosec",
        "    os.system(name)  # nosec B605, B607",
        "    os.system(name)#NOQA:S605,S607",
    ],
)
def test_a_suppression_makes_no_new_finding_of_an_old_line(line, found):
    assert found(line) == []


@pytest.mark.parametrize(
    "line",
    [
        "    os.system(name + 'x')  # noqa: S605",
        "    os.system(name)  # noqa: S605\n    os.system(name)  # nosec",
        "    os.system(name or '# noqa')",
        '    os.system("""x  # noqa; rm\n""" + name)',
        "    os.system(name)  # noqa: see the ticket",
    ],
)
def test_another_line_is_new_whatever_its_comment_says(line, found):
    assert "B605" in found(line)


def test_a_suppression_that_goes_leaves_an_old_line(found):
    assert found("    os.system(name)", OLD.replace("(name)\n", "(name)  # nosec\n", 1)) == []
