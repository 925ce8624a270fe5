"""A spec as one page for people who open no terminal, and documents from our templates."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from orchestrator.models.plan import Plan
from orchestrator.models.spec import Problem, Spec
from orchestrator.render.data import literal
from orchestrator.render.pages import html

PAGE = "spec.v1.html.j2"


def spec_page(spec: Spec, problems: Sequence[Problem], plan: Plan | None = None) -> str:
    """HTML 5. Every text of the spec is escaped, and what hides or turns characters round is written out."""
    steps: Mapping[str, list[str]] = {r.id: [] for r in spec.requirements}
    for step in plan.steps if plan else ():
        for requirement in step.requirements:
            steps.get(requirement, []).append(step.id)
    values = {"spec": spec, "problems": problems, "plan": plan, "steps": steps, "literal": literal}
    return html(PAGE, values)


def document(source: str, answers: Mapping[str, object]) -> str:
    """A document from one of our templates. A value that it names and nobody gave is an error."""
    from jinja2 import StrictUndefined  # noqa: PLC0415  costs start-up
    from jinja2.sandbox import SandboxedEnvironment  # noqa: PLC0415  the same

    made = SandboxedEnvironment(undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True)
    return made.from_string(source).render(answers)
