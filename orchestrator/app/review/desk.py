"""What a person at the screens sees and orders beside reviewing: a run, its evidence, drafts, pause, cancel, steer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from orchestrator.app.observe.reporting import report, standing
from orchestrator.app.project import Project
from orchestrator.app.runs.cancel import cancel
from orchestrator.app.runs.pausing import pause
from orchestrator.app.runs.steering import steer
from orchestrator.models.ids import RunId
from orchestrator.models.run import RunSettings
from orchestrator.store.drafting import Drafts


@dataclass(frozen=True, slots=True)
class Desk:
    """One repository. Every method raises ``HandrailError`` for a run that is gone, or a store that is busy."""

    project: Project

    @property
    def drafts(self) -> Drafts:
        """Decisions of this user that could be neither signed nor stored."""
        return Drafts(self.project.layout.root)

    def newest(self) -> RunId | None:
        """The run that began last."""
        return next((run.id for run in self.project.index.runs()), None)

    def moved(self, run: RunId, after: int) -> int:
        """The number of the newest event; ``after`` when nothing has happened since."""
        return next((number for number, _ in reversed(self.project.index.events(run, after))), after)

    def run(self, run: RunId) -> dict[str, Any]:
        """As :func:`~orchestrator.app.observe.reporting.standing`, ``paused``, and the ``budget`` (``None``: none)."""
        found = self.project.index.run(run)
        settings = RunSettings.model_validate_json(self.project.blobs.get(found.settings))
        budget = {"tokens": settings.budget_tokens, "usd": settings.budget_usd}
        return {**standing(self.project, found), "budget": budget, "paused": self.project.index.asked(run).pause}

    def proved(self, run: RunId) -> dict[str, Any]:
        """As :func:`~orchestrator.app.observe.reporting.report`: the evidence is verified now."""
        return report(self.project, self.project.index.run(run))

    def cost(self, run: RunId) -> dict[str, Any]:
        """Tokens and USD so far (``None`` when a price is unknown)."""
        totals = standing(self.project, self.project.index.run(run))["totals"]
        return {"tokens": totals["tokens"], "cost_usd": totals["cost_usd"]}

    def cancel(self, run: RunId) -> str:
        """What was done, in a sentence."""
        return cancel(self.project, run)

    def pause(self, run: RunId) -> str:
        """What was done, in a sentence."""
        return pause(self.project, run)

    def steer(self, run: RunId, step: str, words: str) -> str:
        """What was done, in a sentence."""
        return steer(self.project, run, step, words)
