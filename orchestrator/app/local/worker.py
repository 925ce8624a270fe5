"""A process that advances runs, one after another, for whoever holds its standard input.

On stdout its number, then for each :class:`~orchestrator.ports.RunJob` on stdin, a line, a
:class:`~orchestrator.ports.JobEnd`. When
stdin ends, so does this process (D9): a run that is under way is stopped as by SIGTERM and can be resumed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict
from pathlib import Path
from queue import SimpleQueue
from typing import TextIO

from orchestrator.app import logs
from orchestrator.app.batches.beginning import begun, told
from orchestrator.app.machine.sandboxing import EngineShelf
from orchestrator.app.project import open_project
from orchestrator.app.review.queue import approve_plan
from orchestrator.app.runs.start import go_on
from orchestrator.errors import ExitCode, HandrailError
from orchestrator.models.decision import ReviewItem
from orchestrator.models.ids import Digest
from orchestrator.models.run import OVER
from orchestrator.ports import JobEnd, RunJob
from orchestrator.store.cluster.pools import kept

_MADE_AHEAD = 1


def main() -> None:
    """Serve until stdin ends. Whatever else is printed goes to stderr: stdout is the owner's."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    answers.write(f"{os.getpid()}\n")
    logs.start_if_asked()
    jobs, busy = SimpleQueue[RunJob | None](), threading.Event()
    threading.Thread(target=_listen, args=(sys.stdin, jobs, busy), daemon=True).start()
    with closing(EngineShelf(_MADE_AHEAD)) as shelf, kept():
        while (job := jobs.get()) is not None:
            busy.set()
            answers.write(json.dumps(asdict(_ended(job, shelf))) + "\n")
            busy.clear()


def _listen(lines: TextIO, jobs: SimpleQueue[RunJob | None], busy: threading.Event) -> None:
    for line in lines:
        jobs.put(RunJob(**json.loads(line)))
    jobs.put(None)
    if busy.is_set():
        os.kill(os.getpid(), signal.SIGTERM)


def _ended(job: RunJob, shelf: EngineShelf) -> JobEnd:
    try:
        return JobEnd(job, _advance(job, shelf))
    except HandrailError as error:
        return JobEnd(job, int(error.exit_code), error.code, error.message, told(error))
    except KeyboardInterrupt:
        return JobEnd(job, int(ExitCode.INTERRUPTED), "RUN003", "Interrupted.")
    except Exception as broken:  # noqa: BLE001  the last door of this process: the batch goes on with the next run
        text = f"Handrail itself broke ({type(broken).__name__}: {broken})."
        return JobEnd(job, int(ExitCode.FAILED), "INT900", text)


def _advance(job: RunJob, shelf: EngineShelf) -> int:
    key = Path(job.key) if job.key else None
    trust = Digest(job.trust) if job.trust else None
    with open_project(Path(job.repository)) as project:
        run = begun(project, job, shelf)
        if run.status in OVER:  # it ended, and its owner was lost before that was heard
            return int(run.exit_code or 0)

        def ask(item: ReviewItem) -> None:
            approve_plan(project, run, item, key=key, trust=trust)

        asked: Callable[[ReviewItem], None] | None = ask if job.approve_plan else None
        result = go_on(project, run, key=key, trust=trust, ask=asked, shelf=shelf)
    return int(getattr(result, "exit_code", ExitCode.WAITING))
