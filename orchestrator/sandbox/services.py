"""The services of one sandbox: started beside its commands, as a user of their own, in the same limits (D5).

They share the container, so that memory, processes, CPU and wall time are one budget under every runtime, and its
network namespace, which has a loopback and nothing else. Their keeper ends when this side hangs up.
"""

from __future__ import annotations

import json
from collections.abc import Sequence

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.environment import Service
from orchestrator.sandbox.channel import Channel
from orchestrator.sandbox.client import Engine
from orchestrator.sandbox.profile import SERVICE_KEEPER, SERVICE_USER

START_SECONDS = 90


class Services:
    """Told to start when made; :meth:`await_ready` is for whoever runs the first command."""

    def __init__(self, engine: Engine, container: str, services: Sequence[Service], deadline: float) -> None:
        self._names = ", ".join(service.kind for service in services)
        self._ready = False
        self._channel: Channel | None = engine.execute_as(SERVICE_USER, container, list(SERVICE_KEEPER))
        wanted = [
            {
                "kind": service.kind,
                "port": str(service.listens_on),
                "user": service.user,
                "password": service.password,
                "database": service.database,
            }
            for service in services
        ]
        self._channel.send([json.dumps(wanted).encode() + b"\n"], deadline)

    def await_ready(self, deadline: float) -> None:
        """Until all answer. Raises ``SandboxUnavailable`` (``SBX040``) when one does not start."""
        if self._ready or self._channel is None:
            return
        kind, payload = self._channel.receive(deadline)
        if kind != b"K":
            said = payload.decode("utf-8", "replace")
            words = [line for line in said.splitlines() if line.isprintable()]
            hint = "see that memory_mib and pids leave room for it"
            raise SandboxUnavailable("SBX040", f"the services of this sandbox ({self._names}) do not run", hint, words)
        self._ready = True

    def close(self) -> None:
        """End them. Idempotent."""
        if self._channel is not None:
            self._channel.close()
            self._channel = None
