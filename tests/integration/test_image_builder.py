"""The base image: made for real once, found again, stripped, and carried as a file."""

import io
import subprocess
import tarfile
import time
from pathlib import Path

import docker
import pytest

from orchestrator.errors import SandboxUnavailable
from orchestrator.sandbox.debian import host_suite
from orchestrator.sandbox.images import LABEL, ImageBuilder
from orchestrator.sandbox.oneshot import Job, run_job
from orchestrator.sandbox.recipe import Recipe, load_recipe
from orchestrator.sandbox.rootfs import write_rootfs

RECIPE = Path(__file__).parents[2] / "sandboxes/images/base"


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    state, said = tmp_path_factory.mktemp("images"), []
    return ImageBuilder(state, said.append).ensure(load_recipe(RECIPE)), state


def asked(image, *argv):
    out = io.BytesIO()
    words = run_job(Job(image, argv, {}, 1 << 20, wall_seconds=60), out)
    return out.getvalue().decode() + words.decode()


@pytest.fixture
def other():
    """A recipe of its own, whose image is taken away at the end."""
    recipe = Recipe("test", ("git", "python3"))
    yield recipe
    client = docker.from_env()
    for image in client.images.list(filters={"label": f"{LABEL}={recipe.digest}"}):
        client.images.remove(image.id, force=True)
    client.close()


@pytest.mark.engine
def test_the_image_has_what_agents_need_and_no_set_id_bit(built):
    image, _ = built
    assert image.startswith("sha256:")
    assert "git version" in asked(image, "git", "--version")
    assert "pip" in asked(image, "python3", "-m", "pip", "--version")
    assert asked(image, "sh", "-c", "find / -xdev -perm /6000 -type f 2>/dev/null") == ""
    assert asked(image, "sh", "-c", "find /usr/share/doc /var/lib/apt/lists -type f 2>/dev/null") == ""


@pytest.mark.engine
def test_a_second_time_is_instant(built):
    image, state = built
    begun = time.monotonic()
    assert ImageBuilder(state).ensure(load_recipe(RECIPE)) == image
    assert ImageBuilder(state).find(load_recipe(RECIPE)) == image
    assert time.monotonic() - begun < 2


@pytest.mark.engine
def test_an_exported_file_system_becomes_an_image_of_the_recipe(built, other, tmp_path):
    client = docker.from_env(timeout=300)
    container = client.containers.create(built[0], command=["true"], network_mode="none")
    archive = tmp_path / "root.tar"
    try:
        with archive.open("wb") as file:
            file.writelines(container.export())
    finally:
        container.remove(force=True)
        client.close()
    assert ImageBuilder(tmp_path).find(other) is None
    image = ImageBuilder(tmp_path).ensure(other, archive=archive)
    assert "git version" in asked(image, "git", "--version")
    saved = tmp_path / "saved.tar"
    with saved.open("wb") as file:
        subprocess.run(["docker", "save", other.tag], stdout=file, check=True)
    subprocess.run(["docker", "rmi", "-f", image], stdout=subprocess.DEVNULL, check=True)
    assert ImageBuilder(tmp_path).find(other) is None
    assert ImageBuilder(tmp_path).ensure(other, archive=saved) == image


@pytest.mark.engine
@pytest.mark.parametrize(("data", "code"), [(b"no tar", "IMG005"), (b"\0" * 10240, "IMG010"), (None, "IMG005")])
def test_a_file_that_is_no_image_is_refused(other, tmp_path, data, code):
    archive = tmp_path / "x.tar"
    if data is not None:
        archive.write_bytes(data)
    with pytest.raises(SandboxUnavailable) as caught:
        ImageBuilder(tmp_path).ensure(other, archive=archive)
    assert caught.value.code == code
    assert ImageBuilder(tmp_path).find(other) is None


@pytest.mark.engine
def test_a_tag_that_somebody_else_set_is_not_the_image(built, other, tmp_path):
    subprocess.run(["docker", "tag", built[0], other.tag], check=True)
    try:
        assert ImageBuilder(tmp_path).find(other) is None
    finally:
        subprocess.run(["docker", "rmi", other.tag], stdout=subprocess.DEVNULL, check=True)


def test_an_engine_that_does_not_answer_is_said(tmp_path, monkeypatch):
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")
    with pytest.raises(SandboxUnavailable) as caught:
        ImageBuilder(tmp_path).ensure(load_recipe(RECIPE))
    assert caught.value.code == "IMG001"


def test_the_suite_is_the_hosts(tmp_path):
    release = tmp_path / "os-release"
    release.write_text('ID=ubuntu\nVERSION_CODENAME="noble"\n')
    assert host_suite(release) == "noble"
    for text in ("ID=fedora\nVERSION_CODENAME=x\n", "ID=debian\n", "ID=debian\nVERSION_CODENAME=--x\n"):
        release.write_text(text)
        with pytest.raises(SandboxUnavailable, match="IMG003"):
            host_suite(release)
    with pytest.raises(SandboxUnavailable, match="IMG003"):
        host_suite(tmp_path / "absent")


def test_a_recipe_is_its_packages(tmp_path):
    recipe = tmp_path / "image.toml"
    recipe.write_text('schema = "handrail.image/1"\nname = "x"\npackages = ["git"]\nprograms = ["git"]\n')
    first = load_recipe(tmp_path)
    recipe.write_text('schema = "handrail.image/1"\nname = "x"\npackages = ["git", "python3"]\nprograms = ["git"]\n')
    second = load_recipe(tmp_path)
    assert first.digest != second.digest
    assert second.tag == f"handrail/x:{second.digest[7:23]}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "schema = 1",
        'schema = "handrail.image/1"\nname = "../x"\npackages = ["git"]\nprograms = ["git"]',
        'schema = "handrail.image/1"\nname = "x"\npackages = "git"\nprograms = ["git"]',
        'schema = "handrail.image/1"\nname = "x"\npackages = ["--hook=x"]\nprograms = ["git"]',
        'schema = "handrail.image/1"\nname = "x"\npackages = ["a,b"]\nprograms = ["git"]',
        'schema = "handrail.image/1"\nname = "x"\npackages = ["git"]\nrun = "id"\nprograms = ["git"]',
    ],
)
def test_a_wrong_recipe_is_refused(tmp_path, text):
    (tmp_path / "image.toml").write_text(text)
    with pytest.raises(SandboxUnavailable, match="IMG002"):
        load_recipe(tmp_path)


def test_a_root_file_system_is_stripped():
    source, target = io.BytesIO(), io.BytesIO()
    with tarfile.open(fileobj=source, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, mode in (("./usr/bin/su", 0o4755), ("./usr/share/doc/x", 0o644), ("./opt/handrail/old", 0o644)):
            info = tarfile.TarInfo(name)
            info.mode = mode
            info.pax_headers = {"SCHILY.xattr.security.capability": "x"}
            archive.addfile(info)
        folder = tarfile.TarInfo("./opt")
        folder.type = tarfile.DIRTYPE
        archive.addfile(folder)
        device = tarfile.TarInfo("./dev/null")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    source.seek(0)
    assert write_rootfs(source, target) == {"su"}
    target.seek(0)
    with tarfile.open(fileobj=target) as archive:
        assert archive.getnames() == ["./usr/bin/su", "./opt"]
        first = archive.getmember("./usr/bin/su")
        assert first.mode == 0o755
        assert not first.pax_headers
