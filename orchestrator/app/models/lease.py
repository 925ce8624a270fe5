"""A model for one purpose of this side of the sandbox: through the broker like an agent's, with a budget of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.app.models.brokering import make_broker, make_budgets
from orchestrator.app.models.connections import Chosen
from orchestrator.app.project import Project
from orchestrator.models.capabilities import DataClass
from orchestrator.models.ids import Digest, RunId
from orchestrator.ports import BrokerGrant, ModelClient

if TYPE_CHECKING:
    from orchestrator.models.plan import Plan
    from orchestrator.models.traffic import Exchange


@dataclass(frozen=True, slots=True)
class Purpose:
    """``name`` is what the budget is booked under, ``subject`` what is asked about, ``tokens`` the most it may take.

    ``record`` gets the bytes of a cassette; ``replay`` is one, and then nothing leaves the machine.
    """

    name: str
    subject: str
    data: DataClass
    tokens: int
    record: Callable[[bytes], object] | None = None
    replay: bytes | None = None


def data_of(plan: Plan) -> DataClass:
    """Restricted as soon as one step is."""
    restricted = any(step.capabilities.data is DataClass.RESTRICTED for step in plan.steps)
    return DataClass.RESTRICTED if restricted else DataClass.OPEN


@contextmanager
def leased(project: Project, chosen: Chosen, purpose: Purpose) -> Iterator[ModelClient]:
    """The client of a model. Raises ``SandboxUnavailable`` when the broker cannot start."""
    from orchestrator.broker.client import LeasedModel

    now = project.clock.now()
    run = RunId(f"{now:%Y%m%d}-{purpose.name}")
    grant = BrokerGrant(
        key=f"{purpose.name}:{purpose.subject}:{now.isoformat()}",
        run=run,
        endpoints=(chosen.endpoint,),
        models=(chosen.name,),
        data=purpose.data,
        tokens=purpose.tokens,
        record=purpose.record is not None,
        replay=purpose.replay,
    )
    kept: Digest | None = None
    with make_broker(project.blobs.put).open(grant, make_budgets(project.index, run, 1 << 62), _unheard) as lease:
        yield LeasedModel(lease, chosen.name, chosen.endpoint.protocol)
        kept = lease.close().cassette
    if purpose.record is not None and kept is not None:
        purpose.record(project.blobs.get(kept))


def _unheard(_exchange: Exchange) -> None:
    """What the broker counted is settled in the budget; there is no run whose event it could be."""
