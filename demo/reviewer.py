"""The demo's own automated reviewer. It signs whatever is asked, says so, and works nowhere else.

Its key is made anew for each demo and lies in the demo's folder; only the demo
repository's policy names it, as a principal that is not human, and so `verify`
begins with VERIFIED WITHOUT HUMAN APPROVAL. Nothing in the product calls this.
"""

from __future__ import annotations

from pathlib import Path

from orchestrator.app.project import Project
from orchestrator.app.review.queue import open_reviews
from orchestrator.models.decision import ReviewItem, Verdict
from orchestrator.models.run import Run


def decide(project: Project, run: Run, item: ReviewItem, key: Path) -> None:
    """Approve one item with the demo's key."""
    with open_reviews(project, run, key=key) as reviews:
        reviews.decide(
            item.id, Verdict.APPROVE, reason="approved by the demo's automated reviewer", lifts=item.findings
        )
