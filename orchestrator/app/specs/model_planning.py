"""A plan refined by a model: asked through a lease like any agent, repaired a few times, else the deterministic one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from orchestrator.app.models.connections import load_connections, model_for
from orchestrator.app.models.lease import Purpose, data_of, leased
from orchestrator.app.project import Project
from orchestrator.errors import AgentFailed
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.plan import Plan
from orchestrator.models.spec import Spec
from orchestrator.ports import ModelClient, Question

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
    purpose = Purpose("planning", made.digest(), data_of(made), TOKENS, choice.record, choice.replay)
    with leased(project, chosen, purpose) as client:
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
