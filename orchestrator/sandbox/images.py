"""The image that steps run in: found, or made from a recipe.

Three ways to a root file system, all through the same stripping (:mod:`orchestrator.sandbox.rootfs`)
and ``docker import``: an image that the user names is pulled and flattened; Debian's or Ubuntu's
packages are put together by mmdebstrap with the host's own package sources; or a tar file is given.
"""

from __future__ import annotations

import fcntl
import tarfile
import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.archives import check_digest, is_saved_image, saved_image
from orchestrator.sandbox.connection import connect
from orchestrator.sandbox.debian import debian_rootfs
from orchestrator.sandbox.recipe import LABEL, Recipe
from orchestrator.sandbox.rootfs import write_rootfs

if TYPE_CHECKING:
    from docker import DockerClient

DECIDE_SECONDS = 10
_IMPORT_SECONDS = 900
_CHUNK = 1 << 20

Progress = Callable[[str], None]


class ImageBuilder:
    """Finds or makes images on one engine. ``say`` gets sentences for the person who waits."""

    def __init__(self, state_dir: Path, say: Progress = lambda _: None) -> None:
        self._state_dir = state_dir
        self._say = say

    def find(self, recipe: Recipe) -> str | None:
        """The id (``sha256:…``) of the local image of this recipe, or ``None``. Builds nothing."""
        with _engine() as client:
            return _find(client, recipe)

    def find_first(self, recipes: Iterable[Recipe]) -> str | None:
        """The id of the first of these that there is, or ``None``. Builds nothing."""
        with _engine() as client:
            return next((found for recipe in recipes if (found := _find(client, recipe)) is not None), None)

    def ensure(
        self, recipe: Recipe, *, pull: str | None = None, archive: Path | None = None, expected: str | None = None
    ) -> str:
        """The id (``sha256:…``) of the image of ``recipe``, built when it is not there.

        ``pull`` is an image with Python 3, pip and git, asked of the engine's own default registry first;
        when nothing comes within ``DECIDE_SECONDS`` Debian's packages are used. ``archive`` is a
        tar of a root file system, or what :func:`~orchestrator.sandbox.archives.save` wrote; then nothing else is
        tried. ``expected`` is that file's digest, checked before anything is made of it.
        Raises :class:`SandboxUnavailable` (``IMG…``). Not checked: that the image is what its maker says.
        """
        with _engine() as client, self._alone(recipe):
            found = _find(client, recipe)
            if found is not None:
                return found
            if archive is not None:
                return self._from_archive(client, recipe, archive, expected)
            return self._build(client, recipe, pull)

    def _build(self, client: DockerClient, recipe: Recipe, pull: str | None) -> str:
        with tempfile.TemporaryFile(dir=self._state_dir) as rootfs:
            target = cast("IO[bytes]", rootfs)
            origin = self._pull(recipe, pull, target) if pull is not None else None
            return self._import(client, recipe, target, origin or self._bootstrap(recipe, target))

    def _pull(self, recipe: Recipe, name: str, target: IO[bytes]) -> str | None:
        with _pulled(name, self._say) as stream:
            if stream is None:
                return None
            _fill(stream, target, recipe)
            return f"pull:{name}"

    def _bootstrap(self, recipe: Recipe, target: IO[bytes]) -> str:
        self._say(f"building {recipe.tag} from the distribution's packages: about a minute")
        with debian_rootfs(recipe.packages) as (stream, suite):
            _fill(stream, target, recipe)
        return f"mmdebstrap:{suite}"

    def _from_archive(self, client: DockerClient, recipe: Recipe, archive: Path, expected: str | None) -> str:
        try:
            if expected is not None:
                check_digest(archive, expected)
            else:
                self._say(f"nothing says that {archive} is what was built: give its digest by `--digest`")
            with archive.open("rb") as stream:
                if is_saved_image(archive):
                    image = saved_image(archive, recipe)
                    self._say(f"loading {archive}")
                    return _load(client, recipe, stream, image)
                with tempfile.TemporaryFile(dir=self._state_dir) as rootfs:
                    _fill(stream, cast("IO[bytes]", rootfs), recipe)
                    return self._import(client, recipe, cast("IO[bytes]", rootfs), "archive")
        except (OSError, tarfile.TarError) as error:
            hint = "give the output of `docker save` or `docker export`"
            raise SandboxUnavailable("IMG005", f"{archive} cannot be read as an image: {error}", hint) from error

    def _import(self, client: DockerClient, recipe: Recipe, rootfs: IO[bytes], origin: str) -> str:
        self._say(f"importing {rootfs.tell() >> 20} MB into the engine")
        rootfs.seek(0)
        _import(client, recipe, rootfs, origin)
        found = _find(client, recipe)
        if found is None:
            raise SandboxUnavailable("IMG007", f"the engine imported {recipe.tag}, and does not have it", "try again")
        return found

    @contextmanager
    def _alone(self, recipe: Recipe) -> Generator[None]:
        """One builder of a recipe at a time: a second one waits and then finds the image."""
        self._state_dir.mkdir(parents=True, exist_ok=True)
        with (self._state_dir / f"image-{recipe.digest[7:23]}.lock").open("wb") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield


@contextmanager
def _engine() -> Generator[DockerClient]:
    client = connect(_IMPORT_SECONDS)
    try:
        yield client
    finally:
        client.close()


def _fill(stream: IO[bytes], target: IO[bytes], recipe: Recipe) -> None:
    try:
        programs = write_rootfs(stream, target)
    except tarfile.TarError as error:
        hint = "run the command again; a disk or the network may have failed"
        raise SandboxUnavailable("IMG006", f"the root file system cannot be read: {error}", hint) from error
    absent = [name for name in recipe.programs if name not in programs]
    if absent:
        hint = f"take an image or archive that holds {', '.join(recipe.programs)}"
        raise SandboxUnavailable("IMG010", f"the root file system has no {' and no '.join(absent)}", hint)


def _find(client: DockerClient, recipe: Recipe) -> str | None:
    from docker.errors import ImageNotFound  # noqa: PLC0415 - docker is imported when used

    try:
        image = client.images.get(recipe.tag)
    except ImageNotFound:
        return None
    labels = cast("dict[str, str]", image.labels)  # pyright: ignore[reportUnknownMemberType] - untyped in docker-py
    return str(image.id) if labels.get(LABEL) == recipe.digest else None


def _import(client: DockerClient, recipe: Recipe, rootfs: IO[bytes], origin: str) -> None:
    from docker.errors import DockerException  # noqa: PLC0415 - docker is imported when used
    from requests.exceptions import RequestException  # noqa: PLC0415 - the same

    repository, tag = recipe.tag.split(":")
    changes = [
        f"LABEL {LABEL}={recipe.digest}",
        f'LABEL {LABEL}.origin="{origin}"',
        "ENV PATH=/usr/local/bin:/usr/bin:/bin",
        "ENV LANG=C.UTF-8",
        "USER 65534:65534",
        "WORKDIR /work",
    ]
    put = cast("Callable[..., object]", client.api.import_image)  # pyright: ignore[reportUnknownMemberType] - untyped in docker-py
    try:
        put(src=_chunks(rootfs), repository=repository, tag=tag, changes=changes, stream_src=True)
    except (DockerException, RequestException) as error:
        hint = "`docker info` says where the engine keeps its data; look for free space there"
        raise SandboxUnavailable("IMG008", f"the engine refused the image: {error}", hint) from error


def _chunks(stream: IO[bytes]) -> Iterator[bytes]:
    while chunk := stream.read(_CHUNK):
        yield chunk


@contextmanager
def _pulled(name: str, say: Progress) -> Generator[IO[bytes] | None]:
    """The flattened files of image ``name``, or ``None`` when no registry brings it in time."""
    from docker.errors import DockerException  # noqa: PLC0415 - docker is imported when used
    from requests.exceptions import RequestException  # noqa: PLC0415 - the same

    client = connect(DECIDE_SECONDS)
    try:
        say(f"asking for {name}")
        image = client.images.pull(*_reference(name))
        container = client.containers.create(str(image.id), command=["true"], network_mode="none")
    except (DockerException, RequestException) as error:
        say(f"{name} does not come ({type(error).__name__})")
        client.close()
        yield None
        return
    try:
        with tempfile.TemporaryFile() as spool:
            for chunk in container.export():
                spool.write(cast("bytes", chunk))
            spool.seek(0)
            yield cast("IO[bytes]", spool)
    finally:
        container.remove(force=True)
        client.close()


def _reference(name: str) -> tuple[str, str]:
    repository, colon, tag = name.rpartition(":")
    if not colon or "/" in tag:
        return name, "latest"
    return repository, tag


def _load(client: DockerClient, recipe: Recipe, stream: IO[bytes], image: str) -> str:
    from docker.errors import DockerException  # noqa: PLC0415 - docker is imported when used
    from requests.exceptions import RequestException  # noqa: PLC0415 - the same

    try:
        client.images.load(cast("bytes", _chunks(stream)))
    except (DockerException, RequestException) as error:
        raise SandboxUnavailable("IMG008", f"the engine refused the image: {error}", "save the image again") from error
    if _find(client, recipe) != image:
        hint = f"remove {recipe.tag} from the engine and bring the file again"
        raise SandboxUnavailable("IMG009", "the engine did not load the image that the archive names", hint)
    return image
