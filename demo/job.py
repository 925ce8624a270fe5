"""The run itself, in this process, so that the demo's reviewer can answer each question as it comes."""

from __future__ import annotations

import sys
from pathlib import Path

from reviewer import decide

from orchestrator.app.project import Project, open_project
from orchestrator.app.review.queue import open_reviews
from orchestrator.app.runs.start import RunRequest, go_on, start
from orchestrator.app.trust.setup import initialise, propose_profile
from orchestrator.engine.run import Waiting
from orchestrator.models.decision import ReviewItem
from orchestrator.models.run import Run


def run_job(repository: Path, spec: Path, script: Path, key: Path, *, person: bool) -> tuple[int, str]:
    """The run's exit code (4 when it waits) and its branch."""
    with open_project(repository) as project:
        profile = propose_profile(project)
        initialise(project, profile, "you" if person else "demo-reviewer", key=key, commit=True, human=person)
        run = start(project, RunRequest(spec, agent="scripted", agent_input=script, key=key))

        def ask(item: ReviewItem) -> None:
            print(f"asked: {item.kind} {item.step or ''} {item.title}", flush=True)
            if person:
                _show(project, run, item, key)
            else:
                decide(project, run, item, key)

        result = go_on(project, run, key=key, ask=ask)
        _tell(project, run)
    if isinstance(result, Waiting):
        print(f"You left {result.item.id} undecided.", file=sys.stderr)
        return 4, run.run_ref
    return result.exit_code, run.run_ref


def _show(project: Project, run: Run, item: ReviewItem, key: Path) -> None:
    from orchestrator.tui.app import HandrailApp  # noqa: PLC0415  only with a terminal

    with open_reviews(project, run, key=key) as reviews:
        HandrailApp(reviews, item.id, only=True).run()


def _tell(project: Project, run: Run) -> None:
    kinds = ("planned", "proposed", "gated", "accepted", "step-retry", "step-merged", "ended")
    for _, event in project.index.events(run.id):
        if event.kind in kinds:
            result = f" {event.data['result']}" if "result" in event.data else ""
            print(f"{event.at:%H:%M:%S} {event.step or '':4} attempt {event.attempt} {event.kind}{result}")
