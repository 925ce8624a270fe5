"""A run in a process that may be killed; its own reviewer signs whatever is asked.

python run_process.py REPOSITORY new SPEC SCRIPT | python run_process.py REPOSITORY RUN

With ``KILL_AFTER=module:Class.method`` the process kills itself right after the first call of that method.
"""

import importlib
import os
import signal
import sys
from pathlib import Path

from orchestrator.app.project import open_project
from orchestrator.app.reviewing import open_reviews
from orchestrator.app.start import RunRequest, go_on, start
from orchestrator.models.base import RunId
from orchestrator.models.decision import Verdict


def kill_after(place: str) -> None:
    module, _, name = place.partition(":")
    owner, _, method = name.partition(".")
    kind = getattr(importlib.import_module(module), owner)
    called = getattr(kind, method)

    def last(*args, **kwargs):
        called(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(kind, method, last)


def main(repository: str, run: str, *job: str) -> int:
    with open_project(Path(repository)) as project:
        if run == "new":
            row = start(project, RunRequest(Path(job[0]), agent="scripted", agent_input=Path(job[1])))
            sys.stdout.write(f"{row.id}\n")
            sys.stdout.flush()
        else:
            row = project.index.run(RunId(run))
        with open_reviews(project, row) as reviews:
            ended = go_on(project, row, ask=lambda item: reviews.decide(item.id, Verdict.APPROVE, lifts=item.findings))
    return getattr(ended, "exit_code", 4)


if __name__ == "__main__":
    if "KILL_AFTER" in os.environ:
        kill_after(os.environ["KILL_AFTER"])
    sys.exit(main(*sys.argv[1:]))
