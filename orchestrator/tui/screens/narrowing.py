"""The form that takes grants from a step: it begins with what is granted, and whatever is deleted is gone."""

from __future__ import annotations

from orchestrator.app.runs.choosing import read_limits
from orchestrator.errors import UsageError
from orchestrator.models.plan import Step
from orchestrator.policy.narrowing import Narrowing
from orchestrator.review.service import Reviews
from orchestrator.review.view import Decided, ItemView
from orchestrator.tui.screens.form import Field, FormScreen, Values

_LISTS = ("write", "read", "egress", "models", "secrets")
_LABELS = {
    "write": "May write (paths, apart by spaces):",
    "read": "May read:",
    "egress": "May reach (hosts):",
    "models": "May ask (models):",
    "secrets": "May use (secrets):",
}


def granted(step: Step) -> dict[str, str]:
    """What the form begins with."""
    grant = step.capabilities
    return {
        "write": " ".join(path.glob for path in step.write),
        "read": " ".join(grant.read),
        "egress": " ".join(rule.host for rule in grant.egress),
        "models": " ".join(grant.models),
        "secrets": " ".join(grant.secrets),
        "attempts": str(step.budget.attempts),
        "seconds": str(step.budget.wall_seconds),
        "limits": "",
        "reason": "",
    }


def narrow_form(reviews: Reviews, view: ItemView, step: Step) -> FormScreen[Decided]:
    """Signs a request for the plan with less granted to this step."""
    before = granted(step)

    def make(values: Values) -> Decided:
        return reviews.narrow(view.item.id, _narrowing(step, before, values), values["reason"])

    fields = [Field(name, _LABELS[name], before[name]) for name in _LISTS if before[name]]
    fields += [
        Field("attempts", "Attempts:", before["attempts"]),
        Field("seconds", "Seconds over all attempts:", before["seconds"]),
        Field("limits", "Lower ceilings, such as tokens=100000 wall_seconds=300:"),
        Field("reason", "Words beside it (may be empty):"),
    ]
    lines = (f"{step.id} {step.title}", "Delete what it shall not have. The narrower plan is shown as a new item.")
    return FormScreen("Grant the step less?", lines, fields, make)


def _narrowing(step: Step, before: Values, values: Values) -> Narrowing:
    """Only what was changed. Raises ``UsageError`` NAR002 for a number that is none."""
    changed = {name: value for name, value in values.items() if value != before[name]}
    lists = {name: tuple(changed[name].split()) for name in _LISTS if name in changed}
    return Narrowing(
        step=step.id,
        limits=read_limits(tuple(values["limits"].split())),
        attempts=_number(changed.get("attempts")),
        budget_seconds=_number(changed.get("seconds")),
        **lists,
    )


def _number(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or int(text) < 1:
        raise UsageError("NAR002", "Attempts and seconds are whole numbers from 1.", "write one, or leave it as it was")
    return int(text)
