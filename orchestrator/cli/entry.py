"""Where the ``handrail`` command begins: a gate's call goes to the worker that is already there, all else to `main`.

Imports next to nothing, because what is imported here is what a call of a warm worker costs.
"""

from __future__ import annotations

import os
import sys

from orchestrator.cli.resident import client

TYPE_CHECKING = False
if TYPE_CHECKING:
    # To import it for a word that is never looked at would take as long as all the rest.
    from typing import NoReturn

__all__ = ["main"]

_SCANNERS = 2
"""More of them than a change of usual size keeps busy."""


def main() -> NoReturn:
    """Run and exit."""
    if client.wanted(sys.argv) and None not in (sys.stdin, sys.stdout, sys.stderr):
        try:
            code = client.answered(sys.argv)
        except KeyboardInterrupt:
            _fail(interrupted=True)
        if code == client.LOST:
            _fail()
        if code is not None:
            # This process has written nothing, so there is nothing to flush or to look for.
            os._exit(code)
    judges = _judges(sys.argv)
    try:
        if judges:
            import gc

            from orchestrator.gates.scanners import nursery

            # Nothing that is imported is garbage. Whoever judges looks for it again.
            gc.disable()
            nursery.begin(min(os.cpu_count() or 1, _SCANNERS))
            from orchestrator.app.gates import ahead

            ahead.begin(sys.argv)
        from orchestrator.cli.main import main as whole
    except KeyboardInterrupt:
        _fail(interrupted=True)

    try:
        whole()
    except SystemExit as left:
        if judges and isinstance(left.code, int):
            _end(left.code)
        raise


def _end(code: int) -> None:
    """At once: to take apart all that was loaded, object by object, takes as long as to judge a small file.

    Whoever judged has closed what it opened. Returns where output cannot be written: Python's own end tells of that.
    """
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        return
    os._exit(code)


def _judges(argv: list[str]) -> bool:
    """Whether this call will ask scanners: they load on another processor while this one loads everything else."""
    others = {"worker", "explain", "--help", "-h"}
    # A pipe that takes the place of a stream that was closed would be written to as that stream.
    streams = None not in (sys.stdin, sys.stdout, sys.stderr)
    return sys.platform == "linux" and argv[1:2] == ["gate"] and not others & {*argv} and streams


def _fail(*, interrupted: bool = False) -> NoReturn:
    from orchestrator.cli.telling import tell
    from orchestrator.errors import GateBroken, Interrupted

    error = (
        Interrupted("RUN003", "Interrupted.", "run the same command again; nothing is half done")
        if interrupted
        else GateBroken("GATE060", "The gate's worker ended before its answer.", "the same call with --no-worker")
    )
    tell(error)
    sys.exit(int(error.exit_code))
