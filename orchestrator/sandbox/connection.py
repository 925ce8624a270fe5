"""The one place that opens a connection to the container engine for images and environments."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import SandboxUnavailable

if TYPE_CHECKING:
    from docker import DockerClient

DEFAULT_HOST = "unix:///var/run/docker.sock"
START_HINT = "start Docker, or run `scripts/engine.sh`; `DOCKER_HOST` names another engine"


def connect(timeout_seconds: int = 60) -> DockerClient:
    """A client of the engine that ``DOCKER_HOST`` or the default socket names, which has answered once.

    Docker contexts are not read. Raises :class:`SandboxUnavailable` (``IMG001``).
    """
    import docker  # noqa: PLC0415 - twelve times the start-up of Python, wanted by few commands
    from docker.errors import DockerException  # noqa: PLC0415 - the same
    from requests.exceptions import RequestException  # noqa: PLC0415 - the same

    host = os.environ.get("DOCKER_HOST") or DEFAULT_HOST
    if host.startswith("unix://") and not Path(host.removeprefix("unix://")).is_socket():
        raise SandboxUnavailable("IMG001", f"no container engine answers: {host} is no socket", START_HINT)
    client: DockerClient | None = None
    try:
        client = docker.from_env(timeout=timeout_seconds)
        client.ping()  # pyright: ignore[reportUnknownMemberType] - untyped in docker-py
    except (DockerException, RequestException, OSError) as error:
        if client is not None:
            client.close()
        raise SandboxUnavailable("IMG001", f"no container engine answers: {error}", START_HINT) from error
    return client
