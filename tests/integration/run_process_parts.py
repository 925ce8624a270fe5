"""What a process of :mod:`run_process` does, with everything imported that a run imports late."""

import sqlite3

import docker  # noqa: F401  loaded before the fork
import langgraph.checkpoint.sqlite
import langgraph.graph  # noqa: F401  the same

import orchestrator.agents.catalog
import orchestrator.broker.local
import orchestrator.engine.compile
import orchestrator.gates.catalog
import orchestrator.gates.runner
import orchestrator.planning.planner
import orchestrator.provenance.predicates.statements
import orchestrator.sandbox.docker_engine
import orchestrator.specs.parse  # noqa: F401  the same
from orchestrator.app.project import open_project
from orchestrator.app.review.queue import open_reviews
from orchestrator.app.runs.answering import answer
from orchestrator.app.runs.start import RunRequest, go_on, start
from orchestrator.errors import UsageError
from orchestrator.models.decision import SubjectKind, Verdict
from orchestrator.models.ids import RunId
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


def work(repository, run, workflow, keys):
    """The key of who has a role is ``ROLE.pem``; what is asked for is answered with 7."""
    with open_project(repository) as project:
        try:
            row = project.index.run(RunId(run))
        except UsageError:
            row = start(project, RunRequest(None, workflow=workflow), run=RunId(run))
        while row.status not in OVER:
            ended = go_on(project, row)
            for item in getattr(ended, "items", ()):
                _does(project, row, item, keys / f"{item.role}.pem")
            if getattr(ended, "due_at", None) and not ended.items:
                _let_time_pass(project)
            row = project.index.run(RunId(run))
        return row.exit_code


def _does(project, row, item, key):
    if item.kind is SubjectKind.ANSWERS:
        answer(project, row.id, ("days=7",), None, key=key, trust=None)
        return
    with open_reviews(project, row, key=key) as reviews:
        reviews.decide(item.id, Verdict.APPROVE)


def _let_time_pass(project):
    with sqlite3.connect(project.layout.root / "runs.db") as db:
        db.execute("UPDATE timers SET due_at = '2000-01-01T00:00:00.000000+00:00'")
    db.close()
