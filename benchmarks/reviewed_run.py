"""One run in one process, with a reviewer who signs whatever is asked at once. Used by the benchmarks.

python benchmarks/reviewed_run.py REPOSITORY SPEC SCRIPT
python benchmarks/reviewed_run.py REPOSITORY SPEC AGENT ENDPOINT/MODEL
"""

from __future__ import annotations

import sys
from pathlib import Path

from orchestrator.app.project import open_project
from orchestrator.app.review.queue import open_reviews
from orchestrator.app.runs.start import RunRequest, go_on, start
from orchestrator.models.decision import ReviewItem, Verdict


def main(repository: Path, spec: Path, work: str, model: str = "") -> int:
    request = RunRequest(spec, agent="scripted", agent_input=Path(work), max_parallel=1)
    if model:
        request = RunRequest(spec, agent=work, model=model, max_parallel=1)
    with open_project(repository) as project:
        run = start(project, request)
        with open_reviews(project, run) as reviews:

            def approve(item: ReviewItem) -> None:
                reviews.decide(item.id, Verdict.APPROVE, lifts=item.findings)

            ended = go_on(project, run, ask=approve)
    return getattr(ended, "exit_code", 4)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2]), *sys.argv[3:5]))
