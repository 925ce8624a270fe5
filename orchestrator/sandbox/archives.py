"""A built image as one file, for machines without a registry: saved here, looked at there before the engine loads it.

A saved image may carry several images under any names; only one that holds exactly the recipe's is taken, so that
loading it cannot replace anything else. Whether it *is* what the recipe would build nobody can see from the file: the
digest that ``handrail sandbox save`` printed says that it is the one that was built there.
"""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import cast

from orchestrator.errors import SandboxUnavailable, UsageError
from orchestrator.models.ids import Digest
from orchestrator.sandbox.connection import connect
from orchestrator.sandbox.recipe import LABEL, Recipe

_SAVE_SECONDS = 900
_CHUNK = 1 << 20
_JSON_BYTES = 4 << 20


def save(recipe: Recipe, target: Path, say: Callable[[str], None]) -> Digest:
    """Write the recipe's image to ``target``, whole or not at all; the SHA-256 of the file.

    Raises ``UsageError`` (``IMG012``) when the file is there or cannot be written, ``SandboxUnavailable`` (``IMG008``).
    """
    from docker.errors import DockerException  # noqa: PLC0415 - docker is imported when used
    from requests.exceptions import RequestException  # noqa: PLC0415 - the same

    if target.exists():
        raise UsageError("IMG012", f"{target} is there already.", "name a new file")
    client = connect(_SAVE_SECONDS)
    say(f"saving {recipe.tag}")
    whole = hashlib.sha256()
    try:
        with tempfile.NamedTemporaryFile(dir=target.parent, prefix=".saving-") as file:
            for chunk in client.images.get(recipe.tag).save(chunk_size=_CHUNK, named=True):
                data = cast("bytes", chunk)
                whole.update(data)
                file.write(data)
            file.flush()
            os.fsync(file.fileno())
            Path(file.name).chmod(0o644)
            os.link(file.name, target)
    except OSError as error:
        text = f"{target} cannot be written: {error.strerror or error}."
        raise UsageError("IMG012", text, "name a folder with room in it") from error
    except (DockerException, RequestException) as error:
        raise SandboxUnavailable("IMG008", f"the engine did not give the image: {error}", "read its log") from error
    finally:
        client.close()
    return Digest(f"sha256:{whole.hexdigest()}")


def check_digest(archive: Path, expected: str) -> None:
    """Raises ``SandboxUnavailable`` (``IMG013``) when the file is another one."""
    with archive.open("rb") as file:
        actual = f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    if actual != expected:
        hint = "bring the file again; `handrail sandbox save` printed its digest"
        raise SandboxUnavailable("IMG013", f"{archive} is {actual}, not {expected}", hint)


def is_saved_image(archive: Path) -> bool:
    """Whether it is an image rather than a root file system. Raises :class:`tarfile.TarError`."""
    with tarfile.open(archive) as tar:
        return any(member.name == "manifest.json" for member in tar)


def saved_image(archive: Path, recipe: Recipe) -> str:
    """The id of the one image in the file, which is the recipe's by name and label.

    Raises ``SandboxUnavailable`` (``IMG009``) for anything else in it.
    """
    with tarfile.open(archive) as tar:
        listed = _json(tar, "manifest.json")
        images = cast("list[object]", listed) if isinstance(listed, list) else []
        image = cast("dict[str, object]", images[0]) if len(images) == 1 and isinstance(images[0], dict) else {}
        if image.get("RepoTags") != [recipe.tag]:
            raise _other(recipe, "it does not hold exactly that image")
        name = str(image.get("Config"))
        config = _bytes(tar, name)
    digest = hashlib.sha256(config).hexdigest()
    if digest not in name:
        raise _other(recipe, "the image's configuration is not the one that is named")
    try:
        labels = json.loads(config)["config"]["Labels"]
        fits = labels[LABEL] == recipe.digest
    except (ValueError, KeyError, TypeError):
        fits = False
    if not fits:
        raise _other(recipe, "its label names another recipe")
    return f"sha256:{digest}"


def _json(tar: tarfile.TarFile, name: str) -> object:
    try:
        return json.loads(_bytes(tar, name))
    except (ValueError, RecursionError) as error:
        raise tarfile.ReadError(f"{name}: {error}") from error


def _bytes(tar: tarfile.TarFile, name: str) -> bytes:
    try:
        stream = tar.extractfile(name)
    except KeyError as error:
        raise tarfile.ReadError(f"there is no {name[:80]!r}") from error
    data = b"" if stream is None else stream.read(_JSON_BYTES)
    if not data or len(data) == _JSON_BYTES:
        raise tarfile.ReadError(f"{name[:80]!r} is empty or too large")
    return data


def _other(recipe: Recipe, what: str) -> SandboxUnavailable:
    hint = f"`handrail sandbox save` of {recipe.tag} on a machine with the same version of Handrail"
    return SandboxUnavailable("IMG009", f"the archive is not an image of this recipe: {what}", hint)
