"""One command in one container without a network, for work of our own: a probe of the image, an install of wheels."""

from __future__ import annotations

import threading
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.abort import Abort
from orchestrator.sandbox.connection import connect
from orchestrator.sandbox.owner import Owner

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

OUTPUT_WORDS_BYTES = 64 << 10
_USER = "65534:65534"
_GRACE_SECONDS = 15


@dataclass(frozen=True, slots=True)
class Job:
    """``binds`` maps a host directory to where it is mounted read-only.

    The root file system is writable where its modes let uid 65534 write (``/tmp``): the result may be
    larger than the memory, and nothing of the project runs here. ``output_bytes`` caps what is read.
    """

    image: str
    argv: Sequence[str]
    binds: Mapping[str, str]
    output_bytes: int
    wall_seconds: int
    memory_mib: int = 1024


def run_job(job: Job, output: IO[bytes], abort: Abort | None = None) -> bytes:
    """Write the command's stdout to ``output`` and give the end of its stderr.

    The container ends itself after ``wall_seconds`` whatever becomes of this process. Not checked: the
    command's exit status, which an ended container no longer has; the output must show success by itself.
    Raises :class:`SandboxUnavailable` (``ENV011`` no container, ``ENV012`` too much output).
    """
    from docker.errors import DockerException  # noqa: PLC0415 - docker is imported when used
    from requests.exceptions import RequestException  # noqa: PLC0415 - the same

    client = connect()
    try:
        abort = abort or Abort()
        with _container(client, job) as container, abort.ending(lambda: _kill(container)):
            return _collect(container, job, output, abort)
    except (DockerException, RequestException) as error:
        hint = "`docker info` says whether the engine is well"
        raise SandboxUnavailable("ENV011", f"no container could be run for the environment: {error}", hint) from error
    finally:
        client.close()


@contextmanager
def _container(client: DockerClient, job: Job) -> Generator[Container]:
    from docker.errors import APIError  # noqa: PLC0415 - docker is imported when used

    container = client.containers.create(**_settings(job))
    try:
        yield container
    finally:
        try:
            container.remove(force=True)
        except APIError as error:
            if error.status_code not in {404, 409}:  # gone, or going: that is what auto-remove is for
                raise


def _settings(job: Job) -> dict[str, Any]:
    from docker.types import LogConfig, Ulimit  # noqa: PLC0415 - docker is imported when used

    memory = f"{job.memory_mib}m"
    return {
        "image": job.image,
        "command": ["timeout", "-k", "5", str(job.wall_seconds), *job.argv],
        "user": _USER,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges:true"],
        "network_mode": "none",
        "ipc_mode": "none",
        "pids_limit": 64,
        "mem_limit": memory,
        "memswap_limit": memory,
        "init": True,
        "auto_remove": True,
        "working_dir": "/tmp",  # noqa: S108 - inside the container
        "environment": {"HOME": "/tmp", "LANG": "C.UTF-8", "PIP_CONFIG_FILE": "/dev/null"},  # noqa: S108 - the same
        "volumes": {host: {"bind": inside, "mode": "ro"} for host, inside in job.binds.items()},
        "ulimits": [Ulimit(name="core", soft=0, hard=0), Ulimit(name="nofile", soft=4096, hard=4096)],
        "log_config": LogConfig(type=LogConfig.types.NONE),
        "labels": {"io.handrail.purpose": "environment", **Owner.this().labels()},
    }


def _collect(container: Container, job: Job, output: IO[bytes], abort: Abort) -> bytes:
    attach = cast("Any", container).attach_socket
    stream = attach(params={"stdout": 1, "stderr": 1, "stream": 1})
    # the deadline below is the limit, and an install may be quiet for long
    stream._sock.settimeout(None)  # noqa: SLF001 - docker-py offers no other way to the socket
    deadline = threading.Timer(job.wall_seconds + _GRACE_SECONDS, _kill, [container])
    deadline.daemon = True
    try:
        container.start()
        abort.check()  # one that was fired meanwhile found nothing to kill
        deadline.start()
        return _copy(stream, job, output)
    finally:
        deadline.cancel()
        # before the container is removed: an undrained stream holds the engine up
        stream._sock.close()  # noqa: SLF001 - docker-py offers no other way to the socket
        stream._response.close()  # noqa: SLF001 - docker-py offers no other way to the socket
        stream.close()


def _copy(stream: IO[bytes], job: Job, output: IO[bytes]) -> bytes:
    """Take the frames of the engine's attach protocol: kind, three zeros, length in four bytes, payload."""
    words, count = b"", 0
    while len(header := _exactly(stream, 8)) == 8:  # noqa: PLR2004 - the header's length, as said above
        payload = _exactly(stream, int.from_bytes(header[4:], "big"))
        if header[0] == 1:
            count += len(payload)
            output.write(payload)
        else:
            words = (words + payload)[-OUTPUT_WORDS_BYTES:]
        if count > job.output_bytes:
            hint = "the project's dependencies are larger than Handrail takes"
            raise SandboxUnavailable("ENV012", f"more than {job.output_bytes >> 20} MiB came out", hint)
    return words


def _exactly(stream: IO[bytes], length: int) -> bytes:
    data = b""
    while len(data) < length and (chunk := stream.read(length - len(data))):
        data += chunk
    return data


def _kill(container: Container) -> None:
    from docker.errors import APIError  # noqa: PLC0415 - docker is imported when used

    try:
        container.kill()
    except APIError as error:
        if error.status_code not in {404, 409}:
            raise
