"""A layer with a coding agent's program on top of the base image; nothing runs while it is made.

A container of the base image is made and never started, a tar of regular files is put into it, and it is
committed. The image is found again by its tag and by the digest of its recipe in a label.
"""

from __future__ import annotations

import tarfile
import tempfile
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from orchestrator.errors import SandboxUnavailable
from orchestrator.models.ids import Digest
from orchestrator.sandbox.connection import connect

if TYPE_CHECKING:
    from docker import DockerClient

LABEL = "io.handrail.agent"
ROOT = "opt/agent"
_BUILD_SECONDS = 900
_CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class Part:
    """Files of ``folder`` (all, or those below ``keep``) for ``/opt/agent/<at>``; links are left out."""

    at: str
    folder: Path
    keep: Sequence[str] = ()
    executable: Sequence[str] = ()


def tag_of(name: str, recipe: Digest) -> str:
    """``handrail/agent-<name>:`` and the first 16 hex digits of the recipe's digest."""
    return f"handrail/agent-{name}:{recipe.removeprefix('sha256:')[:16]}"


def find_layer(base: str, name: str, recipe: Digest) -> str | None:
    """The id of the image, when it is here and stands on ``base``."""
    with _engine() as client:
        return _find(client, base, name, recipe)


def build_layer(
    base: str, name: str, recipe: Digest, parts: Sequence[Part], *, scratch: Path, say: Callable[[str], None]
) -> str:
    """The id of a new image on ``base``. Raises ``SandboxUnavailable`` (``IMG030`` … ``IMG032``)."""
    from docker.errors import DockerException  # noqa: PLC0415 - docker is imported when used
    from requests.exceptions import RequestException  # noqa: PLC0415 - the same

    with tempfile.TemporaryFile(dir=scratch) as spool, _engine() as client:
        archive = cast("IO[bytes]", spool)
        write_parts(parts, archive)
        say(f"adding {archive.tell() >> 20} MB to the image")
        archive.seek(0)
        try:
            _commit(client, base, name, recipe, archive)
        except (DockerException, RequestException) as error:
            hint = "`docker info` says where the engine keeps its data; look for free space there"
            raise SandboxUnavailable("IMG030", f"the engine refused the agent's layer: {error}", hint) from error
        found = _find(client, base, name, recipe)
    if found is None:
        raise SandboxUnavailable("IMG031", "the engine took the agent's layer, and does not have it", "try again")
    return found


def remove_layer(image: str) -> bool:
    """Whether it was there. Other images and whatever uses this one stay. Raises ``IMG032`` when it is in use."""
    from docker.errors import APIError, ImageNotFound  # noqa: PLC0415 - docker is imported when used

    with _engine() as client:
        try:
            client.images.remove(image, force=False, noprune=True)  # pyright: ignore[reportUnknownMemberType] - untyped in docker-py
        except ImageNotFound:
            return False
        except APIError as error:
            raise SandboxUnavailable("IMG032", f"the image is in use: {error.explanation}", "end its runs") from error
    return True


def stands_on(layers: Sequence[str], base: Sequence[str]) -> bool:
    """Whether an image's layers are another's and at least one more."""
    return len(layers) > len(base) and list(layers[: len(base)]) == list(base)


def write_parts(parts: Sequence[Part], target: IO[bytes]) -> None:
    """One tar, the same bytes for the same files: sorted, no owner, no time. Raises ``IMG033`` for a missing file."""
    with tarfile.open(fileobj=target, mode="w", format=tarfile.PAX_FORMAT) as tar:
        folders: set[str] = set()
        for part in parts:
            files = _files(part)
            for relative, path in files:
                inside = f"{ROOT}/{part.at}/{relative}"
                _folders(tar, inside, folders)
                entry = tarfile.TarInfo(inside)
                entry.size = path.stat().st_size
                runs = relative in part.executable or bool(path.stat().st_mode & 0o100)
                entry.mode = 0o755 if runs else 0o644
                with path.open("rb") as stream:
                    tar.addfile(entry, stream)
            absent = sorted(set(part.executable) - {relative for relative, _ in files})
            if absent:
                hint = "take the version that Handrail pins"
                raise SandboxUnavailable("IMG033", f"the package lacks {', '.join(absent)}", hint)


def _files(part: Part) -> list[tuple[str, Path]]:
    found = ((p.relative_to(part.folder).as_posix(), p) for p in part.folder.rglob("*"))
    plain = [(name, path) for name, path in found if path.is_file() and not path.is_symlink()]
    kept = [(n, p) for n, p in plain if not part.keep or any(n == k or n.startswith(f"{k}/") for k in part.keep)]
    return sorted(kept)


def _folders(tar: tarfile.TarFile, inside: str, made: set[str]) -> None:
    parts = inside.split("/")[:-1]
    for depth in range(1, len(parts) + 1):
        folder = "/".join(parts[:depth])
        if folder not in made and folder != "opt":
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(entry)
        made.add(folder)


@contextmanager
def _engine() -> Generator[DockerClient]:
    client = connect(_BUILD_SECONDS)
    try:
        yield client
    finally:
        client.close()


def _layers(client: DockerClient, image: str) -> list[str]:
    attributes = cast("Mapping[str, Any]", client.images.get(image).attrs)  # pyright: ignore[reportUnknownMemberType] - untyped in docker-py
    return [str(layer) for layer in attributes["RootFS"]["Layers"]]


def _find(client: DockerClient, base: str, name: str, recipe: Digest) -> str | None:
    from docker.errors import ImageNotFound  # noqa: PLC0415 - docker is imported when used

    try:
        image = client.images.get(tag_of(name, recipe))
    except ImageNotFound:
        return None
    labels = cast("dict[str, str]", image.labels)  # pyright: ignore[reportUnknownMemberType] - untyped in docker-py
    whole = labels.get(LABEL) == recipe and stands_on(_layers(client, str(image.id)), _layers(client, base))
    return str(image.id) if whole else None


def _commit(client: DockerClient, base: str, name: str, recipe: Digest, archive: IO[bytes]) -> None:
    container = client.containers.create(base, command=["true"], network_mode="none")
    try:
        put = cast("Callable[..., bool]", container.put_archive)  # pyright: ignore[reportUnknownMemberType] - untyped in docker-py
        put("/", iter(lambda: archive.read(_CHUNK), b""))
        repository, _, tag = tag_of(name, recipe).partition(":")
        commit = cast("Callable[..., object]", container.commit)  # pyright: ignore[reportUnknownMemberType] - untyped in docker-py
        commit(repository=repository, tag=tag, pause=False, changes=[f"LABEL {LABEL}={recipe}"])
    finally:
        container.remove(force=True)
