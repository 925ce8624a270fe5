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

    def run_as_image_asks(self, reference: str) -> bytes:
        """What a container says that is started with the image's own settings, without a network."""
        host: dict[str, Any] = {"NetworkMode": "none", "LogConfig": {"Type": "json-file", "Config": {}}}
        container = self.create({"Image": reference, "HostConfig": host})
        try:
            self.start(container)
            return self._first_words(container)
        finally:
            self.remove(container)

    def _first_words(self, container: str) -> bytes:
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while time.monotonic() < give_up:
            with self._call("read a container's log"):
                said = bytes(self._api.logs(container, stdout=True, stderr=True))
            if said:
                return said
            time.sleep(0.1)
        return b""
