"""A process that has loaded the engine, and of which every process that advances runs is a copy.

Loading takes longer than most of a short run's work: done once, it is not done again for each of a batch's processes,
and what is loaded is shared memory. Copies are made before there is any thread, connection or key; each is given its
own standard input and output. The one that is copied ends when its owner does (D9), and its copies when their standard
input does, whether it lives or not.
"""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
from importlib import import_module

from orchestrator.app.local import worker

_LOADED = (
    "orchestrator.agents.catalog",
    "orchestrator.app.runs.drive",
    "orchestrator.broker.local",
    "orchestrator.gates.catalog",
    "orchestrator.gates.runner",
    "orchestrator.planning.planner",
    "orchestrator.provenance.predicates.statements",
    "orchestrator.sandbox.docker_engine",
    "orchestrator.specs.parse",
    "orchestrator.store.saver",
    "langgraph.graph",
)
"""What a run loads late."""


def main() -> None:
    """The one argument is the number of a socket: with each byte come a standard input and a standard output."""
    owner = socket.socket(fileno=int(sys.argv[1]))
    for name in _LOADED:
        import_module(name)
    gc.collect()
    gc.freeze()  # a copy's collections then touch no page that it shares
    if _copied(owner):
        worker.main()


def _copied(owner: socket.socket) -> bool:
    """Whether this is a copy; otherwise the owner is gone."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for a copy: its owner sees its output end
    while True:
        word, handles, _, _ = socket.recv_fds(owner, 1, 2)
        if not word:
            return False
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            owner.close()
            os.setsid()
            for here, there in enumerate(handles):
                os.dup2(there, here)
                os.close(there)
            return True
        for handle in handles:
            os.close(handle)


if __name__ == "__main__":
    main()
