"""Runs attacks of the self-test, each in a process of its own.

Arguments: a JSON object of parameters, then ``family.attack`` names. Prints one
JSON line per attack: ``name``, ``succeeded``, ``words``. An attack succeeds
when its function returns; it was stopped when it raises ``Held`` or ``OSError``.
With the parameter ``framed`` the lines are frames of ``supervisor.py``.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from importlib import import_module

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

from common import Held
from wire import send

SECONDS = 20
MOST_BYTES = 1500
STOPPED = (signal.SIGKILL, signal.SIGSYS)
"""How the memory limit and the filter end a process."""


def attack(name: str, parameters: dict) -> tuple[bool, str]:
    family, _, function = name.partition(".")
    try:
        return True, str(getattr(import_module(family), function)(parameters))
    except (OSError, Held, MemoryError) as stopped:
        return False, f"{stopped}"


def answer(name: str, parameters: dict, writer: int) -> None:
    """In the child. Anything else that goes wrong is told as such: an attack that broke shows nothing."""
    try:
        succeeded, words = attack(name, parameters)
        told = {"succeeded": succeeded, "words": words[:MOST_BYTES]}
    except BaseException as broken:  # noqa: BLE001  the child ends here, whatever it was
        told = {"succeeded": False, "words": f"broke: {type(broken).__name__}: {broken}"[:MOST_BYTES], "broke": True}
    os.write(writer, json.dumps(told).encode())
    os._exit(0)


def isolated(name: str, parameters: dict) -> dict:
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        signal.alarm(SECONDS)
        answer(name, parameters, writer)
    os.close(writer)
    data = b""
    while piece := os.read(reader, 65536):
        data += piece
    os.close(reader)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    told = (
        json.loads(data) if data else {"succeeded": False, "words": f"ended with {code}", "broke": -code not in STOPPED}
    )
    return {"name": name, **told}


def main() -> None:
    parameters = json.loads(sys.argv[1])
    for name in sys.argv[2:]:
        line = json.dumps(isolated(name, parameters)).encode() + b"\n"
        if parameters.get("framed"):
            send(b"o", line)
        else:
            os.write(1, line)
    if parameters.get("framed"):
        send(b"x")


if __name__ == "__main__":
    main()
