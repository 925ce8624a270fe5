"""An image carried as one file: what was built there is what is loaded here, and nothing else comes with it."""

import io
import json
import subprocess
import tarfile
from pathlib import Path

import docker
import pytest

from orchestrator.errors import SandboxUnavailable, UsageError
from orchestrator.sandbox.archives import save
from orchestrator.sandbox.images import ImageBuilder
from orchestrator.sandbox.recipe import LABEL, Recipe, compose, sufficient

pytestmark = pytest.mark.engine
IMAGES = Path(__file__).parents[2] / "sandboxes/images"
RECIPE = Recipe("test-archive", ("git",), ("git",))


@pytest.fixture
def saved(tmp_path):
    """A tiny image, saved and taken away again: the file, its digest, the image's id."""
    root = tmp_path / "root.tar"
    with tarfile.open(root, "w") as tar:
        tar.addfile(tarfile.TarInfo("usr/bin/git"))
        users = tarfile.TarInfo("etc/passwd")
        users.size = 5
        tar.addfile(users, io.BytesIO(b"a:b:c"))
    image = ImageBuilder(tmp_path).ensure(RECIPE, archive=root)
    digest = save(RECIPE, tmp_path / "image.tar", lambda _: None)
    remove()
    yield tmp_path / "image.tar", digest, image
    remove()


def remove():
    client = docker.from_env()
    for image in client.images.list(filters={"label": f"{LABEL}={RECIPE.digest}"}):
        client.images.remove(image.id, force=True)
    client.close()


def changed(archive, target, **manifest):
    """The same file with another manifest."""
    with tarfile.open(archive) as old, tarfile.open(target, "w") as new:
        for member in old:
            data = old.extractfile(member).read() if member.isreg() else b""
            if member.name == "manifest.json":
                data = json.dumps([json.loads(data)[0] | manifest]).encode()
                member.size = len(data)
            new.addfile(member, io.BytesIO(data) if member.isreg() else None)
    return target


def test_it_comes_back_as_the_same_image(saved, tmp_path):
    archive, digest, image = saved
    assert ImageBuilder(tmp_path).find(RECIPE) is None
    assert ImageBuilder(tmp_path).ensure(RECIPE, archive=archive, expected=digest) == image
    with pytest.raises(UsageError, match="IMG012"):
        save(RECIPE, archive, lambda _: None)
    assert not list(tmp_path.glob(".saving-*"))


def test_a_file_that_is_not_the_one_that_was_saved_is_refused(saved, tmp_path):
    with pytest.raises(SandboxUnavailable, match="IMG013"):
        ImageBuilder(tmp_path).ensure(RECIPE, archive=saved[0], expected="sha256:" + "0" * 64)
    assert ImageBuilder(tmp_path).find(RECIPE) is None


def test_without_a_digest_it_is_said_that_nothing_vouches_for_it(saved, tmp_path):
    said = []
    ImageBuilder(tmp_path, said.append).ensure(RECIPE, archive=saved[0])
    assert "--digest" in said[0]


@pytest.mark.parametrize(
    "manifest",
    [
        {"RepoTags": ["handrail/base:latest", RECIPE.tag]},
        {"RepoTags": ["debian:stable"]},
        {"RepoTags": None},
        {"Config": "manifest.json"},
        {"Config": "absent.json"},
    ],
)
def test_a_file_that_would_load_something_else_is_refused_before_it_is_loaded(saved, tmp_path, manifest):
    tampered = changed(saved[0], tmp_path / "tampered.tar", **manifest)
    before = subprocess.run(["docker", "images", "-aq"], capture_output=True, check=True).stdout
    with pytest.raises(SandboxUnavailable) as caught:
        ImageBuilder(tmp_path).ensure(RECIPE, archive=tampered)
    assert caught.value.code in {"IMG005", "IMG009"}
    assert RECIPE.tag.encode() not in subprocess.run(["docker", "images"], capture_output=True, check=True).stdout
    assert ImageBuilder(tmp_path).find(RECIPE) is None
    assert before is not None


def test_an_image_of_another_recipe_is_refused(saved, tmp_path):
    other = Recipe("test-archive", ("git", "x"), ("git",))
    with pytest.raises(SandboxUnavailable, match="IMG009"):
        ImageBuilder(tmp_path).ensure(other, archive=saved[0])


def test_layers_are_composed_in_any_order_and_an_image_that_has_more_serves():
    both = compose(IMAGES, ("redis", "node"))
    assert both == compose(IMAGES, ("node", "redis", "node"))
    assert both.tag.startswith("handrail/base-node-redis:")
    assert {"git", "node", "redis-server"} <= set(both.programs)
    assert compose(IMAGES, ()).tag.startswith("handrail/base:")
    offers = [recipe.name for recipe in sufficient(IMAGES, ("node",))]
    assert offers[0] == "base-node"
    assert "base-node-postgresql-redis" in offers
    assert all("node" in name for name in offers)
    with pytest.raises(SandboxUnavailable, match="IMG011"):
        compose(IMAGES, ("mysql",))
