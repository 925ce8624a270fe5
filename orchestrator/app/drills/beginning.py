"""A drill: a change that is made up of known defects and harmless edits, reviewed as any, and never anything more.

It has no workflow, so that nothing advances it; its trees lie in a repository of their own, so that nothing can merge
them; and what is signed of it says that it was a drill. What a drill came to is kept without a name (D13).
"""

from __future__ import annotations

import random
import secrets
import shutil
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from orchestrator.app.base import Base, read_base
from orchestrator.app.drills.planting import Made, Wanted, made_of
from orchestrator.app.project import Project
from orchestrator.app.runs.start import base_and_target, new_run_id
from orchestrator.app.trees import drill_trees, open_trees
from orchestrator.errors import HandrailError, UsageError
from orchestrator.models.capabilities import Capabilities
from orchestrator.models.change import Change, Proposal
from orchestrator.models.decision import ReviewItem, SubjectKind
from orchestrator.models.ids import Digest, RequirementId, RunId, StepId, sha256
from orchestrator.models.plan import Source, SourceKind, Step, WritePath
from orchestrator.models.review import ChangeSheet, ReviewSheet
from orchestrator.models.run import DRILL, Run, RunSettings, RunStatus
from orchestrator.models.spec import Requirement, Span
from orchestrator.policy.verdicts import to_lift
from orchestrator.review.drill.judging import Planted
from orchestrator.store import drills
from orchestrator.store.whole import write_whole

_STEP: Final = StepId("S01")
_TITLE: Final = "Small repairs"
_SPEC: Final = "small-repairs.md"
_STATEMENT: Final = "The files shall read more plainly."
PLANTED: Final = TypeAdapter(tuple[Planted, ...])


def begin(project: Project, wanted: Wanted, trust: Digest | None = None) -> ReviewItem:
    """Plant, and let the change wait for a reviewer.

    Raises ``UsageError``: DRILL001 the tip has too little code in which something of these kinds could be planted,
    DRILL002 a drill waits already; and what :func:`~orchestrator.app.base.read_base` raises.
    """
    if waiting := drills.waiting(project.index):
        text = f"A drill waits already, as run {waiting[0]}."
        raise UsageError("DRILL002", text, "have it reviewed, then: handrail review drill --end")
    run = new_run_id(project.clock.now())
    tip, target = base_and_target(project, None)
    noise = random.Random(secrets.randbits(64) if wanted.seed is None else wanted.seed)  # noqa: S311  # nosec B311  no secret
    try:
        with open_trees(project, private=drill_trees(project, run)) as trees:
            base = read_base(project, trees, tip, trust)
            made = made_of(trees, base, run, wanted, noise)
        return _put(project, base, run, target, made)
    except HandrailError:
        shutil.rmtree(project.layout.drill(run), ignore_errors=True)
        raise


def _put(project: Project, base: Base, run: RunId, target: str, made: Made) -> ReviewItem:
    now = project.clock.now()
    sheet = _sheet(_change(project, base, run, made, now), made)
    item = ReviewItem(
        id="R" + secrets.token_hex(5),
        run=run,
        node="review",
        kind=SubjectKind.CHANGE,
        step=_STEP,
        subject=made.identity.digest(),
        change=made.identity,
        document=project.blobs.put(sheet.to_bytes()),
        findings=to_lift(made.reports),
        title=_TITLE,
        role=base.chain.current.approve_roles[0],
        revisable=False,
        created_at=now,
    )
    write_whole(planted_file(project, run), PLANTED.dump_json(made.planted))
    project.index.add_run(_run(project, base, run, target, made=made, now=now))
    project.index.add_item(item)
    return item


def _change(project: Project, base: Base, run: RunId, made: Made, now: datetime) -> Change:
    put, tree = project.blobs.put, made.identity.tree
    proposal = Proposal(
        run=run,
        step=_STEP,
        attempt=1,
        base_commit=base.commit,
        base_tree=tree,
        tree=tree,
        agent="",
        agent_version="",
        image="",
        started_at=now,
        finished_at=now,
    )
    return Change(
        run=run,
        step=_STEP,
        attempt=1,
        proposal=put(proposal.to_bytes()),
        identity=made.identity,
        files=made.diff.files,
        hunks=made.diff.hunks,
        diff=put(made.diff.text),
    )


def _run(project: Project, base: Base, run: RunId, target: str, *, made: Made, now: datetime) -> Run:
    nothing = sha256(b"")
    return Run(
        id=run,
        repository=project.repository.id,
        spec_path=_SPEC,
        spec=nothing,
        spec_source=nothing,
        workflow=DRILL,
        workflow_digest=nothing,
        base_commit=base.commit,
        target_ref=target,
        run_ref=made.identity.target_ref,
        agent="",
        settings=project.blobs.put(RunSettings(agent="").to_bytes()),
        status=RunStatus.WAITING,
        created_at=now,
        updated_at=now,
    )


def _sheet(change: Change, made: Made) -> ReviewSheet:
    paths = tuple(file.path for file in change.files)
    asked = RequirementId("small-repairs/REQ-001")
    requirement = Requirement(
        id=asked,
        title=_TITLE,
        statement=_STATEMENT,
        span=Span(line=5, end_line=5),
        text_digest=sha256(_STATEMENT.encode()),
    )
    source = Source(kind=SourceKind.SPEC, place=f"{_SPEC}:5")
    step = Step(
        id=change.step,
        title=_TITLE,
        requirements=(asked,),
        instruction=_STATEMENT,
        write=tuple(WritePath(glob=path, source=source) for path in paths),
        acceptance=(),
        capabilities=Capabilities(write=paths),
    )
    shown = ChangeSheet(step=step, requirements=(requirement,), change=change, reports=made.reports)
    return ReviewSheet(spec_path=_SPEC, spec_title=_TITLE, changes=(shown,))


def planted_file(project: Project, run: RunId) -> Path:
    """Where it stands until the end what was planted."""
    return project.layout.drill(run) / "planted.json"
