import pytest

from orchestrator.gates.catalog import GATES
from orchestrator.gates.scanners.worker import Worker
from orchestrator.testing.gate_suite import check_gate


@pytest.fixture(scope="module")
def worker():
    with Worker() as shared:
        yield shared


@pytest.mark.slow
@pytest.mark.parametrize("name", GATES)
def test_gate_keeps_every_promise_on_hostile_candidates(name, worker):
    assert check_gate(GATES[name](worker)) == []


def test_suite_sees_a_gate_that_breaks_its_promises():
    class Lazy:
        name = "lazy"

        def check(self, candidate):
            raise ValueError(candidate)

    assert all("raised ValueError" in line for line in check_gate(Lazy()))
    assert check_gate(Lazy())
