"""A real repository with a planned run, the queue of a reviewer, and the desk."""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from datetime import timedelta

from review_support import ANN, NOW, RUN, RunStatus, opener, plan_sheet, policy, requirement, run

from orchestrator.app.project import open_project
from orchestrator.app.review.desk import Desk
from orchestrator.app.trust.setup import initialise, propose_profile
from orchestrator.models.decision import ReviewItem, SubjectKind
from orchestrator.models.run import RunSettings
from orchestrator.models.spec import Spec, SpecFormat
from orchestrator.review.service import Reviews


@contextmanager
def office(folder, status=RunStatus.WAITING, **settings):
    """A project with one planned run, the queue of a reviewer, and the desk."""
    subprocess.run(["git", "init", "-q", "-b", "main", str(folder)], check=True)
    (folder / "shop.py").write_text("x = 1\n")
    for argv in (["add", "-A"], ["-c", "user.name=a", "-c", "user.email=a@handrail.invalid", "commit", "-qm", "Base"]):
        subprocess.run(["git", *argv], cwd=folder, check=True)
    for name in ("name", "email"):
        subprocess.run(["git", "config", f"user.{name}", f"a@{name}.invalid"], cwd=folder, check=True)
    with open_project(folder) as project:
        initialise(project, propose_profile(project), "ann", commit=True)
        put = project.blobs.put
        sheet = plan_sheet()
        spec = Spec(
            namespace="shop",
            title="Search in the shop",
            format=SpecFormat.PLAIN,
            path="prd.md",
            source_digest=sheet.plan.spec_source,
            requirements=(requirement(),),
        )
        base = subprocess.run(["git", "rev-parse", "HEAD"], cwd=folder, capture_output=True, text=True, check=True)
        found = run(status).model_copy(
            update={
                "repository": project.repository.id,
                "spec": put(spec.to_bytes()),
                "plan": put(sheet.plan.to_bytes()),
                "settings": put(RunSettings(agent="scripted", **settings).to_bytes()),
                "base_commit": base.stdout.strip(),
            }
        )
        project.index.add_run(found)
        project.index.add_item(item(put(sheet.to_bytes()), sheet.plan.digest()))
        reviews = Reviews(
            index=project.index,
            blobs=project.blobs,
            seal=ANN.seal,
            open_decision=opener(policy()),
            policy=policy(),
            reviewer="ann",
            keyid=ANN.keyid,
            clock=project.clock,
        )
        yield project, reviews, Desk(project)


def item(document, subject, **more):
    values = {
        "id": "item-0",
        "run": RUN,
        "node": "approve-plan",
        "kind": SubjectKind.PLAN,
        "subject": subject,
        "document": document,
        "title": "Search in the shop",
        "role": "reviewer",
        "created_at": NOW - timedelta(hours=3),
    }
    return ReviewItem(**(values | more))
