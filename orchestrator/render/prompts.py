"""What an agent is told, from a versioned template: deterministic for the same inputs."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

from orchestrator.models.plan import Step
from orchestrator.models.spec import Requirement

if TYPE_CHECKING:
    from jinja2 import Environment


@cache
def _environment() -> Environment:
    from jinja2 import Environment, PackageLoader, StrictUndefined  # noqa: PLC0415  costs start-up

    loader = PackageLoader("orchestrator.render")
    return Environment(loader=loader, undefined=StrictUndefined, autoescape=False, trim_blocks=True)  # noqa: S701  Markdown, no HTML


def step_prompt(step: Step, requirements: Sequence[Requirement], feedback: Sequence[str]) -> str:
    """Markdown. Requirement texts and feedback are data: they appear below headings or between markers."""
    template = _environment().get_template("step.md.j2")
    return template.render(step=step, requirements=requirements, feedback=feedback)
