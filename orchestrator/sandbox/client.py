"""The one place that speaks with the container engine. Every call ends in time or in a coded error."""

from __future__ import annotations

import os
import socket
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.channel import Channel
from orchestrator.sandbox.owner import INSTANCE
from orchestrator.sandbox.pipe import Pipe

MIN_API = (1, 41)
_DEFAULT_URL = "unix:///var/run/docker.sock"
_ASKING = "1.41"
"""The version that is spoken: what every supported engine understands."""
CALL_SECONDS = 60
_ROOTS = {
    "name=rootless": "rootless: the engine itself is no root",
    "name=userns": "userns-remap: root inside is nobody outside",
}
_LOCAL = ("unix://", "http+unix://")
"""There is no proxy on such a way, and looking for one at each call costs as much as the call."""
_GONE = frozenset({404, 409})
_STILL_WRITTEN = "directory not empty"
_START = "start dockerd, or set DOCKER_HOST to an engine whose socket you may open"


@contextmanager
def _translated(what: str) -> Generator[None]:
    import docker.errors  # noqa: PLC0415  importing it costs more than most commands
    import requests  # noqa: PLC0415  the same

    try:
        yield
    except docker.errors.ImageNotFound as error:
        raise SandboxUnavailable("SBX004", "the sandbox image is not here", "`handrail sandbox build`") from error
    except docker.errors.APIError as error:
        words = str(error.explanation or error)[:500]
        raise SandboxUnavailable("SBX005", f"the container engine could not {what}: {words}", "read its log") from error
    except requests.exceptions.Timeout as error:
        raise SandboxUnavailable("SBX007", f"the container engine did not {what} in time", "restart it") from error
    except (docker.errors.DockerException, requests.exceptions.RequestException, OSError) as error:
        raise SandboxUnavailable("SBX001", f"no container engine answers: {error}"[:500], _START) from error


def _knock(url: str) -> None:
    """Connect once by ourselves: the library leaves its socket open when a connection fails."""
    scheme, _, path = url.partition("://")
    if scheme not in {"unix", "http+unix"}:
        return
    with socket.socket(socket.AF_UNIX) as knocking:
        knocking.settimeout(CALL_SECONDS)
        knocking.connect(path)


def _check_version(version: Mapping[str, Any]) -> None:
    if tuple(int(n) for n in str(version["ApiVersion"]).split(".")) < MIN_API:
        raise SandboxUnavailable(
            "SBX002",
            f"the container engine {version.get('Version')} speaks API {version['ApiVersion']}",
            "upgrade to Docker Engine 20.10 or newer (API 1.41)",
        )


class Engine:
    """A connection. ``calls`` counts round trips.

    Raises ``SandboxUnavailable``: ``SBX001`` not reachable, ``SBX002`` too old,
    ``SBX004`` no such image, ``SBX005`` a call refused, ``SBX007`` a call that
    took longer than ``CALL_SECONDS``.
    """

    def __init__(self, base_url: str | None = None) -> None:
        with _translated("be reached"):
            import docker  # noqa: PLC0415  importing it costs more than most commands
            from docker.utils import kwargs_from_env  # noqa: PLC0415  the same

            where: Any = {"base_url": base_url} if base_url else kwargs_from_env()
            self.address = str(where.get("base_url") or _DEFAULT_URL)
            _knock(self.address)
            self._api: Any = docker.APIClient(version=_ASKING, timeout=CALL_SECONDS, **where)
            self._api.trust_env = not self.address.startswith(_LOCAL)
        try:
            with _translated("say what it is"):
                self.version: dict[str, Any] = self._api.version(api_version=False)
                _check_version(self.version)
                self.info: dict[str, Any] = self._api.info()
        except BaseException:
            self._api.close()
            raise
        self.calls = 2

    def ping(self) -> None:
        """Whether it answers still."""
        with self._call("answer"):
            _knock(self.address)
            self._api.ping()

    def runtimes(self) -> dict[str, Any]:
        """Name to how the engine starts it."""
        return dict(self.info.get("Runtimes") or {})

    def form(self) -> str:
        """In words: version, cgroup version, and how root inside relates to root outside."""
        options = " ".join(map(str, self.info.get("SecurityOptions") or ()))
        root = next((words for name, words in _ROOTS.items() if name in options), "root inside is root outside")
        groups = f"cgroup v{self.info.get('CgroupVersion', '1')} by {self.info.get('CgroupDriver', 'nobody')}"
        return f"Docker Engine {self.version.get('Version')}, {groups}, {root}"

    def close(self) -> None:
        """Drop pooled connections."""
        self._api.close()

    @contextmanager
    def _call(self, what: str) -> Generator[None]:
        self.calls += 1
        with _translated(what):
            yield

    def image_id(self, reference: str) -> str:
        """The ``sha256:`` id of a local image; nothing is ever pulled."""
        with self._call("find the image"):
            return str(self._api.inspect_image(reference)["Id"])

    def image_layers(self, reference: str) -> tuple[str, ...]:
        """The digests of a local image's layers, the lowest first."""
        with self._call("find the image"):
            return tuple(str(layer) for layer in self._api.inspect_image(reference)["RootFS"]["Layers"])

    def newest_image(self, repository: str) -> str | None:
        """The id of the youngest local image of a repository, or ``None``."""
        with self._call("list images"):
            images: list[dict[str, Any]] = list(self._api.images(name=repository))
        return str(max(images, key=lambda i: i["Created"])["Id"]) if images else None

    def create(self, spec: Mapping[str, Any]) -> str:
        """A container's id. It has not started."""
        with self._call("create a container"):
            return str(self._api.create_container_from_config(dict(spec))["Id"])

    def inspect(self, container: str) -> dict[str, Any]:
        """What the engine says about it."""
        with self._call("inspect a container"):
            return dict(self._api.inspect_container(container))

    def stats(self, container: str) -> dict[str, Any]:
        """What a container takes now, as the engine writes it: one sample, taken at once."""
        with self._call("measure a container"):
            return dict(self._api.stats(container, stream=False, one_shot=True))

    def top(self, container: str) -> list[tuple[str, str, str, str]]:
        """Process id, parent's id, name and command line of each of its processes, as the engine's machine sees them.

        Not for gVisor: the engine would look its process ids up on the machine itself.
        """
        with self._call("list the processes of a container"):
            told: dict[str, Any] = self._api.top(container, ps_args="-eo pid,ppid,comm,args")
            rows: list[list[str]] = told.get("Processes") or []
            return [(row[0], row[1], row[2], row[3]) for row in rows if len(row) == 4]  # noqa: PLR2004  columns

    def start(self, container: str) -> None:
        """Run PID 1."""
        with self._call("start a container"):
            self._api.start(container)

    def attach(self, container: str) -> Channel:
        """To PID 1, before it is started: nothing it says can be lost."""
        with self._call("attach to a container"):
            return Channel(*self._attached(container))

    def pipe(self, container: str) -> Pipe:
        """The same for a program that speaks in lines."""
        with self._call("attach to a container"):
            return Pipe(*self._attached(container))

    def _attached(self, container: str) -> tuple[socket.socket, Any]:
        params = {"stdin": 1, "stdout": 1, "stderr": 1, "stream": 1}
        return _connection(self._api.attach_socket(container, params=params))

    def execute_as(self, uid: int, container: str, argv: list[str]) -> Channel:
        """A process of another user, without any capability, attached."""
        with self._call("start a process in a container"):
            made = self._api.exec_create(container, argv, user=f"{uid}:{uid}", stdin=True, workdir="/")
            self.calls += 1
            return Channel(*_connection(self._api.exec_start(made["Id"], socket=True)))

    def owned(self) -> list[dict[str, Any]]:
        """All containers that carry our labels, running or not."""
        with self._call("list containers"):
            found = self._api.containers(all=True, filters={"label": INSTANCE})
            return list(found)

    def create_volume(self, name: str, labels: Mapping[str, str], options: Mapping[str, str]) -> str:
        """Its name. It is of the engine's own kind, as ``options`` say."""
        with self._call("create a volume"):
            return str(self._api.create_volume(name, "local", dict(options), dict(labels))["Name"])

    def bridge_gateway(self) -> str:
        """The address of the engine's machine on its default network; '' when there is none."""
        with self._call("look at its network"):
            rows: Any = self._api.inspect_network("bridge")["IPAM"]["Config"] or ({},)
            return str(rows[0].get("Gateway", ""))

    def owned_volumes(self) -> list[dict[str, Any]]:
        """All volumes that carry our labels."""
        with self._call("list volumes"):
            return list(self._api.volumes(filters={"label": INSTANCE})["Volumes"] or ())

    def remove_volume(self, name: str) -> None:
        """No error when it is gone already, or still used by a container that is about to go."""
        import docker.errors  # noqa: PLC0415  importing it costs more than most commands

        with self._call("remove a volume"):
            try:
                self._api.remove_volume(name)
            except docker.errors.APIError as error:
                if error.status_code not in _GONE:
                    raise

    def remove(self, container: str) -> None:
        """Kill and remove, and wait until it is gone. No error when it is gone already."""
        import docker.errors  # noqa: PLC0415  importing it costs more than most commands

        with self._call("remove a container"):
            try:
                self._removed(container)
            except docker.errors.APIError as error:
                if error.status_code not in _GONE:
                    raise
                if error.status_code == 409:  # noqa: PLR2004  removal has begun and is not over
                    self._await_removal(container)

    def _removed(self, container: str) -> None:
        """Asked a second time where the engine was still writing to the folder that it took away."""
        import docker.errors  # noqa: PLC0415  importing it costs more than most commands

        try:
            self._api.remove_container(container, force=True, v=True)
        except docker.errors.APIError as error:
            if _STILL_WRITTEN not in str(error.explanation):
                raise
            self._api.remove_container(container, force=True, v=True)

    def _await_removal(self, container: str) -> None:
        import docker.errors  # noqa: PLC0415  importing it costs more than most commands

        try:
            self._api.wait(container, timeout=CALL_SECONDS, condition="removed")
        except docker.errors.NotFound:
            return


def _connection(attached: Any) -> tuple[socket.socket, Any]:  # noqa: ANN401  whichever socket-like object it has
    connection = socket.socket(fileno=os.dup(attached.fileno()))
    return connection, getattr(attached, "_response", attached)
