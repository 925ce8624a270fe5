"""A run in a process that may be killed; its own reviewer signs whatever is asked.

It is forked from a server that has loaded the engine once: hundreds of kills cost no start-ups.
"""

import importlib
import multiprocessing
import os
import sys
import time
import traceback
from multiprocessing import forkserver
from pathlib import Path

ANSWERS = 60
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["run_process", "run_process_parts", "crash_support", "boundaries"])


def _load_once():
    """Start the server where it finds what it is to load: it is not told our path, and passes over what it misses."""
    before = os.environ.get("PYTHONPATH")
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, sys.path))
    try:
        forkserver.ensure_running()
    finally:
        if before is None:
            del os.environ["PYTHONPATH"]
        else:
            os.environ["PYTHONPATH"] = before


def advance(repository, run, spec, script):
    """Begin the run if it is not on record, and go on with it to its end; its exit code."""
    parts = importlib.import_module("run_process_parts")
    return parts.advance(Path(repository), run, Path(spec), Path(script))


def work(repository, run, workflow, keys):
    """As :func:`advance`, of a process: people do at once what it asks of them, and every timer has run out."""
    parts = importlib.import_module("run_process_parts")
    return parts.work(Path(repository), run, workflow, Path(keys))


def _child(log, env, words, watch, do):
    loaded = "run_process_parts" in sys.modules
    os.setsid()
    os.environ.clear()
    os.environ.update(env)
    with Path(log).open("ab") as out:
        os.dup2(out.fileno(), 1)
        os.dup2(out.fileno(), 2)
    if watch:
        boundaries = importlib.import_module("boundaries")
        getattr(boundaries, watch[0])(*watch[1:])
    try:
        assert loaded, "the server has loaded nothing"
        sys.exit(do(*words))
    except Exception as error:  # noqa: BLE001  what it ends with is what is asked for
        traceback.print_exc()
        code = getattr(error, "code", "none")
        sys.stdout.write(f"ENDED {code}\n")
        sys.stdout.flush()
        sys.exit(int(getattr(error, "exit_code", 99)))


class Running:
    """One process. ``watch`` is the name of a function of :mod:`boundaries` and its arguments.

    ``workflow`` is that of a process; without one, the PRD of ``here`` is run.
    """

    def __init__(self, here, run, *watch, workflow=None):
        self.log = Path(here.env.get("HANDRAIL_TEST_LOG", here.folder / "process.log"))
        what = (str(here.prd), str(here.script)) if workflow is None else (str(workflow), str(here.folder))
        words, do = (str(here.repo), str(run), *what), advance if workflow is None else work
        self._process = _CONTEXT.Process(target=_child, args=(str(self.log), here.env, words, watch, do), daemon=False)
        _load_once()
        self._process.start()
        self.pid = self._process.pid

    def wait(self, seconds):
        """Its exit status; ``None`` when it has not ended by then."""
        self._process.join(seconds)
        return self._process.exitcode

    def kill(self):
        self._process.kill()
        self._process.join()

    def signal(self, number):
        os.kill(self.pid, number)

    def code(self):
        """Of the error that it ended with; '' when it ended without one."""
        return self.words().rpartition("ENDED ")[2].strip() if "ENDED " in self.words() else ""

    def words(self):
        return self.log.read_text(errors="replace")[-4000:]


def until(true, seconds=ANSWERS):
    """Whether it comes true within that time."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True
