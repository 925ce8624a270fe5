"""The form of a waiver: why a finding is lifted, who answers for it, until when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from orchestrator.errors import UsageError
from orchestrator.models.found import Finding
from orchestrator.models.review import Waiver
from orchestrator.review.sections import finding_line
from orchestrator.review.service import Reviews
from orchestrator.review.view import ItemView
from orchestrator.tui.screens.form import Field, FormScreen, Values

_DAYS = 30


def waiver_form(reviews: Reviews, view: ItemView, finding: Finding) -> FormScreen[Waiver]:
    """Prepares the waiver; the person's approval signs it."""

    def make(values: Values) -> Waiver:
        said = {name: values[name] for name in ("reason", "owner")}
        return reviews.marks.waive(view, finding.fingerprint, **said, expires=_end(values["day"]))

    day = f"{reviews.now() + timedelta(days=_DAYS):%Y-%m-%d}"
    fields = (
        Field("reason", "Why it may stay:"),
        Field("owner", "Who answers for it:", reviews.reviewer),
        Field("day", "The last day (UTC), YYYY-MM-DD:", day),
    )
    lines = (finding_line(finding), "Your approval signs it. When it ends, a person is asked again.")
    return FormScreen("Waive the finding?", lines, fields, make)


def _end(day: str) -> datetime:
    try:
        return datetime.strptime(day, "%Y-%m-%d").replace(tzinfo=UTC) + timedelta(days=1)
    except ValueError:
        raise UsageError("REV034", "The last day is no day.", "write it as YYYY-MM-DD") from None
