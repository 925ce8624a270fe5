"""The sandbox image and the engine, outside any run."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.assets.find import data_folder
from orchestrator.errors import SandboxUnavailable
from orchestrator.store.layout import state_home

if TYPE_CHECKING:
    from orchestrator.sandbox.docker_engine import DockerSandboxes


def build_image(say: Callable[[str], None], *, pull: str | None = None, archive: Path | None = None) -> str:
    """The image's id; built when this recipe was not built before. Raises ``SandboxUnavailable``."""
    from orchestrator.sandbox.images import ImageBuilder
    from orchestrator.sandbox.recipe import load_recipe

    state = state_home()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    recipe = load_recipe(data_folder("sandboxes") / "images" / "base")
    return ImageBuilder(state, say).ensure(recipe, pull=pull, archive=archive)


RUNTIME = "HANDRAIL_RUNTIME"
"""The variable with the preferred runtime: a name, or ``auto``."""


def engine(image: str = "", runtime: str = "") -> DockerSandboxes:
    """The engine with an image by its id, or the built one. Raises ``SandboxUnavailable`` when there is none.

    The runtime is the one asked for, else the preference of :data:`RUNTIME`, else gVisor where the engine has
    it and its probe passes, else the engine's own.
    """
    from orchestrator.sandbox.docker_engine import AUTO, DockerSandboxes
    from orchestrator.sandbox.images import ImageBuilder
    from orchestrator.sandbox.recipe import load_recipe

    folder, state = data_folder("sandboxes"), state_home()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    if not image:
        found = ImageBuilder(state).find(load_recipe(folder / "images" / "base"))
        if found is None:
            raise SandboxUnavailable("IMG020", "The sandbox image has not been built.", "handrail sandbox build")
        image = found
    return DockerSandboxes(
        image,
        programs_source=folder / "images" / "base" / "opt" / "handrail",
        seccomp=folder / "seccomp" / "default.json",
        state=state,
        runtime=runtime or os.environ.get(RUNTIME) or AUTO,
    )


def reach_engine(image: str = "", runtime: str = "") -> None:
    """Raises ``SandboxUnavailable`` when there is no engine, image or runtime. Nothing is started."""
    sandboxes = engine(image, runtime)
    try:
        sandboxes.connect()
    finally:
        sandboxes.close()


def probe_engine(image: str = "", runtime: str = "") -> tuple[str, ...]:
    """Names of the limits that were tried and held. Raises ``SandboxUnsafe`` (exit 8) for one that does not."""
    from orchestrator.sandbox.probe import CHECKS

    sandboxes = engine(image, runtime)
    try:
        sandboxes.probe()
    finally:
        sandboxes.close()
    return tuple(sorted(CHECKS))


def engine_form() -> str:
    """What kind of engine answers: version, cgroups, and whether root inside is root outside."""
    from orchestrator.sandbox.client import Engine

    found = Engine()
    try:
        return found.form()
    finally:
        found.close()


def runtime_choice() -> tuple[str, str]:
    """Which runtime steps get and why, and how to get gVisor where it is not there, or ''."""
    sandboxes = engine()
    try:
        sandboxes.probe()
        name, why = sandboxes.connect().runtime, sandboxes.choice
    finally:
        sandboxes.close()
    how = "as root on Debian or Ubuntu `make engine` installs runsc and registers it with the engine"
    return why or f"{name}: as {RUNTIME} asks", how if "has no gVisor" in why else ""


class LazyEngine:
    """The engine of one run: probed when the first sandbox is needed, ended at once when the run is stopped."""

    def __init__(self, image: str, runtime: str) -> None:
        self._asked = (image, runtime)
        self._turn, self._aborted = threading.Lock(), threading.Event()
        self._made: DockerSandboxes | None = None

    def sandboxes(self) -> DockerSandboxes:
        """Raises ``SandboxUnavailable`` or ``SandboxUnsafe``; safe to call from parallel steps."""
        with self._turn:
            if self._made is None:
                self._made = engine(*self._asked)
                if self._aborted.is_set():
                    self._made.abort()
                self._made.probe()
            return self._made

    def abort(self) -> None:
        """End every live sandbox now, from any thread, and open no more."""
        self._aborted.set()
        if self._made is not None:
            self._made.abort()

    def close(self) -> None:
        """Drop the connection, if there is one."""
        if self._made is not None:
            self._made.close()
