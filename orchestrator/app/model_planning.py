"""A plan refined by a model: asked through a lease like any agent, repaired a few times, else the deterministic one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orchestrator.app.brokering import make_broker, make_budgets
from orchestrator.app.connections import Chosen, load_connections, model_for
from orchestrator.app.project import Project
from orchestrator.errors import AgentFailed
from orchestrator.models.base import Digest, RunId
from orchestrator.models.capabilities import Capabilities, DataClass
from orchestrator.models.plan import Plan
from orchestrator.models.spec import Spec
from orchestrator.ports import BrokerGrant, ModelClient, Question

if TYPE_CHECKING:
    from orchestrator.models.traffic import Exchange

ANSWERS = 3
TOKENS = 300_000


@dataclass(frozen=True, slots=True)
class PlannerChoice:
    """``model`` '' is the one of the role *planner*. ``say`` is told when the deterministic plan stands after all.

    ``record`` gets the bytes of a cassette; ``replay`` is one, and then nothing leaves the machine.
    """

    say: Callable[[str], None]
    model: str = ""
    replay: bytes | None = None
    record: Callable[[bytes], object] | None = None


def plan_with_model(  # noqa: PLR0917  a plan and all that it is checked against
    project: Project,
    made: Plan,
    spec: Spec,
    ceilings: Sequence[Capabilities],
    paths: Sequence[str],
    choice: PlannerChoice,
) -> Plan:
    """The plan that a model made of ``made``, or ``made`` itself, which is then said.

    Raises ``UsageError`` when no model is named for the role (MDL012) or none has that name (MDL013), ``LimitReached``
    (MDL021) past the budget, ``SandboxUnavailable`` when the broker cannot start.
    """
    chosen = model_for(load_connections(), "planner", choice.model)
    restricted = any(step.capabilities.data is DataClass.RESTRICTED for step in made.steps)
    data = DataClass.RESTRICTED if restricted else DataClass.OPEN
    with leased(project, chosen, f"plan:{made.digest()}", data, choice) as client:
        try:
            return _refined(client, made, spec, ceilings, paths=paths, say=choice.say)
        except AgentFailed as failure:
            choice.say(f"{failure.code} {failure.message} This is the deterministic plan.")
            return made


def _refined(
    client: ModelClient,
    made: Plan,
    spec: Spec,
    ceilings: Sequence[Capabilities],
    *,
    paths: Sequence[str],
    say: Callable[[str], None],
) -> Plan:
    from orchestrator.planning.refine import refine, schema
    from orchestrator.render.prompts import PLANNER, plan_prompt

    form, answer, problems = schema(), "", tuple[str, ...]()
    for _ in range(ANSWERS):
        question = Question(PLANNER, plan_prompt(spec, made, paths, form, answer=answer, problems=problems), form)
        answer = client.ask(question).text
        plan, problems = refine(answer, made, spec, ceilings)
        if plan is not None:
            return plan
    say(f"{client.name} gave no usable plan in {ANSWERS} answers; this is the deterministic one. The last problems:")
    for problem in problems:
        say(f"  {problem}")
    return made


@contextmanager
def leased(
    project: Project, chosen: Chosen, about: str, data: DataClass, choice: PlannerChoice
) -> Iterator[ModelClient]:
    """The chosen model through a lease of its own. ``about`` names what is asked, in the grant's key."""
    from orchestrator.broker.client import LeasedModel

    now = project.clock.now()
    run = RunId(f"{now:%Y%m%d}-planning")
    grant = BrokerGrant(
        key=f"{about}:{now.isoformat()}",
        run=run,
        endpoints=(chosen.endpoint,),
        models=(chosen.name,),
        data=data,
        tokens=TOKENS,
        record=choice.record is not None,
        replay=choice.replay,
    )
    kept: Digest | None = None
    with make_broker(project.blobs.put).open(grant, make_budgets(project.index, run, 1 << 62), _unheard) as lease:
        yield LeasedModel(lease, chosen.name, chosen.endpoint.protocol)
        kept = lease.close().cassette
    if choice.record is not None and kept is not None:
        choice.record(project.blobs.get(kept))


def _unheard(_exchange: Exchange) -> None:
    """What the broker counted is settled in the budget; planning has no run whose event it could be."""
