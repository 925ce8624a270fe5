"""A model reads an item before its reviewer does and points out places: help, never a decision, and no evidence."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.app.models.connections import load_connections, model_for
from orchestrator.app.models.lease import Purpose, data_of, leased
from orchestrator.app.project import Project
from orchestrator.errors import AgentFailed
from orchestrator.models.capabilities import DataClass
from orchestrator.models.ids import RunId
from orchestrator.models.models_file import Role
from orchestrator.models.plan import Plan
from orchestrator.ports import ModelClient, Question
from orchestrator.review.assist import MOST, Place, read_places, schema
from orchestrator.review.present import describe
from orchestrator.review.view import ItemView

ANSWERS = 3
TOKENS = 200_000


@dataclass(frozen=True, slots=True)
class Assisted:
    """``model`` is the ``endpoint/model`` that was asked."""

    model: str
    places: tuple[Place, ...]


def assist(project: Project, view: ItemView, model: str = "") -> Assisted:
    """What the model of the role *reviewer-assistant*, or ``model``, points out. Nothing is stored or signed.

    Raises ``UsageError`` (MDL012, MDL013) without such a model, ``AgentFailed`` (AGT046) when it gives no usable
    answer, and what the broker raises; a restricted step goes to a local endpoint alone.
    """
    chosen = model_for(load_connections(), Role.REVIEWER_ASSISTANT, model)
    purpose = Purpose("review", view.item.id, _data(project, view.item.run), TOKENS)
    paths = {file.path for diff in view.diffs for file in diff.change.files}
    with leased(project, chosen, purpose) as client:
        return Assisted(chosen.name, _places(client, describe(view), paths))


def _data(project: Project, run: RunId) -> DataClass:
    """Of the run's plan; without one nobody has said that it is open."""
    plan = project.index.run(run).plan
    return data_of(Plan.model_validate_json(project.blobs.get(plan))) if plan else DataClass.RESTRICTED


def _places(client: ModelClient, shown: str, paths: set[str]) -> tuple[Place, ...]:
    from orchestrator.render.prompts import ASSISTANT, assist_prompt

    form, answer, problems = schema(), "", tuple[str, ...]()
    for _ in range(ANSWERS):
        prompt = assist_prompt(shown, MOST, form, answer=answer, problems=problems)
        answer = client.ask(Question(ASSISTANT, prompt, form)).text
        places, problems = read_places(answer, paths)
        if places is not None:
            return places
    text = f"{client.name} gave no usable answer in {ANSWERS}"
    raise AgentFailed("AGT046", text, "name another model with --model", problems)
