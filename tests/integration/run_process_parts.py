"""What a process of :mod:`run_process` does, with everything imported that a run imports late."""

import docker  # noqa: F401  loaded before the fork
import langgraph.checkpoint.sqlite
import langgraph.graph  # noqa: F401  the same

import orchestrator.agents.catalog
import orchestrator.broker.local
import orchestrator.engine.compile
import orchestrator.gates.catalog
import orchestrator.gates.runner
import orchestrator.planning.planner
import orchestrator.provenance.statements
import orchestrator.sandbox.docker_engine
import orchestrator.specs.parse  # noqa: F401  the same
from orchestrator.app.project import open_project
from orchestrator.app.reviewing import open_reviews
from orchestrator.app.start import RunRequest, go_on, start
from orchestrator.errors import UsageError
from orchestrator.models.base import RunId
from orchestrator.models.decision import Verdict
from orchestrator.models.run import OVER


def advance(repository, run, spec, script):
    with open_project(repository) as project:
        try:
            row = project.index.run(RunId(run))
        except UsageError:
            row = start(project, RunRequest(spec, agent="scripted", agent_input=script), run=RunId(run))
        if row.status in OVER:
            return row.exit_code
        with open_reviews(project, row) as reviews:
            ended = go_on(project, row, ask=lambda item: reviews.decide(item.id, Verdict.APPROVE, lifts=item.findings))
    return getattr(ended, "exit_code", 4)
