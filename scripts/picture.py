"""Draw docs/images/review.svg: the demo's second change as a reviewer meets it. Run after `make demo`."""

import asyncio
import os
import re
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "demo"))

from run import prepare  # noqa: E402  the demo's folder is not a package

from orchestrator.app.project import Project, open_project  # noqa: E402
from orchestrator.app.review.queue import open_reviews  # noqa: E402
from orchestrator.app.runs.start import RunRequest, go_on, start  # noqa: E402
from orchestrator.app.trust.setup import initialise, propose_profile  # noqa: E402
from orchestrator.models.decision import ReviewItem, Verdict  # noqa: E402
from orchestrator.models.run import Run  # noqa: E402
from orchestrator.review.service import Reviews  # noqa: E402
from orchestrator.tui.app import HandrailApp  # noqa: E402

STEP = "S02"


async def drawn(reviews: Reviews, item: str) -> str:
    """The change screen, 132 by 40, as SVG without fonts from elsewhere."""
    app = HandrailApp(reviews, item)
    async with app.run_test(size=(132, 40)) as pilot:
        await pilot.pause()
        picture = app.export_screenshot(title="handrail review")
    return re.sub(r"@font-face\s*\{[^}]*\}\s*", "", picture)


def main() -> None:
    """Write the picture."""
    with tempfile.TemporaryDirectory() as folder:
        repository = prepare(Path(folder))
        os.chdir(ROOT / "demo")
        with open_project(repository) as project:
            initialise(project, propose_profile(project), "you", commit=True)
            run = start(project, RunRequest(Path("prd.md"), agent="scripted", agent_input=Path("script.yaml")))
            go_on(project, run, ask=lambda item: _answer(project, run, item))


def _answer(project: Project, run: Run, item: ReviewItem) -> None:
    with open_reviews(project, run) as reviews:
        if item.step == STEP:
            text = asyncio.run(drawn(reviews, item.id))
            (ROOT / "docs/images/review.svg").write_text(text, encoding="utf-8")
        else:
            reviews.decide(item.id, Verdict.APPROVE)


if __name__ == "__main__":
    main()
