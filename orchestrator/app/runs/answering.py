"""Answers to the questions at which a run waits: typed as asked, checked, then signed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from orchestrator.app.files import read_file
from orchestrator.app.project import Project
from orchestrator.app.review.queue import open_reviews
from orchestrator.app.runs.listing import has_come
from orchestrator.errors import UsageError
from orchestrator.models.decision import ReviewItem, SubjectKind, Verdict
from orchestrator.models.ids import Digest, RunId
from orchestrator.models.run import Run, RunStatus
from orchestrator.models.workflow import Fact
from orchestrator.policy import answers
from orchestrator.review.service import Reviews


def answer(
    project: Project, run: str, given: Sequence[str], file: Path | None, *, key: Path | None, trust: Digest | None
) -> str:
    """The item that is answered. Of several that wait, the first that this key's person may answer with these names.

    Raises ``UsageError``: ANS001 nothing is asked, ANS002 not of the form NAME=VALUE, ANS003 both or neither of
    words and file, and what the review queue raises: REV019 for answers that are none, REV004 for another's question.
    """
    found = project.index.run(RunId(run))
    if bool(given) == (file is not None):
        raise UsageError("ANS003", "Answers come as NAME=VALUE, or in one file.", f"handrail answer {run} NAME=VALUE")
    with open_reviews(project, found, key=key, trust=trust) as reviews:
        item = _asked(project, found, reviews, _names(given))
        asks = _asks(reviews, item)
        words = read_file(file).decode(errors="replace") if file else json.dumps(_read(asks, given), sort_keys=True)
        reviews.decide(item.id, Verdict.APPROVE, reason=words)
    return item.id


def _asked(project: Project, run: Run, reviews: Reviews, names: frozenset[str]) -> ReviewItem:
    waiting = [i for i in project.index.open_items(run.id) if i.kind is SubjectKind.ANSWERS]
    if not waiting:
        come = run.status is RunStatus.WAITING and has_come(project, run.id)
        words = "asks nothing any more: what it waited for has come." if come else "asks nothing."
        raise UsageError("ANS001", f"Run {run.id} {words}", f"handrail {'resume' if come else 'show'} {run.id}")
    return next((i for i in waiting if names & _asks(reviews, i).keys()), waiting[0])


def _asks(reviews: Reviews, item: ReviewItem) -> Mapping[str, Fact]:
    work = reviews.view(item.id).sheet.work
    return work.asks if work else {}


def _names(given: Sequence[str]) -> frozenset[str]:
    return frozenset(text.partition("=")[0] for text in given)


def _read(asks: Mapping[str, Fact], given: Sequence[str]) -> dict[str, object]:
    read: dict[str, object] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or name in read:
            raise UsageError("ANS002", f"{text!r} is no answer.", "NAME=VALUE, each name once")
        read[name] = answers.spelled(asks[name], value) if name in asks else value
    return read
