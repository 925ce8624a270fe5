"""One call of a scanner's program: nothing to ask, a time, and whatever it started ended when it is over."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence

__all__ = ["call"]


def call(
    argv: Sequence[str], directory: str, env: Mapping[str, str], seconds: float
) -> subprocess.CompletedProcess[bytes]:
    """Run a program in a session of its own, so that a wrapper's children end with it.

    Raises ``subprocess.TimeoutExpired`` after ``seconds``, ``OSError`` when it cannot be run. Not limited: memory, and
    what it says.
    """
    with subprocess.Popen(  # noqa: S603 # nosec B603 # our own program and options, neutral names
        argv,
        cwd=directory,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    ) as process:
        try:
            out, err = process.communicate(timeout=seconds)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            raise
    return subprocess.CompletedProcess(argv, process.returncode, out, err)
