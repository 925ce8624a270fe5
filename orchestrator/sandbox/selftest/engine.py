"""What the self-test alone asks of the engine."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.client import Engine

_PATIENCE_SECONDS = 10.0


class SelftestEngine(Engine):
    """A connection with the calls that no sandbox needs."""

    def logged_bytes(self, container: str) -> int:
        """How much of a container's output the engine kept."""
        try:
            with self._call("read a container's log"):
                return len(self._api.logs(container, stdout=True, stderr=True))
        except SandboxUnavailable as error:
            if "does not support reading" in error.message:
                return 0
            raise

    def make_variant(self, image: str, reference: str, changes: Mapping[str, object]) -> None:
        """A local image with another configuration, made without starting anything."""
        name, _, tag = reference.partition(":")
        with self._call("make an image"):
            container = self._api.create_container_from_config({"Image": image, "Cmd": ["true"]})["Id"]
            try:
                self._api.commit(container, repository=name, tag=tag, conf=dict(changes))
            finally:
                self._api.remove_container(container, force=True, v=True)

    def remove_image(self, reference: str) -> None:
        """Only the name and what nothing else uses."""
        with self._call("remove an image"):
            self._api.remove_image(reference, force=True)

    def run_as_image_asks(self, reference: str, until: bytes) -> bytes:
        """What a container says that is started with the image's own settings, without a network.

        It is listened to until it says ``until`` (a loader's complaints come before the words of a program), for
        :data:`_PATIENCE_SECONDS` at most.
        """
        host: dict[str, Any] = {"NetworkMode": "none", "LogConfig": {"Type": "json-file", "Config": {}}}
        container = self.create({"Image": reference, "HostConfig": host})
        try:
            self.start(container)
            return self._words(container, until)
        finally:
            self.remove(container)

    def _words(self, container: str, until: bytes) -> bytes:
        give_up, said = time.monotonic() + _PATIENCE_SECONDS, b""
        while until not in said and time.monotonic() < give_up:
            time.sleep(0.1)
            with self._call("read a container's log"):
                said = bytes(self._api.logs(container, stdout=True, stderr=True))
        return said
