"""The sandbox image and the engine, outside any run."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from orchestrator.assets.find import data_folder
from orchestrator.errors import SandboxUnavailable
from orchestrator.models.ids import Digest
from orchestrator.models.profile import RepositoryProfile
from orchestrator.store.layout import state_home

if TYPE_CHECKING:
    from orchestrator.sandbox.docker_engine import DockerSandboxes
    from orchestrator.sandbox.recipe import Recipe

_Asked = tuple[str, str, tuple[str, ...], tuple[str, ...]]
"""Image, runtime, layers, protections that may be missing."""


def _asked(image: str, runtime: str, layers: Iterable[str], accepted: Iterable[str]) -> _Asked:
    return image, runtime, tuple(layers), tuple(sorted(accepted))


_NPM_LOCKS = frozenset({"package-lock.json", "npm-shrinkwrap.json"})


def layers_of(profile: RepositoryProfile) -> tuple[str, ...]:
    """What a project needs in its image beside the base: its services, and what its tests are run by."""
    layers = {str(service.kind) for service in profile.services}
    locked = {PurePosixPath(path).name for path in profile.requirements}
    if locked & _NPM_LOCKS or profile.test[:1] == ("node",):
        layers.add("node")
    if profile.test[:1] in {("npm",), ("npx",)}:
        layers |= {"node", "npm"}
    return tuple(sorted(layers))


def packages_at(folder: Path | None) -> str:
    """A folder that stands in for every index, as its whole path. Raises ``UsageError`` (``ENV032``)."""
    from orchestrator.sandbox.package_folder import check_packages

    return str(check_packages(folder)) if folder is not None else ""


def project_layers(folder: Path) -> tuple[str, ...]:
    """Of the repository at HEAD, by its trusted profile."""
    from orchestrator.app.base import read_base
    from orchestrator.app.project import open_project
    from orchestrator.app.trees import open_trees

    with open_project(folder) as project, open_trees(project) as trees:
        return layers_of(read_base(project, trees, trees.resolve("HEAD"), None).profile)


def build_image(
    say: Callable[[str], None],
    *,
    pull: str | None = None,
    archive: Path | None = None,
    digest: str | None = None,
    layers: Iterable[str] = (),
) -> str:
    """The image's id; built when this recipe was not built before. Raises ``SandboxUnavailable``."""
    from orchestrator.sandbox.images import ImageBuilder

    state = state_home()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return ImageBuilder(state, say).ensure(_recipe(layers), pull=pull, archive=archive, expected=digest)


def save_image(target: Path, say: Callable[[str], None], layers: Iterable[str] = ()) -> Digest:
    """Write the built image to a new file; the file's digest. Raises ``SandboxUnavailable``, ``UsageError``."""
    from orchestrator.sandbox.archives import save
    from orchestrator.sandbox.images import ImageBuilder

    recipe = _recipe(layers)
    if ImageBuilder(state_home()).find(recipe) is None:
        raise _not_built(layers)
    return save(recipe, target, say)


def _recipe(layers: Iterable[str]) -> Recipe:
    from orchestrator.sandbox.recipe import compose

    return compose(data_folder("sandboxes") / "images", layers)


def _not_built(layers: Iterable[str]) -> SandboxUnavailable:
    named = "".join(f" --with {name}" for name in layers)
    what = f" with {', '.join(layers)}" if named else ""
    return SandboxUnavailable(
        "IMG020", f"The sandbox image{what} has not been built.", f"handrail sandbox build{named}"
    )


def base_image(layers: Iterable[str] = ()) -> str:
    """The id of the built image that has these layers. Raises ``SandboxUnavailable`` (``IMG020``) without one."""
    from orchestrator.sandbox.images import ImageBuilder
    from orchestrator.sandbox.recipe import sufficient

    state = state_home()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = ImageBuilder(state).find_first(sufficient(data_folder("sandboxes") / "images", layers))
    if found is None:
        raise _not_built(layers)
    return found


RUNTIME = "HANDRAIL_RUNTIME"
"""The variable with the preferred runtime: a name, or ``auto``."""


def engine(
    image: str = "",
    runtime: str = "",
    layers: Iterable[str] = (),
    accepted: Iterable[str] = (),
    *,
    pool_size: int = 0,
) -> DockerSandboxes:
    """The engine with an image by its id, or the built one. Raises ``SandboxUnavailable`` when there is none.

    The runtime is the one asked for, else the preference of :data:`RUNTIME`, else gVisor where the engine has
    it and its probe passes, else the engine's own. ``accepted`` protections may be missing.
    """
    from orchestrator.sandbox.docker_engine import AUTO, DockerSandboxes

    folder, state = data_folder("sandboxes"), state_home()
    state.mkdir(mode=0o700, parents=True, exist_ok=True)
    return DockerSandboxes(
        image or base_image(layers),
        programs_source=folder / "images" / "base" / "opt" / "handrail",
        seccomp=folder / "seccomp" / "default.json",
        state=state,
        runtime=runtime or os.environ.get(RUNTIME) or AUTO,
        pool_size=pool_size,
        accepted=accepted,
    )


def reach_engine(
    image: str = "",
    runtime: str = "",
    layers: Iterable[str] = (),
    accepted: Iterable[str] = (),
    *,
    shelf: EngineShelf | None = None,
) -> None:
    """Raises ``SandboxUnavailable`` when there is no engine, image or runtime. Nothing is started.

    What was reached is kept on the ``shelf``, for the run that comes next.
    """
    asked = _asked(image, runtime, layers, accepted)
    sandboxes = shelf.take(asked) if shelf else engine(*asked)
    try:
        sandboxes.reach()
    except BaseException:
        sandboxes.close()
        raise
    if shelf:
        shelf.put(asked, sandboxes)
    else:
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


class EngineShelf:
    """Engines of a process that advances many runs: kept between them, with containers made ahead for the next one.

    ``made_ahead`` containers of each kind; each serves one sandbox of one run and none after it.
    """

    def __init__(self, made_ahead: int) -> None:
        self._made_ahead = made_ahead
        self._kept: dict[_Asked, DockerSandboxes] = {}

    def take(self, asked: _Asked) -> DockerSandboxes:
        """A kept engine, or a new one. Nobody else is given it before it is put back."""
        return self._kept.pop(asked, None) or engine(*asked, pool_size=self._made_ahead)

    def put(self, asked: _Asked, sandboxes: DockerSandboxes) -> None:
        """Keep an engine that no run uses any more."""
        self._kept[asked] = sandboxes

    def close(self) -> None:
        """Remove what was made ahead, and drop the connections."""
        for sandboxes in self._kept.values():
            sandboxes.close()


class LazyEngine:
    """The engine of one run: probed when the first sandbox is needed, ended at once when the run is stopped.

    ``builds`` ends what is being built for it. From a ``shelf`` it is borrowed; one that was ended is not given back.
    """

    def __init__(
        self,
        image: str,
        runtime: str,
        layers: Iterable[str] = (),
        accepted: Iterable[str] = (),
        *,
        shelf: EngineShelf | None = None,
    ) -> None:
        from orchestrator.sandbox.abort import Abort

        self._asked = _asked(image, runtime, layers, accepted)
        self._shelf = shelf
        self.builds = Abort()
        self._turn, self._aborted = threading.Lock(), threading.Event()
        self._made: DockerSandboxes | None = None

    def sandboxes(self) -> DockerSandboxes:
        """Raises ``SandboxUnavailable`` or ``SandboxUnsafe``; safe to call from parallel steps."""
        with self._turn:
            if self._made is None:
                self._made = self._shelf.take(self._asked) if self._shelf else engine(*self._asked)
                if self._aborted.is_set():
                    self._made.abort()
                self._made.probe()
            return self._made

    def abort(self) -> None:
        """End every live sandbox now, from any thread, and open no more."""
        self._aborted.set()
        self.builds.fire()
        if self._made is not None:
            self._made.abort()

    def close(self) -> None:
        """Give it back, or drop the connection, if there is one."""
        if self._made is None:
            return
        if self._shelf is not None and not self._aborted.is_set():
            self._shelf.put(self._asked, self._made)
        else:
            self._made.close()
